"""Phases: what a month is told to be by the turns around it, so that a chronology of turns can prove it wrong.

A regime is the chain's state in a month; it says on which side of the cycle the month lies, high or low activity. A
phase says how far the turns are from one side to the other:

    Trough       one of the last three months on the low side, or of the first three after them
    Contraction  any other month on the low side
    Peak         any other month on the high side after which the low side begins within the twelve months of a peak
    Expansion    any other

These are events of the chain's path, hence their probabilities are exact: what lies behind a month comes from the
filter (or the smoother), what lies ahead from the transitions. They sum to one; Trough lies on both sides, so the
probability of a recession is that of the regimes (`labels.recession_probability`), not a sum of phases.

With three regimes nothing tells a trough, with two nor a peak: those months keep the phase of their side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from macro_cycle.hmm.labels import recession_side

if TYPE_CHECKING:
    from jaxtyping import Float

BEFORE_PEAK = 12  # months of the high side before its last one that are called a peak, that one too
AROUND_TROUGH = 3  # months on either side of the end of the low side
PEAK_AHEAD = {2: 0, 3: BEFORE_PEAK + 1, 4: BEFORE_PEAK + 1}  # months within which the low side then begins
TROUGH_WINDOW = {2: 0, 3: 0, 4: AROUND_TROUGH}


def phase_probs(
    marginals: Float[np.ndarray, "T K"],
    steps: Float[np.ndarray, "T K K"],
    ahead: Float[np.ndarray, "#T H K K"],
) -> Float[np.ndarray, "T K"]:
    """(T, K) probability of each phase, named as the regimes are, of a chain of K regimes over T months.

    marginals (T, K): of each month's regime. steps (T, K, K): the t-th leads marginals[t - 1] to marginals[t]; of the
    filter, transitions times the likelihood of month t, of the smoother, transitions given the whole sample. ahead
    (T, H, K, K): transitions into the H >= 13 months after each month; the first axis may have length 1.
    """
    K = marginals.shape[1]
    low = recession_side(K)
    high_for_long = _high_since(marginals, steps, ~low, TROUGH_WINDOW[K])
    stays_low = _kept(np.where(low, marginals, 0.0), ahead[:, : TROUGH_WINDOW[K]], low).sum(axis=1)
    stays_high = _kept(high_for_long, ahead[:, : PEAK_AHEAD[K]], ~low).sum(axis=1)
    settled = high_for_long.sum(axis=1)
    phases = (stays_high, settled - stays_high, stays_low, 1.0 - settled - stays_low)
    named = {2: (0, 2), 3: (0, 1, 2), 4: (0, 1, 2, 3)}[K]
    return np.clip(np.stack([phases[p] for p in named], axis=1), 0.0, 1.0)


def filter_steps(
    filtered: Float[np.ndarray, "T K"],
    predicted: Float[np.ndarray, "T K"],
    transitions: Float[np.ndarray, "T K K"],
) -> Float[np.ndarray, "T K K"]:
    """(T, K, K) steps from p(z_t-1 | y_1:t-1) to p(z_t | y_1:t); row 0 leads nowhere."""
    return _times(transitions, filtered, predicted)


def smoother_steps(
    smoothed: Float[np.ndarray, "T K"],
    predicted: Float[np.ndarray, "T K"],
    transitions: Float[np.ndarray, "T K K"],
) -> Float[np.ndarray, "T K K"]:
    """(T, K, K) p(z_t = j | z_t-1 = i, y_1:T); row 0 leads nowhere."""
    steps = _times(transitions, smoothed, predicted)
    total = steps.sum(axis=2, keepdims=True)
    return np.divide(steps, total, out=np.zeros_like(steps), where=total > 0.0)


def within_sample(steps: Float[np.ndarray, "T K K"], after: Float[np.ndarray, "H K K"]) -> Float[np.ndarray, "T H K K"]:
    """(T, H, K, K) transitions into the H months after each: steps (T, K, K) of the sample, then after (H, K, K)."""
    H = len(after)
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([steps[1:], after]), H, axis=0)
    return np.moveaxis(windows, -1, 1)


def _times(transitions: np.ndarray, posterior: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    gain = np.divide(posterior, predicted, out=np.zeros_like(posterior), where=predicted > 0.0)
    return np.asarray(transitions * gain[:, None, :])


def _high_since(marginals: np.ndarray, steps: np.ndarray, high: np.ndarray, months: int) -> np.ndarray:
    """(T, K) joint probability of each regime and of no low month among it and the `months` before it."""
    T = len(marginals)
    start = np.maximum(np.arange(T) - months, 0)
    path = np.where(high, marginals[start], 0.0)
    for back in range(months - 1, -1, -1):
        moved = (path[:, None, :] @ steps[np.maximum(np.arange(T) - back, 0)])[:, 0] * high
        path = np.where((np.arange(T) - back > 0)[:, None], moved, path)
    return path


def _kept(probs: np.ndarray, ahead: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """(T, K) probability of each regime `inside` after all months ahead were spent there."""
    for h in range(ahead.shape[1]):
        probs = (probs[:, None, :] @ ahead[:, h])[:, 0] * inside
    return probs
