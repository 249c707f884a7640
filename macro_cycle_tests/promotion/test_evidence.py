"""The gate's record is real-time: from calls on file, or walked forward, by what had been announced on the day."""

import pandas as pd
import pytest

from macro_cycle.cycles import shipped
from macro_cycle.observations import Catalog
from macro_cycle.promotion.evidence import gather
from macro_cycle.sources.sample import Sample
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.regimes import RegimeStore
from macro_cycle_tests.evaluation.chronologies import NBER

CATALOG, FEATURES = Catalog.load(), shipped().features
CONFIG = shipped().hmm_config(n_restarts=2)


def gathered(store, challenger, champion, day, first):
    regimes = RegimeStore(store.engine, "us")
    return gather(store, regimes, CATALOG, FEATURES, challenger, champion, NBER, day, first)


pytestmark = pytest.mark.slow


@pytest.fixture
def store(database_url):
    found = Warehouse(database_url)
    found.migrate()
    source = Sample(CATALOG)
    found.ingest(source.observations(source.available()), source="sample")
    return found


def test_a_new_home_walks_forward_and_the_default_model_beats_every_rule(store):
    first, day = pd.Timestamp("1970-01-01"), pd.Timestamp("2010-12-31")
    evidence = gathered(store, CONFIG, CONFIG.replace(n_regimes=2), day, first)
    assert evidence.source.startswith("walk-forward over 16")
    assert evidence.challenger.months >= 120
    assert evidence.champion is not None
    assert evidence.champion != evidence.challenger
    assert {rival.name for rival in evidence.rivals} == {"sahm_rule", "term_spread", "activity_index"}
    assert all(evidence.challenger.auroc > rival.auroc for rival in evidence.rivals)


def test_a_rule_whose_series_the_store_lacks_is_not_asked(store):
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM warehouse.observations WHERE series_id = 'GS10'")
    first, day = pd.Timestamp("2000-01-01"), pd.Timestamp("2010-12-31")
    evidence = gathered(store, CONFIG, None, day, first)
    assert {rival.name for rival in evidence.rivals} == {"sahm_rule", "activity_index"}


def test_nothing_announced_after_the_day_counts(store):
    first = pd.Timestamp("2000-01-01")
    before = gathered(store, CONFIG, None, pd.Timestamp("2008-11-30"), first)
    after = gathered(store, CONFIG, None, pd.Timestamp("2010-09-30"), first)
    assert before.champion is None
    assert (before.challenger.recessions, after.challenger.recessions) == (1, 2)
    assert before.challenger.months == len(pd.date_range(first, "2007-12-31", freq="3MS"))
