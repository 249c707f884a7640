"""The track record as one HTML page that needs neither a server nor a network: tables and inline drawings."""

import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from macro_cycle.evaluation import charts
from macro_cycle.evaluation.chronology import Chronology

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.7rem; margin-bottom: 0 } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums } caption { text-align: left; color: #555 }
th, td { padding: .3rem .8rem; border-bottom: 1px solid #ddd; text-align: right } th { border-bottom-color: #888 }
th:first-child, td:first-child { text-align: left } tbody tr:first-child { font-weight: 600 }
svg { max-width: 100%; height: auto }
.plain tbody tr:first-child { font-weight: 400 } p.note { color: #555 }
"""


def page(document: Mapping[str, Any], calls: pd.DataFrame, chronology: Chronology) -> str:
    """The whole page; `document` is an evaluation, `calls` the answers by as-of month (reference_month, score)."""
    sections = [
        _figures(document),
        _drawing("Recession probability of the newest month at each month end", charts.record_chart(calls, chronology)),
        _recessions(document),
        _drawing("Calibration", charts.calibration_chart(document["calibration"])),
        _stability(document),
    ]
    title = f"Track record, {document['first_as_of']} to {document['last_as_of']}"
    note = (
        f"What was answered at each month end about the newest month with data, scored against what "
        f"{document['authority']} had settled by {document['day']}. "
        "Nothing published after a month end entered its answer."
    ) + _repeated(document)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1><p class=note>{escape(note)}</p>\n"
        + "\n".join(sections)
        + "\n</body></html>\n"
    )


def _repeated(document: Mapping[str, Any]) -> str:
    """What is said of month ends without new data; `repeated` is new in evaluations, older ones lack it."""
    match document.get("repeated", 0):
        case 0:
            return ""
        case 1:
            return " One month end without new data repeats an answer and is not counted."
        case number:
            return f" {number} month ends without new data repeat an answer and are not counted."


def _figures(document: Mapping[str, Any]) -> str:
    head = ("", "months", "AUROC", "Brier", "expansion months above threshold", "recessions called", "slowest call")
    rows = [
        (
            row["title"],
            row["months"],
            _number(row["auroc"], 4),
            _number(row["brier"], 4),
            _share(row["false_alarms"]),
            f"{row['called']} of {row['recessions']}",
            "" if row["slowest_call"] is None else f"{row['slowest_call']:.0f} month ends",
        )
        for row in document["figures"]
    ]
    left_out = "".join(f"<p class=note>Left out: {escape(line)}</p>" for line in document["left_out"])
    return "<h2>The model and its rivals</h2>" + _table(head, rows) + left_out


def _recessions(document: Mapping[str, Any]) -> str:
    head = ("recession", "begin called", "announced", "days ahead", "end called", "announced", "days ahead")
    rows = [
        (
            f"{row['first_month']} to {row['last_month']}",
            *(
                "" if row[f"{what}_{which}"] is None else row[f"{what}_{which}"]
                for what in ("begin", "end")
                for which in ("called", "announced", "days_ahead")
            ),
        )
        for row in document["recessions"]
    ]
    return f"<h2>Calls beside the announcements of {escape(document['authority'])}</h2>" + _table(
        head, rows, plain=True
    )


def _stability(document: Mapping[str, Any]) -> str:
    changes = document["label_changes"]
    head = ("", "share of months")
    rows = [(name, _share(changes[name], 2)) for name in ("median", "mean", "largest")]
    text = (
        "Reference months older than two years whose regime was called otherwise than a month before, "
        f"over {changes['month_ends']} month ends."
    )
    return f"<h2>Stability of the past</h2><p>{escape(text)}</p>" + _table(head, rows, plain=True)


def _drawing(title: str, figure: "Figure") -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg")
    drawing = buffer.getvalue()
    return f"<h2>{escape(title)}</h2>{drawing[drawing.index('<svg') :]}"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]], *, plain: bool = False) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table{' class=plain' if plain else ''}><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _share(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{100 * value:.{digits}f} %"
