"""The as-of months: a partition key `YYYY-MM-01` means "as of the last day of that month"."""

from datetime import date, datetime

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import load_settings


def now() -> pd.Timestamp:
    """The present moment in UTC, without a zone; in a rehearsal the start of the day that `today_file` holds.

    Whatever asks which day it is in order to know what is known, asks here.

    Raises:
        MacroCycleError: the file does not hold a day.
    """
    file = load_settings().today_file
    if file is None:
        return pd.Timestamp.now("UTC").tz_localize(None)
    try:
        return pd.Timestamp(datetime.strptime(file.read_text().strip(), "%Y-%m-%d"))
    except (OSError, ValueError):
        raise MacroCycleError(f"{file} does not hold a day; write it there as YYYY-MM-DD") from None


def as_of_day(key: str) -> pd.Timestamp:
    """Last day of the month: everything published by then was known, nothing later."""
    return pd.Timestamp(key) + pd.offsets.MonthEnd(0)


def month_keys() -> list[str]:
    """Every key from the first partition to the open month."""
    return _keys(load_settings().data.first_partition, open_month())


def open_month() -> str:
    """Key of the month that has not ended."""
    return now().strftime("%Y-%m-01")


def month_range(start: str, end: str) -> list[str]:
    """Keys from month `start` to month `end` (both `YYYY-MM`, inclusive).

    Raises:
        MacroCycleError: a month is malformed, outside the platform's months, or the range is empty.
    """
    first, last = parse_month(start), parse_month(end)
    if first > last:
        raise MacroCycleError(f"empty range: {start} is after {end}; give the earlier month first")
    return _keys(first, last)


def parse_month(month: str) -> str:
    """Key of a month written `YYYY-MM`.

    Raises:
        MacroCycleError: it is malformed or outside the platform's months.
    """
    try:
        key = datetime.strptime(month, "%Y-%m").strftime("%Y-%m-01")
    except ValueError:
        raise MacroCycleError(f"{month!r} is not a month; write it as YYYY-MM") from None
    keys = month_keys()
    if not keys[0] <= key <= keys[-1]:
        where = "in the future" if key > keys[-1] else "before the first partition"
        raise MacroCycleError(f"{month} is {where}; months run from {keys[0][:7]} to {keys[-1][:7]}")
    return key


def _keys(first: str | date, last: str | date) -> list[str]:
    return list(pd.date_range(first, last, freq="MS").strftime("%Y-%m-01"))
