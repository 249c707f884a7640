"""The Laplace approximation: a Normal at the posterior's mode, its covariance the inverse curvature, widened.

Mode and curvature are taken in unconstrained coordinates (`coordinates.py`), where the posterior is closest
to a Normal. The curvature is the central difference of the analytic gradient, all points in one batch.

The curvature is too sure of itself in short samples: what they say about regimes rests on their phases, not on
their months, and another division into phases often fits nearly as well. Draws are therefore spread by the standard
deviation of a t with one degree of freedom for every `MONTHS_PER_DEGREE` months, without its tails, which would
overflow in the logarithms of variances. The number is measured, not derived: `docs/model.md` has the coverage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.posterior.coordinates import LogPosterior

MONTHS_PER_DEGREE, LEAST_DEGREES = 18.0, 3.0
FEWEST_MONTHS = 60  # for which the intervals were measured
WIDENED = 1.1  # worth a word
STEP = 1e-4  # of the differences, in unconstrained units
LEAST_PROBABILITY, LEAST_DOF, MOST_DOF = 1e-3, 2.2, 150.0  # where the search begins if EM ended on a boundary
LEAST_PRECISION = 1e-3  # a flatter direction is held at a standard error of about 30
LONGEST_MOVE = 2.0
SHARES = 0.5 ** np.arange(8.0)
CLOSE = 1e-4  # squared distance to the mode in standard errors
ROUNDS, MOST_MOVES = 5, 40


class _Point(NamedTuple):
    """A place (P,), the log posterior there and its gradient (P,)."""

    theta: np.ndarray
    value: float
    gradient: np.ndarray


@dataclass(frozen=True)
class LaplaceFit:
    """Normal(mode, covariance) in unconstrained coordinates, and by how much draws are spread beyond it.

    names (P,); mode (P,); covariance (P, P); log_density: log p(mode, y), up to the priors' constants;
    inflation: factor on the standard deviation of draws, above 1. warnings: plain words, empty when all is well.
    """

    names: tuple[str, ...]
    mode: np.ndarray
    covariance: np.ndarray
    log_density: float
    inflation: float
    warnings: tuple[str, ...]

    @property
    def standard_errors(self) -> np.ndarray:
        """(P,) of the Normal, in unconstrained coordinates: log-ratios of probabilities, means, logs of variances."""
        return np.sqrt(np.diagonal(self.covariance))

    def draws(self, n_draws: int, seed: int) -> np.ndarray:
        """(n_draws, P) from the widened Normal."""
        root = self.inflation * np.linalg.cholesky(self.covariance)
        return self.mode + np.random.default_rng(seed).standard_normal((n_draws, len(self.mode))) @ root.T


def laplace(posterior: LogPosterior, parameters: HMMParameters) -> LaplaceFit:
    """The approximation at the mode next to the estimates: climb, look at the curvature, climb on if need be."""
    point = _beginning(posterior, parameters)
    warnings = []
    for _ in range(ROUNDS):
        values, axes = _curvature(posterior, point.theta)
        covariance = (axes / values) @ axes.T
        if point.gradient @ covariance @ point.gradient < CLOSE:
            break
        point = _climb(posterior, point, covariance)
    else:
        warnings.append("the posterior's mode was not reached: read the standard errors with care")
    flat = int((values <= LEAST_PRECISION).sum())
    if flat:
        warnings.append(f"the data and priors say nothing about {flat} directions of the parameters")
    months = int(posterior.density.observations.observed.any(axis=1).sum())
    if months < FEWEST_MONTHS:
        warnings.append(f"{months} months are too few to know how often the intervals hold: they may be too narrow")
    widened = inflation(months)
    if widened > WIDENED:
        warnings.append(
            f"the intervals are widened {widened:.2f} times, since {months} months say little of the spread"
        )
    return LaplaceFit(posterior.names, point.theta, covariance, point.value, widened, tuple(warnings))


def inflation(months: int) -> float:
    """Standard deviation of a t with months / 18 degrees of freedom: 1.58 for 60 months, 1.03 for 720."""
    degrees = max(months / MONTHS_PER_DEGREE, LEAST_DEGREES)
    return float(np.sqrt(degrees / (degrees - 2.0)))


def _climb(posterior: LogPosterior, point: _Point, covariance: np.ndarray) -> _Point:
    """Quasi-Newton moves to the mode (Broyden, Fletcher, Goldfarb and Shanno), starting from a known curvature."""
    for _ in range(MOST_MOVES):
        move = covariance @ point.gradient
        if point.gradient @ move < 0.01 * CLOSE:
            break
        better = _line_search(posterior, point, move)
        if better is None:
            break
        step, bend = better.theta - point.theta, point.gradient - better.gradient
        if (turn := step @ bend) > 0.0:
            carry = np.eye(len(step)) - np.outer(step, bend) / turn
            covariance = carry @ covariance @ carry.T + np.outer(step, step) / turn
        point = better
    return point


def _beginning(posterior: LogPosterior, parameters: HMMParameters) -> _Point:
    sites = posterior.density.sites.values(parameters)
    for name, site in sites.items():
        if name == "initial_probs" or name.startswith("transition"):
            inside = np.maximum(site, LEAST_PROBABILITY)
            sites[name] = inside / inside.sum()
        elif name == "dof":
            sites[name] = site.clip(LEAST_DOF, MOST_DOF)
    theta = posterior.coordinates(sites)
    values, gradients = posterior.value_and_gradient(theta[None])
    return _Point(theta, float(values[0]), gradients[0])


def _curvature(posterior: LogPosterior, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (P,), made positive, and eigenvectors (P, P) of minus the Hessian."""
    offsets = STEP * np.eye(len(theta))
    _, gradients = posterior.value_and_gradient(np.concatenate([theta - offsets, theta + offsets]))
    precision = (gradients[: len(theta)] - gradients[len(theta) :]) / (2.0 * STEP)
    values, axes = np.linalg.eigh(0.5 * (precision + precision.T))
    return np.maximum(np.abs(values), LEAST_PRECISION), axes


def _line_search(posterior: LogPosterior, point: _Point, move: np.ndarray) -> _Point | None:
    """The best of several shares of the move, all tried at once; None if none of them rises."""
    move = move * min(1.0, LONGEST_MOVE / np.abs(move).max())
    points = point.theta + SHARES[:, None] * move
    values, gradients = posterior.value_and_gradient(points)
    best = int(np.nanargmax(values))
    return _Point(points[best], float(values[best]), gradients[best]) if values[best] > point.value else None
