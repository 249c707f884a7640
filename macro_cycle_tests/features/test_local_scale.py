"""A local scale is causal, free of units, and follows a scale that drifts; it is what a feature says it is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.features import Feature, FeatureSet, build_panel
from macro_cycle.features.local_scale import FEWEST, HELD, NORMAL, locally_scaled
from macro_cycle.observations import Catalog


def draws(length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=length)


def by_hand(column: np.ndarray, half_life: int) -> np.ndarray:
    """The definition written as sums over the past of each month."""

    def weighted(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        location, scale = np.full(len(values), np.nan), np.full(len(values), np.nan)
        known: list[float] = []
        away: list[float] = []
        for t, value in enumerate(values):
            if np.isnan(value):
                continue
            known.append(value)
            weights = 0.5 ** (np.arange(len(known))[::-1] / half_life)
            if len(known) >= FEWEST:
                location[t] = weights @ known / weights.sum()
                away.append(abs(value - location[t]))
                if len(away) >= FEWEST:
                    recent = weights[-len(away) :]
                    scale[t] = NORMAL * (recent @ away) / recent.sum()
        return location, scale

    location, scale = weighted(column)
    held = np.fmin(np.fmax(column, location - HELD * scale), location + HELD * scale)
    location, scale = weighted(held)
    return (column - location) / scale


@pytest.mark.parametrize("half_life", [12, 60])
def test_it_is_the_definition_summed_by_hand(half_life):
    column = draws(150)
    column[[40, 41, 90]] = np.nan
    column[120] = 30.0
    np.testing.assert_allclose(locally_scaled(column, half_life), by_hand(column, half_life), rtol=1e-9)


@given(st.integers(0, 1000), st.integers(60, 199))
def test_what_comes_later_changes_nothing_earlier(seed, cut):
    column = draws(200, seed)
    np.testing.assert_array_equal(locally_scaled(column, 36)[:cut], locally_scaled(column[:cut], 36))


@given(st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_units_and_origin_do_not_matter(unit, origin):
    column = draws(120)
    moved = locally_scaled(unit * column + origin, 36)
    np.testing.assert_allclose(moved, locally_scaled(column, 36), rtol=1e-5, atol=1e-5)


def test_a_shock_of_one_scale_counts_alike_in_calm_and_in_stormy_decades():
    column = np.concatenate([10 * draws(600, 1), draws(600, 2)])
    scaled = locally_scaled(column, 60)
    stormy, calm = scaled[300:600], scaled[1000:]
    assert np.std(stormy) == pytest.approx(np.std(calm), rel=0.15)
    assert np.std(column[300:600]) > 8 * np.std(column[900:])


def test_a_column_that_never_moves_has_no_scale():
    assert np.isnan(locally_scaled(np.ones(100), 36)).all()


def test_a_feature_with_a_half_life_is_its_column_locally_scaled():
    months = pd.date_range("1950-01-01", periods=160, freq="MS")
    frame = pd.DataFrame({"series_id": "INDPRO", "date": months, "value": np.exp(draws(160).cumsum() / 50)})
    plain = Feature(name="X", series_ids=("INDPRO",), role="activity", span=3)
    local = plain.model_copy(update={"half_life": 60})
    panels = [build_panel(frame, Catalog.load(), FeatureSet(features=(f,))) for f in (plain, local)]
    expected = locally_scaled(panels[0]["X"].to_numpy(), 60)
    found = panels[1]["X"]
    np.testing.assert_array_equal(found.to_numpy(), expected[-len(found) :])
    assert np.isnan(expected[: -len(found)]).all()
