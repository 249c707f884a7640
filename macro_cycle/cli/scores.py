"""An evaluation as tables of at most 80 columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from macro_cycle.cli.console import answers, as_typed, errors, print_table, table
from macro_cycle.evaluation.phases_and_onsets import FORECASTERS
from macro_cycle.evaluation.sections import covered_in_words, recession_in_words

Document = Mapping[str, Any]
FORECAST_DIGITS = {"auroc": 3, "brier": 4, "log_score": 3, "miscalibration": 4}


def show(document: Document) -> None:
    """Everything that the evaluation found, the days first."""
    _say(
        f"Answers of {covered_in_words(document['coverage'])}, scored by what {document['authority']} "
        f"had settled by {document['day']}. The history behind them: {document['rests_on']}."
    )
    _not_in_record(document)
    _days(document)
    _figures(document)
    _recessions(document)
    _lately(document)
    _periods(document)
    _information(document)
    _tests(document)
    _reliability(document)
    _phases(document)
    _onsets(document)
    _notes(document)


def _say(text: str) -> None:
    answers.print(as_typed(text), highlight=False)


def _not_in_record(document: Document) -> None:
    missing = [recession_in_words(each) for each in document["coverage"]["not_in_record"]]
    if missing:
        command = document["commands"].get("recessions")
        how = f" `{command}` puts in what the data allow." if command else ""
        _say(f"Not in the record, so neither found nor missed: recessions {', '.join(missing)}.{how}")


def _lately(document: Document) -> None:
    shown = _table("month ends", "highest", "in", "on days", "on", "above")
    for row in document["lately"]:
        on_days = ("", "") if row["day"] is None else (_number(row["day_highest"], 3), row["day"])
        figures = (str(row["month_ends"]), _number(row["highest"], 3), row["month"], *on_days, str(row["above"]))
        shown.add_row(as_typed(row["title"]), *figures)
    _print("Since 2022: the highest answers, and month ends called", shown)
    if command := document["commands"].get("lately"):
        _say(f"The years since 2022 are not whole in the record; `{command}` fills them.")


def _days(document: Document) -> None:
    declared = document["declarations"]
    if not declared:
        return
    shown = _table("found", "after peak", "worst", "after trough", "worst", "false", "back")
    for row in declared:
        cells = [cell for turn in ("peak", "trough") for cell in _delay(row[turn])]
        found = f"{row['peak']['declared']}/{row['peak']['turning_points']}"
        shown.add_row(as_typed(row["title"]), found, *cells, str(len(row["false_alarms"])), str(len(row["reversals"])))
    announced = [_number(declared[0][turn]["announced_days"], 0) for turn in ("peak", "trough")]
    if any(announced):
        shown.add_row(as_typed(document["authority"]), "", announced[0], "", announced[1], "", "", "")
    _print("Days from the end of the turning point's month to its declaration, mean ± sd", shown)
    for row in declared:
        for kind in ("false_alarms", "early", "unsettled"):
            if spans := [f"{span['begun']} to {span['ended'] or 'today'}" for span in row[kind]]:
                _say(f"{row['title']}, {kind.replace('_', ' ')}: {_few(spans)}")
        if row["reversals"]:
            _say(f"{row['title']}, reversals: {_few(row['reversals'])}")
    _say(f"{declared[0]['limits']['sentence']}")


def _figures(document: Document) -> None:
    shown = _table("months", "AUROC", "Brier", "log score", "false", "called", "slowest")
    for row in document["figures"]:
        slowest = row["slowest_call"]
        shown.add_row(
            as_typed(row["title"]),
            str(row["months"]),
            _number(row["auroc"], 4),
            _number(row["brier"], 4),
            _number(row["log_score"], 3),
            "" if row["false_alarms"] is None else f"{row['false_alarms']:.1%}",
            f"{row['called']} of {row['recessions']}",
            "" if slowest is None else f"{slowest:.0f} m.",
        )
    _print("The answers at month ends", shown)


def _recessions(document: Document) -> None:
    if not document["recessions"]:
        return
    shown = _table("begin called", "ahead", "end called", "ahead")
    for row in document["recessions"]:
        cells = [row[f"{what}_{which}"] for what in ("begin", "end") for which in ("called", "days_ahead")]
        if not row["end_in_record"]:
            cells[2] = "not in record"
        months = f"{row['first_month']} to {row['last_month']}"
        shown.add_row(months, *("" if cell is None else str(cell) for cell in cells))
    _print("Calls at month ends, and by how many days they came before the announcement", shown)


def _periods(document: Document) -> None:
    level = f"{100 * document['bands']['level']:.0f} %"
    shown = _table("months", "AUROC", "Brier")
    for row in document["periods"]:
        if row["name"] == document["figures"][0]["name"] or row["period"] == "all months":
            name = row["title"] if row["period"] == "all months" else f"  {row['period']}"
            shown.add_row(as_typed(name), str(row["months"]), _within(row["auroc"], 4), _within(row["brier"], 4))
    _print(f"By period, with {level} bands ({document['bands']['method']})", shown)


def _information(document: Document) -> None:
    shown = _table("day", "months", "AUROC", "Brier")
    for row in document["information"]:
        shown.add_row(
            as_typed(row["information"]),
            f"+{row['days_after_month']}",
            str(row["months"]),
            _number(row["auroc"]["value"], 4),
            _number(row["brier"]["value"], 4),
        )
    _print("By what had been published about the month", shown)


def _tests(document: Document) -> None:
    shown = _table("loss", "difference", "p")
    for row in document["comparisons"]:
        p = "<0.001" if row["p_value"] < 0.001 else f"{row['p_value']:.3f}"
        shown.add_row(as_typed(row["title"]), row["loss"], f"{row['difference']:+.4f}", p)
    _print("Against each rival (Diebold and Mariano; negative: the model lost less)", shown)


def _reliability(document: Document) -> None:
    found = document["reliability"]
    if found is None:
        return
    shown = _table("said", "in recession", "months")
    for said, happened, months in found["curve"]:
        shown.add_row("", f"{said:.3f}", f"{happened:.3f}", str(months))
    _print("Reliability: what was said, and how often it was so", shown)
    _say(
        f"Brier {found['brier']:.4f} = miscalibration {found['miscalibration']:.4f} - discrimination "
        f"{found['discrimination']:.4f} + uncertainty {found['uncertainty']:.4f}"
    )


def _phases(document: Document) -> None:
    shown = _table("months", "true", "AUROC", "precision", "recall")
    for row in document.get("phases", []):
        if row["months"]:
            shares = ["" if row[name] is None else f"{row[name]:.1%}" for name in ("precision", "recall")]
            shown.add_row(row["phase"], str(row["months"]), str(row["positives"]), _number(row["auroc"], 3), *shares)
    _print("The four phases", shown)


def _onsets(document: Document) -> None:
    for title, rows in (("begins within", document["onsets"]), ("is under way in", document["ahead"])):
        shown = _table("months", "so", "AUROC", "Brier", "log score", "miscal.")
        for row in rows:
            for who, forecaster in FORECASTERS.items():
                if (score := row.get(who)) is not None:
                    figures = [_number(score[figure], digits) for figure, digits in FORECAST_DIGITS.items()]
                    name = f"{row['months_ahead']} months" if who == "model" else f"  {forecaster}"
                    shown.add_row(name, str(score["months"]), str(score["events"]), *figures)
        _print(f"A recession {title}", shown)


def _notes(document: Document) -> None:
    changes = document["label_changes"]
    if changes["median"] is not None:
        _say(
            f"labels of months older than two years: median {changes['median']:.2%}, mean {changes['mean']:.2%} "
            f"changed from one month end to the next"
        )
    if document["repeated"]:
        _say(f"not scored: {document['repeated']} month ends about a month that an earlier one had answered about")
    for line in document["left_out"]:
        errors.print(f"left out: {as_typed(line)}", highlight=False, soft_wrap=True)


def _table(*columns: str) -> Table:
    return table("", *columns, numbers=columns, flowing=[""])


def _print(title: str, shown: Table) -> None:
    """The table below its title, unless it is empty."""
    if shown.rows:
        answers.print()
        print_table(title, shown)


def _delay(delay: Document) -> tuple[str, str]:
    spread = "" if delay["sd"] is None else f" ± {delay['sd']:.0f}"
    mean = "" if delay["days"] is None else f"{delay['days']:.0f}{spread}"
    return mean, "" if delay["worst"] is None else str(delay["worst"])


def _few(items: Sequence[str], shown: int = 4) -> str:
    return "; ".join(items[:shown]) + (f"; and {len(items) - shown} more" if len(items) > shown else "")


def _within(band: Mapping[str, float | None] | None, digits: int) -> str:
    if band is None or band["value"] is None:
        return ""
    ends = "" if band["low"] is None else f" [{_number(band['low'], digits)}, {_number(band['high'], digits)}]"
    return f"{_number(band['value'], digits)}{ends}"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
