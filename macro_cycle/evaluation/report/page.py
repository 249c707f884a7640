"""The whole page, section by section."""

from collections.abc import Mapping
from html import escape
from typing import Any

from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.report import now, over_time, tables
from macro_cycle.evaluation.report.html import STYLE, paragraph, section, table
from macro_cycle.evaluation.report.present import Present
from macro_cycle.evaluation.scoring import Evaluated
from macro_cycle.evaluation.sections import covered_in_words

Document = Mapping[str, Any]


def page(found: Evaluated, title: str, chronology: Chronology, present: Present | None = None) -> str:
    """One HTML page of an evaluation of `title`, with what stands today where that is known."""
    document = found.document
    ours, authority = document["figures"][0]["title"], chronology.authority
    heading = f"The record on {title}, {document['first_as_of']} to {document['last_as_of']}"
    note = (
        f"Answers about the newest month with data, on each day on which something was published, scored against what "
        f"{authority} had settled by {document['day']}. Covered: {covered_in_words(document['coverage'])}. "
        f"The history behind them: {document['rests_on']}."
    )
    sections = [
        *((now.today(present), now.forecast(present)) if present else ()),
        over_time.days(document, ours, authority),
        over_time.lately(document, found.records, chronology),
        tables.figures(document, ours),
        tables.against(document),
        tables.information(document, authority),
        tables.reliability(document, authority),
        tables.phases(document, authority),
        tables.onsets(document),
        over_time.whole(found.records[0], chronology),
        *((now.news(present),) if present else ()),
        tables.stability(document),
        _rivals(document),
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(heading)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>\n'
        f"<body><h1>{escape(heading)}</h1>{paragraph(note + _repeated(document), note=True)}\n"
        + "\n".join(sections)
        + "\n</body></html>\n"
    )


def _repeated(document: Document) -> str:
    """What is said of month ends about a month that was scored before."""
    match document["repeated"]:
        case 0:
            return ""
        case 1:
            return " One month end is about a month that an earlier one had answered about, and is not scored."
        case count:
            return f" {count} month ends are about a month that an earlier one had answered about, and are not scored."


def _rivals(document: Document) -> str:
    titles = {row["name"]: row["title"] for row in document["figures"]}
    asked = [(titles[name], each["source"], each["note"]) for name, each in document["sources"].items()]
    lines = "".join(paragraph(f"Left out: {line}", note=True) for line in document["left_out"])
    return section("rivals", "The rivals", table(("", "source", "how"), asked, "No rival was asked."), lines)
