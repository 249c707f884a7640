"""The platform as the commands use it: that of the settings, and never one that the running stack does not have."""

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.months import as_of_day
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


def month_end(month: str | None, platform: Platform) -> pd.Timestamp:
    """Month end of `YYYY-MM`, or the newest with a call.

    Raises:
        MacroCycleError: the month is malformed, or nothing is stored yet.
    """
    if month is not None:
        return as_of_day(platform.clock.parse_month(month))
    newest = platform.regimes.newest()
    if newest is None:
        raise MacroCycleError("nothing is stored yet; run `macro-cycle run` first")
    return pd.Timestamp(newest)
