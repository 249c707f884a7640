"""COPY: the fast way into a table and out of a query."""

import io
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection

Column = Literal["code", "date", "number"]

_WIDTHS: dict[Column, str] = {"code": ">i4", "date": ">i4", "number": ">f8"}
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_INFINITY = np.iinfo(np.int32).max
_EPOCH_DAYS = 10_957  # PostgreSQL counts days from 2000-01-01, numpy from 1970-01-01


def read_rows(
    connection: Connection, query: str, parameters: Mapping[str, Any], columns: Mapping[str, Column]
) -> pd.DataFrame:
    """Rows of a query without nulls whose columns are int (`code`), date or float8 (`number`), in that order.

    They come in PostgreSQL's binary COPY format, whose rows then have one width. An infinite date is NaT.
    """
    buffer = io.BytesIO()
    with closing(connection.connection.cursor()) as cursor:
        bound = cursor.mogrify(query, parameters).decode()
        cursor.copy_expert(f"COPY ({bound}) TO STDOUT WITH (FORMAT binary)", buffer)
    content = memoryview(buffer.getbuffer())[len(_HEADER) : -len(_TRAILER)]
    rows = np.frombuffer(content, _row(columns))
    return pd.DataFrame({name: _native(rows[name], kind) for name, kind in columns.items()})


def write_rows(connection: Connection, table: str, frame: pd.DataFrame, columns: Mapping[str, Column]) -> None:
    """Append these columns of the frame, none of which may be missing, in the format that `read_rows` reads.

    A NaN number is written as NaN, not as null.
    """
    rows = np.empty(len(frame), _row(columns))
    rows["fields"] = len(columns)
    for name, kind in columns.items():
        rows[f"{name} bytes"] = np.dtype(_WIDTHS[kind]).itemsize
        rows[name] = _wire(frame[name].to_numpy(), kind)
    content = io.BytesIO(b"".join((_HEADER, rows.tobytes(), _TRAILER)))
    with closing(connection.connection.cursor()) as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT binary)", content)


def _row(columns: Mapping[str, Column]) -> np.dtype:
    """A row of binary COPY: the number of its fields, then the length and the value of each."""
    fields = [field for name, kind in columns.items() for field in ((f"{name} bytes", ">i4"), (name, _WIDTHS[kind]))]
    return np.dtype([("fields", ">i2"), *fields])


def _wire(values: NDArray[Any], kind: Column) -> NDArray[Any]:
    return values.astype("datetime64[D]").astype(np.int64) - _EPOCH_DAYS if kind == "date" else values


def _native(values: NDArray[Any], kind: Column) -> NDArray[Any]:
    if kind == "number":
        return values.astype(np.float64)
    if kind == "code":
        return values.astype(np.int64)
    days = np.where(values == _INFINITY, np.iinfo(np.int64).min, values.astype(np.int64) + _EPOCH_DAYS)
    return days.astype("datetime64[D]").astype("datetime64[ns]")
