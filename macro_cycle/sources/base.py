"""What every source offers, and the frame that it yields."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import SourceName

Progress = Callable[[int, int], None]
SHOWN = 12  # ids in a line
COLUMNS = ("series_id", "date", "value", "realtime_start", "estimated")


class SourceError(MacroCycleError):
    """The source does not answer, does not hold what was asked for, or yields what cannot be trusted."""


class Source(Protocol):
    """A place that observations are read from.

    A source that is one undated file of some day, not kept up to date, has that day as `made_on`: its values are what
    was current then, not what is current on the day of a load.
    """

    @property
    def name(self) -> SourceName:
        """What the settings call this kind of source."""
        ...

    @property
    def has_vintages(self) -> bool:
        """Whether it says of every value when it became known; else each reading is a sighting of its day."""
        ...

    @property
    def incremental(self) -> bool:
        """Whether each series is asked by itself for what is new, rather than all of them for everything."""
        ...

    def available(self) -> list[str]:
        """Ids of the series that the source is known to hold, sorted."""
        ...

    def observations(self, series_ids: Sequence[str], *, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """Observations of the series, newly known on `since` or later (None: everything).

        Columns: series_id; date, first day of the reference period; value, NaN where published as missing or
        withdrawn; realtime_start, first day on which the value was known; estimated, whether that day follows
        from the catalogue's publication lag.

        Raises:
            SourceError: a series is unknown, or the source is broken.
        """
        ...

    def last_updated(self) -> str:
        """A token that changes when the source has something new; cheap to ask for."""
        ...


def updated_since(source: Source, token: str) -> list[str] | None:
    """The series that a source updated after it gave `token`; None where it cannot say: then it may be any of them."""
    asked = getattr(source, "updated_since", None)
    return asked(token) if asked and token else None


def no_progress(done: int, total: int) -> None:
    """The progress of whoever does not ask for it."""


def refuse_unknown(wanted: Iterable[str], held: Sequence[str], source: str) -> None:
    """Raise `SourceError` naming the first series that the source lacks and the nearest that it holds."""
    for series_id in wanted:
        if series_id not in held:
            near = [s for s in held if s.startswith(series_id)] or difflib.get_close_matches(series_id, held, n=3)
            shown = near or held
            more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
            raise SourceError(f"{source} has no series {series_id}; it holds {', '.join(shown[:SHOWN])}{more}")


def with_stand_ins(source: Source, series_ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """The series to ask the source for, and a line for each that stands in for one that it does not hold."""
    stand_ins: Mapping[str, str] = getattr(source, "stand_ins", {})
    notes = [
        f"the {source.name} holds no {asked}; {stand_ins[asked]} is used for it"
        for asked in dict.fromkeys(series_ids)
        if asked in stand_ins
    ]
    return [stand_ins.get(asked, asked) for asked in series_ids], notes


def known_on(observations: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The as-of frame of an observations frame: the newest value known on `day`, one row per series and date."""
    known = observations[observations["realtime_start"] <= day].sort_values("realtime_start", kind="stable")
    newest = known.drop_duplicates(["series_id", "date"], keep="last").dropna(subset="value")
    columns = ["series_id", "date", "value", "realtime_start"]
    return newest.sort_values(["series_id", "date"])[columns].reset_index(drop=True)
