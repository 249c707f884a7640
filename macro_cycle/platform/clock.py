"""Which day it is, and so which month is open: asked here by whatever must know what is known."""

from datetime import date, datetime
from pathlib import Path

import pandas as pd

from macro_cycle.errors import MacroCycleError, UsageError
from macro_cycle.platform.months import as_of_day, keys_between, parse, parse_as_of
from macro_cycle.platform.settings import Settings

EARLIEST = date(1900, 1, 1)


class Clock:
    """The platform's day and its months, from `first_partition` to the open one.

    That is `EARLIEST` where no cycle is meant: the day is the same for all.
    In a rehearsal the day is the one that the file `today` holds.
    """

    def __init__(self, first_partition: date, today: Path | None = None) -> None:
        self.first_partition, self._today = first_partition, today

    @classmethod
    def of(cls, settings: Settings) -> "Clock":
        """The clock of these settings."""
        return cls(settings.data.first_partition or EARLIEST, settings.today_file)

    @property
    def rehearsed(self) -> bool:
        """Whether the day is a past one, read from a file."""
        return self._today is not None

    def now(self) -> pd.Timestamp:
        """The present moment in UTC, without a zone; in a rehearsal the start of the day.

        Raises:
            MacroCycleError: the file does not hold a day.
        """
        if self._today is None:
            return pd.Timestamp.now("UTC").tz_localize(None)
        try:
            return pd.Timestamp(datetime.strptime(self._today.read_text("utf-8").strip(), "%Y-%m-%d"))
        except (OSError, ValueError):
            raise MacroCycleError(f"{self._today} does not hold a day; write it there as YYYY-MM-DD") from None

    def today(self) -> pd.Timestamp:
        """The present day."""
        return self.now().normalize()

    def open_month(self) -> str:
        """Key of the month that has not ended."""
        return self.now().strftime("%Y-%m-01")

    def month_keys(self) -> list[str]:
        """Every key from the first partition to the open month."""
        return keys_between(self.first_partition, self.open_month())

    def parse_month(self, month: str) -> str:
        """Key of a month written `YYYY-MM`.

        Raises:
            UsageError: it is malformed or outside the platform's months.
        """
        key, first, last = parse(month), self.first_partition.strftime("%Y-%m-01"), self.open_month()
        if not first <= key <= last:
            where = "in the future" if key > last else "before the first partition"
            raise UsageError(f"{month} is {where}; months run from {first[:7]} to {last[:7]}")
        return key

    def month_range(self, start: str, end: str) -> list[str]:
        """Keys from month `start` to month `end` (both `YYYY-MM`, inclusive).

        Raises:
            UsageError: a month is malformed, outside the platform's months, or the range is empty.
        """
        first, last = self.parse_month(start), self.parse_month(end)
        if first > last:
            raise UsageError(f"empty range: {start} is after {end}; give the earlier month first")
        return keys_between(first, last)

    def as_of(self, text: str, option: str) -> pd.Timestamp:
        """The day asked about: `YYYY-MM-DD`, or `YYYY-MM` for the month's end; `option` is what it was written behind.

        The open month's end is no future day: it is what everything known in that month is as of.

        Raises:
            UsageError: it is neither, or nothing is known of it yet.
        """
        day = parse_as_of(text)
        if day is None:
            raise UsageError(f"{option} {text!r} is neither a day, YYYY-MM-DD, nor a month, YYYY-MM")
        if day > self.today() and day != as_of_day(self.open_month()):
            raise UsageError(f"{option} {text} is in the future; nothing is known of it yet")
        return day
