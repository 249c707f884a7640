"""Panels with known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

ROLES = {"orders": "momentum", "permits": "momentum"}
COLUMNS = ("output", "jobs", "income", "sales", "orders", "permits")
TRANSITION = np.array([[0.95, 0.05, 0, 0], [0.05, 0.88, 0.07, 0], [0, 0, 0.88, 0.12], [0.2, 0, 0.05, 0.75]])
ACTIVITY = np.array([0.4, 0.4, -1.6, -1.6])
MOMENTUM = np.array([0.8, -0.8, -0.8, 0.8])


def cycle_panel(
    seed: int = 0, n_months: int = 360, noise: float = 0.5, missing: float = 0.03
) -> tuple[pd.DataFrame, np.ndarray]:
    """A panel of activity and momentum over the clock, and the true regimes (T,)."""
    rng = np.random.default_rng(seed)
    states = np.zeros(n_months, dtype=int)
    for t in range(1, n_months):
        states[t] = rng.choice(4, p=TRANSITION[states[t - 1]])
    means = np.stack([MOMENTUM if c in ROLES else ACTIVITY for c in COLUMNS], axis=1)
    values = means[states] + rng.normal(size=(n_months, len(COLUMNS))) * noise
    values[rng.random(values.shape) < missing] = np.nan
    values[-1, 2:] = np.nan
    values[-2, 4:] = np.nan
    index = pd.date_range("1960-01-01", periods=n_months, freq="MS", name="reference_month")
    return pd.DataFrame(values, index=index, columns=list(COLUMNS)), states
