"""The schemas of the platform through pg_dump and pg_restore of the embedded server's wheel."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from macro_cycle.errors import MacroCycleError
from macro_cycle.stack.cluster import wheel
from macro_cycle.warehouse.urls import SCHEMAS, DatabaseUrl

WITHOUT_OWNERS = ("--no-owner", "--no-privileges")
TEXTS = """
SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables
USING (table_schema, table_name)
WHERE table_schema = %s AND table_type = 'BASE TABLE' AND data_type IN ('text', 'character varying')
"""


def write(url: str, file: IO[bytes]) -> None:
    """Write the schemas as they are at one moment to `file`, in pg_dump's own format.

    Raises:
        MacroCycleError: pg_dump failed.
    """
    schemas = [f"--schema={schema}" for schema in SCHEMAS]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            _command("pg_dump", url, "--format=custom", *WITHOUT_OWNERS, *schemas),
            env=_environment(url),
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdout is not None
        with process.stdout as content:
            shutil.copyfileobj(content, file)
        _refuse_failure("pg_dump", process.wait(), errors)


def read(url: str, file: IO[bytes]) -> None:
    """Bring the schemas into a database that has none of them, all or nothing.

    Raises:
        MacroCycleError: pg_restore failed.
    """
    with psycopg.connect(DatabaseUrl(url).libpq()) as connection:
        for schema in SCHEMAS:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {}").format(sql.Identifier(schema)))
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            _command("pg_restore", url, "--single-transaction", "--exit-on-error", *WITHOUT_OWNERS),
            env=_environment(url),
            stdin=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdin is not None
        try:
            with process.stdin as content:
                shutil.copyfileobj(file, content)
        except BrokenPipeError:
            pass  # it has ended, and says why
        _refuse_failure("pg_restore", process.wait(), errors)


def require_empty(url: str) -> None:
    """Raise unless the platform's schemas are missing or empty.

    Raises:
        MacroCycleError: the database does not answer, or one of the schemas holds tables.
    """
    query = "SELECT table_schema FROM information_schema.tables WHERE table_schema = ANY(%s) LIMIT 1"
    try:
        with psycopg.connect(DatabaseUrl(url).libpq()) as connection:
            found = connection.execute(query, (list(SCHEMAS),)).fetchone()
    except psycopg.Error as error:
        raise DatabaseUrl(url).away(error) from None
    if found is not None:
        raise MacroCycleError(
            f"the database {DatabaseUrl(url)} is not empty (schema {found[0]}); restore into a fresh one"
        )


def relocate(url: str, schema: str, former: str, home: str) -> int:
    """Have every text of the schema that begins with the folder `former`, as path or as URI, begin with `home`.

    MLflow keeps where each run's files are as an absolute address. How many were changed.
    """
    moved = 0
    pairs = ((f"{former}/", f"{home}/"), (f"{Path(former).as_uri()}/", f"{Path(home).as_uri()}/"))
    with psycopg.connect(DatabaseUrl(url).libpq()) as connection:
        for table, column in connection.execute(TEXTS, (schema,)).fetchall():
            names = {"table": sql.Identifier(schema, table), "column": sql.Identifier(column)}
            update = "UPDATE {table} SET {column} = %(new)s || substr({column}, length(%(old)s) + 1) "
            where = "WHERE starts_with({column}, %(old)s)"
            for old, new in pairs:
                moved += connection.execute(sql.SQL(update + where).format(**names), {"old": old, "new": new}).rowcount
    return moved


def _command(program: str, url: str, *options: str) -> list[str]:
    programs = wheel().utils.POSTGRES_VERSIONS[wheel().TARGET_POSTGRES_VERSION]
    shown = make_url(DatabaseUrl(url).libpq()).set(password=None).render_as_string(hide_password=False)
    return [str(programs / program), f"--dbname={shown}", *options]


def _environment(url: str) -> dict[str, str]:
    """The process's environment; a password travels here, where others do not see it."""
    password = make_url(url).password
    return {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}


def _refuse_failure(program: str, code: int, errors: IO[bytes]) -> None:
    if code != 0:
        errors.seek(0)
        lines = errors.read().decode("utf-8", "replace").strip().splitlines()
        raise MacroCycleError(f"{program} failed: {lines[0] if lines else f'exit code {code}'}")
