"""Locks between processes: advisory locks of the database, freed with the connection that holds them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from sqlalchemy import Engine, func, select

LockName = Literal["registry", "endpoint", "mlflow tables"]
_KEYS: dict[LockName, int] = {
    "registry": 7_200_000_003,
    "endpoint": 7_200_000_004,
    "mlflow tables": 7_200_000_006,
}


@contextmanager
def exclusive(engine: Engine, name: LockName) -> Iterator[None]:
    """Hold the lock while the block runs, waiting for it first; a process that is killed gives it back."""
    key = _KEYS[name]
    with engine.connect() as connection:
        connection.execute(select(func.pg_advisory_lock(key)))
        connection.commit()  # the session holds the lock, no transaction stays open
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(key)))
            connection.commit()
