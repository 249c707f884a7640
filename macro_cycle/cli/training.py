"""`macro-cycle train`: one model on any series of the source, without the orchestrator."""

from datetime import datetime
from typing import Annotated, Any

import pandas as pd
import typer

from macro_cycle.cli.as_of import MaybeAsOf, asked
from macro_cycle.cli.console import (
    answers,
    as_typed,
    errors,
    print_json,
    print_paragraph,
    print_warnings,
    progress_bar,
    table,
)
from macro_cycle.cli.platform import Cycle
from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError, UsageError
from macro_cycle.features import FeatureSet, build_panel, feature_set_for
from macro_cycle.features.schema import panel_schema, violations
from macro_cycle.hmm.config import Covariance, Emission
from macro_cycle.observations.examination import examine, listed
from macro_cycle.platform.settings import Settings
from macro_cycle.resources.platform import Platform
from macro_cycle.sources import known_on, open_source
from macro_cycle.sources.base import with_stand_ins
from macro_cycle.training.bundle import Bundle
from macro_cycle.training.inference import (
    DRAWS,
    FEWEST_DRAWS,
    MOST_DRAWS,
    Inference,
    Posterior,
    posterior_of,
)
from macro_cycle.training.train import bundle_of, rebuilt, train

SeriesIds = Annotated[
    list[str] | None,
    typer.Option(help="FRED ids, one or more (default: the features of the default model)."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("train", context_settings={"allow_extra_args": True})(train_command)


def train_command(
    context: typer.Context,
    series_ids: SeriesIds = None,
    start_date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First observation used.")] = None,
    as_of: MaybeAsOf = None,
    n_regimes: Annotated[int | None, typer.Option(min=2, max=4, help="Number of regimes.")] = None,
    covariance: Annotated[Covariance | None, typer.Option(help="Covariance of a regime's features.")] = None,
    emission: Annotated[Emission | None, typer.Option(help="Distribution of the features in a regime.")] = None,
    inference: Annotated[Inference, typer.Option(help="How sure the model is: bands and their diagnostics.")] = "em",
    draws: Annotated[
        int, typer.Option(min=FEWEST_DRAWS, max=MOST_DRAWS, help="Draws of the posterior, of all chains together.")
    ] = DRAWS,
    mlflow_tracking_uri: Annotated[str | None, typer.Option(help="Log the model there.")] = None,
    experiment: Annotated[str | None, typer.Option(help="MLflow experiment (default: one for such models).")] = None,
    register_as: Annotated[str | None, typer.Option(help="Registered model (default: one for such models).")] = None,
    cycle: Cycle = DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train one model on the source's data and print its answer; log it when MLflow is named."""
    if mlflow_tracking_uri is None and (experiment or register_as):
        raise UsageError("--experiment and --register-as name a place in MLflow; add --mlflow-tracking-uri")
    platform = Platform.from_environment(cycle)
    settings, clock = platform.settings, platform.clock
    day = asked(as_of, clock)
    features, panel, warnings = _panel(platform, [*(series_ids or []), *context.args], start_date, day)
    with errors.status(as_typed(f"training on {len(panel)} months of {', '.join(panel.columns)}")):
        asked_for = {"n_regimes": n_regimes, "covariance_type": covariance, "emission": emission}
        chosen = {name: value for name, value in asked_for.items() if value is not None}
        config = platform.definition.hmm_config(settings.model, features, **chosen)
        stored = train(panel, config)
        bundle = bundle_of(stored, panel, day)
    with progress_bar(inference) as progress:
        posterior = posterior_of(rebuilt(stored), panel, inference, draws, progress)
    summary = _summary(bundle)
    summary["warnings"] = [*warnings, *bundle.model["convergence"]["warnings"]]
    if posterior is not None:
        summary["posterior"] = posterior.to_document()
        summary["warnings"] += posterior.warnings
    print_warnings(summary["warnings"])
    if mlflow_tracking_uri:
        summary["mlflow"] = _log(settings, mlflow_tracking_uri, bundle, posterior, experiment, register_as)
    print_json(summary) if json else _show(summary)


def _panel(
    platform: Platform, series_ids: list[str], start: datetime | None, day: pd.Timestamp
) -> tuple[FeatureSet, pd.DataFrame, list[str]]:
    """Features and panel of the series as known on `day`, from `start` on, and what a person should know of them."""
    clock, catalog = platform.clock, platform.catalog
    if start is not None and start > clock.now():
        raise UsageError(f"no data from {start:%Y-%m-%d} on; choose an earlier --start-date")
    with progress_bar("reading") as progress:
        source = open_source(platform.settings, catalog, clock, progress)
        ids, notes = with_stand_ins(source, series_ids)
        features = feature_set_for(ids, catalog) if ids else platform.features
        observations = source.observations(features.series_ids)
    verdict = examine(observations, catalog, features.series_ids, day)
    verdict.refuse_faults(f"the data as known on {day:%Y-%m-%d}")
    panel = build_panel(known_on(observations, day), catalog, features)
    if start is not None:
        panel = panel.loc[pd.Timestamp(start) :]
    if panel.empty:
        raise MacroCycleError(f"no data from {start:%Y-%m-%d} on; choose an earlier --start-date")
    if faults := violations(panel_schema(list(features.names)), panel):
        raise MacroCycleError(f"the panel of {len(panel)} months cannot be trained on: {listed(faults)}")
    return features, panel, [*notes, *verdict.warnings]


def _log(
    settings: Settings,
    uri: str,
    bundle: Bundle,
    posterior: Posterior | None,
    experiment: str | None,
    register_as: str | None,
) -> dict[str, str]:
    """Log the model apart from those of the graph, unless told otherwise; one logged before is found again."""
    from macro_cycle.registry.by_hand import log_once, registry_by_hand

    registry = registry_by_hand(settings, uri, experiment, register_as)
    logged = log_once(registry, bundle, {"command": "train"}, posterior)
    return {"tracking_uri": uri, "registered_model": registry.name, "run_id": logged.run_id, "version": logged.version}


def _summary(bundle: Bundle) -> dict[str, Any]:
    months = bundle.panel.index
    return {
        "first_month": f"{months[0]:%Y-%m}",
        "reference_month": bundle.expected["reference_month"][:7],
        "label": bundle.expected["label"],
        "recession_probability": bundle.expected["recession_probability"],
        "probabilities": dict(bundle.expected["probabilities"]),
        "model_version": bundle.meta["model_version"],
        "features": list(bundle.panel.columns),
        "metrics": dict(bundle.meta["metrics"]),
    }


def _show(summary: dict[str, Any]) -> None:
    shown = table("", "", flowing=[""], header=False)
    shown.add_row("months", f"{summary['first_month']} to {summary['reference_month']}")
    shown.add_row("features", as_typed(", ".join(summary["features"])))
    shown.add_row("regime", f"[bold]{as_typed(summary['label'])}[/]")
    shown.add_row("recession probability", f"{summary['recession_probability']:.1%}")
    for label, probability in summary["probabilities"].items():
        shown.add_row(f"  {as_typed(label)}", f"{probability:6.1%}")
    for name in ("log_likelihood", "aic", "bic"):
        shown.add_row(name, f"{summary['metrics'][name]:.1f}")
    shown.add_row("model", summary["model_version"])
    if logged := summary.get("mlflow"):
        place = f"{logged['registered_model']} version {logged['version']}, run {logged['run_id']}"
        shown.add_row("MLflow", as_typed(place))
    answers.print(shown)
    if posterior := summary.get("posterior"):
        _show_posterior(posterior)


def _show_posterior(posterior: dict[str, Any]) -> None:
    band, of = posterior["recession_probability"], f"{posterior['level']:.0%}"
    print_paragraph(
        f"{posterior['inference']}: {of} of {posterior['draws']} draws give a recession probability from "
        f"{band['low']:.2%} to {band['high']:.2%}, mean {band['mean']:.2%}"
    )
    for name, figure in posterior["diagnostics"].items():
        answers.print(f"  {name.replace('_', ' ')}: {'no number' if figure is None else f'{figure:.4g}'}")
    figures = ("estimate", "std. error", f"{of} from", "to")
    shown = table("parameter", *figures, numbers=figures, flowing=["parameter"])
    for row in posterior["parameters"]:
        numbers = (row["estimate"], row["std_error"], row["low"], row["high"])
        shown.add_row(as_typed(row["parameter"]), *(f"{number:.3f}" for number in numbers))
    answers.print(shown)
