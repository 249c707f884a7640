"""Copies of the history as Parquet, which Feast reads with DuckDB and which need no database."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from feast import FileSource
from feast.types import Float64, PrimitiveFeastType, String, UnixTimestamp
from psycopg import Connection

from macro_cycle.feature_store import history
from macro_cycle.feature_store.definitions import ENTITY, Columns

MOMENT = pa.timestamp("us", tz="UTC")
TYPES: dict[PrimitiveFeastType, pa.DataType] = {Float64: pa.float64(), String: pa.string(), UnixTimestamp: MOMENT}


def parquet_file(folder: Path, view: str) -> Path:
    """The copy of a view's history."""
    return folder / f"{view}.parquet"


def file_source(folder: Path, view: str) -> FileSource:
    """Feast's source of a view's history from its copy."""
    return FileSource(
        name=f"{view}_source",
        path=str(parquet_file(folder, view)),
        timestamp_field="event_timestamp",
        created_timestamp_column="created",
    )


def schema(columns: Columns) -> pa.Schema:
    """What a copy holds of a view with these columns."""
    stamps = {ENTITY: pa.string(), "event_timestamp": MOMENT, "created": MOMENT}
    return pa.schema(stamps | {name: TYPES[kind] for name, kind in columns.items()})


def export(connection: Connection, folder: Path) -> None:
    """Replace the copy of each view's history by what the connection sees."""
    for view, columns in history.columns(connection).items():
        fields = schema(columns)
        rows = history.rows_of(connection, view, fields.names)
        values = zip(*rows, strict=True) if rows else [()] * len(fields)
        arrays = [pa.array(column, field.type) for column, field in zip(values, fields, strict=True)]
        write(pa.table(arrays, schema=fields), parquet_file(folder, view))


def write(table: pa.Table, path: Path) -> None:
    """Write a file that readers see whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    pq.write_table(table, unfinished)
    unfinished.replace(path)
