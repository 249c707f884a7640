"""A mixture is the panel of the observations that it stands for, from the earlier day's to the later day's."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.cycles import shipped
from macro_cycle.features import build_panel
from macro_cycle.features.mixture import NEW, REVISED, Mixture
from macro_cycle.observations import Catalog
from macro_cycle.observations.frequencies import month_number
from macro_cycle.sources import known_on
from macro_cycle.sources.sample import Sample

CATALOG, FEATURES = Catalog.load(), shipped().features
KEY = ["series_id", "date"]


@pytest.fixture(scope="module")
def observations() -> pd.DataFrame:
    return Sample(CATALOG).observations(FEATURES.series_ids)


def revised(known: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Some values changed and one withdrawn, in three series."""
    generator = np.random.default_rng(seed)
    out = known.copy()
    touched = out["series_id"].isin(generator.choice(FEATURES.series_ids, 3, replace=False))
    rows = generator.choice(np.flatnonzero(touched), 20, replace=False)
    out.loc[rows, "value"] *= 1 + 0.01 * generator.normal(size=20)
    return out.drop(rows[0])


@settings(max_examples=6, deadline=None)
@given(month=st.dates(pd.Timestamp("1975-01-01").date(), pd.Timestamp("2026-06-01").date()), seed=st.integers(0, 99))
def test_both_ends_are_the_panels_of_the_two_days_to_the_bit(observations, month, seed):
    earlier = known_on(observations, pd.Timestamp(month))
    later = revised(known_on(observations, pd.Timestamp(month) + pd.Timedelta(days=40)), seed)
    mixture = Mixture(earlier, later, CATALOG, FEATURES)
    for choice, frame in (({}, earlier), (mixture.updates, later)):
        panel = build_panel(frame, CATALOG, FEATURES)
        np.testing.assert_array_equal(mixture.panel(choice), panel.to_numpy())
        assert mixture.newest_month(choice) == month_number(panel.index[-1:])[0]


def test_between_the_days_it_is_the_panel_of_the_observations_chosen(observations):
    earlier = known_on(observations, pd.Timestamp("2008-08-31"))
    later = revised(known_on(observations, pd.Timestamp("2008-09-30")), 1)
    mixture = Mixture(earlier, later, CATALOG, FEATURES)
    both = next(s for s, update in mixture.updates.items() if update == NEW + REVISED)
    joined = earlier.merge(later, on=KEY, how="outer", suffixes=("", "_later"))
    of_series = joined["series_id"] == both
    for choice in (NEW, REVISED):
        new = joined["value"].isna()
        happened = of_series & (new if choice == NEW else ~new)
        chosen = joined.assign(value=joined["value"].mask(happened, joined["value_later"])).dropna(subset="value")
        expected = build_panel(chosen, CATALOG, FEATURES)
        np.testing.assert_array_equal(mixture.panel({both: choice}), expected.to_numpy())


def test_a_month_not_known_yet_is_empty_and_a_later_one_is_cut_off(observations):
    earlier, later = (known_on(observations, pd.Timestamp(day)) for day in ("2008-08-31", "2008-10-31"))
    mixture = Mixture(earlier, later, CATALOG, FEATURES)
    now, then = mixture.newest_month(mixture.updates), mixture.newest_month({})
    ahead = mixture.panel({}, until=now)
    assert np.isnan(ahead[-(now - then) :]).all()
    np.testing.assert_array_equal(
        mixture.panel(mixture.updates, until=then), mixture.panel(mixture.updates)[: then - now]
    )


def test_what_did_not_happen_is_no_update(observations):
    known = known_on(observations, pd.Timestamp("2008-08-31"))
    assert Mixture(known, known, CATALOG, FEATURES).updates == {}
