"""A day's answer is that of the last month end's model for the panel of that day, and nothing later is in it."""

import pandas as pd
import pytest

from macro_cycle.cycles import shipped
from macro_cycle.declared import turning_points
from macro_cycle.evaluation.daily import DailyWalk, walk_forward_daily
from macro_cycle.features import build_panel
from macro_cycle.hmm import HMMConfig, MacroCycleHMM
from macro_cycle.observations import Catalog
from macro_cycle.sources import known_on
from macro_cycle.sources.sample import Sample

CATALOG, FEATURES = Catalog.load(), shipped().features
CONFIG = HMMConfig(roles=dict(FEATURES.roles), n_restarts=1)
MONTHS = pd.date_range("2007-12-01", "2008-03-01", freq="MS")


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    return Sample(CATALOG).observations(FEATURES.series_ids).assign(realtime_end=pd.NaT)


@pytest.fixture(scope="module")
def said(history: pd.DataFrame) -> DailyWalk:
    return walk_forward_daily(history, CATALOG, FEATURES, CONFIG, MONTHS)


def model_of(history: pd.DataFrame, end: pd.Timestamp) -> MacroCycleHMM:
    return MacroCycleHMM(CONFIG).fit(build_panel(known_on(history, end), CATALOG, FEATURES))


def test_each_answer_is_made_of_what_was_known_on_its_day_alone(history, said):
    for month in MONTHS:
        before, own = (model_of(history, month + offset) for offset in (-pd.Timedelta(days=1), pd.offsets.MonthEnd(0)))
        for answer in [a for a in said.answers if f"{a.day:%Y-%m}" == f"{month:%Y-%m}"]:
            panel = build_panel(known_on(history, pd.Timestamp(answer.day)), CATALOG, FEATURES)
            model = own if answer.day in said.month_ends else before
            smoothed = model.recession_probability(model.smooth(panel).smoothed_probs)
            assert answer.recession_probability == model.recession_probability(model.nowcast(panel))
            assert answer.reference_month == panel.index[-1].date()
            assert answer.path == tuple(smoothed[-3:])
            assert answer.ahead == tuple(model.forecast(panel, 3).recession_probability)
            assert answer.known == panel.drop(columns="TERM_SPREAD").iloc[-1].notna().mean()
            assert (answer.peak, answer.trough) == turning_points(panel.index, smoothed)


def test_each_month_ends_with_its_own_answer_and_has_one_for_each_day_of_news(history, said):
    table = said.table()
    assert table.index[table["month_end"]].tolist() == [month + pd.offsets.MonthEnd(0) for month in MONTHS]
    assert table.index.is_monotonic_increasing
    assert table.index.is_unique
    assert set(table.index[~table["month_end"]]) <= set(history["realtime_start"])
    assert (~table["month_end"]).groupby(table.index.to_period("M")).sum().between(3, 8).all()


def test_values_published_later_change_nothing(history, said):
    later = history.assign(value=history["value"].where(history["realtime_start"] <= said.table().index[-1], 1.0))
    assert walk_forward_daily(later, CATALOG, FEATURES, CONFIG, MONTHS) == said


def test_a_model_may_serve_for_several_months_and_progress_is_told(history):
    done: list[tuple[int, int]] = []
    rarely = walk_forward_daily(
        history, CATALOG, FEATURES, CONFIG, MONTHS[:2], every=9, progress=lambda i, n: done.append((i, n))
    )
    model = model_of(history, MONTHS[0] - pd.Timedelta(days=1))
    last = rarely.answers[-1]
    panel = build_panel(known_on(history, pd.Timestamp(last.day)), CATALOG, FEATURES)
    assert last.recession_probability == model.recession_probability(model.nowcast(panel))
    assert done[-1] == (2, 2)
