"""The platform as the commands use it: that of the settings, and never one that the running stack does not have."""

from typing import Annotated

import typer

from macro_cycle.cli.console import print_warnings
from macro_cycle.cycles import DEFAULT, library
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.resources.platform import Platform

Cycle = Annotated[str, typer.Option("--cycle", help="The cycle, by the code of its definition.")]
EachCycle = Annotated[str | None, typer.Option("--cycle", help="This cycle alone (default: every one).")]


def platform(cycle: str = DEFAULT) -> Platform:
    """The platform of the settings for a cycle.

    Raises:
        MacroCycleError: there is no such cycle; or a stack runs in this home under other settings, and the line says
            which, and how to apply these.
    """
    found = Platform.from_environment(cycle)
    refuse_other_settings(found.installation)
    return found


def platforms(cycle: str | None) -> list[Platform]:
    """The platforms of the settings: of one cycle, or of each whose definition can be used; a line names the others.

    Raises:
        MacroCycleError: as `platform` does.
    """
    if cycle is not None:
        return [platform(cycle)]
    settings = read_settings()
    refuse_other_settings(settings)
    found = library(settings)
    print_warnings(f"a cycle is left out: {reason}" for reason in found.broken.values())
    if not found.found:
        raise MacroCycleError("no cycle has a definition that can be used; see `macro-cycle cycles check`")
    return [Platform(settings, definition) for definition in found.found.values()]


def refuse_other_settings(settings: Settings) -> None:
    """Raise unless the stack of this home, if it runs, was started with these settings."""
    from macro_cycle.stack import applied
    from macro_cycle.stack.supervision import supervisor_process

    if supervisor_process(settings) is None:
        return
    if differing := applied.differences(settings):
        shown = "; ".join(differing[:3]) + (f"; and {len(differing) - 3} more" if len(differing) > 3 else "")
        raise MacroCycleError(
            f"the running stack has other settings: {shown}. "
            "Apply yours with `macro-cycle up --apply`, or set them back"
        )
