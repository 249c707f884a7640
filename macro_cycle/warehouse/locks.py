"""Locks between processes: advisory locks of the database, freed with the connection that holds them.

Who has to wait says so once, and gives up in the end: a holder that hangs must not hang everybody.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from zlib import crc32

from sqlalchemy import ColumnElement, Connection, Engine, func, select, text
from sqlalchemy.exc import OperationalError

from macro_cycle.errors import MacroCycleError

logger = logging.getLogger(__name__)
WAIT_SECONDS = 900.0
PATIENT_SECONDS = 1.0  # before a word is said
LOCK_NOT_AVAILABLE = "55P03"

LockName = Literal["migrations", "ingestion", "registry", "endpoint", "mlflow tables", "records", "answers"]
# Others: ...000 is the embedded server's, 005 the feature store's, 007 the chain of calls'. Each month has a lock of
# its answers.
SHARED: tuple[LockName, ...] = ("migrations", "ingestion", "mlflow tables", "records")
_KEYS: dict[LockName, int] = {
    "migrations": 7_200_000_001,
    "ingestion": 7_200_000_002,
    "registry": 7_200_000_003,
    "endpoint": 7_200_000_004,
    "mlflow tables": 7_200_000_006,
    "records": 7_200_000_008,
    "answers": 7_200_000_009,
}


@contextmanager
def exclusive(engine: Engine, name: LockName, owner: str | None = None) -> Iterator[Connection]:
    """Hold the lock while the block runs, waiting for it first; a process that is killed gives it back.

    owner: whose lock of that name it is, where each of several has one.

    Raises `MacroCycleError` when somebody else has held it for `WAIT_SECONDS`.
    The connection that holds it may be used; `hold_until_commit` of the same lock does not wait on it.
    """
    key = _KEYS[name] if owner is None or name in SHARED else _KEYS[name] + (crc32(owner.encode()) >> 2 << 33)
    with engine.connect() as connection:
        try:
            _wait_for(connection, func.pg_advisory_lock(key), name)
            connection.commit()  # the session holds the lock, no transaction stays open
            yield connection
            connection.execute(select(func.pg_advisory_unlock(key)))
            connection.commit()
        except BaseException:
            connection.invalidate()  # what went wrong may be the connection; the lock goes with it
            raise


def hold_until_commit(connection: Connection, name: LockName, key: int | None = None) -> None:
    """Hold the lock from now until the connection's transaction ends, waiting for it first.

    `key` is that of one of several locks under the name.

    Raises:
        MacroCycleError: somebody else has held it for `WAIT_SECONDS`.
    """
    key = _KEYS[name] if key is None else key
    if not connection.scalar(select(func.pg_try_advisory_xact_lock(key))):
        _wait_for(connection, func.pg_advisory_xact_lock(key), name)


def _wait_for(connection: Connection, lock: ColumnElement[Any], name: LockName) -> None:
    """Take the lock inside the connection's transaction, in the order of arrival."""
    if _taken_within(PATIENT_SECONDS, connection, lock):
        return
    logger.warning("waiting for another process that holds the lock of the %s", name)
    if not _taken_within(WAIT_SECONDS, connection, lock):
        raise MacroCycleError(
            f"another process has held the lock of the {name} for {WAIT_SECONDS:g} s; see whether it hangs, or try "
            f"again when it is done"
        )


def _taken_within(seconds: float, connection: Connection, lock: ColumnElement[Any]) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(text(f"SET LOCAL lock_timeout = {round(1000 * seconds)}"))
            connection.execute(select(lock))
            connection.execute(text("SET LOCAL lock_timeout = DEFAULT"))
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) != LOCK_NOT_AVAILABLE:
            raise
        return False
    return True
