"""Turning a panel into checked, standardised numbers; every complaint about input is raised here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.cells import array_numbers, frame_numbers
from macro_cycle.hmm.frequency import Frequency
from macro_cycle.hmm.kernels.standardize import survey
from macro_cycle.hmm.time_index import read_time

NO_COVARIATES = np.empty((0, 0))
LARGEST = 1e100  # a larger number is an error of units, and its square is not finite


@dataclass(frozen=True)
class Panel:
    """A panel in its own units and in the order of time, a row for every period.

    values (T, D), NaN = missing; index and names of its columns; complete: no NaN in it; frequency: what a step of the
    index is, None where it only counts.
    """

    values: np.ndarray
    index: pd.Index
    columns: tuple[str, ...]
    complete: bool
    frequency: Frequency | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """The panel as a DataFrame."""
        return pd.DataFrame(self.values, self.index, list(self.columns))


@dataclass(frozen=True)
class Observations:
    """Standardised values (T, D), NaN = missing, with index, columns and frequency of the panel they came from.

    covariates: (T, C) of the transition into each period, all known or expected, the first row zero; `NO_COVARIATES`,
    without columns, where transitions are constant.
    """

    values: np.ndarray
    index: pd.Index
    columns: tuple[str, ...]
    complete: bool
    frequency: Frequency | None = None
    covariates: np.ndarray = field(default_factory=lambda: NO_COVARIATES)

    @classmethod
    def of(cls, values: np.ndarray) -> Observations:
        """Standardised values that come from no panel: months are numbered, columns named x0, x1, ..."""
        panel = read_panel(values)
        return cls(panel.values, panel.index, panel.columns, panel.complete)

    @cached_property
    def observed(self) -> np.ndarray:
        """(T, D) True where a cell was published."""
        return ~np.isnan(self.values)

    @cached_property
    def filled(self) -> np.ndarray:
        """(T, D) values with zero where missing."""
        return self.values if self.complete else np.where(self.observed, self.values, 0.0)

    @cached_property
    def patterns(self) -> tuple[np.ndarray, np.ndarray]:
        """Distinct rows of `observed` (P, D), complete ones first, and the pattern of each month (T,)."""
        if self.complete:
            return _one_pattern(*self.values.shape)
        bits = np.packbits(self.observed, axis=1)
        keys = np.ascontiguousarray(bits).view(f"S{bits.shape[1]}").ravel()
        _, first, which = np.unique(keys, return_index=True, return_inverse=True)
        return np.ascontiguousarray(self.observed[first[::-1]]), len(first) - 1 - which.astype(np.int64)


def read_panel(
    panel: pd.DataFrame | np.ndarray, columns: Sequence[str] | None = None, frequency: Frequency | None = None
) -> Panel:
    """Check a panel, give it names and put it in the order of time; `columns` and `frequency` are a fitted model's.

    Raises MacroCycleError for anything but a two-dimensional table of finite numbers and NaN, and for an index that
    `time_index.py` cannot read.
    """
    if isinstance(panel, pd.DataFrame):
        frame = _frame_columns(panel, columns)
        names, index, values = tuple(map(str, frame.columns)), frame.index, frame_numbers(frame)
    else:
        values = array_numbers(panel)
        names = tuple(columns) if columns is not None else tuple(f"x{d}" for d in range(values.shape[1]))
        if len(names) != values.shape[1]:
            raise MacroCycleError(f"the panel has {values.shape[1]} columns, the model {len(names)}")
        index = pd.RangeIndex(len(values))
    if values.shape[1] == 0:
        raise MacroCycleError("the panel has no columns: give at least one feature")
    if values.shape[0] == 0:
        raise MacroCycleError("the panel has no months: give at least one row")
    complete, bounded = survey(values, LARGEST)
    if not bounded:
        raise _beyond_bounds(values, names)
    time = read_time(index, frequency)
    return Panel(time.arrange(values), time.index, names, complete and not time.has_gaps, time.frequency)


def check_for_fit(panel: Panel | Observations, n_regimes: int) -> None:
    """Raise MacroCycleError when no model could be estimated from the values."""
    if not panel.columns:
        raise MacroCycleError("every column is a covariate of the transitions: give at least one that is emitted")
    seen = ~np.isnan(panel.values)
    if not seen.any():
        raise MacroCycleError("the panel holds no value at all: every cell is missing")
    months = int(seen.any(axis=1).sum())
    if months < 2 * n_regimes:
        raise MacroCycleError(
            f"{months} months with data are too few for {n_regimes} regimes: give at least {2 * n_regimes}"
        )


def warnings_about(panel: Panel) -> tuple[str, ...]:
    """Plain words about columns that carry no information of their own."""
    words: list[str] = []
    seen: dict[bytes, str] = {}
    for d, name in enumerate(panel.columns):
        column = panel.values[:, d]
        known = column[~np.isnan(column)]
        if known.size == 0:
            words.append(f"column {name} is empty: it does not influence the regimes")
        elif np.ptp(known) == 0:
            words.append(f"column {name} is constant: it does not influence the regimes")
        elif (twin := seen.setdefault(column.tobytes(), name)) != name:
            words.append(f"column {name} repeats {twin}: its evidence counts twice")
    return tuple(words)


def _frame_columns(panel: pd.DataFrame, columns: Sequence[str] | None) -> pd.DataFrame:
    if columns is not None and list(panel.columns) == list(columns):
        return panel
    names = [str(c) for c in panel.columns]
    repeated = sorted({n for n in names if names.count(n) > 1})
    if repeated:
        raise MacroCycleError(f"the panel names {', '.join(repeated)} more than once: rename or drop one")
    if columns is None:
        return panel
    missing = [c for c in columns if c not in names]
    if missing:
        raise MacroCycleError(f"the panel lacks {', '.join(missing)}: add the column, with NaN where nothing is known")
    return panel.set_axis(names, axis=1)[list(columns)]


def _beyond_bounds(values: np.ndarray, names: Sequence[str]) -> MacroCycleError:
    t, d = np.argwhere(np.abs(values) > LARGEST)[0]
    what = "infinite" if np.isinf(values[t, d]) else f"{values[t, d]:.3g}"
    return MacroCycleError(f"column {names[d]} is {what} in row {t}: use NaN where a value is missing")


@lru_cache(maxsize=128)
def _one_pattern(months: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """`Observations.patterns` of a complete sample, which every answer about one asks for; never written to."""
    return np.ones((1, columns), dtype=bool), np.zeros(months, dtype=np.int64)
