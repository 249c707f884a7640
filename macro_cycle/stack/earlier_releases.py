"""Homes of earlier releases: what the migrations of the database do not bring up to date.

Release 0.1.0 named the bundle that serves in `serving/current`, and kept it in a folder without a manifest.
"""

import logging
import shutil
from pathlib import Path

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings

_log = logging.getLogger(__name__)


def take_over(settings: Settings) -> None:
    """Have what release 0.1.0 served serve on; where that cannot be, nothing serves, and a line says what to do."""
    serving = settings.home / "serving"
    named = serving / "current"
    if not named.exists():
        return
    if not (serving / "committed.json").exists():
        _serve_on(settings, serving / "versions" / named.read_text("utf-8"))
    _forget(serving)


def _serve_on(settings: Settings, folder: Path) -> None:
    from macro_cycle.serving.assembly import take_up
    from macro_cycle.training.bundle import Bundle

    try:
        take_up(settings, Bundle.read(folder))
    except MacroCycleError as error:
        _log.warning("the model that release 0.1.0 served is not served on (%s); run `macro-cycle run`", error)


def _forget(serving: Path) -> None:
    """Delete that release's folder of each bundle, and then its notes: cut short, it begins again."""
    for name in ("current", "requested"):
        note = serving / name
        if note.exists():
            shutil.rmtree(serving / "versions" / note.read_text("utf-8"), ignore_errors=True)
    for name in ("requested", "current"):
        (serving / name).unlink(missing_ok=True)
