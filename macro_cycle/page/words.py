"""The page's words: numbers rounded for people, days, and the one sentence that says where the cycle stands."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from macro_cycle.page.contents import Release

SPACE = "\N{NO-BREAK SPACE}"
SOON = timedelta(days=6)
BY_DAY = ("daily", "weekly")
"""Frequencies whose periods are named by a day; others are by a month."""
MONTHS = {"monthly": 1, "quarterly": 3, "half-yearly": 6, "yearly": 12}


def percent(probability: float, digits: int = 1) -> str:
    """`0.4 %`; what would round to nothing or to certainty says so: `under 0.1 %`, `over 99.9 %`."""
    least = 10.0**-digits
    value = 100 * probability
    if 0 < value < least / 2:
        return f"under {least:g}{SPACE}%"
    if 100 - least / 2 <= value < 100:
        return f"over {100 - least:g}{SPACE}%"
    return f"{value:.{digits}f}{SPACE}%"


def band(low: float, high: float) -> str:
    """`0–3 %`; with a digit more where both ends are near nothing or near certainty."""
    digits = 1 if high < 0.02 or low > 0.98 else 0
    return f"{100 * low:.{digits}f}–{100 * high:.{digits}f}{SPACE}%"


def points(change: float) -> str:
    """Percentage points: `1.2`."""
    return f"{100 * change:.1f}"


def unbroken(text: str) -> str:
    """The text with days written in digits kept in one line."""
    return re.sub(r"(?<=\d)-(?=\d)", "\N{NON-BREAKING HYPHEN}", text)


def signed(number: float) -> str:
    """`+1.4`, `−0.8`."""
    return f"{number:+.1f}".replace("-", "\N{MINUS SIGN}")


def day_of(day: date) -> str:
    """`28 November 2026`."""
    return f"{day.day} {day:%B} {day.year}"


def short_day(day: date) -> str:
    """`28 Nov 2026`."""
    return f"{day.day} {day:%b} {day.year}"


def near_day(day: date, today: date) -> str:
    """`28 Nov`, with its year where that is another than today's."""
    return f"{day.day} {day:%b}" if day.year == today.year else short_day(day)


def short_month(month: date) -> str:
    """`Jul 2026`."""
    return f"{month:%b} {month.year}"


def period_of(period: date, frequency: str) -> str:
    """The period that a value dated `period` is of: `28 Nov 2026`, `Jul 2026`, `Q3 2026`, `H2 2026`, `2026`."""
    if frequency in BY_DAY:
        return short_day(period)
    if frequency == "monthly":
        return short_month(period)
    parts = {"quarterly": f"Q{(period.month - 1) // 3 + 1} ", "half-yearly": f"H{(period.month - 1) // 6 + 1} "}
    return f"{parts.get(frequency, '')}{period.year}"


def age(period: date, frequency: str, day: date) -> str:
    """How long before `day` the period was: in days for days and weeks, else in months since its last one."""
    if frequency in BY_DAY:
        return f"{(day - period).days} days"
    return months(max(0, _months_between(period, day) - MONTHS.get(frequency, 1) + 1))


def month_of(month: date, beside: date | None = None) -> str:
    """`July 2026`, or `July` beside a day of the same year."""
    return f"{month:%B}" if beside is not None and beside.year == month.year else f"{month:%B} {month.year}"


def months(number: int) -> str:
    """`1 month`, `4 months`."""
    return f"{number} month{'' if number == 1 else 's'}"


def sentence(
    label: str,
    probability: float,
    interval: tuple[float, float] | None,
    reference_month: date,
    day: date,
    *,
    news: bool = True,
    releases: Sequence[Release] = (),
) -> str:
    """Where the cycle stood on `day`, how sure that was, how old its data were, and what was due next.

    interval: 90 % band of the probability of recession. news: False where the answer repeats an earlier one.
    """
    sure = f" ({band(*interval)})" if interval else ""
    parts = [
        f"{label}; recession {percent(probability)}{sure}",
        f"data to {month_of(reference_month, day)}, {_age(reference_month, day)}",
        *(() if news else ("no new data since an earlier month end",)),
        *_next(releases, day),
    ]
    return "; ".join(parts)


def _age(month: date, day: date) -> str:
    behind = _months_between(month, day)
    return f"{months(behind)} old" if behind > 0 else "of this month"


def _months_between(month: date, day: date) -> int:
    return 12 * (day.year - month.year) + day.month - month.month


def _next(releases: Sequence[Release], day: date) -> list[str]:
    due = sorted((each for each in releases if not each.late and each.expected >= day), key=lambda each: each.expected)
    late = {each.series_id for each in releases if each.late}
    said = []
    if due:
        same_day = {each.series_id for each in due if each.expected == due[0].expected}
        more = f" and {len(same_day) - 1} more" if len(same_day) > 1 else ""
        said.append(f"next: {due[0].title}{more} {_when(due[0].expected, day)}")
    if late:
        said.append(f"{len(late)} {'series are' if len(late) > 1 else 'series is'} late")
    return said


def _when(expected: date, day: date) -> str:
    if expected == day:
        return "today"
    return f"on {expected:%A}" if expected - day <= SOON else f"on {expected.day} {expected:%B}"
