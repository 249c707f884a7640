"""What a model expects of one cell that is not known yet: a mixture over the regimes of that month.

Here: the distribution of a cell given everything else of the panel. Not here: regimes and features of later months
(`MacroCycleHMM.forecast`), and how a print becomes a cell (`features`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from macro_cycle.errors import MacroCycleError

if TYPE_CHECKING:
    from macro_cycle.hmm.model import MacroCycleHMM


@dataclass(frozen=True)
class CellDistribution:
    """A mixture of normals, or of Student's t with dof (K,); weights (K,), and in panel units means and scales (K,)."""

    weights: np.ndarray
    means: np.ndarray
    scales: np.ndarray
    dof: np.ndarray | None = None

    @property
    def mean(self) -> float:
        """Expected value."""
        return float(self.weights @ self.means)

    @property
    def std(self) -> float:
        """Standard deviation, the doubt about the regime included."""
        spread = self.scales**2 if self.dof is None else self.scales**2 * self.dof / (self.dof - 2.0)
        return float(np.sqrt(self.weights @ (spread + (self.means - self.mean) ** 2)))

    def cdf(self, values: np.ndarray | float) -> np.ndarray:
        """Probability that the cell is at most each value."""
        from scipy.special import ndtr, stdtr

        z = self._standardized(values)
        each = ndtr(z) if self.dof is None else stdtr(self.dof, z)
        return np.asarray(each @ self.weights)

    def pdf(self, values: np.ndarray | float) -> np.ndarray:
        """Density at each value."""
        z = self._standardized(values)
        return np.asarray(np.exp(_log_density(z, self.dof)) / self.scales @ self.weights)

    def _standardized(self, values: np.ndarray | float) -> np.ndarray:
        return (np.asarray(values, float)[..., None] - self.means) / self.scales


def predictive(model: MacroCycleHMM, panel: np.ndarray, row: int, column: str) -> CellDistribution:
    """Distribution of the cell of an emitted column in a row of the panel (T, D), given all its other cells.

    What is known of the same month counts where cells depend on each other within a regime (`full` and `tied`).
    Densities are those of the model, not discounted; the weights are its smoothed probabilities.

    Raises:
        MacroCycleError: the column is not one that the regimes emit.
    """
    if column not in model.emitted:
        raise MacroCycleError(f"{column} is no column that the regimes emit: the model has no distribution of it")
    others = np.array(panel, float)
    others[row, model.columns.index(column)] = np.nan
    weights = model.smooth(others).smoothed_probs[row]
    d, at = model.emitted.index(column), model.columns.index(column)
    means, scales, dof = _given_the_month(model, model.observations(others).values[row], d)
    center, scale = model.standardizer.center[at], model.standardizer.scale[at]
    return CellDistribution(weights, means * scale + center, scales * scale, dof)


def _given_the_month(
    model: MacroCycleHMM, values: np.ndarray, d: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Means (K,), scales (K,) and dof (K,) of cell d in each regime, given the known cells of the month (D,)."""
    p, K = model.parameters, model.parameters.n_regimes
    if model.config.diagonal:
        dof = None if p.dof is None else np.full(K, p.dof[d])
        return p.means[:, d], np.sqrt(p.variances[:, d]), dof
    known = np.flatnonzero(~np.isnan(values))
    means, squares, distances = np.empty(K), np.empty(K), np.empty(K)
    for j, covariance in enumerate(p.full_covariances):
        away = values[known] - p.means[j, known]
        weights = np.linalg.solve(covariance[np.ix_(known, known)], np.column_stack([covariance[known, d], away]))
        means[j] = p.means[j, d] + covariance[d, known] @ weights[:, 1]
        squares[j] = covariance[d, d] - covariance[d, known] @ weights[:, 0]
        distances[j] = away @ weights[:, 1]
    if p.dof is None:
        return means, np.sqrt(squares), None
    dof = p.dof[d]
    wider = (dof + distances) / (dof + len(known))
    return means, np.sqrt(squares * wider), np.full(K, dof + len(known))


def _log_density(z: np.ndarray, dof: np.ndarray | None) -> np.ndarray:
    from scipy.special import gammaln

    if dof is None:
        return -0.5 * (z**2 + np.log(2.0 * np.pi))
    height = gammaln((dof + 1.0) / 2.0) - gammaln(dof / 2.0) - 0.5 * np.log(dof * np.pi)
    return np.asarray(height - (dof + 1.0) / 2.0 * np.log1p(z**2 / dof))
