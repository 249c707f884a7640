"""A common ratio is a new base, whatever else was revised; one that only part of a history got is a break."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.observations.revisions import as_known, of_one, rebasings, revisions
from macro_cycle_tests.features.histories import growing, history, monthly

FIRST, SECOND, THIRD = "2010-01-15", "2010-02-15", "2010-03-15"
FRED_MD = Path(__file__).parents[3] / "shared" / "data" / "fred_md"


def test_a_revision_says_what_it_replaced():
    told = history("A", (FIRST, monthly("2009-01-01", [1, 2])), (SECOND, monthly("2009-01-01", [1, 3, 4])))
    (row,) = revisions(told).itertuples()
    assert (row.date, row.before, row.value, row.realtime_start) == (
        pd.Timestamp("2009-02-01"),
        2,
        3,
        pd.Timestamp(SECOND),
    )


@settings(max_examples=40, deadline=None)
@given(
    factor=st.floats(0.02, 50).filter(lambda f: abs(np.log(f)) > 0.02),
    revised=st.integers(0, 6),
    seed=st.integers(0, 1000),
)
def test_a_new_base_is_recognised_under_rounding_and_revisions(factor, revised, seed):
    old = growing(120, seed).round(2)
    new = (old * factor).round(4)
    new.iloc[len(new) - revised :] *= 1.01
    (found,) = rebasings(history("A", (FIRST, old), (SECOND, new))).itertuples()
    assert found.realtime_start == pd.Timestamp(SECOND)
    assert found.factor == pytest.approx(factor, rel=1e-2)
    assert (found.values, found.left) == (120, 0)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), size=st.floats(0.001, 0.03), months=st.integers(1, 120))
def test_ordinary_revisions_are_no_new_base(seed, size, months):
    old = growing(120, seed)
    new = old.copy()
    new.iloc[-months:] *= 1 + np.random.default_rng(seed).normal(0, size, months)
    assert rebasings(history("A", (FIRST, old), (SECOND, new))).empty


def test_a_base_that_only_part_got_is_a_break_until_the_rest_follows():
    old = growing(120)
    half, whole = old.copy(), old * 0.8
    half.iloc[40:] *= 0.8
    (found,) = rebasings(history("A", (FIRST, old), (SECOND, half))).itertuples()
    assert (found.values, found.left) == (80, 40)
    assert pd.isna(found.until)
    healed = rebasings(history("A", (FIRST, old), (SECOND, half), (THIRD, whole)))
    assert healed.iloc[0]["until"] == pd.Timestamp(THIRD)


def test_the_story_of_one_observation_has_each_value_it_ever_had():
    april = monthly("2020-04-01", [14.7])
    told = history("UNRATE", ("2020-05-08", april), ("2021-01-08", april + 0.1), ("2022-01-07", april * np.nan))
    story = of_one(told, "UNRATE", pd.Timestamp("2020-04-01"))
    assert story["value"].tolist()[:2] == [14.7, 14.799999999999999]
    assert story["value"].isna().tolist() == [False, False, True]
    assert story["change"].iloc[1] == pytest.approx(0.1)


def test_a_series_as_known_on_a_day_counts_only_the_revisions_made_by_then():
    old, new = monthly("2009-01-01", [1, 2]), monthly("2009-01-01", [1, 3, 4])
    told = history("A", (FIRST, old), (SECOND, new), (THIRD, new.drop(pd.Timestamp("2009-01-01"))))
    views = [as_known(told, "A", pd.Timestamp(day)) for day in ("2010-01-14", FIRST, SECOND, THIRD)]
    assert [view["value"].tolist() for view in views] == [[], [1, 2], [1, 3, 4], [3, 4]]
    assert views[2]["revisions"].tolist() == [0, 1, 0]
    assert views[2]["revised_by"].tolist() == [0, 1, 0]


@pytest.mark.skipif(not FRED_MD.is_dir(), reason="the FRED-MD vintages in ../shared/data are not here")
def test_the_rebasings_and_unit_changes_of_real_vintages_are_found():
    from macro_cycle.observations import Catalog
    from macro_cycle.sources.fred_md import FredMd

    source = FredMd(FRED_MD, Catalog.load())
    facts = source.observations(["ICSA", "CONSPI", "PCEPI", "UNRATE", "CE16OV"]).sort_values(
        ["series_id", "date", "realtime_start"], ignore_index=True
    )
    same = (facts[["series_id", "date"]] == facts[["series_id", "date"]].shift(-1)).all(axis=1)
    found = rebasings(facts.assign(realtime_end=facts["realtime_start"].shift(-1).where(same)))
    factors = found.groupby("series_id")["factor"].apply(lambda f: [float(f"{x:.1g}") for x in f]).to_dict()
    assert factors == {"CONSPI": [1000.0], "ICSA": [900.0], "PCEPI": [0.9, 0.9]}
    assert (found["left"] == 0).all()
