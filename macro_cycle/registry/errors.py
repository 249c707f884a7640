"""MLflow's errors in one line, and a look whether it can be reached before its own patience of minutes begins."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from macro_cycle.errors import MacroCycleError, OutageError

LONGEST = 300
SECONDS = 10.0
_USERINFO = re.compile(r"(?<=://)[^/@\s]*@")


@contextmanager
def in_one_line(doing: str) -> Iterator[None]:
    """Turn whatever MLflow, its database or its files raise into one line.

    Raises:
        MacroCycleError: MLflow could not do what `doing` says.
        OutageError: its database is away.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        kind = OutageError if _is_outage(error) else MacroCycleError
        raise kind(f"MLflow cannot {doing}: {first_line(error)}") from None


def _is_outage(error: Exception) -> bool:
    """Whether MLflow's database or its server is away: MLflow's own code says it of the database alone."""
    from requests import RequestException
    from sqlalchemy.exc import InterfaceError, OperationalError

    met: BaseException | None = error
    while met is not None:
        if isinstance(met, OperationalError | InterfaceError | RequestException):
            return True
        met = met.__cause__ or met.__context__
    return getattr(error, "error_code", None) == "TEMPORARILY_UNAVAILABLE"


def first_line(error: Exception) -> str:
    """The error's first line, without a user's name or password in an address."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return _USERINFO.sub("", lines[0] if lines else type(error).__name__)[:LONGEST]


def require_reachable(tracking_uri: str) -> None:
    """Ask the tracking server or its database for a sign of life once.

    Raises:
        OutageError: nothing answers there.
    """
    try:
        if tracking_uri.startswith(("http://", "https://")):
            _ask_server(tracking_uri)
        elif "://" in tracking_uri and not tracking_uri.startswith(("file:", "databricks")):
            _ask_database(tracking_uri)
    except Exception as error:  # whatever a driver raises: it is not reachable
        where = _USERINFO.sub("", tracking_uri.partition("?")[0])
        raise OutageError(f"MLflow cannot be reached at {where}: {first_line(error)}") from None


def _ask_server(uri: str) -> None:
    """Any answer will do, whoever signed its certificate: MLflow's own settings judge that, and get the password."""
    import httpx

    address = _USERINFO.sub("", uri.rstrip("/"))
    httpx.get(f"{address}/health", timeout=SECONDS, verify=False)  # noqa: S501


def _ask_database(uri: str) -> None:
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool)
    engine.connect().close()
