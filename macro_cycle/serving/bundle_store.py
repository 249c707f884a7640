"""The bundles on this machine: an immutable folder for each version, and a durable pointer to what serves.

    <root>/versions/<version>/   the bundle's files and `manifest.json`, the SHA-256 of each
    <root>/committed.json        the versions that were taken into service, the newest first

A version is a name: the model's version, the as-of day and the first digits of the manifest's own hash, so that equal
bundles share a folder, and what lies in one can be told from what should. What may serve is decided elsewhere.
"""

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError
from macro_cycle.training.bundle import Bundle

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}-\d{4}-\d{2}-\d{2}-[0-9a-f]{12}")
MANIFEST = "manifest.json"
REMEMBERED = 8
KEPT = 24

Signature = tuple[int, int, int]


def store_of(home: Path, cycle: str = DEFAULT) -> "BundleStore":
    """The bundles of a cycle in a home: the default cycle's in `serving`, another's in a folder in there."""
    root = home / "serving"
    return BundleStore(root if cycle == DEFAULT else root / cycle)


class BundleStore:
    """`root` holds the bundles; it is made when the first one is stored."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pointer = root / "committed.json"

    def put(self, bundle: Bundle) -> str:
        """Store a bundle; its version. One that lies there intact is left alone, a damaged one is written anew.

        Raises:
            MacroCycleError: the bundle's model version or as-of day cannot be part of a name.
            OSError: the disk does not take it; nothing is left half-written under the version's name.
        """
        documents = bundle.documents()
        manifest = _manifest(documents)
        version = f"{bundle.meta['model_version']}-{bundle.meta['as_of']}-{_digest(manifest)}"
        target = self._folder(version)
        if not self.intact(version):
            self._replace(target, documents | {MANIFEST: manifest})
        return version

    def get(self, version: str) -> Bundle:
        """The bundle of a version.

        Raises:
            MacroCycleError: there is none of that name, or it is not what was stored under it.
        """
        return Bundle.parse(self._documents(version))

    def intact(self, version: str) -> bool:
        """Whether the version lies there as it was stored."""
        try:
            self._documents(version)
        except MacroCycleError:
            return False
        return True

    def commit(self, version: str) -> None:
        """Make the version the one that serves, also after a restart; durable when this returns.

        Raises:
            MacroCycleError: it is not there, or damaged.
            OSError: the disk does not take it; the former version stays.
        """
        self._documents(version)
        former = [other for other in self.committed() if other != version]
        self._point([version, *former][:REMEMBERED])
        self._prune()

    def withdraw(self) -> None:
        """Have nothing serve, also after a restart; durable when this returns."""
        self._root.mkdir(parents=True, exist_ok=True)
        self._point([])

    def committed(self) -> list[str]:
        """The versions that were taken into service, the newest first; none if the pointer is missing or damaged."""
        return self._pointed() or []

    def is_withdrawn(self) -> bool:
        """Whether nothing is to serve, which a damaged pointer does not say."""
        return self._pointed() == []

    def _point(self, versions: list[str]) -> None:
        content = json.dumps({"versions": versions}).encode()
        scratch = self._root / f".{uuid.uuid4().hex}"
        try:
            _write(scratch, content)
            scratch.replace(self._pointer)
        finally:
            scratch.unlink(missing_ok=True)
        _sync(self._root)

    def _pointed(self) -> list[str] | None:
        try:
            versions = json.loads(self._pointer.read_bytes())["versions"]
            return versions if all(NAME.fullmatch(version) for version in versions) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def signature(self) -> Signature | None:
        """What changes whenever something is committed; cheap enough to ask at every request."""
        try:
            found = self._pointer.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _folder(self, version: str) -> Path:
        if not NAME.fullmatch(version):
            raise MacroCycleError(
                f"{version[:100]!r} is no version of a bundle; it is made of a model version, a day and a hash"
            )
        return self._root / "versions" / version

    def _documents(self, version: str) -> Mapping[str, bytes]:
        folder = self._folder(version)
        try:
            manifest = (folder / MANIFEST).read_bytes()
            if not version.endswith(_digest(manifest)):
                raise MacroCycleError(f"the manifest of bundle {version} is damaged; deploy it again")
            documents = {name: (folder / name).read_bytes() for name in json.loads(manifest)}
        except OSError:
            raise MacroCycleError(f"bundle {version} is missing or incomplete; deploy it again") from None
        if _manifest(documents) != manifest:
            raise MacroCycleError(f"bundle {version} is damaged; deploy it again")
        return documents

    def _replace(self, target: Path, documents: Mapping[str, bytes]) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch, replaced = (target.with_name(f".{uuid.uuid4().hex}") for _ in range(2))
        scratch.mkdir()
        try:
            for name, content in documents.items():
                _write(scratch / name, content)
            _sync(scratch)
            if target.exists():
                target.rename(replaced)
            try:
                scratch.rename(target)
            except OSError:
                if not self.intact(target.name):  # else another deployer was first
                    raise
            _sync(target.parent)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            shutil.rmtree(replaced, ignore_errors=True)

    def _prune(self) -> None:
        """Forget the oldest bundles beyond `KEPT`, but none that was committed lately."""
        kept = set(self.committed())
        folders = [entry for entry in os.scandir(self._root / "versions") if NAME.fullmatch(entry.name)]
        for entry in sorted(folders, key=_changed)[: max(0, len(folders) - KEPT)]:
            if entry.name not in kept:
                shutil.rmtree(entry.path, ignore_errors=True)


def _manifest(documents: Mapping[str, bytes]) -> bytes:
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in documents.items()}
    return json.dumps(hashes, sort_keys=True).encode()


def _digest(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()[:12]


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _changed(entry: Any) -> float:
    return float(entry.stat().st_mtime)
