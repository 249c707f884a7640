"""`evaluate` and `report` as a person asks them of a folder of vintages and a rival's file, in this process."""

import json
from pathlib import Path

import pandas as pd
import pytest

from macro_cycle.cycles import shipped
from macro_cycle.observations import Catalog
from macro_cycle.sources.sample import Sample
from macro_cycle_tests.cli.lines import refused

COLUMNS = {"INDPRO", "PAYEMS", "W875RX1", "CMRMTSPL", "UNRATE", "ICSA", "AWHMAN", "HOUST", "PERMIT"}
COLUMNS |= {"GS10", "FEDFUNDS", "TB3MS"}


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


@pytest.fixture
def rival(tmp_path) -> Path:
    """The file of a rival who knows the chronology but for a tenth."""
    months = pd.date_range("1990-01-01", "2003-12-01", freq="MS")
    low = shipped().chronology.recession_indicator(months)
    path = tmp_path / "desk.csv"
    path.write_text("month,sure\n" + "".join(f"{m:%Y-%m},{0.9 if r else 0.1}\n" for m, r in low.items()))
    return path


def test_a_folder_of_vintages_is_walked_forward_and_says_what_it_rests_on(told, vintages, rival):
    arguments = ("--vintages", str(vintages), "--every", "12", "--against", str(rival))
    code, output, errors = told("evaluate", *arguments, "--json")
    assert code == 0, errors
    found = json.loads(output)
    assert found["last_as_of"] == "2002-02"
    assert found["rests_on"].startswith("over 99 % one vintage with publication lags")
    assert "under 1 % true vintages" in found["rests_on"]
    assert found["figures"][0]["months"] > 24
    assert found["declarations"][0]["peak"]["turning_points"] == 1
    desk = next(row for row in found["figures"] if row["name"] == "desk_sure")
    assert (desk["title"], desk["auroc"], round(desk["brier"], 4)) == ("sure (desk.csv)", 1.0, 0.01)
    assert "desk_sure" in {row["name"] for row in found["comparisons"]}
    assert {"2007-12", "2020-02"} <= {each["peak"] for each in found["coverage"]["not_in_record"]}
    assert found["commands"] == {}


def test_the_tables_fit_80_columns_and_the_page_is_written(told, vintages, rival, tmp_path):
    arguments = ("--vintages", str(vintages), "--every", "24", "--against", str(rival))
    code, output, errors = told("evaluate", *arguments, COLUMNS="80")
    assert code == 0, errors
    assert max(map(len, output.splitlines())) <= 80
    for said in ("Not in the record, so neither found nor missed", "2007-12 to 2009-06", "sure (desk.csv)"):
        assert said in " ".join(output.split())
    out = tmp_path / "record.html"
    code, output, errors = told("report", "--out", str(out), *arguments)
    assert (code, out.read_text().startswith("<!doctype html>")) == (0, True), errors
    assert "wrote the track record of" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--vacancies", "JTSJOR"), "add --rivals"),
        (("--against", "FILE"), "does not hold days"),
        (("--vintages", "FOLDER"), ""),
        (("--vintages", "FILE"), ""),
        (("--against", "FOLDER"), "cannot be read"),
        (("--against", "nowhere.csv"), "does not exist"),
        (("--vintages", "nowhere"), "does not exist"),
        (("--every", "0"), "greater than or equal to 1"),
        (("--every", "six"), "valid integer"),
        (("--cycle", "nowhere"), "nowhere"),
        ((), "no calls yet"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("command", [("evaluate",), ("report", "--out", "OUT")], ids=lambda command: command[0])
def test_what_cannot_be_evaluated_is_one_line_and_writes_nothing(told, tmp_path, command, arguments, said):
    folder, file, out = tmp_path / "empty", tmp_path / "wrong.csv", tmp_path / "record.html"
    folder.mkdir()
    file.write_text("month,p\nJanuary,0.5\n")
    names = {"FILE": str(file), "FOLDER": str(folder), "OUT": str(out)}
    refused(told(*(names.get(each, each) for each in (*command, *arguments))), said, code=None)
    assert not out.exists()


@pytest.mark.parametrize("out", ["record.pdf", "FOLDER", "nowhere/record.html"])
def test_a_page_that_cannot_be_written_is_refused_before_anything_is_scored(told, tmp_path, out):
    refused(told("report", "--out", str(tmp_path) if out == "FOLDER" else out), "cannot write", code=None)
