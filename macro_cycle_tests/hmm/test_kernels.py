"""Compiled once per machine: a second process takes every kernel from the disk."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from macro_cycle.hmm.kernels.jit import cache_directory
from macro_cycle.hmm.kernels.simd import largest_of, largest_sum, load, product, store, sum_of
from macro_cycle.hmm.kernels.standardize import standardize, survey
from macro_cycle.hmm.kernels.vector_math import digamma, exp_all, log_all, vexp, vlog

FIT_AND_COUNT = """
import json, sys
import numpy as np
from numba.core.registry import CPUDispatcher
from macro_cycle.hmm import MacroCycleHMM
values = np.random.default_rng(0).normal(size=(60, 2))
model = MacroCycleHMM(structure="free", n_regimes=3, n_restarts=3, max_iter=5).fit(values)
model.smooth(values), model.decode(values)
hits = misses = 0
for name in [n for n in sys.modules if n.startswith("macro_cycle.hmm.kernels")]:
    for kernel in vars(sys.modules[name]).values():
        if isinstance(kernel, CPUDispatcher):
            hits += sum(kernel.stats.cache_hits.values())
            misses += sum(kernel.stats.cache_misses.values())
print(json.dumps([hits, misses]))
"""


def hits_and_misses(**environment: str) -> tuple[int, int]:
    answer = subprocess.run(
        [sys.executable, "-c", FIT_AND_COUNT],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    hits, misses = json.loads(answer.stdout.splitlines()[-1])
    return hits, misses


def test_a_second_process_compiles_nothing():
    hits_and_misses()
    hits, misses = hits_and_misses()
    assert hits >= 5
    assert misses == 0


def test_the_cache_is_named_after_the_sources_and_can_be_moved(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    moved = cache_directory.__wrapped__()
    assert moved.parent == tmp_path
    assert moved.name == cache_directory().name or moved.name.startswith("kernels-")
    monkeypatch.setattr("macro_cycle.hmm.kernels.jit.HERE", tmp_path)
    assert cache_directory.__wrapped__() != moved


@njit
def _apply(function, row, out, lanes):
    store(out, 0, function(load(row, 0, lanes)))


def vectorised(function, numbers: np.ndarray) -> np.ndarray:
    out = np.empty((1, len(numbers)))
    _apply(function, numbers[None].copy(), out, (0,) * len(numbers))
    return out[0]


@settings(deadline=None)
@given(st.lists(st.floats(-700.0, 700.0), min_size=4, max_size=4))
def test_exp_and_log_of_vectors_are_accurate_to_rounding(numbers):
    x = np.array(numbers)
    np.testing.assert_allclose(vectorised(vexp, x), np.exp(x), rtol=4e-16)
    np.testing.assert_allclose(vectorised(vlog, np.exp(x)), np.log(np.exp(x)), rtol=4e-16, atol=2e-16)


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 100])
def test_arrays_of_any_length_are_replaced_number_by_number(size):
    numbers = np.random.default_rng(size).normal(size=size)
    exponentials = numbers.copy()
    exp_all(exponentials)
    np.testing.assert_allclose(exponentials, np.exp(numbers), rtol=4e-16)
    log_all(exponentials)
    np.testing.assert_allclose(exponentials, numbers, atol=1e-15)


@njit
def _rows(row, matrix, out, lanes):
    x = load(row, 0, lanes)
    store(out, 0, product(x, matrix))
    store(out, 1, largest_sum(x, matrix))
    return sum_of(x), largest_of(x)


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
def test_sums_and_products_over_lanes_equal_numpy(width):
    rng = np.random.default_rng(width)
    row, matrix, out = rng.normal(size=(1, width)), rng.normal(size=(width, width)), np.empty((2, width))
    total, top = _rows(row, matrix, out, (0,) * width)
    assert total == pytest.approx(row.sum())
    assert top == row.max()
    np.testing.assert_allclose(out[0], row[0] @ matrix)
    np.testing.assert_array_equal(out[1], (row.T + matrix).max(axis=0))


@pytest.mark.parametrize("limit", [np.inf, 1.5])
def test_standardising_scales_holds_within_the_limit_and_keeps_what_is_missing(limit):
    rng = np.random.default_rng(0)
    values, center, scale = rng.normal(size=(50, 3)) * 10, rng.normal(size=3), rng.uniform(1.0, 5.0, size=3)
    values[rng.random(values.shape) < 0.2] = np.nan
    expected = np.clip((values - center) / scale, -limit, limit)
    np.testing.assert_allclose(standardize(values, center, scale, limit), expected, rtol=1e-14)


def test_a_survey_tells_missing_cells_and_numbers_out_of_bounds():
    values = np.random.default_rng(0).normal(size=(40, 3))
    assert survey(values, 1e100) == (True, True)
    for number, complete, bounded in ((np.nan, False, True), (np.inf, True, False), (-2e100, True, False)):
        values[39, 2] = number
        assert survey(values, 1e100) == (complete, bounded)


@settings(deadline=None)
@given(st.floats(0.01, 1e4))
def test_digamma_equals_scipy(x):
    from scipy.special import psi

    np.testing.assert_allclose(digamma(x), psi(x), rtol=1e-12, atol=1e-12)
