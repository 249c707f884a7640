"""`evaluate` and `report` as a person asks them: of calls on file, of vintages, beside a file of a rival's."""

import json
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from macro_cycle.evaluation import answers
from macro_cycle.observations import Catalog
from macro_cycle.resources.declarations import on_record
from macro_cycle.sources.sample import Sample
from macro_cycle_tests.assets.graph import CHAIN, materialize, with_the_sample
from macro_cycle_tests.evaluation.chronologies import NBER

COLUMNS = {"INDPRO", "PAYEMS", "W875RX1", "CMRMTSPL", "UNRATE", "ICSA", "AWHMAN", "HOUST", "PERMIT", "GS10", "FEDFUNDS"}


@pytest.fixture
def rival(tmp_path) -> tuple[Path, pd.Series]:
    """A file of made-up probabilities, and what is in it by month."""
    months = pd.date_range("1990-01-01", "2010-12-01", freq="MS")
    low = NBER.recession_indicator(months).to_numpy(float)
    said = pd.Series(np.clip(0.6 * low + 0.3 * np.random.default_rng(0).random(len(months)), 0, 1), months)
    said.rename("desk").rename_axis("month").to_csv(tmp_path / "desk.csv")
    return tmp_path / "desk.csv", said


@pytest.fixture
def vintages(tmp_path) -> Path:
    """A folder of two vintages made of the sample's months from 1994 on, as FRED-MD writes them."""
    folder, sample = tmp_path / "vintages", Sample(Catalog.load())
    folder.mkdir()
    facts = sample.observations(sorted(COLUMNS))
    monthly = facts.assign(month=facts["date"].dt.to_period("M")).groupby(["month", "series_id"])["value"].mean()
    table = monthly.unstack()["1994-01":].rename(columns={"ICSA": "CLAIMSx", "CMRMTSPL": "CMRMTSPLx"})
    for vintage in ("2001-11", "2002-02"):
        rows = table[: pd.Period(vintage, "M") - 1]
        rows = rows.set_axis([f"{m.month}/1/{m.year}" for m in rows.index]).rename_axis("sasdate")
        codes = ",".join(["Transform:", *("1" for _ in rows)])
        head, *body = rows.to_csv().splitlines()
        (folder / f"{vintage}.csv").write_text("\n".join([head, codes, *body]) + "\n")
    return folder


def test_a_folder_of_vintages_is_walked_forward_and_says_what_it_rests_on(told, vintages):
    code, output, errors = told("evaluate", "--vintages", str(vintages), "--every", "12", "--json")
    assert code == 0, errors
    found = json.loads(output)
    assert found["last_as_of"] == "2002-02"
    assert found["rests_on"].startswith("over 99 % one vintage with publication lags")
    assert "under 1 % true vintages" in found["rests_on"]
    assert found["figures"][0]["months"] > 24
    assert found["declarations"][0]["peak"]["turning_points"] == 1


@pytest.mark.slow
def test_calls_on_file_are_judged_beside_a_rival_s_file_by_what_was_declared_on_record(
    told, platform, rival, tmp_path, monkeypatch
):
    with_the_sample(platform)
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, [*CHAIN, "declared_phase"], "2007-11-01", "2008-06-01", checked=False)
    file, said = rival
    code, output, errors = told("evaluate", "--against", str(file), "--json")
    assert code == 0, errors
    found = json.loads(output)
    theirs = next(row for row in found["figures"] if row["title"] == "desk (desk.csv)")
    happened = NBER.recession_indicator(pd.DatetimeIndex(said.index))
    assert theirs["months"] == len(said)
    assert theirs["auroc"] == pytest.approx(roc_auc_score(happened, said))
    assert theirs["brier"] == pytest.approx(brier_score_loss(happened, said))
    peak = next(turn for turn in found["declarations"][0]["turns"] if turn["turn"] == "peak")
    assert peak["month"] == "2007-12-01"
    assert peak["declared_on"] == _declared(platform)
    assert told("report", "--out", str(tmp_path / "record.html"), "--against", str(file))[0] == 0
    page = (tmp_path / "record.html").read_text()
    assert "2007-11 to 2008-06" in page
    assert f"declared phase, declared on {_declared(platform)}" in page
    _no_model_is_asked(monkeypatch)
    assert told("evaluate")[0] == 0


def _declared(platform) -> str | None:
    begun = [each.declared_on for each in on_record(platform) if each.phase == "contraction"]
    return str(begun[0]) if begun else None


def _no_model_is_asked(monkeypatch) -> None:
    """From here on a model that is asked about a day between month ends fails the test."""

    def asked(*_: object) -> None:
        raise AssertionError("a model was asked for what is on record")

    monkeypatch.setattr(answers, "answer_of", asked)
    monkeypatch.setattr(answers, "answers_between", asked)
