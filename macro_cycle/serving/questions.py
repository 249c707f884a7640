"""What can be asked: a window of features, an answer of the record, an economy. The one place where values are judged.

V1 and V2 bring what they read here (`v1.py`, `v2.py`), so that both refuse the same. Nothing here knows a server.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.platform.months import parse_as_of
from macro_cycle.serving.errors import BadRequest, TooLarge, short

LATEST = "latest"
NUMBERS = frozenset((int, float))
CELLS = NUMBERS | {type(None)}
ECONOMY = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
FARTHEST = 100.0
UNBOUNDED = 1e12
EXAMPLE = 'send {"as_of": "latest"}, {"economy": "US"}, a list of rows, or {"rows": [{feature: value, ...}, ...]}'


@dataclass(frozen=True)
class Window:
    """Months x features in the units of the panel, NaN where nothing is known."""

    values: np.ndarray


@dataclass(frozen=True)
class AsOf:
    """What was said at a day; `day` is None for the newest answer. A month stands for its last day."""

    day: date | None


@dataclass(frozen=True)
class Economy:
    """The newest month of an economy, its features read from the online store."""

    code: str


Question = Window | AsOf | Economy


@dataclass(frozen=True)
class Limits:
    """How much one request may ask."""

    instances: int = 256
    rows: int = 5_000
    total_rows: int = 20_000

    def check_instances(self, number: int) -> None:
        """Refuse a request with too many instances."""
        if number > self.instances:
            raise TooLarge(f"{number} instances are too many; send at most {self.instances}")

    def check_rows(self, windows: Sequence[int]) -> None:
        """Refuse windows that are too long, alone or together."""
        if windows and max(windows) > self.rows:
            raise TooLarge(f"{max(windows)} rows are too many; a window has at most {self.rows}")
        if sum(windows) > self.total_rows:
            raise TooLarge(f"{sum(windows)} rows are too many; a request has at most {self.total_rows}")


class WindowReader:
    """Reads windows for a model trained on `panel`: its columns, and what its columns can hold."""

    def __init__(self, panel: pd.DataFrame) -> None:
        self.columns = tuple(map(str, panel.columns))
        self._known = frozenset(self.columns)
        self._low, self._high = _bounds(panel.to_numpy(float))

    def rows(self, rows: Any) -> Window:
        """A window from a list of rows of numbers and nulls.

        Raises:
            BadRequest: it is no such list, or a value cannot be a feature's.
        """
        if type(rows) is not list or not rows or set(map(type, rows)) != {list}:
            raise BadRequest(f"an instance is a list of rows of {len(self.columns)} numbers or nulls; {EXAMPLE}")
        if set(map(len, rows)) != {len(self.columns)}:
            number = next(n for n, row in enumerate(rows) if len(row) != len(self.columns))
            names = ", ".join(self.columns)
            raise BadRequest(f"row {number} has {len(rows[number])} values instead of {len(self.columns)} ({names})")
        cells = list(chain.from_iterable(rows))
        check_cells(cells)
        return self.window(np.array(cells, dtype=float).reshape(len(rows), -1))

    def named_rows(self, rows: Any) -> Window:
        """A window from a list of objects that map features to numbers or null; a feature left out is not known."""
        if type(rows) is not list or not rows or set(map(type, rows)) != {dict}:
            raise BadRequest("rows must be a list of objects, each mapping features to numbers or null")
        for row in rows:
            if not row.keys() <= self._known:
                name = next(name for name in row if name not in self._known)
                raise BadRequest(f"unknown feature {short(name)}; the model has {', '.join(self.columns)}")
        return self.rows([[row.get(name) for name in self.columns] for row in rows])

    def window(self, values: np.ndarray) -> Window:
        """A window from values (months, features), NaN where nothing is known.

        Raises:
            BadRequest: nothing is known at all, or a value cannot be a feature's.
        """
        if np.isnan(values).all():
            raise BadRequest("the window holds no value at all; send at least one number")
        beyond = (values < self._low) | (values > self._high)
        if beyond.any():
            row, column = (int(n) for n in np.argwhere(beyond)[0])
            raise BadRequest(
                f"row {row} holds {values[row, column]:.4g} for {self.columns[column]}, which lies between "
                f"{self._low[column]:.4g} and {self._high[column]:.4g} in the model's units; check yours"
            )
        return Window(values)


def check_cells(cells: Sequence[Any]) -> None:
    """Refuse anything among the cells but numbers and null: no text, no booleans."""
    if not set(map(type, cells)) <= CELLS:
        wrong = next(cell for cell in cells if type(cell) not in CELLS)
        raise BadRequest(f"a window holds {short(wrong)}; only numbers and null are taken")


def as_of(text: Any) -> AsOf:
    """The question behind `latest`, a day `YYYY-MM-DD` or a month `YYYY-MM`.

    Raises:
        BadRequest: it is none of these.
    """
    if text == LATEST and type(text) is str:
        return AsOf(None)
    found = parse_as_of(text) if type(text) is str else None
    if found is not None:
        return AsOf(found.date())
    raise BadRequest(f"as_of is {short(text)}; write latest, a day as YYYY-MM-DD or a month as YYYY-MM")


def economy(code: Any) -> Economy:
    """The question for an economy's newest month.

    Raises:
        BadRequest: that is no code of an economy.
    """
    if type(code) is not str or not ECONOMY.fullmatch(code):
        raise BadRequest(f"economy is {short(code)}; write its code, such as US")
    return Economy(code)


def of_instance(instance: Any, reader: WindowReader) -> Question:
    """The question that an instance of V1 asks, in any of its forms.

    Raises:
        BadRequest: it has none of them.
    """
    if not isinstance(instance, Mapping):
        return reader.rows(instance)
    if len(instance) != 1 or not instance.keys() <= {"as_of", "economy", "rows"}:
        raise BadRequest(f"an instance has the keys {short(sorted(map(str, instance)))}; {EXAMPLE}")
    ((kind, value),) = instance.items()
    if kind == "as_of":
        return as_of(value)
    return economy(value) if kind == "economy" else reader.named_rows(value)


def _bounds(panel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(D,) the least and greatest value each column can hold.

    That is a hundred times as far from its median as anything in the panel: a crisis is within, another unit is not.
    """
    known = ~np.isnan(panel).all(axis=0)
    middle, farthest = np.zeros(panel.shape[1]), np.full(panel.shape[1], UNBOUNDED)
    middle[known] = np.nanmedian(panel[:, known], axis=0)
    farthest[known] = FARTHEST * np.nanmax(np.abs(panel[:, known] - middle[known]), axis=0)
    return middle - farthest, middle + farthest
