"""What stands today, from the records: for the page of the record."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from macro_cycle.errors import NothingYetError
from macro_cycle.evaluation.report import Present
from macro_cycle.evaluation.scoring import Evaluated
from macro_cycle.evaluation.timeliness import Span
from macro_cycle.platform.months import key_of
from macro_cycle.records import Answer, Declared
from macro_cycle.resources.declarations import ASSET
from macro_cycle.resources.platform import Platform


def present_answer(platform: Platform, found: Evaluated) -> Present | None:
    """The newest answer on file with what is beside it; None where its record was made by an earlier release."""
    newest = platform.regimes.newest()
    key = None if newest is None else key_of(newest)
    answer = platform.records.load("regime_labels", Answer, [key]).get(key) if key else None
    if answer is None:
        return None
    outlook = answer.outlook or {}
    band = outlook.get("recession_probability")
    record = platform.records.newest(ASSET, Declared)
    spans = found.records[0].spans or ()
    declared, since = (record.phase, record.declared_on) if record else _declared(spans)
    before, parts = _news(platform, answer.as_of)
    return Present(
        as_of=answer.as_of,
        reference_month=answer.reference_month,
        label=answer.label,
        recession_probability=answer.recession_probability,
        months_behind=answer.months_behind,
        rests_on=answer.rests_on,
        declared=declared,
        since=since,
        band=(band["low"], band["high"]) if band else None,
        level=outlook.get("level"),
        forecast=[_ahead(month) for month in outlook.get("months", [])],
        onsets={int(n): p["value"] for n, p in outlook.get("recession_begins", {}).items()},
        before=before,
        parts=parts,
    )


def _declared(spans: tuple[Span, ...]) -> tuple[str, date | None]:
    """The phase that stands, and the day on which it was declared."""
    if not spans:
        return "expansion", None
    last = spans[-1]
    return ("contraction", last.begun) if last.ended is None else ("expansion", last.ended)


def _ahead(month: Mapping[str, Any]) -> tuple[int, float, float, float]:
    p = month["recession_probability"]
    return month["months_ahead"], p["value"], p["low"], p["high"]


def _news(platform: Platform, as_of: date) -> tuple[float | None, list[tuple[str, float]] | None]:
    """The answer of the month end before and the contributions since; nothing where they were not explained."""
    try:
        document = platform.news.load(as_of)
    except NothingYetError:
        return None, None
    parts = [(": ".join(filter(None, (p["kind"], p["series_id"]))), p["contribution"]) for p in document["parts"]]
    return float(document["before"]), parts
