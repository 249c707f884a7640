"""`macro-cycle news` and `macro-cycle replay`: what moved the answer, and what was known and said on a day."""

from typing import Annotated, Any

import typer

from macro_cycle.cli.answer import repeated, rests_on
from macro_cycle.cli.as_of import MaybeAsOf, asked
from macro_cycle.cli.console import as_typed, number, print_json, print_paragraph, print_table, table
from macro_cycle.cli.platform import Cycle
from macro_cycle.cli.platform import platform as open_platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError, UsageError
from macro_cycle.evaluation.news import News
from macro_cycle.queries import history
from macro_cycle.resources.recorded import month_end_before

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]

HOLDS = {True: "[green]holds[/]", False: "[red]BROKEN[/]", None: "[yellow]changed since[/]"}


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("news")(news)
    app.command("replay")(replay)


def news(
    as_of: MaybeAsOf = None,
    since: Annotated[str | None, typer.Option(help="The earlier day or month (default: the month end before).")] = None,
    cycle: Cycle = DEFAULT,
    json: JsonFlag = False,
) -> None:
    """Why the recession probability moved: new data and revisions by series, re-estimation, relabelling."""
    platform = open_platform(cycle)
    later = asked(as_of, platform.clock)
    earlier = month_end_before(later) if since is None else asked(since, platform.clock, "--since")
    if earlier >= later:
        raise UsageError(f"--since {earlier:%Y-%m-%d} must lie before --as-of {later:%Y-%m-%d}")
    found, document = history.news_between(platform, earlier, later)
    print_json(document) if json else _show(found, document["late"], rests_on(document["provenance"]))


def replay(as_of: MaybeAsOf = None, cycle: Cycle = DEFAULT, json: JsonFlag = False) -> None:
    """What was known and said on a day: the answer on record, checked link by link, and what the data give."""
    platform = open_platform(cycle)
    found = history.replay(platform, asked(as_of, platform.clock))
    print_json(found.document) if json else _show_replay(found.document)
    if found.call is not None and found.broken:
        raise MacroCycleError(
            f"the answer as of {found.call.as_of} is not reproduced; these links do not hold: {', '.join(found.broken)}"
        )


def _show(found: News, late: list[str], rests: str) -> None:
    shown = table("kind", "series", "contribution", numbers=["contribution"])
    shown.add_row(f"before, about {found.since_reference_month:%Y-%m}", "", f"{found.before:.4f}")
    parts = found.parts.sort_values("contribution", key=abs, ascending=False, kind="stable")
    for part in parts.itertuples():
        shown.add_row(as_typed(part.kind), as_typed(part.series_id), f"{part.contribution:+.4f}")
    shown.add_row(f"after, about {found.reference_month:%Y-%m}", "", f"{found.after:.4f}", style="bold")
    print_table(f"Why the recession probability moved from {found.since:%Y-%m-%d} to {found.as_of:%Y-%m-%d}", shown)
    if not found.has_new_data:
        print_paragraph(f"[yellow]{repeated(found.months_behind)}[/]")
    if found.standard_error:
        print_paragraph(f"each part within a standard error of {found.standard_error:.4f}; their sum is exact")
    for line in late:
        print_paragraph(f"late: {as_typed(line)}")
    print_paragraph(f"It rests on {rests}.")


def _show_replay(document: dict[str, Any]) -> None:
    known = table("series", "period", "value", "known since", numbers=["value"])
    for row in document["known"]:
        known.add_row(as_typed(row["series_id"]), row["date"], number(row["value"]), row["realtime_start"])
    print_table(f"Newest observations known on {document['as_of']}", known)
    data = document["data_give"]
    print_paragraph(
        f"those data give: [bold]{as_typed(data['label'])}[/], recession probability "
        f"{data['recession_probability']:.4f} about {data['reference_month']:%Y-%m} "
        f"(model {as_typed(data['model_version'])})"
    )
    print_paragraph(f"they are {rests_on(document['provenance'])}", indent=2)
    said = document["said"]
    if said is None:
        print_paragraph("nothing was said: no answer is on record as of that day")
        return
    print_paragraph(
        f"on record as of {said['as_of']}: [bold]{as_typed(said['label'])}[/], recession probability "
        f"{said['recession_probability']:.4f} about {said['reference_month']:%Y-%m}, "
        f"recorded {said['recorded_at']:%Y-%m-%d %H:%M} UTC"
    )
    if said["recorded_at"].date() > document["as_of"]:
        print_paragraph("(computed later, from what was known at that month end)", indent=2)
    print_paragraph(f"it rests on {rests_on(said['provenance'])}", indent=2)
    if not said["news"]:
        print_paragraph(f"[yellow]{repeated(said['months_behind'])}[/]", indent=2)
    for link in said["links"]:
        print_paragraph(f"{HOLDS[link['holds']]}  {as_typed(link['name'])}: {as_typed(link['found'])}", indent=2)
