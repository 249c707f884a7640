"""Whatever holds a panel's numbers becomes float64 with NaN where a value is missing, or one clear line.

Masked cells, `pd.NA`, `None` and `NaT` are missing values; dates, durations and complex numbers are no numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.errors import MacroCycleError

KINDS = "biufO"  # of numpy's types: truth values, whole numbers, floats and objects that may be numbers


def frame_numbers(frame: pd.DataFrame) -> np.ndarray:
    """(T, D) float64 of a frame whose columns may be of any type."""
    if all(dtype == np.float64 for dtype in frame.dtypes):
        return np.ascontiguousarray(frame.to_numpy(), dtype=np.float64)
    values = np.empty(frame.shape)
    for d, (name, column) in enumerate(frame.items()):
        values[:, d] = _column_numbers(column, f"column {name}")
    return values


def array_numbers(panel: Any) -> np.ndarray:
    """(T, D) float64 of anything that numpy takes for a table.

    Raises MacroCycleError when it has no two dimensions.
    """
    try:
        raw = panel if isinstance(panel, np.ma.MaskedArray) else np.asarray(panel)
    except ValueError:
        raise MacroCycleError("the panel's rows differ in length: give months x features") from None
    if raw.ndim != 2:
        raise MacroCycleError(f"the panel has {raw.ndim} dimensions: give months x features")
    if isinstance(raw, np.ma.MaskedArray):
        return np.ascontiguousarray(_floats(raw.data, "the panel", np.ma.getmaskarray(raw)))
    return np.ascontiguousarray(_floats(raw, "the panel", None))


def _column_numbers(column: pd.Series, where: str) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(column.dtype) and not isinstance(column.dtype, np.dtype):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return _floats(np.asarray(column), where, None)


def _floats(raw: np.ndarray, where: str, missing: np.ndarray | None) -> np.ndarray:
    """Float64 copies of anything but float64; `missing` marks cells whose value must not be read."""
    if raw.dtype.kind not in KINDS + "US":
        raise MacroCycleError(f"{where} holds something that is not a number: {raw.dtype}")
    if raw.dtype.kind == "O":
        unknown = pd.isna(raw) if missing is None else pd.isna(raw) | missing
        raw, missing = np.where(unknown, np.nan, raw), None
    try:
        values = raw.astype(np.float64, copy=missing is not None)
    except (TypeError, ValueError, OverflowError) as error:
        raise MacroCycleError(f"{where} holds something that is not a number: {error}") from None
    if missing is not None:
        values[missing] = np.nan
    return values
