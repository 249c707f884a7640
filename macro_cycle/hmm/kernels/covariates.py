"""Transitions that depend on covariates: a multinomial logit for each row of A that does, all lanes at a time.

    A_t[i, j] = A[i, j] exp(slopes[i, j]' x_t) / sum_k A[i, k] exp(slopes[i, k]' x_t)

A is the transition matrix where all covariates are zero; `tilted[i, j]` says which entries have slopes: moves that
exist, never staying, which is what the others are measured by. Rows, lanes being the last axis: A[i, j] at i*K + j,
A_t[i, j] at (t*K + i)*K + j, slope c of it at (i*K + j)*C + c.

No sum adds two products, for the reason given in `completion.py`.
"""

from __future__ import annotations

import numpy as np

from macro_cycle.hmm.kernels.completion import solve
from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.simd import any_below, below, largest, load, smallest, spread, store
from macro_cycle.hmm.kernels.steps import blend
from macro_cycle.hmm.kernels.vector_math import vexp, vlog

LEAST_PROBABILITY = 1e-290
LEAST_CURVATURE = 1e-9
LARGEST_LOG_ODDS = 500.0
LONGEST_MOVE = 4.0  # of an intercept or a slope in one iteration
HALVINGS = 10


@kernel
def tilt(transition, slopes, covariates, tilted, chain, lanes):
    """Fill chain (T*K*K, L), block t the step into month t given covariates (T, C); row 0 of those is zero."""
    (T, C), K = covariates.shape, tilted.shape[0]
    for i in range(K):
        if not tilted[i].any():
            for t in range(T):
                for j in range(K):
                    store(chain, (t * K + i) * K + j, load(transition, i * K + j, lanes))
            continue
        for t in range(T):
            total = spread(0.0, lanes)
            for j in range(K):
                weight = load(transition, i * K + j, lanes)
                if tilted[i, j]:
                    weight = weight * vexp(
                        smallest(_slope(slopes, covariates, t, i * K + j, C, lanes), LARGEST_LOG_ODDS)
                    )
                store(chain, (t * K + i) * K + j, weight)
                total += weight
            scale = 1.0 / largest(total, LEAST_PROBABILITY)
            for j in range(K):
                store(chain, (t * K + i) * K + j, load(chain, (t * K + i) * K + j, lanes) * scale)


@kernel
def _slope(slopes, covariates, t, entry, C, lanes):
    total = spread(0.0, lanes)
    for c in range(C):
        total += load(slopes, entry * C + c, lanes) * covariates[t, c]
    return total


@kernel
def slope_log_prior(slopes, slope_precision, lanes):
    """Log density (a vector) of Normal(0, 1 / slope_precision) slopes, up to a constant."""
    total = spread(0.0, lanes)
    for row in range(slopes.shape[0]):
        total -= 0.5 * slope_precision * load(slopes, row, lanes) * load(slopes, row, lanes)
    return total


