"""`macro-cycle series`, `revisions` and `calendar`: what is known of a series, since when, and what is due."""

from datetime import datetime
from typing import Annotated, Any

import pandas as pd
import typer

from macro_cycle.cli.as_of import MaybeAsOf, asked
from macro_cycle.cli.console import as_typed, number, print_json, print_table, table
from macro_cycle.cli.platform import Cycle, platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError, UsageError
from macro_cycle.observations.calendar import release_calendar
from macro_cycle.observations.catalog import SeriesSpec
from macro_cycle.observations.revisions import as_known, of_one, records
from macro_cycle.queries.series import documents
from macro_cycle.resources.platform import Platform
from macro_cycle.sources.base import refuse_unknown
from macro_cycle.warehouse import Warehouse

SeriesId = Annotated[str, typer.Argument(help="FRED id, e.g. UNRATE.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
NUMBERS = ("value", "change", "revisions", "revised by")
COLORS = {"arrived": "green", "late": "red", "skipped": "yellow"}


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("series")(series)
    app.command("revisions")(revisions)
    app.command("calendar")(calendar)


def series(
    series_id: SeriesId,
    as_of: MaybeAsOf = None,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest values.")] = 13,
    cycle: Cycle = DEFAULT,
    json: JsonFlag = False,
) -> None:
    """Show a series as it was known on a day: its newest values, since when each was known, how it had been revised."""
    found = platform(cycle)
    day = asked(as_of, found.clock)
    spec, history = _history(found, series_id)
    known = as_known(history, spec.series_id, day).tail(last)
    if known.empty:
        first = history["realtime_start"].min()
        raise MacroCycleError(f"nothing of {spec.series_id} was known on {day:%Y-%m-%d}; it begins on {first:%Y-%m-%d}")
    title = f"{spec.series_id}: {spec.title}, {spec.units}, as known on {day:%Y-%m-%d}"
    if json:
        print_json({"series_id": spec.series_id, "as_of": _day(day), "values": documents(known)})
        return
    shown = table("date", "value", "known from", "revisions", "revised by", numbers=NUMBERS)
    for row in records(known):
        revised = f"{row.revised_by:+,.6g}" if row.revisions else ""
        known_from = _day(row.known_from) + (" (estimated)" if row.estimated else "")
        shown.add_row(_day(row.date), number(row.value), known_from, str(row.revisions or ""), revised)
    print_table(title, shown)


def revisions(
    series_id: SeriesId,
    date: Annotated[str, typer.Option(help="The observation: its month YYYY-MM, or its day YYYY-MM-DD.")],
    cycle: Cycle = DEFAULT,
    json: JsonFlag = False,
) -> None:
    """Show the history of one observation: every value it ever had, and from when."""
    spec, history = _history(platform(cycle), series_id)
    story = of_one(history, spec.series_id, _observation(history, spec.series_id, date))
    if json:
        print_json({"series_id": spec.series_id, "date": date, "values": documents(story)})
        return
    shown = table("known from", "value", "change", numbers=NUMBERS)
    for row in records(story):
        value = "withdrawn" if pd.isna(row.value) else number(row.value)
        known_from = _day(row.known_from) + (" (estimated)" if row.estimated else "")
        shown.add_row(known_from, value, "" if pd.isna(row.change) else f"{row.change:+,.6g}")
    print_table(f"{spec.series_id} {date}: {spec.title}, {spec.units}", shown)


def calendar(
    month: Annotated[str | None, typer.Option(help="Month, YYYY-MM (default: the open month).")] = None,
    cycle: Cycle = DEFAULT,
    json: JsonFlag = False,
) -> None:
    """Show what is due in a month by the catalogue's publication lags, what has come, and what is late."""
    found = platform(cycle)
    key = found.clock.open_month() if month is None else found.clock.parse_month(month)
    held = [series_id for series_id in _held(found.warehouse) if series_id in found.catalog]
    due = release_calendar(found.warehouse.history(held), found.catalog, held, key, found.clock.today())
    if json:
        print_json({"month": key[:7], "releases": documents(due)})
        return
    came = ["arrived"] if due["arrived"].notna().any() else []
    shown = table("expected", "series", "period", "status", *came, "title", flowing=["title"])
    for row in records(due):
        status = f"[{COLORS[row.status]}]{row.status}[/]" if row.status in COLORS else str(row.status)
        arrived = ["" if pd.isna(row.arrived) else _day(row.arrived)] if came else []
        title = as_typed(row.title)
        shown.add_row(_day(row.expected), as_typed(row.series_id), _period(row.period), status, *arrived, title)
    print_table(f"Releases of {key[:7]}", shown)


def _history(platform: Platform, series_id: str) -> tuple[SeriesSpec, pd.DataFrame]:
    """What the catalogue and the store know of a series, under its id or an alias."""
    spec, store = platform.catalog.spec(series_id), platform.warehouse
    refuse_unknown([spec.series_id], _held(store), "the warehouse")
    return spec, store.history([spec.series_id])


def _held(store: Warehouse) -> list[str]:
    held = store.series_ids()
    if not held:
        raise MacroCycleError("the warehouse is empty; run `macro-cycle run` or `macro-cycle import` first")
    return held


def _observation(history: pd.DataFrame, series_id: str, text: str) -> pd.Timestamp:
    """The date that the series has under `YYYY-MM` or `YYYY-MM-DD`."""
    dates = pd.DatetimeIndex(history["date"].unique())
    form = "%Y-%m" if len(text) == len("YYYY-MM") else "%Y-%m-%d"
    try:
        wanted = datetime.strptime(text, form).strftime(form)
    except ValueError:
        raise UsageError(f"{text!r} is not a date; write it as YYYY-MM, or YYYY-MM-DD for a week or day") from None
    found = dates[dates.strftime(form) == wanted]
    if len(found) == 1:
        return found[0]
    if len(found):
        days = ", ".join(map(_day, found))
        raise MacroCycleError(f"{series_id} has {len(found)} observations in {text}: choose one of {days}")
    raise MacroCycleError(
        f"{series_id} has no observation of {text}; they run from {_day(dates.min())} to {_day(dates.max())}"
    )


def _period(date: Any) -> str:
    """A period by its month, or by its day where it does not begin a month."""
    return f"{date:%Y-%m}" if date.day == 1 else _day(date)


def _day(day: Any) -> str:
    return f"{day:%Y-%m-%d}"
