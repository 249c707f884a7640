"""The platform as the commands use it: that of the settings, and never one that the running stack does not have."""

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings
from macro_cycle.resources.platform import Platform


def platform() -> Platform:
    """The platform of the settings.

    Raises:
        MacroCycleError: a stack runs in this home under other settings; the line says which, and how to apply these.
    """
    found = Platform.from_environment()
    refuse_other_settings(found.settings)
    return found


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
