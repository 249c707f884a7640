"""The seven transformations of FRED-MD (McCracken and Ng 2016, JBES 34:574)."""

import numpy as np
from numpy.typing import NDArray

from macro_cycle.errors import MacroCycleError

TCODES = {
    1: "level",
    2: "first difference",
    3: "second difference",
    4: "log",
    5: "first difference of the log",
    6: "second difference of the log",
    7: "first difference of the growth rate",
}
_LOG_CODES = (4, 5, 6)


class TransformationError(MacroCycleError):
    """A series cannot be transformed as the catalogue asks."""


def transform(values: NDArray[np.float64], tcode: int, *, name: str = "the series") -> NDArray[np.float64]:
    """Make one series stationary.

    `values` (T,) are consecutive periods of one frequency, NaN where a period is missing; the result has the
    same shape, NaN wherever a value it needs is missing, so a gap never turns into a change over two periods.

    Raises `TransformationError` for an unknown code and for the log or growth rate of a value not positive.
    """
    if tcode not in TCODES:
        raise TransformationError(f"{name}: tcode {tcode} is not one of 1 to 7.")
    if tcode >= 4 and (bad := int(np.sum(values <= 0))):
        what = "a log" if tcode in _LOG_CODES else "a growth rate"
        raise TransformationError(
            f"{name}: tcode {tcode} takes {what}, but {bad} of its values are not positive; "
            f"give it tcode 1, 2 or 3 in the catalogue."
        )
    if tcode in _LOG_CODES:
        values = np.log(values)
    if tcode == 7:
        values = _difference(values) / _lagged(values)
    for _ in range({1: 0, 2: 1, 3: 2, 4: 0, 5: 1, 6: 2, 7: 1}[tcode]):
        values = _difference(values)
    return values.astype(float, copy=True)


def latest_from(change: float, before: NDArray[np.float64], tcode: int) -> float:
    """The value whose transformation is `change`, given the two consecutive values (2,) before it, the newest last.

    The inverse of the last element of `transform`. NaN where a value that the code uses is NaN.
    """
    earlier, newest = before
    if tcode == 7:
        return float(newest * (1.0 + newest / earlier - 1.0 + change))
    if tcode in _LOG_CODES:
        earlier, newest = np.log(earlier), np.log(newest)
    known = {1: 0.0, 2: newest, 3: 2.0 * newest - earlier, 4: 0.0, 5: newest, 6: 2.0 * newest - earlier}[tcode]
    return float(np.exp(known + change) if tcode in _LOG_CODES else known + change)


def _lagged(values: NDArray[np.float64], periods: int = 1) -> NDArray[np.float64]:
    out = np.full(len(values), np.nan)
    out[periods:] = values[:-periods]
    return out


def _difference(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values - _lagged(values)
