"""MAP-EM from many starts on one sample: lanes are filled, run by the kernels, and read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.priors import Prior
from macro_cycle.hmm.structure import mean_groups

LANES = 8
LEAVE_AT = 2  # so few lanes are quicker one by one
FALL_ALLOWED = 1e-8  # of the objective, for rounding


@dataclass(frozen=True)
class EMOutcome:
    """Where one start ended; history is the objective before each M-step and at the end."""

    parameters: HMMParameters
    history: tuple[float, ...]
    converged: bool

    @property
    def objective(self) -> float:
        """Penalised log-likelihood of `parameters`."""
        return self.history[-1]


def run_em(
    observations: Observations, config: HMMConfig, starting: Sequence[HMMParameters]
) -> list[EMOutcome]:
    """EM from each starting point; raises MacroCycleError if the objective ever falls."""
    return [
        outcome
        for first in range(0, len(starting), LANES)
        for outcome in _run_chunk(observations, config, starting[first : first + LANES])
    ]


def _run_chunk(
    observations: Observations, config: HMMConfig, starting: Sequence[HMMParameters]
) -> list[EMOutcome]:
    batch = _Batch.of(starting, config)
    if len(starting) > LEAVE_AT:
        _advance(batch, np.arange(len(starting)), LANES, LEAVE_AT, observations, config)
    for lane in np.flatnonzero(batch.active):
        _advance(batch, np.array([lane]), 1, 0, observations, config)
    return batch.outcomes(config)


@dataclass
class _Batch:
    """State of n lanes, lane last: initial (K, n), transition (K, K, n), means (D, K, n), covariances (..., K, n)."""

    arrays: dict[str, np.ndarray]

    @property
    def active(self) -> np.ndarray:
        return self.arrays["active"]

    @classmethod
    def of(cls, starting: Sequence[HMMParameters], config: HMMConfig) -> _Batch:
        def stack(pieces: list[np.ndarray]) -> np.ndarray:
            return np.ascontiguousarray(np.stack(pieces, axis=-1))

        n, K, D = len(starting), starting[0].n_regimes, starting[0].n_features
        return cls(
            {
                "initial": stack([p.initial_probs for p in starting]),
                "transition": stack([p.transition_matrix for p in starting]),
                "means": stack([p.means.T for p in starting]),
                "covariances": stack([_lane_covariances(p) for p in starting]),
                "dof": stack([np.full(D, np.inf) if p.dof is None else p.dof for p in starting]),
                "history": np.full((config.max_iter, n), np.nan),
                "n_iter": np.zeros(n, dtype=np.int64),
                "active": np.ones(n, dtype=np.bool_),
                "largest_fall": np.zeros(n),
            }
        )

    def outcomes(self, config: HMMConfig) -> list[EMOutcome]:
        return [self._outcome(lane, config) for lane in range(self.active.size)]

    def _outcome(self, lane: int, config: HMMConfig) -> EMOutcome:
        a = {name: value[..., lane] for name, value in self.arrays.items()}
        history = a["history"][: a["n_iter"]]
        if not np.isfinite(history).all():
            raise MacroCycleError(
                "the model's likelihood is not finite: check the panel's units and outliers"
            )
        if a["largest_fall"] > FALL_ALLOWED * (1.0 + abs(history[-1])):
            raise MacroCycleError(
                f"the EM objective fell by {a['largest_fall']:.3g}: the panel is ill-conditioned"
            )
        covariances = np.moveaxis(a["covariances"], -1, 0)
        parameters = HMMParameters(
            a["initial"],
            a["transition"],
            a["means"].T,
            covariances[0] if config.tied else covariances,
            config.covariance_type,
            a["dof"] if config.emission == "student_t" else None,
        )
        return EMOutcome(parameters, tuple(history.tolist()), bool(a["n_iter"] < config.max_iter))


def _lane_covariances(parameters: HMMParameters) -> np.ndarray:
    """Covariances with the regime last: (D, K) or (D, D, K), tied ones repeated."""
    K, D = parameters.means.shape
    if parameters.covariance_type in ("diag", "tied_diag"):
        return np.broadcast_to(parameters.covariances, (K, D)).T
    return np.moveaxis(parameters.full_covariances, 0, -1)


def _advance(
    batch: _Batch, lanes: np.ndarray, width: int, stop_at: int, observations: Observations, config: HMMConfig
) -> None:
    """Run the kernel on some lanes, padded to the width with idle copies of the first."""
    padded = np.concatenate([lanes, np.full(width - len(lanes), lanes[0])])
    part = {name: np.ascontiguousarray(value[..., padded]) for name, value in batch.arrays.items()}
    part["active"][len(lanes) :] = False
    _run_kernel(part, width, stop_at, observations, config)
    for name, value in part.items():
        batch.arrays[name][..., lanes] = value[..., : len(lanes)]


def _run_kernel(
    part: dict[str, np.ndarray], width: int, stop_at: int, observations: Observations, config: HMMConfig
) -> None:
    from macro_cycle.hmm.kernels.em_diagonal import em_diagonal

    prior = Prior.of(config)
    patterns, pattern_of = observations.patterns
    lengths = np.full(width, len(observations.values), dtype=np.int64)
    hyper = (
        float(prior.initial_count),
        float(prior.mean_precision),
        float(prior.variance_weight),
        float(prior.variance_scale),
        float(prior.discount),
    )
    em_diagonal(
        observations.filled,
        patterns.astype(np.float64),
        pattern_of,
        mean_groups(config, observations.columns),
        config.tied,
        config.emission == "student_t",
        config.emission == "student_t" and config.dof == "estimated",
        lengths,
        part["initial"],
        part["transition"],
        part["means"],
        part["covariances"],
        part["dof"],
        prior.transition_counts,
        hyper,
        float(config.tol),
        part["history"],
        part["n_iter"],
        part["active"],
        part["largest_fall"],
        stop_at,
        (0,) * width,
    )
