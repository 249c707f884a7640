"""Rows of a small panel for the tests of the feature store."""

from datetime import date

import pandas as pd

from macro_cycle.feature_store.placement import Placement
from macro_cycle.feature_store.rows import MonthRow

FEATURES = ("INDPRO", "UNRATE")
LABELS = ("Expansion", "Contraction")


def row(month_end: str, value: float = 0.5, version: str = "v", features: tuple[str, ...] = FEATURES) -> MonthRow:
    """A row whose numbers are `value`, the last feature missing."""
    day = date.fromisoformat(month_end)
    shares = {f"{kind}_{label}": 0.5 for kind in ("filtered", "smoothed", "predicted") for label in LABELS}
    numbers = {**dict.fromkeys(features, value), features[-1]: float("nan")}
    return MonthRow(day, day.replace(day=1), version, "m", numbers, "Expansion", value, shares)


class Clock:
    """A clock that shows what it is set to."""

    def __init__(self, moment: str) -> None:
        self.moment = pd.Timestamp(moment)

    def __call__(self) -> pd.Timestamp:
        return self.moment

    def set(self, moment: str) -> None:
        self.moment = pd.Timestamp(moment)


def open_store(placement: Placement, clock: Clock, name: str = "US", features: tuple[str, ...] = FEATURES):  # type: ignore[no-untyped-def]
    """The store of an economy, applied."""
    from macro_cycle.feature_store.store import EconomyStore

    store = EconomyStore(placement, name, features, LABELS, clock)
    store.apply()
    return store
