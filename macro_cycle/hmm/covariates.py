"""Covariates of the transitions: which of them a month's transition may use, and what stands for those not known.

Here: the lag, missing values, and where covariates go from the last one known. Not here: what they do to the
transitions (`dynamics.py`, `kernels/covariates.py`), and how they are scaled (`standardizer.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.structure import covariates_of

MOST_PERSISTENT = 0.995
FEWEST_PAIRS = 24


@dataclass(frozen=True)
class CovariateProcess:
    """Each covariate for itself: x_t = persistence x_t-1 + noise e_t, e_t ~ Normal(0, 1), in standardised units.

    persistence, noise: (C,). lag: months from a covariate's reference month to the transition it enters.
    """

    persistence: np.ndarray
    noise: np.ndarray
    lag: int = 1

    @classmethod
    def fit(cls, values: np.ndarray, lag: int) -> CovariateProcess:
        """Least squares by covariate over the months (T, C) known together with the one before, NaN = missing.

        A covariate with fewer than 24 such pairs is taken as white noise.
        """
        persistence, noise = np.zeros(values.shape[1]), np.ones(values.shape[1])
        for c, column in enumerate(values.T):
            before, after = column[:-1], column[1:]
            known = ~np.isnan(before + after)
            if known.sum() >= FEWEST_PAIRS and (square := before[known] @ before[known]) > 0:
                persistence[c] = np.clip(before[known] @ after[known] / square, 0.0, MOST_PERSISTENT)
                noise[c] = np.std(after[known] - persistence[c] * before[known])
        return cls(persistence, noise, lag)

    def entering(self, values: np.ndarray, ahead: int = 0) -> np.ndarray:
        """(T + ahead, C) what is expected of the covariate in the transition into each month, given values (T, C).

        A value that is not known is the last one before it, decayed by the persistence; zero before the first. No
        transition leads into the first month: its row is zero.
        """
        months = np.arange(len(values) + ahead)[:, None]
        known = np.zeros((len(months), values.shape[1]), dtype=bool)
        known[: len(values)] = ~np.isnan(values)
        last = np.maximum.accumulate(np.where(known, months, -1))
        carried = np.take_along_axis(values, np.maximum(last, 0), axis=0) * self.persistence ** (months - last)
        path = np.zeros(known.shape)
        path[self.lag :] = np.where(last >= 0, carried, 0.0)[: -self.lag]
        return path

    def expected_ahead(self, values: np.ndarray, steps: int) -> np.ndarray:
        """(T, steps, C) what is expected of the covariate in the transitions into the months after each.

        By what is known in that month of values (T, C), as `entering` has it.
        """
        T, entering = len(values), self.entering(values, self.lag)
        known = min(self.lag, steps)
        near = np.stack([entering[1 + h : 1 + h + T] for h in range(known)], axis=1)
        decay = self.persistence ** np.arange(1, steps - known + 1)[:, None]
        return np.concatenate([near, entering[self.lag :][:, None] * decay], axis=1)

    def paths(self, values: np.ndarray, steps: int, n_paths: int, limit: float | None, seed: int = 0) -> np.ndarray:
        """(n_paths, steps, C) covariates in the transitions into the months after values (T, C), simulated.

        Paths come in pairs with opposite noise, are held within +-limit, and start from what is known: the first `lag`
        transitions are the same in all of them.
        """
        noise = np.random.default_rng(seed).standard_normal((-(-n_paths // 2), steps, len(self.noise)))
        noise = np.concatenate([noise, -noise])[:n_paths] * self.noise
        noise[:, : self.lag] = 0.0
        expected = self.entering(values, steps)[len(values) :]
        away = np.zeros_like(noise)
        for h in range(1, steps):
            away[:, h] = self.persistence * away[:, h - 1] + noise[:, h]
        bound = np.inf if limit is None else limit
        return np.clip(expected + away, -bound, bound)

    def simulate(self, n_months: int, rng: np.random.Generator) -> np.ndarray:
        """(n_months, C) values month after month, from the long run on."""
        values = np.empty((n_months, len(self.noise)))
        values[0] = self.noise / np.sqrt(1.0 - self.persistence**2) * rng.standard_normal(len(self.noise))
        for t in range(1, n_months):
            values[t] = self.persistence * values[t - 1] + self.noise * rng.standard_normal(len(self.noise))
        return values

    def to_document(self) -> dict[str, Any]:
        """Lists of floats, and the lag."""
        return {"persistence": self.persistence.tolist(), "noise": self.noise.tolist(), "lag": self.lag}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> CovariateProcess:
        """The process that `to_document` wrote."""
        return cls(np.array(document["persistence"]), np.array(document["noise"]), int(document["lag"]))


def covariate_values(table: Observations, config: HMMConfig) -> np.ndarray:
    """(T, C) standardised covariates of the transitions among the columns of a panel, in their own months."""
    return table.values[:, covariates_of(config, table.columns)]


def split(table: Observations, config: HMMConfig, process: CovariateProcess) -> Observations:
    """What is emitted of a panel's standardised columns, and the covariates of each month's transition beside it."""
    is_covariate = covariates_of(config, table.columns)
    if not is_covariate.any():
        return table
    values = np.ascontiguousarray(table.values[:, ~is_covariate])
    columns = tuple(np.array(table.columns)[~is_covariate].tolist())
    complete = table.complete or not bool(np.isnan(values).any())
    covariates = process.entering(table.values[:, is_covariate])
    return Observations(values, table.index, columns, complete, table.frequency, covariates)
