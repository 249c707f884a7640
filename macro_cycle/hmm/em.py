"""MAP-EM from many starts on one sample: lanes are filled, run by the kernels, and read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.inference import N_LANES
from macro_cycle.hmm.kernels.em_diagonal import em_diagonal
from macro_cycle.hmm.kernels.em_full import em_full
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.priors import Prior
from macro_cycle.hmm.structure import mean_groups, tilted_transitions

LEAVE_AT = 2  # so few lanes are quicker one by one
FALL_ALLOWED = 1e-8  # of the objective, for rounding
STATE = (
    "initial",
    "transition",
    "means",
    "covariances",
    "dof",
    "slopes",
    "history",
    "n_iter",
    "active",
    "largest_fall",
)


@dataclass(frozen=True)
class EMOutcome:
    """Where one start ended; history is the objective before each M-step and at the end.

    failure: why the start was given up, empty when it was not; parameters are then those it began with.
    """

    parameters: HMMParameters
    history: tuple[float, ...]
    converged: bool
    failure: str = ""

    @property
    def objective(self) -> float:
        """Penalised log-likelihood of `parameters`."""
        return self.history[-1]


def run_em(observations: Observations, config: HMMConfig, starting: Sequence[HMMParameters]) -> list[EMOutcome]:
    """EM from each starting point; a start whose objective falls or is not finite fails alone."""
    sample = _sample(observations, config)
    return [
        outcome
        for chunk in range(0, len(starting), N_LANES)
        for outcome in _run_chunk(sample, config, starting[chunk : chunk + N_LANES])
    ]


def _run_chunk(sample: dict[str, Any], config: HMMConfig, starting: Sequence[HMMParameters]) -> list[EMOutcome]:
    state = stack_lanes(starting, config)
    if len(starting) > LEAVE_AT:
        _advance(state, np.arange(len(starting)), N_LANES, LEAVE_AT, sample, config)
    for lane in np.flatnonzero(state["active"][0]):
        _advance(state, np.array([lane]), 1, 0, sample, config)
    return [outcome_of(state, lane, starting[lane], config) for lane in range(len(starting))]


def _sample(observations: Observations, config: HMMConfig) -> dict[str, Any]:
    """What the kernels need of the data and the configuration."""
    groups, prior = mean_groups(config, observations.columns), Prior.of(config)
    first = (groups[:, :, None] == groups[:, None, :]).argmax(axis=2)
    own = np.tile(np.arange(config.n_regimes), (len(groups), 1))
    return {
        **(_cells(observations) if config.diagonal else _quadratic_features(observations)),
        "first": first,
        "alike": first if config.tied else own,
        "tied": config.tied,
        "student": config.emission == "student_t",
        "free_dof": config.emission == "student_t" and config.dof == "estimated",
        "covariates": observations.covariates,
        "tilted": tilted_transitions(config) & (observations.covariates.shape[1] > 0),
        "counts": prior.transition_counts,
        "hyper": prior.hyper,
        "least_gain": float(config.tol) * len(observations.values),
    }


def _cells(observations: Observations) -> dict[str, np.ndarray]:
    patterns, pattern_of = observations.patterns
    return {"values": observations.filled, "patterns": patterns, "pattern_of": pattern_of}


def _quadratic_features(observations: Observations) -> dict[str, np.ndarray]:
    """1, x_a, x_a x_b (a <= b) of every month (T, F), and the months sorted by pattern of missing cells."""
    patterns, pattern_of = observations.patterns
    x = observations.filled
    a, b = np.triu_indices(x.shape[1])
    return {
        "features": np.concatenate([np.ones((len(x), 1)), x, x[:, a] * x[:, b]], axis=1),
        "patterns": patterns,
        "order": np.argsort(pattern_of, kind="stable"),
        "bounds": np.concatenate([[0], np.cumsum(np.bincount(pattern_of, minlength=len(patterns)))]),
    }


def stack_lanes(starting: Sequence[HMMParameters], config: HMMConfig) -> dict[str, np.ndarray]:
    """State of n lanes as (rows, n) arrays; rows run over columns, then regimes (full: regimes, then cells)."""
    n, D = len(starting), starting[0].n_features

    def rows(pieces: list[np.ndarray]) -> np.ndarray:
        return np.ascontiguousarray(np.stack([p.ravel() for p in pieces], axis=-1))

    return {
        "initial": rows([p.initial_probs for p in starting]),
        "transition": rows([p.transition_matrix for p in starting]),
        "means": rows([p.means.T for p in starting]),
        "covariances": rows([_all_covariances(p, config) for p in starting]),
        "dof": rows([np.full(D, np.inf) if p.dof is None else p.dof for p in starting]),
        "slopes": rows([np.empty(0) if p.slopes is None else p.slopes for p in starting]),
        "history": np.full((config.max_iter, n), np.nan),
        "n_iter": np.zeros((1, n)),
        "active": np.ones((1, n)),
        "largest_fall": np.zeros((1, n)),
    }


def _all_covariances(parameters: HMMParameters, config: HMMConfig) -> np.ndarray:
    """(D, K) variances or (K, D, D) covariances, tied ones repeated."""
    if config.diagonal:
        return np.broadcast_to(parameters.covariances, parameters.means.shape).T
    return parameters.full_covariances


def _advance(
    state: dict[str, np.ndarray],
    lanes: np.ndarray,
    width: int,
    stop_at: int,
    sample: dict[str, Any],
    config: HMMConfig,
) -> None:
    """Run the kernel on some lanes, padded to the width with idle copies of the first."""
    padded = np.concatenate([lanes, np.full(width - len(lanes), lanes[0])])
    part = {name: np.ascontiguousarray(state[name][:, padded]) for name in STATE}
    part["active"][0, len(lanes) :] = 0.0
    (_run_diagonal if config.diagonal else _run_full)(sample, part, stop_at, width)
    for name in STATE:
        state[name][:, lanes] = part[name][:, : len(lanes)]


def _run_diagonal(sample: dict[str, Any], part: dict[str, np.ndarray], stop_at: int, width: int) -> None:
    em_diagonal(
        *(sample[name] for name in ("values", "patterns", "pattern_of", "first", "alike")),
        *(sample[name] for name in ("tied", "student", "free_dof")),
        *(part[name] for name in ("initial", "transition", "means", "covariances", "dof", "slopes")),
        *(sample[name] for name in ("covariates", "tilted", "counts", "hyper", "least_gain")),
        *(part[name] for name in ("history", "n_iter", "active", "largest_fall")),
        stop_at,
        (0,) * width,
    )


def _run_full(sample: dict[str, Any], part: dict[str, np.ndarray], stop_at: int, width: int) -> None:
    em_full(
        *(sample[name] for name in ("features", "patterns", "order", "bounds", "first")),
        *(sample[name] for name in ("tied", "student", "free_dof")),
        *(part[name] for name in ("initial", "transition", "means", "covariances", "dof", "slopes")),
        *(sample[name] for name in ("covariates", "tilted", "counts", "hyper", "least_gain")),
        *(part[name] for name in ("history", "n_iter", "active", "largest_fall")),
        stop_at,
        (0,) * (len(part["initial"]) * width),
        (0,) * width,
    )


def outcome_of(state: dict[str, np.ndarray], lane: int, start: HMMParameters, config: HMMConfig) -> EMOutcome:
    """What a lane of the state ended with: a failure if its objective fell or is not finite."""
    own = {name: array[:, lane] for name, array in state.items()}
    n_iter = int(own["n_iter"][0])
    history = own["history"][:n_iter]
    if failure := _failure(history, float(own["largest_fall"][0])):
        return EMOutcome(start, tuple(history.tolist()), False, failure)
    K, D = start.means.shape
    covariances = own["covariances"]
    covariances = covariances.reshape(D, K).T if config.diagonal else covariances.reshape(K, D, D)
    parameters = HMMParameters(
        own["initial"],
        own["transition"].reshape(K, K),
        own["means"].reshape(D, K).T,
        covariances[0] if config.tied else covariances,
        config.covariance_type,
        own["dof"] if config.emission == "student_t" else None,
        own["slopes"].reshape(K, K, -1) if start.slopes is not None else None,
    )
    return EMOutcome(parameters, tuple(history.tolist()), n_iter < config.max_iter)


def _failure(history: np.ndarray, fall: float) -> str:
    if not np.isfinite(history).all():
        return f"its objective was not finite at iteration {int(np.isfinite(history).argmin()) + 1}"
    if fall > FALL_ALLOWED * (1.0 + abs(history[-1])):
        return f"its objective fell by {fall:.3g}"
    return ""
