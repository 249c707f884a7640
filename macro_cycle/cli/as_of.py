"""The day that a command is asked about: one way to write it, for every command, the endpoint and the export."""

from typing import Annotated

import pandas as pd
import typer

from macro_cycle.cli.console import errors
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.clock import Clock
from macro_cycle.resources.platform import Platform

HELP = "use only what was known on this day, YYYY-MM-DD, or at the end of this month, YYYY-MM"
AsOf = Annotated[str, typer.Option(help=f"{HELP[0].upper()}{HELP[1:]}.")]
MaybeAsOf = Annotated[str | None, typer.Option(help=f"{HELP[0].upper()}{HELP[1:]} (default: now).")]


def asked(text: str | None, clock: Clock, option: str = "--as-of") -> pd.Timestamp:
    """The day asked about, today where nothing is written; a day that looks like a partition's key is pointed out.

    Raises:
        UsageError: it is no day or month, or lies in the future.
    """
    if text is None:
        return clock.today()
    day = clock.as_of(text, option)
    if day.is_month_start:
        errors.print(
            f"{text} is read as that day; for the partition of that key, what was known at the end of the month, "
            f"write {text[:7]}",
            highlight=False,
            soft_wrap=True,
        )
    return day


def month_end(text: str | None, platform: Platform) -> pd.Timestamp:
    """The month end whose answer stood on the day asked about; the newest with an answer where nothing is written.

    Raises:
        MacroCycleError: it is no day or month, or nothing was said by then.
    """
    if text is None:
        newest = platform.regimes.newest()
        if newest is None:
            raise MacroCycleError("nothing is stored yet; run `macro-cycle run` first")
        return pd.Timestamp(newest)
    day = asked(text, platform.clock)
    if day.is_month_end:
        return day
    said = platform.regimes.said_by(day.date())
    if said is None:
        raise MacroCycleError(f"nothing was said by {day:%Y-%m-%d}; `macro-cycle backfill` makes past answers")
    return pd.Timestamp(said.as_of)
