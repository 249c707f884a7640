"""`python -m macro_cycle.serving.kubernetes.container`: a pod that serves the bundle KServe put there."""

import os
import sys
from pathlib import Path

from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.serving.answering import Answering
from macro_cycle.serving.bundle_store import store_of
from macro_cycle.serving.server import serve
from macro_cycle.training.bundle import Bundle

MODELS = Path("/mnt/models")
CYCLE = "MACRO_CYCLE_KSERVE__CYCLE"


def take_up(settings: Settings, folder: Path) -> str:
    """Put the bundle in `folder` where the server looks for that of its cycle; its version.

    Raises:
        MacroCycleError: it is incomplete, or does not answer its own golden window.
    """
    bundle = Bundle.read(folder)
    store = store_of(settings.home, settings.kserve.cycle or DEFAULT)
    version = store.put(bundle)
    Answering(bundle, version)
    store.commit(version)
    return version


def main() -> None:
    """Serve until a signal asks to end; a bundle that cannot be served ends the pod, which KServe reports."""
    try:
        os.environ.setdefault(CYCLE, DEFAULT)  # the workers read it too
        settings = read_settings()
        take_up(settings, MODELS)
        serve(settings)
    except MacroCycleError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
