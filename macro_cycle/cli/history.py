"""`macro-cycle news` and `macro-cycle replay`: what moved the answer, and what was known and said on a day."""

from collections.abc import Iterator
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table

from macro_cycle.audit.replay import Link, Stored, data_day, declared_again, reproduce
from macro_cycle.cli.answer import repeated, rests_on
from macro_cycle.cli.as_of import MaybeAsOf, asked
from macro_cycle.cli.console import answers, as_typed, print_json
from macro_cycle.cli.platform import Cycle
from macro_cycle.cli.platform import platform as open_platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError, UsageError
from macro_cycle.evaluation.news import InformationSet, News, explain
from macro_cycle.features import build_panel
from macro_cycle.observations.calendar import late_arrivals
from macro_cycle.platform.months import key_of
from macro_cycle.platform.versions import document_version
from macro_cycle.records import Answer, Declared, Model, Panel, Record
from macro_cycle.resources.platform import Platform
from macro_cycle.warehouse.regimes import Call, RecordedCall

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
    earlier = later - pd.offsets.MonthEnd(1) if since is None else asked(since, platform.clock, "--since")
    if earlier >= later:
        raise UsageError(f"--since {earlier:%Y-%m-%d} must lie before --as-of {later:%Y-%m-%d}")
    found = _explained(platform, earlier, later)
    age = {"news": found.has_new_data, "months_behind": found.months_behind}
    late = late_arrivals(
        platform.warehouse.history(platform.features.series_ids),
        platform.catalog,
        platform.features.series_ids,
        earlier,
        later,
    )
    provenance = platform.publications().provenance([earlier, later]).to_document()
    document = {"change": found.change, **age, **found.to_document(), "late": late, "provenance": provenance}
    print_json(document) if json else _show(found, late, rests_on(provenance))


def replay(as_of: MaybeAsOf = None, cycle: Cycle = DEFAULT, json: JsonFlag = False) -> None:
    """What was known and said on a day: the answer on record, checked link by link, and what the data give."""
    platform = open_platform(cycle)
    day = asked(as_of, platform.clock)
    (information_set,) = _information_sets(platform, day)
    call = platform.regimes.said_by(day.date())
    links = (*reproduce(call, _stored(platform, call)), *_declared(platform, call)) if call else ()
    document = {
        "as_of": day.date(),
        "known": _newest(information_set.known),
        "data_give": _answer(platform, information_set),
        "provenance": platform.publications().provenance([day]).to_document(),
        "said": None if call is None else {**_said(platform, call), "links": [vars(link) for link in links]},
    }
    print_json(document) if json else _show_replay(document)
    broken = ", ".join(link.name for link in links if link.holds is False)
    if call is not None and broken:
        raise MacroCycleError(f"the answer as of {call.as_of} is not reproduced; these links do not hold: {broken}")


def _explained(platform: Platform, earlier: pd.Timestamp, later: pd.Timestamp) -> News:
    before, after = _information_sets(platform, earlier, later)
    return explain(before, after, platform.catalog, platform.features)


def _information_sets(platform: Platform, *days: pd.Timestamp) -> Iterator[InformationSet]:
    from macro_cycle.training.information_sets import information_sets

    frames = [(day, platform.warehouse.as_of(day, platform.features.series_ids)) for day in days]
    return information_sets(platform.models, frames, platform.catalog, platform.features, platform.model_config)


