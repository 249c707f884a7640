"""`macro-cycle train`: one model on any series of the source, without the orchestrator."""

from datetime import datetime
from typing import Annotated

import pandas as pd
import typer
from rich.table import Table

from macro_cycle.cli.console import answers, errors, print_json
from macro_cycle.errors import MacroCycleError
from macro_cycle.features import Catalog, FeatureSet, build_panel, default_feature_set, feature_set_for
from macro_cycle.settings import Settings, load_settings
from macro_cycle.sources import open_source

SeriesIds = Annotated[
    list[str] | None,
    typer.Option(help="FRED ids, one or more (default: the features of the default model)."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("train", context_settings={"allow_extra_args": True})(train)


def train(
    context: typer.Context,
    series_ids: SeriesIds = None,
    start_date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First observation used.")] = None,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Use only what was known on this day.")] = None,
    n_regimes: Annotated[int | None, typer.Option(min=2, max=4, help="Number of regimes.")] = None,
    mlflow_tracking_uri: Annotated[str | None, typer.Option(help="Log the model there.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train one model on the source's data and print its answer; log it when MLflow is named."""
    settings = load_settings()
    features, panel = _panel(settings, [*(series_ids or []), *context.args], start_date, as_of)
    config = _config(settings, features, n_regimes)
    with errors.status(f"training on {len(panel)} months of {', '.join(panel.columns)}"):
        model = _fit(panel, config)
    summary = _summary(model, panel)
    if mlflow_tracking_uri:
        summary["mlflow"] = _log(settings, mlflow_tracking_uri, model, panel)
    print_json(summary) if json else _show(summary)


def _panel(
    settings: Settings, series_ids: list[str], start: datetime | None, as_of: datetime | None
) -> tuple[FeatureSet, pd.DataFrame]:
    """Features and panel of the series as known on `as_of`, from `start` on."""
    today = pd.Timestamp.now().normalize()
    day = pd.Timestamp(as_of) if as_of else today
    if day > today:
        raise MacroCycleError(f"--as-of {day:%Y-%m-%d} is in the future; nothing is known of it yet")
    catalog = Catalog.load(settings.data.catalog_path)
    features = feature_set_for(series_ids, catalog) if series_ids else default_feature_set()
    observations = open_source(settings, catalog).observations(features.series_ids)
    panel = build_panel(as_of_view(observations, day), catalog, features)
    if start is not None:
        panel = panel.loc[pd.Timestamp(start) :]
    if panel.empty:
        raise MacroCycleError(f"no data from {start:%Y-%m-%d} to {day:%Y-%m-%d}; choose an earlier --start-date")
    return features, panel
