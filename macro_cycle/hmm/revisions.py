"""How much the newest cells of a panel will still be moved by revisions, by their age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from macro_cycle.observations.robust import NORMAL_IQR

FEWEST = 24  # cells of an age that must have been seen twice
NEW = 0.45  # robust standard deviations of a first release's error, of series of which no revision has been seen
LEFT = (1.0, 1.0, 1.0, 1.0, 0.8, 0.8, 0.8, 0.6, 0.6, 0.6, 0.6, 0.6)  # of it in months 0, 1, ... before the newest
SEEN_AT_ALL = 0.02  # a smaller one is rounding: the history was never revised


@dataclass(frozen=True)
class RevisionSizes:
    """Standard deviation of what revisions still add to a cell, in robust standard deviations of its column.

    by_column: column -> sizes (A,) by months before the newest. A column that is not there has the sizes that
    FRED-MD's vintages of 2014 to 2019 show against that of 2026, on average over the series of the United States.
    """

    by_column: Mapping[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def none(cls, columns: Sequence[str]) -> RevisionSizes:
        """Of columns that are never revised."""
        return cls({column: np.zeros(len(LEFT)) for column in columns})

    @classmethod
    def seen(cls, panels: Sequence[pd.DataFrame], later: pd.DataFrame, ages: int = len(LEFT)) -> RevisionSizes:
        """From panels as known at month ends (ascending) and one as known at least two years after them.

        A column that was never revised in them, or that holds too few cells of an age, is left out.
        """
        scale = (later.quantile(0.75) - later.quantile(0.25)) / NORMAL_IQR
        moved = [
            (later.reindex(panel.index[-ages:]) - panel.iloc[-ages:]) / scale for panel in panels if len(panel) >= ages
        ]
        if len(moved) < FEWEST:
            return cls()
        differences = np.stack([part.reindex(columns=later.columns).to_numpy()[::-1] for part in moved])
        found: dict[str, np.ndarray] = {}
        for d, column in enumerate(later.columns):
            known = (~np.isnan(differences[:, :, d])).sum(axis=0)
            if known.max() < FEWEST:
                continue
            own = differences[:, :, d][:, known >= FEWEST]
            sizes = np.nanmedian(np.abs(own), axis=0) * 2.0 / NORMAL_IQR
            if sizes.max() >= SEEN_AT_ALL:
                found[str(column)] = np.interp(np.arange(ages), np.flatnonzero(known >= FEWEST), sizes)
        return cls(found)

    def of(self, columns: Sequence[str], months: int) -> np.ndarray:
        """(months, D) sizes of the newest months, oldest first; the oldest age holds for all before it."""
        usual = NEW * np.array(LEFT)
        ages = np.arange(months)[::-1]
        return np.stack(
            [(own := self.by_column.get(c, usual))[np.minimum(ages, len(own) - 1)] for c in columns], axis=1
        )
