"""The as-of months: a partition key `YYYY-MM-01` means "as of the last day of that month"."""

from datetime import date, datetime

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
    """Key of a month written `YYYY-MM`.

    Raises:
        UsageError: it is malformed.
    """
    try:
        return datetime.strptime(month, "%Y-%m").strftime("%Y-%m-01")
    except ValueError:
        raise UsageError(f"{month!r} is not a month; write it as YYYY-MM") from None
