"""One PostgreSQL database, several tenants: a URL for each driver and schema, the password out of sight."""

from dataclasses import dataclass, field
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from macro_cycle.errors import MacroCycleError, OutageError

SCHEMAS = ("warehouse", "dagster", "mlflow", "feast")
PATIENCE = {"connect_timeout": "5", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
"""In seconds, where the URL says nothing else: a host that is silent is as good as away."""


@dataclass(frozen=True)
class DatabaseUrl:
    """A PostgreSQL URL that every tenant (warehouse, Dagster, MLflow, Feast) derives its own from.

    Raises:
        MacroCycleError: the text is not a PostgreSQL URL.
    """

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if self._parsed.get_backend_name() != "postgresql":
            raise MacroCycleError("MACRO_CYCLE_DATABASE_URL must begin with postgresql://")

    @property
    def _parsed(self) -> URL:
        try:
            return make_url(self.text)
        except ArgumentError:
            raise MacroCycleError(
                "MACRO_CYCLE_DATABASE_URL is not a URL; write postgresql://user:password@host:5432/database"
            ) from None

    @property
    def _impatient(self) -> URL:
        return self._parsed.update_query_dict({**PATIENCE, **self._parsed.query})

    def sqlalchemy(self, driver: str = "psycopg2", schema: str | None = None) -> str:
        """URL for SQLAlchemy with an explicit driver; `schema` becomes the connection's search path."""
        return _with_search_path(self._impatient.set(drivername=f"postgresql+{driver}"), schema)

    def libpq(self, schema: str | None = None) -> str:
        """URL as libpq, psycopg and psycopg2 take it."""
        return _with_search_path(self._impatient.set(drivername="postgresql"), schema)

    def parts(self) -> dict[str, str | int]:
        """host, port, database, user, password, sslmode for clients that take no URL; a socket folder is a host."""
        url = self._parsed
        named = url.host or url.query.get("host", "localhost")
        host = named if isinstance(named, str) else named[0]
        sslmode = url.query.get("sslmode", "disable" if host.startswith("/") else "prefer")
        return {
            "host": host,
            "port": url.port or 5432,
            "database": url.database or "postgres",
            "user": url.username or "postgres",
            "password": url.password or "",
            "sslmode": sslmode if isinstance(sslmode, str) else sslmode[0],
        }

    def away(self, error: BaseException) -> OutageError:
        """What a driver's error says of the database, in one line."""
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        return OutageError(f"the database {self} does not answer: {said[0] if said else type(error).__name__}")

    def __str__(self) -> str:
        return self._parsed.render_as_string(hide_password=True)


def _with_search_path(url: URL, schema: str | None) -> str:
    """The URL with the schema's search path after the user's own `options`, in the quoting that libpq reads."""
    own = url.query.get("options", ())
    options = [own] if isinstance(own, str) else list(own)
    if schema is not None:
        options.append(f"-csearch_path={schema}")
    bare = url.difference_update_query(["options"])
    text = bare.render_as_string(hide_password=False)
    if not options:
        return text
    return f"{text}{'&' if bare.query else '?'}options={quote(' '.join(options))}"