def _newest(known: pd.DataFrame) -> list[dict[str, Any]]:
    """The newest observation of each series."""
    newest = known.sort_values("date").groupby("series_id").tail(1).sort_values("series_id")
    days = {name: newest[name].dt.strftime("%Y-%m-%d") for name in ("date", "realtime_start")}
    rows = newest.assign(**days).to_dict(orient="records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _answer(platform: Platform, information_set: InformationSet) -> dict[str, Any]:
    """What the data known on the day give under the present configuration."""
    panel = build_panel(information_set.known, platform.catalog, platform.features)
    version = document_version(information_set.model.to_document())
    call = Call.newest_of(information_set.model.regimes(panel), information_set.as_of.date(), version, "")
    return {name: value for name, value in vars(call).items() if name not in ("as_of", "data_version")}


def _said(platform: Platform, call: RecordedCall) -> dict[str, Any]:
    """The call with the age of its data, and whether they were new."""
    answer = platform.records.load("regime_labels", Answer, [key_of(call.as_of)]).get(key_of(call.as_of))
    stated = answer.provenance if answer and answer.version == call.data_version else None
    return {
        **vars(call),
        "news": not platform.regimes.repeats(call),
        "months_behind": call.months_behind,
        "provenance": None if stated is None else stated.to_document(),
    }


def _stored(platform: Platform, call: RecordedCall) -> Stored:
    """What is stored of a call."""
    store, series_ids, day = platform.warehouse, platform.features.series_ids, data_day(call)
    return Stored(
        broken_at=platform.regimes.broken_at(),
        model=platform.models.load(call.model_version),
        panel=build_panel(store.as_of(day, series_ids), platform.catalog, platform.features),
        loaded_since=store.loaded_since(call.recorded_at, day, series_ids),
        bundled=lambda: _bundled_panel(platform, call),
        served=platform.served.last(call.as_of),
        same_code=_same_code(platform, call),
    )


def _declared(platform: Platform, call: RecordedCall) -> list[Link]:
    """The link to the phase that was declared with the call, where one is on record."""
    from macro_cycle.assets.declared import made_again

    month = key_of(call.as_of)
    record = platform.records.load("declared_phase", Declared, [month]).get(month)
    return [] if record is None else [declared_again(record, made_again(platform, record))]


def _same_code(platform: Platform, call: RecordedCall) -> bool:
    """Whether panel, model and answer of the call were made by this release under the present settings."""
    from macro_cycle.assets.chain import code_versions

    code = code_versions(platform)
    wanted: dict[str, tuple[type[Record], str | None]] = {
        "macro_features": (Panel, None),
        "regime_model": (Model, call.model_version),
        "regime_labels": (Answer, call.data_version),
    }
    return all(
        any(
            record.made_by == code[asset] and record.version == (version or record.version)
            for record in platform.records.history(asset, kind)
            if record.as_of == call.as_of
        )
        for asset, (kind, version) in wanted.items()
    )


def _bundled_panel(platform: Platform, call: RecordedCall) -> pd.DataFrame | None:
    """The panel kept in MLflow with the call's model."""
    version = platform.registry.versions().get((str(call.as_of), call.model_version))
    return platform.registry.bundle(version).panel if version else None


def _show(found: News, late: list[str], history: str) -> None:
    table = Table(title=f"Why the recession probability moved from {found.since:%Y-%m-%d} to {found.as_of:%Y-%m-%d}")
    for column in ("kind", "series", "contribution"):
        table.add_column(column, justify="right" if column == "contribution" else "left")
    table.add_row(f"before, about {found.since_reference_month:%Y-%m}", "", f"{found.before:.4f}")
    parts = found.parts.sort_values("contribution", key=abs, ascending=False, kind="stable")
    for part in parts.itertuples():
        table.add_row(as_typed(part.kind), as_typed(part.series_id), f"{part.contribution:+.4f}")
    table.add_row(f"after, about {found.reference_month:%Y-%m}", "", f"{found.after:.4f}", style="bold")
    answers.print(table)
    if not found.has_new_data:
        answers.print(f"[yellow]{repeated(found.months_behind)}[/]")
    if found.standard_error:
        answers.print(f"each part within a standard error of {found.standard_error:.4f}; their sum is exact")
    for line in late:
        answers.print(f"late: {as_typed(line)}", highlight=False, soft_wrap=True)
    answers.print(f"It rests on {history}.", highlight=False)


def _show_replay(document: dict[str, Any]) -> None:
    known = Table(title=f"Newest observations known on {document['as_of']}")
    for column in ("series", "period", "value", "known since"):
        known.add_column(column)
    for row in document["known"]:
        known.add_row(as_typed(row["series_id"]), row["date"], f"{row['value']:g}", row["realtime_start"])
    answers.print(known)
    data = document["data_give"]
    answers.print(
        f"those data give: [bold]{as_typed(data['label'])}[/], recession probability "
        f"{data['recession_probability']:.4f} about {data['reference_month']:%Y-%m} "
        f"(model {as_typed(data['model_version'])})"
    )
    answers.print(f"  they are {rests_on(document['provenance'])}", highlight=False)
    said = document["said"]
    if said is None:
        answers.print("nothing was said: no answer is on record as of that day")
        return
    answers.print(
        f"on record as of {said['as_of']}: [bold]{as_typed(said['label'])}[/], recession probability "
        f"{said['recession_probability']:.4f} about {said['reference_month']:%Y-%m}, "
        f"recorded {said['recorded_at']:%Y-%m-%d %H:%M} UTC"
    )
    if said["recorded_at"].date() > document["as_of"]:
        answers.print("  (computed later, from what was known at that month end)")
    answers.print(f"  it rests on {rests_on(said['provenance'])}", highlight=False)
    if not said["news"]:
        answers.print(f"  [yellow]{repeated(said['months_behind'])}[/]")
    for link in said["links"]:
        answers.print(f"  {HOLDS[link['holds']]}  {as_typed(link['name'])}: {as_typed(link['found'])}")
