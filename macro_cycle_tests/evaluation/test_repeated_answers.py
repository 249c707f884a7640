"""An answer without new data is marked, carries its age, and is evidence once: a gap in the data changes no figure."""

from datetime import date

import pandas as pd
import pytest

from macro_cycle.cycles import shipped
from macro_cycle.evaluation.scoring import Subject, evaluate_calls, model_record
from macro_cycle.evaluation.track_record import figures, settled_scores
from macro_cycle.evaluation.walk_forward import walk_forward
from macro_cycle.observations import Catalog
from macro_cycle.sources import known_on
from macro_cycle.sources.sample import Sample
from macro_cycle.warehouse.models import ModelStore, StoredModel
from macro_cycle.warehouse.regimes import Call, RegimeStore
from macro_cycle_tests.evaluation.chronologies import NBER

TODAY = pd.Timestamp("2026-11-24")
ENDS = pd.date_range("2000-01-31", "2012-12-31", freq="ME")
GAP = pd.date_range("2004-02-29", periods=60, freq="ME")
LAST_NEWS = pd.Timestamp("2004-01-31")


def say(store: RegimeStore, as_of: pd.Timestamp, last_news: pd.Timestamp, config: str = "c") -> None:
    """Answer a month end from the data of an earlier one, about the month before that."""
    reference, panel = last_news - pd.offsets.MonthBegin(2), f"panel {last_news:%Y-%m}"
    version, p = f"model of {panel} by {config}", 0.01 + 0.001 * last_news.month
    ModelStore(store._engine).save([StoredModel(version, panel, config, {}, {})])
    frame = pd.DataFrame(
        {"label": ["Expansion"], "recession_probability": [p], "filtered_Expansion": [1 - p], "filtered_Peak": [p]},
        index=pd.DatetimeIndex([reference], name="reference_month"),
    )
    store.save(frame, Call.newest_of(frame, as_of.date(), version, f"regimes {panel} by {config}"))


@pytest.fixture
def calls(warehouse) -> pd.DataFrame:
    store = RegimeStore(warehouse.engine, "us")
    for end in ENDS:
        say(store, end, LAST_NEWS if end in GAP else end)
    return store.calls().set_index("as_of")


def test_an_answer_without_new_data_is_marked_and_carries_its_age(calls):
    assert set(calls.index[~calls["news"]]) == set(GAP)
    assert calls.loc[GAP, "months_behind"].tolist() == list(range(2, 62))
    assert set(calls.loc[calls["news"], "months_behind"]) == {1}


def test_each_call_says_so_alone(warehouse, calls):
    store = RegimeStore(warehouse.engine, "us")
    said = {day: store.said_by(day.date()) for day in (LAST_NEWS, GAP[0], GAP[-1], ENDS[-1])}
    assert [store.repeats(call) for call in said.values()] == [False, True, True, False]
    assert [call.months_behind for call in said.values()] == [1, 2, 61, 1]


def test_another_configuration_s_answer_from_the_same_data_repeats_it_too(warehouse):
    store = RegimeStore(warehouse.engine, "us")
    for end, config in zip(ENDS[:3], ("c", "c", "another"), strict=True):
        say(store, end, ENDS[0], config)
    assert store.calls()["news"].tolist() == [True, False, False]
    assert store.calls_of("another")["news"].tolist() == [True]


def test_a_revision_without_a_new_month_is_new_data(warehouse):
    store = RegimeStore(warehouse.engine, "us")
    say(store, ENDS[0], ENDS[0])
    frame = store.load(ENDS[0].date())
    ModelStore(warehouse.engine).save([StoredModel("revised", "a revised panel", "c", {}, {})])
    store.save(frame, Call.newest_of(frame, ENDS[1].date(), "revised", "d"))
    assert store.calls()["news"].tolist() == [True, True]


def test_a_gap_changes_no_figure(calls):
    record = model_record(calls.reset_index())
    without = model_record(calls[~calls.index.isin(GAP)].reset_index())
    assert figures(record, TODAY, NBER) == figures(without, TODAY, NBER)
    assert len(settled_scores(record.scores, TODAY, NBER)) == len(ENDS) - len(GAP)


def test_a_month_is_scored_once_at_its_first_answer_even_where_later_ones_have_new_data(calls):
    moved = calls["recession_probability"].where(calls["news"], 0.9)
    record = model_record(calls.assign(news=True, recession_probability=moved).reset_index())
    found, first = (figures(each, TODAY, NBER) for each in (record, model_record(calls.reset_index())))
    assert found.months == len(ENDS) - len(GAP)
    assert (found.auroc, found.brier, found.log_score) == (first.auroc, first.brier, first.log_score)
    assert found.false_alarms == first.false_alarms


def test_the_evaluation_says_how_many_month_ends_repeat_another(warehouse, calls):
    source = Sample(Catalog.load())
    known = source.observations(["UNRATE", "INDPRO"])
    warehouse.ingest(known, source="sample")
    definition = shipped()
    subject = Subject(Catalog.load(), definition.features, definition.chronology, definition.declared)
    found = evaluate_calls(warehouse, RegimeStore(warehouse.engine, "us"), subject, [], TODAY)
    assert found.document["repeated"] == len(GAP)
    assert found.document["figures"][0]["months"] == len(found.calls) == len(ENDS) - len(GAP)
    assert "one vintage" in found.document["rests_on"]


def test_a_configuration_walked_over_a_gap_is_judged_once_by_what_was_known():
    catalog, features = Catalog.load(), shipped().features
    observations = Sample(catalog).observations(features.series_ids)
    config = shipped().hmm_config(n_restarts=1)
    known = {day: known_on(observations, pd.Timestamp(day)) for day in (date(2007, 11, 30), date(2008, 2, 29))}
    first, last = known.values()
    months = pd.date_range("2007-11-01", periods=4, freq="MS")
    walked = walk_forward(list(zip(months, (first, first, first, last), strict=True)), catalog, features, config)
    assert list(walked.index) == [months[0], months[3]]
