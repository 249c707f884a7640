"""What a crash left behind: how a run that still says RUNNING, though nobody runs it, has to end."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from macro_cycle.registry.names import KIND, RANGE, identity_of, tag_of

if TYPE_CHECKING:
    from mlflow.entities import Run

DAGSTER_MLFLOW = "dagster_run_id"
RANGES_OF_0_1_0 = "backfill "

IsOver = Callable[[str], bool]
"""Whether the Dagster run of this id has ended, however it ended."""


def ending(run: "Run", has_version: bool, is_over: IsOver | None) -> str | None:
    """The status that a run left RUNNING gets; None if it is not ours, or may still be alive.

    A month whose version is registered lacks nothing. A month without one, and a range, were cut short: they are
    KILLED until somebody takes them up again. The run of a whole Dagster run is as dead as that one.
    """
    tags = run.data.tags
    if identity_of(tags) is not None:
        return "FINISHED" if has_version else "KILLED"
    if is_range(run):
        return "KILLED"
    if DAGSTER_MLFLOW in tags and is_over is not None and is_over(tags[DAGSTER_MLFLOW]):
        return "KILLED"
    return None


def is_range(run: "Run") -> bool:
    """Whether the run is the one that a range's months are nested under."""
    tags = run.data.tags
    ours = tag_of(tags, "dagster.run_id") is not None and DAGSTER_MLFLOW not in tags
    old = ours and identity_of(tags) is None and (run.info.run_name or "").startswith(RANGES_OF_0_1_0)
    return tag_of(tags, KIND) == RANGE or old
