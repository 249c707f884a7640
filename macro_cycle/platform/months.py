"""The as-of months: a partition key `YYYY-MM-01` means "as of the last day of that month"."""

import re
from datetime import date

import pandas as pd

from macro_cycle.errors import UsageError


def as_of_day(key: str) -> pd.Timestamp:
    """Last day of the month: everything published by then was known, nothing later."""
    return pd.Timestamp(key) + pd.offsets.MonthEnd(0)


def key_of(as_of: date) -> str:
    """The key of the month that a month end ends."""
    return as_of.strftime("%Y-%m-01")


def month_before(key: str) -> str:
    """The key of the month before."""
    return f"{pd.Timestamp(key) - pd.DateOffset(months=1):%Y-%m-%d}"


def keys_between(first: str | date, last: str | date) -> list[str]:
    """Every key from the month of `first` to the month of `last`."""
    return list(pd.date_range(first, last, freq="MS").strftime("%Y-%m-01"))


def parse(month: str) -> str:
    """Key of a month written `YYYY-MM`, or by its first day (a partition's key) or its last (what it is as of).

    Raises:
        UsageError: it is none of these.
    """
    if (key := _month(month)) is not None:
        return key
    day = _day(month)
    if day is None:
        raise UsageError(f"{month!r} is not a month; write it as YYYY-MM")
    if day.is_month_start or day.is_month_end:
        return key_of(day)
    raise UsageError(f"{month} is a day within a month; write the month as {month[:7]}")


def parse_as_of(text: str) -> pd.Timestamp | None:
    """The day of `YYYY-MM-DD` or, for a month `YYYY-MM`, its last; None: it is neither.

    A month's first day is that day here, as any other: read as the key of a partition it would look a month ahead.
    """
    if (key := _month(text)) is not None:
        return as_of_day(key)
    return _day(text)


def _month(text: str) -> str | None:
    return f"{text}-01" if _MONTH.fullmatch(text) else None


def _day(text: str) -> pd.Timestamp | None:
    try:
        return pd.Timestamp(date.fromisoformat(text)) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


_MONTH = re.compile(r"[1-9]\d{3}-(0[1-9]|1[0-2])", re.ASCII)
_DAY = re.compile(r"[1-9]\d{3}-\d{2}-\d{2}", re.ASCII)
