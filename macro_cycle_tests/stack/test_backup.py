"""A home restored from its backup, elsewhere, answers as the first did, to the bit; nothing is half restored."""

import shutil
from datetime import date
from pathlib import Path

import dagster as dg
import pandas as pd
import psycopg
import pytest

from macro_cycle.audit.replay import reproduce
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import read_settings
from macro_cycle.queries.history import stored_of
from macro_cycle.resources.platform import Platform
from macro_cycle.serving.assembly import take_up
from macro_cycle.serving.bundle_store import BundleStore
from macro_cycle.stack import archive
from macro_cycle.stack.backup import backup, restore
from macro_cycle.stack.postgres import database_url
from macro_cycle.warehouse.urls import DatabaseUrl
from macro_cycle_tests.assets.graph import CHAIN, materialize, stored, with_the_sample
from macro_cycle_tests.conftest import create_database

MONTHS = ("2008-08-01", "2008-09-01")
SEPTEMBER = date(2008, 9, 30)


def at(home: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """The platform of a home with an embedded database."""
    monkeypatch.delenv("MACRO_CYCLE_DATABASE_URL", raising=False)
    monkeypatch.setenv("MACRO_CYCLE_HOME", str(home))
    return Platform.from_environment()


@pytest.mark.slow
def test_a_home_restored_on_another_path_answers_to_the_bit(tmp_path, monkeypatch, bundle):
    first = at(tmp_path / "first", monkeypatch)
    with_the_sample(first)
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, *MONTHS)
    served = take_up(first.settings, bundle)
    before = [stored(month, first) for month in MONTHS]
    backup(first.settings, tmp_path / "backup")
    shutil.rmtree(first.settings.home / "mlflow")

    second = at(tmp_path / "another" / "place", monkeypatch)
    restore(second.settings, tmp_path / "backup")
    assert [stored(month, second) for month in MONTHS] == before
    assert BundleStore(second.settings.home / "serving").committed() == [served]
    revised = second.warehouse.as_of(pd.Timestamp("2008-09-10"), ["PAYEMS"]).tail(3)
    published = pd.Timestamp("2008-09-20")
    second.warehouse.ingest(
        revised.assign(value=revised["value"] * 0.99, realtime_start=published, estimated=False), source="test"
    )
    call = second.regimes.said_by(SEPTEMBER)
    links = reproduce(call, stored_of(second, call))
    assert {link.name for link in links if not link.holds} == {"observations"}  # changed since, on record
    assert all(link.holds is not False for link in links)
    assert "taken as kept with the model" in " ".join(link.found for link in links)
    assert not list(second.settings.home.parent.glob(".*"))


@pytest.fixture
def filled(platform) -> Platform:
    """A small home: a panel and the tables."""
    platform.warehouse.migrate()
    database_url(platform.settings)
    folder = Path(platform.settings.panel_path)
    folder.mkdir(parents=True)
    (folder / "2008-09.parquet").write_bytes(b"a panel")
    (folder / ".2008-09.parquet.half").write_bytes(b"half a pan")
    return platform


@pytest.fixture
def fresh(filled, postgres_url, tmp_path):
    """Settings of a home and a database with nothing in them."""
    return read_settings(home=tmp_path / "fresh", database_url=create_database(postgres_url))


@pytest.fixture
def written(filled, tmp_path) -> Path:
    backup(filled.settings, tmp_path / "backup")
    return tmp_path / "backup"


def test_files_and_tables_are_there_again_and_what_was_half_written_is_not(written, fresh):
    restore(fresh, written)
    assert [path.name for path in (fresh.home / "panels").iterdir()] == ["2008-09.parquet"]
    with psycopg.connect(fresh.database_url.get_secret_value()) as connection:
        assert connection.execute("SELECT count(*) FROM warehouse.alembic_version").fetchone() == (1,)


def test_a_home_or_a_database_that_is_in_use_is_not_restored_into(written, fresh):
    restore(fresh, written)
    with pytest.raises(MacroCycleError, match="fresh is not empty"):
        restore(fresh, written)
    (fresh.home / "panels" / "2008-09.parquet").unlink()
    elsewhere = fresh.model_copy(update={"home": fresh.home.with_name("elsewhere")})
    with pytest.raises(MacroCycleError, match=r"the database .* is not empty"):
        restore(elsewhere, written)
    assert not elsewhere.home.exists()


def test_what_fails_half_way_leaves_neither_files_nor_tables(written, fresh, tmp_path):
    other = tmp_path / "without a database"
    with archive.opened(written) as whole, archive.written(other) as half:
        for member in whole.namelist():
            half.writestr(member, b"" if member == "database.dump" else whole.read(member))
    with pytest.raises(MacroCycleError, match="pg_restore failed"):
        restore(fresh, other)
    assert not fresh.home.exists()
    assert not list(tmp_path.glob(".*"))
    restore(fresh, written)


def test_tables_of_a_newer_release_are_refused(filled, fresh, tmp_path):
    with filled.warehouse.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE warehouse.alembic_version SET version_num = '9999'")
    backup(filled.settings, tmp_path / "newer")
    with pytest.raises(MacroCycleError, match="written by a newer release"):
        restore(fresh, tmp_path / "newer")
    assert not fresh.home.exists()


def test_a_home_in_which_a_run_goes_on_is_not_backed_up(filled, tmp_path):
    url = DatabaseUrl(filled.database_url).libpq()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE dagster.runs (status text, update_timestamp timestamp)")
        connection.execute("INSERT INTO dagster.runs VALUES ('STARTED', now())")
    with pytest.raises(MacroCycleError, match="a run goes on"):
        backup(filled.settings, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_an_empty_home_has_nothing_to_back_up(tmp_path):
    with pytest.raises(MacroCycleError, match="nothing to back up"):
        backup(read_settings(home=tmp_path / "empty"), tmp_path / "backup")
