"""What was known in August 2008, and the default model estimated on it."""

import pandas as pd
import pytest

from macro_cycle.ahead import Scenario
from macro_cycle.cycles import shipped
from macro_cycle.evaluation.news import InformationSet
from macro_cycle.features import build_panel
from macro_cycle.hmm import HMMConfig, MacroCycleHMM
from macro_cycle.observations import Catalog
from macro_cycle.sources import known_on
from macro_cycle.sources.sample import Sample

CATALOG, FEATURES = Catalog.load(), shipped().features


@pytest.fixture(scope="session")
def observations() -> pd.DataFrame:
    return Sample(CATALOG).observations(FEATURES.series_ids)


@pytest.fixture(scope="session")
def known(observations) -> pd.DataFrame:
    return known_on(observations, pd.Timestamp("2008-08-15"))


@pytest.fixture(scope="session")
def information_set(known) -> InformationSet:
    config = HMMConfig(roles=dict(FEATURES.roles), n_restarts=1)
    model = MacroCycleHMM(config).fit(build_panel(known, CATALOG, FEATURES))
    return InformationSet(pd.Timestamp("2008-08-15"), known, model)


@pytest.fixture(scope="session")
def scenario(information_set) -> Scenario:
    return Scenario(information_set, CATALOG, FEATURES)


def with_prints(known: pd.DataFrame, *prints: tuple[str, str, float]) -> pd.DataFrame:
    """The frame with further rows; one of a date that it holds takes its row's place."""
    rows = pd.DataFrame(prints, columns=["series_id", "date", "value"])
    rows["date"] = pd.to_datetime(rows["date"])
    kept = known[["series_id", "date", "value"]]
    there = pd.MultiIndex.from_frame(kept[["series_id", "date"]]).isin(
        pd.MultiIndex.from_frame(rows[["series_id", "date"]])
    )
    return pd.concat([kept[~there], rows], ignore_index=True)


def answered(model: MacroCycleHMM, known: pd.DataFrame, month: str) -> float:
    """Recession probability of a month by the long way: the whole panel and all of the model's answer."""
    panel = build_panel(known, CATALOG, FEATURES)
    months = pd.date_range(panel.index[0], max(panel.index[-1], pd.Timestamp(month)), freq="MS")
    regimes = model.regimes(panel.reindex(months))
    return float(regimes.loc[month, "recession_probability"])
