"""Locks between processes: advisory locks of the database, freed with the connection that holds them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from sqlalchemy import Connection, Engine, func, select

LockName = Literal["migrations", "ingestion", "registry", "endpoint", "mlflow tables"]
# Others: ...000 is the embedded server's, 005 the feature store's, 007 the chain of calls', 008 the records'.
_KEYS: dict[LockName, int] = {
    "migrations": 7_200_000_001,
    "ingestion": 7_200_000_002,
    "registry": 7_200_000_003,
    "endpoint": 7_200_000_004,
    "mlflow tables": 7_200_000_006,
}


@contextmanager
def exclusive(engine: Engine, name: LockName) -> Iterator[Connection]:
    """Hold the lock while the block runs, waiting for it first; a process that is killed gives it back.

    The connection that holds it may be used; `hold_until_commit` of the same lock does not wait on it.
    """
    key = _KEYS[name]
    with engine.connect() as connection:
        connection.execute(select(func.pg_advisory_lock(key)))
        connection.commit()  # the session holds the lock, no transaction stays open
        try:
            yield connection
        except BaseException:
            connection.invalidate()  # what went wrong may be the connection; the lock goes with it
            raise
        connection.execute(select(func.pg_advisory_unlock(key)))
        connection.commit()


def hold_until_commit(connection: Connection, name: LockName) -> None:
    """Hold the lock from now until the connection's transaction ends, waiting for it first."""
    connection.execute(select(func.pg_advisory_xact_lock(_KEYS[name])))
