"""The bundles on this machine: an immutable folder per version, and an atomic note of which one serves."""

import shutil
import uuid
from pathlib import Path

from macro_cycle.platform.settings import Settings
from macro_cycle.training.bundle import Bundle


class Shelf:
    """`home/serving`: `versions/<version>/`, `requested` and `current`."""

    def __init__(self, settings: Settings) -> None:
        self._root = settings.home / "serving"

    def add(self, bundle: Bundle) -> str:
        """Put a bundle on the shelf unless it is there already; its version."""
        version = f"{bundle.meta['model_version']}-{bundle.meta['as_of']}"
        target = self._root / "versions" / version
        if not target.exists():
            scratch = bundle.write(target.with_name(f".{uuid.uuid4().hex}"))
            try:
                scratch.rename(target)
            except OSError:  # another deployer was first
                shutil.rmtree(scratch)
        return version

    def bundle(self, version: str) -> Bundle:
        """The bundle of a version."""
        return Bundle.read(self._root / "versions" / version)

    @property
    def requested(self) -> str | None:
        """The version that should serve next."""
        return self._read("requested")

    @property
    def current(self) -> str | None:
        """The version that serves, also after a restart."""
        return self._read("current")

    def request(self, version: str) -> None:
        """Note the version that should serve next."""
        self._write("requested", version)

    def confirm(self, version: str) -> None:
        """Note the version that serves from now on."""
        self._write("current", version)

    def _read(self, name: str) -> str | None:
        path = self._root / name
        return path.read_text() if path.exists() else None

    def _write(self, name: str, version: str) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        scratch = self._root / f".{name}.{uuid.uuid4().hex}"
        scratch.write_text(version)
        scratch.replace(Path(self._root / name))
