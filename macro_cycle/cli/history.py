"""`macro-cycle news`: what moved the answer between two days."""

from datetime import datetime
from typing import Annotated

import pandas as pd
import typer
from rich.table import Table

from macro_cycle.cli.console import answers, print_json
from macro_cycle.cli.stores import warehouse
from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.news import News, explain
from macro_cycle.features import Catalog, default_feature_set
from macro_cycle.months import now
from macro_cycle.settings import load_settings

Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Use only what was known on this day.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("news")(news)


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


def _explained(earlier: pd.Timestamp, later: pd.Timestamp) -> News:
    from macro_cycle.registry.beliefs import beliefs
    from macro_cycle.registry.training import hmm_config
    from macro_cycle.warehouse.models import ModelStore

    settings, features, store = load_settings(), default_feature_set(), warehouse()
    catalog = Catalog.load(settings.data.catalog_path)
    frames = [(day, store.as_of(day, features.series_ids)) for day in (earlier, later)]
    config = hmm_config(settings.model, features)
    before, after = beliefs(ModelStore(store.engine), frames, catalog, features, config)
    return explain(before, after, catalog, features, tolerance=0.001)


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
