"""The record in time: days to the declarations, the years since 2022, all answers."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.report import drawings
from macro_cycle.evaluation.report.html import downloads, figure, number, paragraph, section, table, within
from macro_cycle.evaluation.sections import LATELY, recession_in_words
from macro_cycle.evaluation.track_record import Record

DRAWN, SHOWN = 3, 4

Document = Mapping[str, Any]


def days(document: Document, ours: str, authority: str) -> str:
    """Days to each turning point, false alarms and reversals with their dates, and what so few recessions settle."""
    rows = [_delay_row(row) for row in document["declarations"]]
    model = document["declarations"][0] if document["declarations"] else None
    if model is None:
        return section("days", "Days to the declaration", paragraph("No answer was given on days yet.", note=True))
    rows += [(authority, "", *_announced(model, "peak"), *_announced(model, "trough"), "", "")]
    head = (
        "",
        "found",
        "after the peak",
        "sd",
        "worst",
        "after the trough",
        "sd",
        "worst",
        "false alarms",
        "reversals",
    )
    turns = [turn for turn in model["turns"] if turn["days"] is not None or turn["announced_days"] is not None]
    drawn = [(f"{turn['turn']} {turn['month'][:7]}", turn["days"], turn["announced_days"]) for turn in turns]
    chart = (
        figure(drawings.days(drawn, ours, authority), "Days from the end of the turning point's month.")
        if drawn
        else paragraph("No turning point of a settled recession lies in this record.", note=True)
    )
    everything = [{"name": row["name"], **turn} for row in document["declarations"] for turn in row["turns"]]
    alarms = [
        {"name": row["name"], "kind": kind, **span}
        for row in document["declarations"]
        for kind in ("false_alarms", "early", "unsettled")
        for span in row[kind]
    ] + [
        {"name": row["name"], "kind": "reversals", "begun": day}
        for row in document["declarations"]
        for day in row["reversals"]
    ]
    return section(
        "days",
        "Days to the declaration",
        paragraph(
            "Counted from the last day of the month of a peak or trough to the day of the declaration; means over "
            "recessions with 90 % bands."
        ),
        table(head, rows, "Nobody was asked on days.", ours),
        _alarms(document),
        chart,
        downloads("declarations", everything),
        downloads("alarms", alarms),
        paragraph(model["limits"]["sentence"]),
        _not_in_record(document),
    )


def lately(document: Document, records: Sequence[Record], chronology: Chronology) -> str:
    """The years in which most rules without a false alarm had one."""
    command = document["commands"].get("lately")
    missing = paragraph(f"They are not whole in this record; `{command}` fills them.", note=True) if command else ""
    if records[0].name not in {row["name"] for row in document["lately"]}:
        why = "No answer of these years is in this record, so there is nothing to draw."
        return section("lately", "The years since 2022", paragraph(why, note=True), missing)
    rows = [
        (
            row["title"],
            row["month_ends"],
            number(row["highest"], 3),
            row["month"],
            number(row["day_highest"], 3),
            row["day"] or "",
            f"{row['threshold']:g}",
            row["above"],
        )
        for row in document["lately"]
    ]
    head = ("", "month ends", "highest", "in", "highest on a day", "on", "threshold", "month ends above")
    ends = {each.title: _since(each, LATELY) for each in records}
    drawn = {each.title: ends[each.title] for each in records if each.probability and len(ends[each.title])}
    first = dict(list(drawn.items())[:DRAWN])
    dated = any(r.trough is None or r.trough >= LATELY for r in chronology.recessions)
    caption = "At month ends; " + ("grey: recessions as dated." if dated else "no recession is dated in these years.")
    values = pd.DataFrame(ends).astype(object).where(lambda table: table.notna(), None)
    every_month_end = [
        {"as_of": f"{day:%Y-%m-%d}", **dict(zip(values.columns, row, strict=True))}
        for day, row in zip(pd.DatetimeIndex(values.index), values.to_numpy(), strict=True)
    ]
    return section(
        "lately",
        "The years since 2022",
        figure(drawings.lines(first, _shaded(chronology, max(each.index[-1] for each in first.values()))), caption),
        table(head, rows, "", records[0].title),
        missing,
        downloads("since-2022", every_month_end),
    )


def whole(model: Record, chronology: Chronology) -> str:
    """Every answer at a month end, with the recessions as dated."""
    said = model.scores.drop_duplicates("reference_month", keep="last").set_index("reference_month")["score"]
    rows = [
        {
            "as_of": f"{as_of:%Y-%m}",
            "reference_month": f"{row.reference_month:%Y-%m}",
            "recession_probability": row.score,
        }
        for as_of, row in zip(model.scores.index, model.scores.itertuples(), strict=True)
    ]
    caption = f"About the newest month at each month end; grey: recessions as dated by {chronology.authority}."
    caption += " Without a line: not in this record." if len(model.covered.stretches) > 1 else ""
    return section(
        "answers",
        "All answers",
        figure(drawings.lines({model.title: said}, _shaded(chronology, said.index[-1])), caption),
        downloads("answers", rows),
    )


def _shaded(chronology: Chronology, last: pd.Timestamp) -> list[drawings.Span]:
    return [(r.first_month, (r.trough or last) + pd.offsets.MonthEnd(0)) for r in chronology.recessions]


def _delay_row(row: Document) -> tuple[Any, ...]:
    peaks = row["peak"]
    cells = [
        cell
        for delay in (peaks, row["trough"])
        for cell in (
            within(delay["days_band"], 0),
            number(delay["sd"], 0),
            "" if delay["worst"] is None else delay["worst"],
        )
    ]
    found = f"{peaks['declared']} of {peaks['turning_points']}"
    return (row["title"], found, *cells, len(row["false_alarms"]), len(row["reversals"]))


def _announced(model: Document, turn: str) -> tuple[str, str, str]:
    days = pd.Series([t["announced_days"] for t in model["turns"] if t["turn"] == turn], dtype=float).dropna()
    if days.empty:
        return "", "", ""
    return number(float(days.mean()), 0), number(float(days.std()), 0) if len(days) > 1 else "", number(days.max(), 0)


def _alarms(document: Document) -> str:
    rows = []
    for row in document["declarations"]:
        alarms, early, unsettled = (
            [f"{a['begun']} to {a['ended'] or 'today'}" for a in row[k]] for k in ("false_alarms", "early", "unsettled")
        )
        kinds = (
            ("false alarm", alarms),
            ("early, before the peak's month had ended", early),
            ("reversal", row["reversals"]),
            ("not settled yet", unsettled),
        )
        rows += [(row["title"], kind, _few(dates)) for kind, dates in kinds if dates]
    return table(("", "what", "when"), rows, "No false alarm and no reversal.")


def _not_in_record(document: Document) -> str:
    missing = [recession_in_words(each) for each in document["coverage"]["not_in_record"]]
    command = document["commands"].get("recessions")
    if not missing:
        return ""
    how = f" `{command}` puts in what the data allow." if command else ""
    return paragraph(
        f"Not in this record, so neither found nor missed: recessions {', '.join(missing)}.{how}", note=True
    )


def _few(dates: Sequence[str]) -> str:
    return "; ".join(dates[:SHOWN]) + (f"; and {len(dates) - SHOWN} more" if len(dates) > SHOWN else "")


def _since(record: Record, month: pd.Timestamp) -> pd.Series:
    scores = record.scores[record.scores.index >= month]["score"].dropna()
    return scores.set_axis(pd.DatetimeIndex(scores.index) + pd.offsets.MonthEnd(0))
