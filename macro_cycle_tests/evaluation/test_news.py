"""The parts of the news add up to the change of the answer, and each is what its name says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from macro_cycle.cycles import shipped
from macro_cycle.evaluation.news import InformationSet, News, explain
from macro_cycle.features import build_panel
from macro_cycle.hmm import MacroCycleHMM
from macro_cycle.observations import Catalog
from macro_cycle.sources import known_on
from macro_cycle.sources.sample import Sample

CATALOG, FEATURES = Catalog.load(), shipped().features
CONFIG = shipped().hmm_config(n_restarts=1)


def believed(known: pd.DataFrame, day: str) -> InformationSet:
    panel = build_panel(known, CATALOG, FEATURES)
    return InformationSet(pd.Timestamp(day), known, MacroCycleHMM(CONFIG).fit(panel))


def answer(information_set: InformationSet) -> float:
    panel = build_panel(information_set.known, CATALOG, FEATURES)
    return float(information_set.model.regimes(panel)["recession_probability"].iloc[-1])


def told(earlier: InformationSet, later: InformationSet) -> News:
    return explain(earlier, later, CATALOG, FEATURES, tolerance=1.0)


def contributions(news: News) -> dict[tuple[str, str], float]:
    return {(p.kind, p.series_id): p.contribution for p in news.parts.itertuples()}


def revised(known: pd.DataFrame, series_id: str, factor: float, last: int) -> pd.DataFrame:
    """The series' last values multiplied."""
    out = known.copy()
    rows = out.index[out["series_id"] == series_id][-last:]
    out.loc[rows, "value"] *= factor
    return out


@pytest.fixture(scope="module")
def august() -> InformationSet:
    observations = Sample(CATALOG).observations(FEATURES.series_ids)
    return believed(known_on(observations, pd.Timestamp("2008-08-31")), "2008-08-31")


@pytest.fixture(scope="module")
def september(august) -> InformationSet:
    observations = Sample(CATALOG).observations(FEATURES.series_ids)
    known = revised(known_on(observations, pd.Timestamp("2008-09-30")), "PAYEMS", 0.998, 3)
    return believed(known, "2008-09-30")


def test_parts_add_up_to_the_change_of_the_two_answers(august, september):
    news = told(august, september)
    assert news.before == answer(august)
    assert news.after == answer(september)
    assert news.parts["contribution"].sum() == pytest.approx(news.change, abs=1e-10)
    assert sum(news.by_kind().values()) == pytest.approx(news.change, abs=1e-10)


def test_every_series_with_new_data_and_only_revised_ones_have_a_part(august, september):
    found = contributions(told(august, september))
    assert {s for kind, s in found if kind == "new data"} == set(FEATURES.series_ids)
    assert {s for kind, s in found if kind == "revision"} == {"PAYEMS"}


def test_without_new_data_and_with_the_same_model_nothing_moved(august):
    news = told(august, replace(august, as_of=pd.Timestamp("2008-09-15")))
    assert news.change == 0
    assert (news.parts["contribution"] == 0).all()


def test_the_passing_of_time_is_what_the_earlier_model_expected(august, september):
    news = told(august, september)
    panel = build_panel(august.known, CATALOG, FEATURES)
    steps = (news.reference_month.to_period("M") - news.since_reference_month.to_period("M")).n
    expected = august.model.forecast(panel, steps).recession_probability[-1]
    assert news.forecast == pytest.approx(expected, abs=1e-12)
    assert contributions(news)["passing of time", ""] == news.forecast - news.before


def test_a_rebased_series_is_no_news(august):
    rebased = replace(august, known=revised(august.known, "INDPRO", 1.37, 10_000))
    assert contributions(told(august, rebased))["revision", "INDPRO"] == pytest.approx(0, abs=1e-9)


def test_re_estimation_on_the_same_data_is_all_there_is(august):
    other = MacroCycleHMM(CONFIG.replace(discount=0.3)).fit(build_panel(august.known, CATALOG, FEATURES))
    news = told(august, replace(august, model=other))
    assert contributions(news) == {("passing of time", ""): 0.0, ("re-estimation", ""): news.change}
    assert news.change != 0


def test_the_same_regimes_under_exchanged_names_are_relabelling_alone(august):
    config = CONFIG.replace(n_regimes=2)
    model = MacroCycleHMM(config).fit(build_panel(august.known, CATALOG, FEATURES))
    document = model.to_document() | {"parameters": model.parameters.permuted([1, 0]).to_document()}
    news = told(replace(august, model=model), replace(august, model=MacroCycleHMM.from_document(document)))
    found = contributions(news)
    assert found["re-estimation", ""] == pytest.approx(0, abs=1e-12)
    assert found["relabelling", ""] == pytest.approx(news.change, abs=1e-12)
    assert news.after == pytest.approx(1 - news.before, abs=1e-12)


def test_news_survive_their_document(august, september):
    news = told(august, september)
    back = News.from_document(news.to_document())
    pd.testing.assert_frame_equal(back.parts, news.parts)
    assert replace(back, parts=news.parts) == news


def test_models_with_other_numbers_of_regimes_are_still_explained(august, september):
    two = MacroCycleHMM(CONFIG.replace(n_regimes=2)).fit(build_panel(august.known, CATALOG, FEATURES))
    news = told(replace(august, model=two), september)
    assert news.parts["contribution"].sum() == pytest.approx(news.change, abs=1e-10)
    assert np.isfinite(news.parts["contribution"]).all()
