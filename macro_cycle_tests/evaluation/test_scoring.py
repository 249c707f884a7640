"""An evaluation's figures equal those of other packages and of plain loops over the same answers."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from macro_cycle.evaluation import scoring
from macro_cycle.evaluation.phases_and_onsets import FORECASTERS
from macro_cycle.evaluation.rival_records import rival_records
from macro_cycle.evaluation.rivals import simple_rivals
from macro_cycle.evaluation.track_record import Record
from macro_cycle_tests.evaluation.made_up import SUBJECT, TODAY, made_up, said

CHRONOLOGY = SUBJECT.chronology


@pytest.fixture(scope="module")
def answers():
    return said()


@pytest.fixture(scope="module")
def found(answers):
    return made_up(answers, simple_rivals())


def settled(months: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, pd.DatetimeIndex]:
    """Probabilities and recessions up to the last month that can be known today, by the NBER's table alone."""
    kept = months[months["reference_month"] <= TODAY - pd.DateOffset(years=1)]
    index = pd.DatetimeIndex(kept["reference_month"])
    return kept["score"].to_numpy(), CHRONOLOGY.recession_indicator(index).to_numpy(bool), index


@pytest.mark.parametrize(
    ("period", "keep"),
    [
        ("all months", lambda index: index == index),
        ("before 1995", lambda index: index.year < 1995),
        ("since 1995", lambda index: index.year >= 1995),
        ("without 2020", lambda index: index.year != 2020),
    ],
)
def test_the_figures_of_each_period_are_sklearns(answers, found, period, keep):
    p, y, index = settled(answers.months)
    p, y = p[keep(index)], y[keep(index)]
    row = next(r for r in found.document["periods"] if r["name"] == "model" and r["period"] == period)
    assert row["months"] == len(p)
    assert row["recession_months"] == y.sum()
    assert row["auroc"]["value"] == pytest.approx(roc_auc_score(y, p))
    assert row["brier"]["value"] == pytest.approx(brier_score_loss(y, p))
    assert row["log_score"]["value"] == pytest.approx(-log_loss(y, p))
    assert row["false_alarms"]["value"] == pytest.approx(np.mean(p[~y] > 0.5))
    for name in ("auroc", "brier", "log_score"):
        assert row[name]["low"] <= row[name]["value"] <= row[name]["high"]


def test_days_are_those_of_a_walk_through_the_calendar(answers, found):
    rule = SUBJECT.rule
    stands = {pd.Timestamp(a.day): a.recession_probability for a in answers.daily}
    phase, against, declared = False, 0, []
    probability = None
    for day in pd.date_range(min(stands), TODAY):
        probability = stands.get(day, probability)
        speaks = probability < rule.off if phase else probability > rule.on
        if not speaks:
            against = 0
            continue
        if against >= (rule.off_days if phase else rule.days):
            phase, against = not phase, 0
            declared.append((day, phase))
        else:
            against += 1
    model = found.document["declarations"][0]
    peaks = [turn for turn in model["turns"] if turn["turn"] == "peak"]
    begun = [day for day, contraction in declared if contraction]
    for turn in peaks:
        end = pd.Timestamp(turn["month"]) + pd.offsets.MonthEnd(0)
        first = min(day for day in begun if day > end - pd.DateOffset(months=6))
        assert turn["days"] == (first - end).days
    assert model["peak"]["days"] == pytest.approx(np.mean([turn["days"] for turn in peaks]))
    assert model["peak"]["worst"] == max(turn["days"] for turn in peaks)


def test_forecasts_are_scored_on_the_months_that_were_settled_ahead(answers, found):
    months = answers.months
    for row in found.document["ahead"]:
        n = row["months_ahead"]
        kept = months[months["reference_month"] + pd.DateOffset(months=n) <= TODAY - pd.DateOffset(years=1)]
        then = pd.DatetimeIndex(kept["reference_month"]) + pd.DateOffset(months=n)
        y = CHRONOLOGY.recession_indicator(then).to_numpy(bool)
        for who, column in (("model", f"recession_{n}"), ("chain", f"chain_recession_{n}"), ("no_change", "score")):
            p = kept[column].to_numpy()
            assert (row[who]["months"], row[who]["events"]) == (len(y), y.sum())
            assert row[who]["auroc"] == pytest.approx(roc_auc_score(y, p))
            assert row[who]["brier"] == pytest.approx(brier_score_loss(y, p))
            assert row[who]["log_score"] == pytest.approx(-log_loss(y, p))
    assert [row["months_ahead"] for row in found.document["ahead"]] == [3, 6, 12]


def test_every_forecaster_is_asked_of_the_same_onsets(found):
    for row in found.document["onsets"]:
        assert len({(row[who]["months"], row[who]["events"]) for who in FORECASTERS}) == 1
        assert set(row["comparisons"]) == {"probit", "no_change"}  # the made-up model and its chain never differ


def test_a_rival_is_compared_on_the_months_of_both(found):
    rows = {row["name"]: row for row in found.document["comparisons"]}
    assert {row["loss"] for name, row in rows.items() if name != "term_spread"} == {"wrong calls"}
    assert rows["term_spread"]["loss"] == "squared error"
    assert rows["term_spread"]["difference"] < 0
    assert rows["term_spread"]["p_value"] < 0.05


def test_each_day_of_information_scores_a_month_once(answers, found):
    steps = found.document["information"]
    assert steps[-1]["information"].startswith("all that")
    assert [step["days_after_month"] for step in steps[:-1]] == sorted(s["days_after_month"] for s in steps[:-1])
    for step in steps:
        assert step["months"] <= len(settled(answers.months)[0])
    assert steps[-1]["auroc"]["value"] == pytest.approx(found.document["periods"][0]["auroc"]["value"], abs=1e-9)


def test_rivals_on_days_give_the_month_ends_the_same_digits(found):
    days = made_up(said("2006-01-01", "2010-06-01"), simple_rivals(), on_days=True)
    ends = made_up(said("2006-01-01", "2010-06-01"), simple_rivals())
    for by_day, at_end in zip(days.records, ends.records, strict=True):
        pd.testing.assert_frame_equal(by_day.scores, at_end.scores, check_names=False, check_freq=False)
    assert [row["name"] for row in days.document["declarations"]] == [record.name for record in days.records]


def test_a_short_record_says_nothing_and_breaks_nothing():
    document = made_up(said("2026-01-01", "2026-06-01"), simple_rivals()).document
    assert document["periods"] == document["comparisons"] == document["information"] == []
    assert document["onsets"] == document["ahead"] == []
    assert document["reliability"] is None
    assert "settles nothing" in document["declarations"][0]["limits"]["sentence"]


def test_the_document_is_json_and_names_its_history(found):
    json.dumps(found.document, allow_nan=False)
    assert found.document["rests_on"].startswith("one vintage with publication lags")


def test_what_cannot_be_asked_is_named_with_its_reason(answers):
    history = pd.DataFrame({"series_id": ["UNRATE"], "date": [pd.Timestamp("2000-01-01")], "value": [4.0]}).assign(
        realtime_start=pd.Timestamp("2000-02-05"), realtime_end=pd.NaT
    )
    model = Record(scoring.MODEL, "Macro Cycle", answers.months[["reference_month", "score"]].iloc[-5:])
    records, left_out = rival_records(simple_rivals(), history, SUBJECT.catalog, model)
    assert len(records) + len(left_out) == 3
    assert any("Term spread a year before: it needs GS10, TB3MS" in line for line in left_out)
