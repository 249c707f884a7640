"""A backup is whole or refused in one line: any byte changed, anything cut off, anything that is none."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.stack import archive

CONTENT = b"known and said" * 50


def refusal(path: Path) -> str:
    with pytest.raises(MacroCycleError) as refused, archive.opened(path):
        raise AssertionError("it was opened")
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.fixture
def made(tmp_path) -> Path:
    path = tmp_path / "backup"
    with archive.written(path) as zipped:
        zipped.writestr("panels/2008-09.parquet", CONTENT)
    return path


def test_what_was_written_is_read_and_is_for_its_owner_alone(made):
    with archive.opened(made) as zipped:
        assert zipped.read("panels/2008-09.parquet") == CONTENT
    assert made.stat().st_mode & 0o077 == 0
    assert [path.name for path in made.parent.iterdir()] == [made.name]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_byte_changed_is_refused(made, data):
    whole = made.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
    damaged = made.with_name("damaged")
    damaged.write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
    refusal(damaged)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 200), st.binary(max_size=40))
def test_anything_cut_off_or_added_is_refused(made, cut, added):
    whole = made.read_bytes()
    damaged = made.with_name("damaged")
    damaged.write_bytes(whole[: len(whole) - cut] + added)
    if damaged.read_bytes() != whole:
        refusal(damaged)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_other_file_is_refused(tmp_path, content):
    other = tmp_path / "other"
    other.write_bytes(content)
    assert "is not a backup of macro-cycle" in refusal(other)


def test_another_program_s_archive_is_refused(tmp_path):
    path = tmp_path / "other.zip"
    with ZipFile(path, "w") as zipped:
        zipped.writestr("manifest.json", "{}")
    assert "is not a backup of macro-cycle" in refusal(path)


def test_a_newer_scheme_is_refused_before_anything_is_read(tmp_path):
    path = tmp_path / "newer"
    path.write_bytes(b"macro-cycle backup 2 whatever that will be\n\x00")
    assert "newer release" in refusal(path)


def test_a_file_is_never_written_over(made):
    whole = made.read_bytes()
    with pytest.raises(MacroCycleError, match="never written over"), archive.written(made):
        raise AssertionError("it was begun")
    assert made.read_bytes() == whole


def test_what_fails_leaves_no_file(tmp_path):
    def fail() -> None:
        with archive.written(tmp_path / "backup") as zipped:
            zipped.writestr("half", CONTENT)
            raise MacroCycleError("it failed")

    with pytest.raises(MacroCycleError, match="it failed"):
        fail()
    assert list(tmp_path.iterdir()) == []