@kernel
def sum_months(expected, total, lanes):
    """Expected transitions of all months, total (K*K, L), from those of each (T*K*K, L)."""
    rows = total.shape[0]
    for row in range(rows):
        s = spread(0.0, lanes)
        for t in range(1, expected.shape[0] // rows):
            s += load(expected, t * rows + row, lanes)
        store(total, row, s)


@kernel
def climb(transition, slopes, covariates, tilted, chain, expected, counts, slope_precision, going, lanes):
    """One Newton step of every tilted row's penalised logit, shortened until it does not fall, in the lanes going.

    chain and expected (T*K*K, L): each month's transitions under the present estimates, and the E-step's. No step
    leads into month 0; its block stands for the prior, pseudo-counts of months in which the covariates are zero.
    """
    C, K = covariates.shape[1], tilted.shape[0]
    for i in range(K):
        moves = np.flatnonzero(tilted[i])
        if len(moves) == 0:
            continue
        for j in range(K):
            store(expected, i * K + j, spread(counts[i, j], lanes))
        n = len(moves) * (C + 1)
        theta, step, linear = np.empty((n, len(lanes))), np.empty((n, len(lanes))), np.empty((n, len(lanes)))
        curvature = np.empty((n * n, len(lanes)))
        _read(transition, slopes, i, K, moves, C, theta, lanes)
        _derivatives(covariates, i, K, moves, chain, expected, slope_precision, theta, linear, step, curvature, lanes)
        solve(curvature, step, np.zeros(n, dtype=np.int64), lanes)
        _search(covariates, i, K, moves, expected, slope_precision, linear, theta, step, lanes)
        _write(transition, slopes, i, K, moves, C, theta, going, lanes)


@kernel
def _read(transition, slopes, i, K, moves, C, theta, lanes):
    """theta (n, L): for each move its log odds against staying, then its slopes."""
    stay = vlog(largest(load(transition, i * K + i, lanes), LEAST_PROBABILITY))
    for a in range(len(moves)):
        entry = i * K + moves[a]
        store(theta, a * (C + 1), vlog(largest(load(transition, entry, lanes), LEAST_PROBABILITY)) - stay)
        for c in range(C):
            store(theta, a * (C + 1) + 1 + c, load(slopes, entry * C + c, lanes))


@kernel
def _write(transition, slopes, i, K, moves, C, theta, going, lanes):
    total = spread(1.0, lanes)
    for a in range(len(moves)):
        total += vexp(smallest(load(theta, a * (C + 1), lanes), LARGEST_LOG_ODDS))
    blend(transition, i * K + i, 1.0 / total, going, lanes)
    for a in range(len(moves)):
        entry = i * K + moves[a]
        odds = vexp(smallest(load(theta, a * (C + 1), lanes), LARGEST_LOG_ODDS))
        blend(transition, entry, odds / total, going, lanes)
        for c in range(C):
            blend(slopes, entry * C + c, load(theta, a * (C + 1) + 1 + c, lanes), going, lanes)


@kernel
def _derivatives(covariates, i, K, moves, chain, expected, slope_precision, theta, linear, gradient, curvature, lanes):
    """Gradient (n, L) and minus the Hessian (n*n, L; lower triangle) of the expected objective at theta.

    linear (n, L): what multiplies theta in that objective.
    """
    (T, C), n = covariates.shape, len(theta)
    linear[:], gradient[:], curvature[:] = 0.0, 0.0, 0.0
    z = np.ones(C + 1)
    for t in range(T):
        base = (t * K + i) * K
        z[1:] = covariates[t]
        visits = _visits(expected, base, K, lanes)
        for a in range(len(moves)):
            seen, share = load(expected, base + moves[a], lanes), load(chain, base + moves[a], lanes)
            fitted = visits * share
            for c in range(C + 1):
                _add(linear, a * (C + 1) + c, seen * z[c], lanes)
                _add(gradient, a * (C + 1) + c, (seen - fitted) * z[c], lanes)
            for b in range(a + 1):
                weight = fitted * ((1.0 if a == b else 0.0) - load(chain, base + moves[b], lanes))
                for c in range(C + 1):
                    for d in range(C + 1):
                        row = (a * (C + 1) + c) * n + b * (C + 1) + d
                        _add(curvature, row, weight * (z[c] * z[d]), lanes)
    for row in range(n):
        if row % (C + 1) > 0:
            _add(curvature, row * n + row, spread(slope_precision, lanes), lanes)
            _add(gradient, row, load(theta, row, lanes) * -slope_precision, lanes)
        _add(curvature, row * n + row, spread(LEAST_CURVATURE, lanes), lanes)


@kernel
def _visits(expected, base, K, lanes):
    total = load(expected, base, lanes)
    for j in range(1, K):
        total += load(expected, base + j, lanes)
    return total


@kernel
def _add(array, row, value, lanes):
    store(array, row, load(array, row, lanes) + value)


@kernel
def _search(covariates, i, K, moves, expected, slope_precision, linear, theta, step, lanes):
    """Add to theta the longest of step, step / 2, step / 4, ... under which the expected objective does not fall."""
    before = _expected_objective(covariates, i, K, moves, expected, slope_precision, linear, theta, lanes)
    longest = spread(LONGEST_MOVE, lanes)
    for row in range(len(theta)):
        longest = largest(longest, largest(load(step, row, lanes), load(step, row, lanes) * -1.0))
    share, falling, trial = LONGEST_MOVE / longest, spread(1.0, lanes), np.empty_like(theta)
    for _ in range(HALVINGS):
        for row in range(len(theta)):
            store(trial, row, load(theta, row, lanes) + load(step, row, lanes) * share)
        after = _expected_objective(covariates, i, K, moves, expected, slope_precision, linear, trial, lanes)
        falls = below(after, before)
        for row in range(len(theta)):
            blend(theta, row, load(trial, row, lanes), falling * (1.0 - falls), lanes)
        falling, share = falling * falls, share * 0.5
        if not any_below(0.5 - falling, 0.0):
            return


@kernel
def _expected_objective(covariates, i, K, moves, expected, slope_precision, linear, theta, lanes):
    """Expected log likelihood (a vector) of the transitions out of row i, priors included, at theta (n, L)."""
    T, C = covariates.shape
    total = spread(0.0, lanes)
    for row in range(len(theta)):
        value = load(theta, row, lanes)
        total += load(linear, row, lanes) * value
        if row % (C + 1) > 0:
            total -= 0.5 * slope_precision * value * value
    for t in range(T):
        odds = spread(1.0, lanes)
        for a in range(len(moves)):
            log_odds = load(theta, a * (C + 1), lanes)
            for c in range(C):
                log_odds += load(theta, a * (C + 1) + 1 + c, lanes) * covariates[t, c]
            odds += vexp(smallest(log_odds, LARGEST_LOG_ODDS))
        total -= _visits(expected, (t * K + i) * K, K, lanes) * vlog(odds)
    return total
