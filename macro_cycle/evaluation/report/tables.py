"""The record in tables: figures with bands, tests, days of information, reliability, phases, onsets, revisions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from macro_cycle.evaluation.phases_and_onsets import FORECASTERS
from macro_cycle.evaluation.report import drawings
from macro_cycle.evaluation.report.html import downloads, figure, number, paragraph, section, share, table, within

Document = Mapping[str, Any]


def figures(document: Document, ours: str) -> str:
    """AUROC, Brier, log score and false alarms with bands, by period."""
    rows = [
        (
            row["title"],
            row["period"],
            row["months"],
            row["recession_months"],
            within(row["auroc"], 4),
            within(row["brier"], 4),
            within(row["log_score"], 3),
            _shares(row["false_alarms"]),
        )
        for row in document["periods"]
    ]
    head = ("", "period", "months", "in recession", "AUROC", "Brier", "log score", "expansion months called")
    bands = document["bands"]
    text = (
        f"Of answers at month ends. In brackets {100 * bands['level']:.0f} % bands by the {bands['method']}, blocks "
        f"of {bands['block_months']} months on average. Rules without probabilities have no Brier and log score."
    )
    empty = "Too few months are settled yet for a figure."
    return section(
        "figures",
        "The figures",
        paragraph(text),
        table(head, rows, empty, ours),
        downloads("figures", document["figures"]),
    )


def against(document: Document) -> str:
    """The tests of the model against each rival."""
    rows = [
        (
            row["title"],
            row["loss"],
            row["months"],
            number(row["difference"], 4),
            number(row["statistic"], 2),
            _p(row["p_value"]),
        )
        for row in document["comparisons"]
    ]
    text = (
        "Mean difference of the losses of the same months (negative: the model lost less), tested by Diebold and "
        "Mariano with the variance of Newey and West and the correction of Harvey, Leybourne and Newbold."
    )
    head = ("the model against", "loss", "months", "difference", "statistic", "p-value")
    return section(
        "tests",
        "Against each rival",
        paragraph(text),
        table(head, rows, "No rival can be compared yet."),
        downloads("tests", document["comparisons"]),
    )


def information(document: Document, authority: str) -> str:
    """The figures by what had been published about the month."""
    rows = [
        (
            row["information"],
            row["days_after_month"],
            row["months"],
            within(row["auroc"], 4),
            within(row["brier"], 4),
            _shares(row["false_alarms"]),
        )
        for row in document["information"]
    ]
    head = ("when this had come", "days after the month", "months", "AUROC", "Brier", "expansion months called")
    return section(
        "information",
        "By day of information",
        table(head, rows, f"Too few months were answered on days and settled by {authority}."),
    )


def reliability(document: Document, authority: str) -> str:
    """The reliability curve, and what the Brier score is made of."""
    found = document["reliability"]
    if found is None:
        return section(
            "reliability",
            "Do the probabilities mean what they say",
            paragraph(f"{authority} has settled too few months of this record.", note=True),
        )
    parts = (
        f"Brier {number(found['brier'], 4)} = miscalibration {number(found['miscalibration'], 4)} \N{MINUS SIGN} "
        f"discrimination "
        f"{number(found['discrimination'], 4)} + uncertainty {number(found['uncertainty'], 4)}"
    )
    caption = f"Share of recession months by the probability given (isotonic regression). {parts}."
    points = [{"probability": p, "recession_share": s, "months": n} for p, s, n in found["curve"]]
    return section(
        "reliability",
        "Do the probabilities mean what they say",
        figure(drawings.reliability(found["curve"]), caption),
        downloads("reliability", points),
    )


def phases(document: Document, authority: str) -> str:
    """What each of the four phases was worth."""
    phases = document.get("phases", [])
    rows = [
        (
            row["phase"],
            row["months"],
            row["positives"],
            number(row["auroc"], 3),
            share(row["precision"]),
            share(row["recall"]),
        )
        for row in phases
        if row["months"]
    ]
    parts = [
        table(
            ("phase", "months judged", "true", "AUROC", "precision", "recall"),
            rows,
            f"{authority} has settled too few months of this record.",
        )
    ]
    if document.get("label_changes_monthly") is not None:
        contradicted = document["label_contradicts_probability"]
        parts.append(
            paragraph(
                f"The label changed in {share(document['label_changes_monthly'])} of the months; "
                f"it contradicted the probability in {contradicted or 'none'}."
            )
        )
    return section("phases", "The four phases", *parts, downloads("phases", phases))


def onsets(document: Document) -> str:
    """The forecasts of a recession beside those of a probit, of the stationary chain, and of no change."""
    head = ("months", "followed by one", "AUROC", "Brier", "log score", "miscalibration")
    return section(
        "onsets",
        "The recession foreseen",
        *(
            table((title, *head), list(_forecasts(rows)), "No month of this record is settled far enough ahead.")
            for title, rows in _questions(document)
        ),
        downloads("onsets", [{"asked": asked, **row} for asked, rows in _questions(document) for row in _flat(rows)]),
    )


def _questions(document: Document) -> list[tuple[str, Sequence[Document]]]:
    return [
        ("a recession begins within", document["onsets"]),
        ("a recession is under way in", document["ahead"]),
    ]


def _forecasts(rows: Sequence[Document]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        for who, title in FORECASTERS.items():
            if (score := row.get(who)) is not None:
                yield (
                    f"{row['months_ahead']} months, {title}",
                    score["months"],
                    score["events"],
                    number(score["auroc"], 3),
                    number(score["brier"], 4),
                    number(score["log_score"], 3),
                    number(score["miscalibration"], 4),
                )


def stability(document: Document) -> str:
    """How often the past was called otherwise a month later."""
    changes = document["label_changes"]
    rows = [(name, share(changes[name], 2)) for name in ("median", "mean", "largest")] if changes["month_ends"] else []
    text = "Reference months older than two years whose regime was called otherwise than at the month end before."
    empty = "The regimes of two month ends that follow each other are not on file."
    return section("revisions", "Revisions of the past", paragraph(text), table(("", "share of months"), rows, empty))


def _shares(band: Mapping[str, float | None]) -> str:
    if band["value"] is None:
        return ""
    ends = "" if band["low"] is None else f" [{share(band['low'])}, {share(band['high'])}]"
    return share(band["value"]) + ends


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else number(value, 3)


def _flat(rows: Sequence[Document]) -> list[dict[str, Any]]:
    return [
        {"months_ahead": row["months_ahead"], "who": who, **row[who]}
        for row in rows
        for who in FORECASTERS
        if row.get(who)
    ]
