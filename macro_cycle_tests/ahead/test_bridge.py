"""Of a series that the model sees together with others, the bridge says what to expect, and the flip still holds."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from macro_cycle.ahead import Scenario, flip, respond
from macro_cycle.ahead.releases import next_release
from macro_cycle.evaluation.news import InformationSet
from macro_cycle.features import Feature, FeatureSet, build_panel
from macro_cycle.hmm import HMMConfig, MacroCycleHMM
from macro_cycle_tests.ahead.conftest import CATALOG, with_prints

TOGETHER = FeatureSet(
    features=(Feature(name="ACTIVITY", series_ids=("PAYEMS", "UNRATE", "INDPRO", "CMRMTSPL"), role="activity", span=3),)
)
ALONE = FeatureSet(
    features=(Feature(name="REST", series_ids=("UNRATE", "INDPRO", "CMRMTSPL"), role="activity", span=3),)
)


@pytest.fixture(scope="module")
def together(known) -> Scenario:
    config = HMMConfig(n_regimes=2, roles=dict(TOGETHER.roles), n_restarts=1)
    model = MacroCycleHMM(config).fit(build_panel(known, CATALOG, TOGETHER))
    return Scenario(InformationSet(pd.Timestamp("2008-08-15"), known, model), CATALOG, TOGETHER)


def history(known: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Growth of payrolls, and the feature of the other series."""
    payrolls = known[known["series_id"] == "PAYEMS"].set_index("date")["value"].sort_index()
    return np.log(payrolls).diff(), build_panel(known, CATALOG, ALONE)["REST"]


def test_the_expectation_is_that_of_a_regression_on_the_other_series(together, known):
    growth, rest = history(known)
    frame = pd.concat([growth, rest], axis=1, keys=["growth", "rest"]).dropna()
    fitted = sm.OLS(frame["growth"], sm.add_constant(frame["rest"])).fit()
    level, slope = fitted.params["const"], fitted.params["rest"]
    found = respond(together, next_release(together, "PAYEMS")).distribution
    expected = together.model.forecast(build_panel(known, CATALOG, TOGETHER), 1)
    assert found.mean == pytest.approx(level + slope * expected.feature_mean[0, 0], rel=1e-6)
    noise = np.sqrt(fitted.mse_resid)
    assert found.std == pytest.approx(np.hypot(slope * expected.feature_std[0, 0], noise), rel=1e-6)


def test_where_the_others_are_known_they_say_what_to_expect(together, known):
    growth, _ = history(known)
    fresh = with_prints(known, ("UNRATE", "2008-08-01", 6.1), ("INDPRO", "2008-08-01", 98.0))
    scenario = Scenario(InformationSet(together.as_of, fresh, together.model), CATALOG, TOGETHER)
    rest = build_panel(fresh, CATALOG, ALONE)["REST"]
    frame = pd.concat([growth, rest], axis=1, keys=["growth", "rest"]).dropna()
    slope, level = np.polyfit(frame["rest"], frame["growth"], 1)
    found = respond(scenario, next_release(scenario, "PAYEMS")).distribution
    assert found.mean == pytest.approx(level + slope * rest["2008-08-01"], rel=1e-9)


def test_at_the_flip_the_answer_built_the_long_way_is_one_half(together, known):
    good = with_prints(known, ("PAYEMS", "2008-08-01", 139_500), ("INDPRO", "2008-08-01", 104.0))
    good = with_prints(good, *((("CMRMTSPL", f"2008-0{m}-01", 1.3e6 + 1e4 * m)) for m in (7, 8)))
    scenario = Scenario(InformationSet(together.as_of, good, together.model), CATALOG, TOGETHER)
    found = flip(scenario, respond(scenario, next_release(scenario, "UNRATE")))
    assert found.at is not None
    panel = build_panel(with_prints(good, ("UNRATE", "2008-08-01", found.at)), CATALOG, TOGETHER)
    assert together.model.regimes(panel)["recession_probability"].iloc[-1] == pytest.approx(0.5, abs=1e-6)
    assert 0 < found.chance < 1
