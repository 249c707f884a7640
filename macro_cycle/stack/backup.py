"""A home in one file, and out of it again: database, panels, MLflow's artifacts, the model server's bundles.

Belongs here: what a home consists of, and in which order it is taken and put back. Does not belong here: the form of
the file (`archive`), PostgreSQL's programs (`dump`). Logs, counters of metrics and what steps printed are left out.
"""

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import psycopg

from macro_cycle import __version__
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings
from macro_cycle.stack import archive, dump
from macro_cycle.stack.cluster import version_of
from macro_cycle.stack.postgres import database_url, embedded_server
from macro_cycle.stack.supervision import supervisor_process
from macro_cycle.warehouse.urls import DatabaseUrl
from macro_cycle.warehouse.warehouse import revisions

MANIFEST, DATABASE = "manifest.json", "database.dump"
FOLDERS = ("panels", "mlflow/artifacts", "serving")

UNFINISHED = "SELECT count(*) FROM dagster.runs WHERE status IN ('STARTING', 'STARTED', 'CANCELING')"
RUNS = "SELECT count(*), max(update_timestamp) FROM dagster.runs"
RUN_GOES_ON = "a run goes on, whose parts would not fit together; back up again when it has ended"


@dataclass(frozen=True)
class Contents:
    """What a backup says of itself."""

    program: str
    written_at: str
    home: str
    revision: str
    files: int

    @property
    def text(self) -> str:
        """In words."""
        return f"{self.files} files and the database of {self.home}, of {self.written_at[:16]} UTC, by {self.program}"


def backup(settings: Settings, path: Path) -> Contents:
    """Write the home to the file `path`; the stack may be up, as long as no run goes on.

    Raises:
        MacroCycleError: there is nothing to back up, a run goes on, or the file cannot be written.
    """
    if settings.database_url is None and version_of(settings.home / "postgres") is None:
        raise MacroCycleError(f"there is nothing to back up in {settings.home}")
    url = database_url(settings)
    with archive.written(path) as made, _no_run(url):
        with made.open(DATABASE, "w", force_zip64=True) as file:
            dump.write(url, file)
        files = [found for folder in FOLDERS for found in _files(settings, folder)]
        for name, file_path in files:
            made.write(file_path, name)
        written_at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
        contents = Contents(__version__, written_at, str(settings.home), _revision(url), len(files))
        made.writestr(MANIFEST, json.dumps(vars(contents)))
    return contents


def restore(settings: Settings, path: Path) -> Contents:
    """Make the home from the file `path`; it is there whole, on whatever path, or not at all.

    Raises:
        MacroCycleError: the file cannot be read, or home or database are not empty.
    """
    _refuse_what_is_in_use(settings)
    with archive.opened(path) as made:
        contents = _contents(made, path)
        with _in_one_piece(settings.home) as scratch:
            for member in made.namelist():
                if member.startswith(tuple(f"{folder}/" for folder in FOLDERS)):
                    made.extract(member, scratch)
            if settings.data.panel_path is not None and (scratch / "panels").exists():
                shutil.move(scratch / "panels", settings.panel_path)
            with made.open(DATABASE) as file, _database(settings, scratch) as url:
                dump.read(url, file)
                dump.relocate(url, "mlflow", contents.home, str(settings.home))
    return contents


def _files(settings: Settings, folder: str) -> Iterator[tuple[str, Path]]:
    """Name in the backup and path of each file of a folder.

    What is just being written begins with a dot; locks and the token of the model server are a running home's own.
    """
    root = Path(settings.panel_path) if folder == "panels" else settings.home / folder
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        passing = path.suffix == ".lock" or path == settings.home / "serving" / "token"
        if path.is_file() and not passing and not any(part.startswith(".") for part in inside.parts):
            yield f"{folder}/{inside.as_posix()}", path


@contextmanager
def _no_run(url: str) -> Iterator[None]:
    """Refuse while a Dagster run goes on, or if one did meanwhile: rows and files would be of different moments."""
    with psycopg.connect(DatabaseUrl(url).libpq(), autocommit=True) as connection:
        row = connection.execute("SELECT to_regclass('dagster.runs') IS NULL").fetchone()
        if row and row[0]:  # nothing was ever run
            yield
            return
        before = connection.execute(RUNS).fetchone()
        if connection.execute(UNFINISHED).fetchone() != (0,):
            raise MacroCycleError(RUN_GOES_ON)
        yield
        if connection.execute(RUNS).fetchone() != before:
            raise MacroCycleError(RUN_GOES_ON)


def _revision(url: str) -> str:
    """The migration that the warehouse's tables are at; empty where there are none."""
    with psycopg.connect(DatabaseUrl(url).libpq()) as connection:
        row = connection.execute("SELECT to_regclass('warehouse.alembic_version') IS NULL").fetchone()
        if row and row[0]:
            return ""
        found = connection.execute("SELECT version_num FROM warehouse.alembic_version").fetchone()
    return found[0] if found else ""


def _contents(made: ZipFile, path: Path) -> Contents:
    contents = Contents(**json.loads(made.read(MANIFEST)))
    if contents.revision and contents.revision not in revisions():
        raise MacroCycleError(
            f"{path} was written by a newer release of macro-cycle ({contents.program}); restore it with that one"
        )
    return contents


def _refuse_what_is_in_use(settings: Settings) -> None:
    home, panels = settings.home, settings.data.panel_path
    if supervisor_process(settings) is not None:
        raise MacroCycleError(
            f"the stack of {home} is up; a backup is restored into a fresh home: set MACRO_CYCLE_HOME"
        )
    for folder in (home, *([Path(panels)] if panels and "://" not in panels else [])):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise MacroCycleError(
                f"{folder} is not empty; a backup is restored into a fresh home: set MACRO_CYCLE_HOME"
            )
    if settings.database_url is not None:
        dump.require_empty(settings.database_url.get_secret_value())


@contextmanager
def _in_one_piece(home: Path) -> Iterator[Path]:
    """A folder to fill, which is `home` once the block has ended, and gone if it failed."""
    home.parent.mkdir(parents=True, exist_ok=True)
    scratch = home.with_name(f".{home.name}.{uuid.uuid4().hex[:8]}")
    scratch.mkdir()
    try:
        yield scratch
        scratch.rename(home)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _database(settings: Settings, scratch: Path) -> Iterator[str]:
    """The database to restore into: the one that the settings name, or one embedded in the scratch folder."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with embedded_server(scratch / "postgres") as server:
        yield server.get_uri()
