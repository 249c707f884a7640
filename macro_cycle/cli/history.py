"""`macro-cycle news` and `macro-cycle replay`: what moved the answer, and what was known and said on a day."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table

from macro_cycle.audit.replay import Stored, data_day, reproduce
from macro_cycle.cli.console import answers, print_json
from macro_cycle.cli.stores import warehouse
from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.news import InformationSet, News, explain
from macro_cycle.features import FeatureSet, build_panel, default_feature_set
from macro_cycle.observations import Catalog
from macro_cycle.platform.months import now
from macro_cycle.platform.settings import load_settings
from macro_cycle.training.train import document_version
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.models import ModelStore
from macro_cycle.warehouse.records import ServedStore
from macro_cycle.warehouse.regimes import Call, RecordedCall, RegimeStore

Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Use only what was known on this day.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("news")(news)
    app.command("replay")(replay)


def news(
    as_of: Day,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The earlier day (default: the month end before)."),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Why the recession probability moved: new data and revisions by series, re-estimation, relabelling."""
    later = past_day(as_of, "--as-of")
    earlier = past_day(since, "--since") if since else later - pd.offsets.MonthEnd(1)
    if earlier >= later:
        raise MacroCycleError(f"--since {earlier:%Y-%m-%d} must lie before --as-of {later:%Y-%m-%d}")
    found = _explained(earlier, later)
    print_json({"change": found.change, **found.to_document()}) if json else _show(found)


def past_day(day: datetime, option: str) -> pd.Timestamp:
    """The day, unless it lies in the future."""
    if day > now():
        raise MacroCycleError(f"{option} {day:%Y-%m-%d} is in the future; nothing is known of it yet")
    return pd.Timestamp(day).normalize()


def replay(as_of: Day, json: JsonFlag = False) -> None:
    """What was known and said on a day: the answer on record, checked link by link, and what the data give."""
    day = past_day(as_of, "--as-of")
    store, features = warehouse(), default_feature_set()
    (information_set,) = _information_sets(store, day)
    call = RegimeStore(store.engine).said_by(day.date())
    links = reproduce(call, _stored(store, call)) if call else ()
    document = {
        "as_of": day.date(),
        "known": _newest(information_set.known),
        "data_give": _answer(information_set, features),
        "said": None if call is None else {**vars(call), "links": [vars(link) for link in links]},
    }
    print_json(document) if json else _show_replay(document)
    broken = ", ".join(link.name for link in links if not link.holds)
    if call is not None and broken:
        raise MacroCycleError(f"the answer as of {call.as_of} is not reproduced; these links do not hold: {broken}")


def _explained(earlier: pd.Timestamp, later: pd.Timestamp) -> News:
    before, after = _information_sets(warehouse(), earlier, later)
    return explain(before, after, _catalog(), default_feature_set(), tolerance=0.001)


def _information_sets(store: Warehouse, *days: pd.Timestamp) -> Iterator[InformationSet]:
    from macro_cycle.training.information_sets import information_sets
    from macro_cycle.training.train import hmm_config

    features = default_feature_set()
    frames = [(day, store.as_of(day, features.series_ids)) for day in days]
    return information_sets(
        ModelStore(store.engine), frames, _catalog(), features, hmm_config(load_settings().model, features)
    )


def _catalog() -> Catalog:
    return Catalog.load(load_settings().data.catalog_path)


def _newest(known: pd.DataFrame) -> list[dict[str, Any]]:
    """The newest observation of each series."""
    newest = known.sort_values("date").groupby("series_id").tail(1).sort_values("series_id")
    days = {name: newest[name].dt.strftime("%Y-%m-%d") for name in ("date", "realtime_start")}
    rows = newest.assign(**days).to_dict(orient="records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _answer(information_set: InformationSet, features: FeatureSet) -> dict[str, Any]:
    """What the data known on the day give under the present configuration."""
    regimes = information_set.model.regimes(build_panel(information_set.known, _catalog(), features))
    call = Call.newest_of(
        regimes, information_set.as_of.date(), document_version(information_set.model.to_document()), ""
    )
    return {name: value for name, value in vars(call).items() if name not in ("as_of", "data_version")}


def _stored(store: Warehouse, call: RecordedCall) -> Stored:
    """What is stored of a call."""
    features, day = default_feature_set(), data_day(call)
    return Stored(
        broken_at=RegimeStore(store.engine).broken_at(),
        model=ModelStore(store.engine).load(call.model_version),
        panel=build_panel(store.as_of(day, features.series_ids), _catalog(), features),
        loaded_since=store.loaded_since(call.recorded_at, day, features.series_ids),
        bundled=lambda: _bundled_panel(call),
        served=ServedStore(store.engine).last(call.as_of),
    )


def _bundled_panel(call: RecordedCall) -> pd.DataFrame | None:
    """The panel kept in MLflow with the call's model."""
    from macro_cycle.registry.registry import Registry
    from macro_cycle.stack.tracking import tracking_uri

    settings = load_settings()
    artifacts, mlflow = settings.home / "mlflow" / "artifacts", settings.mlflow
    registry = Registry(tracking_uri(settings), artifacts, mlflow.experiment, mlflow.registered_model)
    version = registry.versions().get((str(call.as_of), call.model_version))
    return registry.bundle(version).panel if version else None


def _show(found: News) -> None:
    table = Table(title=f"Why the recession probability moved from {found.since:%Y-%m-%d} to {found.as_of:%Y-%m-%d}")
    for column in ("kind", "series", "contribution"):
        table.add_column(column, justify="right" if column == "contribution" else "left")
    table.add_row(f"before, about {found.since_reference_month:%Y-%m}", "", f"{found.before:.4f}")
    parts = found.parts.sort_values("contribution", key=abs, ascending=False, kind="stable")
    for part in parts.itertuples():
        table.add_row(str(part.kind), str(part.series_id), f"{part.contribution:+.4f}")
    table.add_row(f"after, about {found.reference_month:%Y-%m}", "", f"{found.after:.4f}", style="bold")
    answers.print(table)
    if found.standard_error:
        answers.print(f"sampled: standard error of a part at most {found.standard_error:.4f}; the sum is exact")


def _show_replay(document: dict[str, Any]) -> None:
    known = Table(title=f"Newest observations known on {document['as_of']}")
    for column in ("series", "period", "value", "known since"):
        known.add_column(column)
    for row in document["known"]:
        known.add_row(row["series_id"], row["date"], f"{row['value']:g}", row["realtime_start"])
    answers.print(known)
    data = document["data_give"]
    answers.print(
        f"those data give: [bold]{data['label']}[/], recession probability {data['recession_probability']:.4f} "
        f"about {data['reference_month']:%Y-%m} (model {data['model_version']})"
    )
    said = document["said"]
    if said is None:
        answers.print("nothing was said: no answer is on record as of that day")
        return
    answers.print(
        f"on record as of {said['as_of']}: [bold]{said['label']}[/], recession probability "
        f"{said['recession_probability']:.4f} about {said['reference_month']:%Y-%m}, "
        f"recorded {said['recorded_at']:%Y-%m-%d %H:%M} UTC"
    )
    if said["recorded_at"].date() > document["as_of"]:
        answers.print("  (computed later, from what was known at that month end)")
    for link in said["links"]:
        answers.print(f"  {'[green]holds[/]' if link['holds'] else '[red]BROKEN[/]'}  {link['name']}: {link['found']}")
