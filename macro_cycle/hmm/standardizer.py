"""Robust scaling and winsorising; the constants are part of the model, never of the panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.kernels.standardize import standardize
from macro_cycle.hmm.observations import Observations, Panel
from macro_cycle.observations.robust import NORMAL_IQR


@dataclass(frozen=True)
class Standardizer:
    """z = (y - center) / scale, held within +-limit; center, scale: (D,) in the panel's units."""

    center: np.ndarray
    scale: np.ndarray
    limit: float | None = None

    @classmethod
    def fit(cls, values: np.ndarray, config: HMMConfig) -> Standardizer:
        """Median and interquartile range of each column of values (T, D), NaN = missing.

        A column whose quartiles coincide is scaled by its standard deviation; a constant or empty one by 1.
        """
        D = values.shape[1]
        center, scale = np.zeros(D), np.ones(D)
        if config.scaling == "robust":
            for d in range(D):
                column = values[~np.isnan(values[:, d]), d]
                if column.size:
                    center[d], scale[d] = _median_and_scale(column)
        return cls(center, scale, config.winsor)

    def observe(self, panel: Panel) -> Observations:
        """A panel in standardised units."""
        limit = np.inf if self.limit is None else self.limit
        values = standardize(panel.values, self.center, self.scale, limit)
        return Observations(values, panel.index, panel.columns, panel.complete, panel.frequency)

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """Standardised units to panel units, (..., D)."""
        return values * self.scale + self.center

    def to_document(self) -> dict[str, Any]:
        """Constants as lists of floats."""
        return {"center": self.center.tolist(), "scale": self.scale.tolist(), "limit": self.limit}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Standardizer:
        """The constants that `to_document` wrote."""
        return cls(np.array(document["center"]), np.array(document["scale"]), document["limit"])


def _median_and_scale(column: np.ndarray) -> tuple[float, float]:
    low, median, high = np.quantile(column, [0.25, 0.5, 0.75])
    scale = (high - low) / NORMAL_IQR
    tiny = 1e-12 * max(1.0, abs(median))
    if scale <= tiny:
        scale = column.std()
    return float(median), float(scale) if scale > tiny else 1.0
