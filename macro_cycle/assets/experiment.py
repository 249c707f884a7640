"""An experiment from the launchpad of `regime_model`: a variant of one month's model, trained, logged and shown.

It is told as an observation of the asset, never as a materialization: no record is made, so the month's model, the
decision about it and what serves stay as they are.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg
import pandas as pd

from macro_cycle.assets.chain import Metadata, Months
from macro_cycle.assets.shown import bullets, links, rounded, table
from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.config import COVARIANCE_TYPES, EMISSIONS, STRUCTURES
from macro_cycle.platform.months import as_of_day
from macro_cycle.records import Model, Panel
from macro_cycle.resources.platform import Platform
from macro_cycle.training.inference import (
    DRAWS,
    FEWEST_DRAWS,
    INFERENCES,
    MEANING,
    MOST_DRAWS,
    Inference,
    Posterior,
    check_draws,
    posterior_of,
)
from macro_cycle.training.train import bundle_of, rebuilt, train

if TYPE_CHECKING:
    from macro_cycle.hmm import HMMConfig
    from macro_cycle.registry.names import RegisteredVersion
    from macro_cycle.registry.registry import Registry
    from macro_cycle.training.bundle import Bundle

MOST_RESTARTS = 1000
WORDS: Mapping[str, str] = {
    "full": "Each regime has a covariance matrix of its own.",
    "diag": "Each regime has variances of its own.",
    "tied": "All regimes share one covariance matrix.",
    "tied_diag": "All regimes share one variance for each feature.",
    "gaussian": "Normal.",
    "student_t": "Student's t, which outliers move less.",
    "cycle": "Means by the clock's sides and directions; no turn against the clock.",
    "free": "A mean for each regime and feature, and every turn.",
    **MEANING,
}


def _one_of(name: str, values: Iterable[str], description: str, **more: Any) -> dg.Field:
    options = [dg.EnumValue(value, description=WORDS[value]) for value in values]
    listed = " ".join(f"{value}: {WORDS[value]}" for value in values)
    return _field(dg.Enum(name, options), f"{description} {listed}", **more)


def _field(kind: Any, description: str, **more: Any) -> dg.Field:
    return dg.Field(kind, description=description, is_required=False, **more)


CONFIG: dict[str, Any] = {
    "experiment": _field(
        {
            "n_regimes": _field(int, "Number of regimes: 2, 3 or 4."),
            "covariance_type": _one_of("Covariance", COVARIANCE_TYPES, "Covariance of a regime's features."),
            "emission": _one_of("Emission", EMISSIONS, "Distribution of the features in a regime."),
            "structure": _one_of("Structure", STRUCTURES, "What the regimes have in common."),
            "discount": _field(float, "Power on a month's density, above 0 and at most 1."),
            "winsor": _field(
                dg.Noneable(float), "Observations are held at this many robust standard deviations; null: never."
            ),
            "n_restarts": _field(int, f"Starts of the search, from 1 to {MOST_RESTARTS}."),
            "seed": _field(int, "Seed of the starts and of the draws, zero or above."),
            "inference": _one_of("Inference", INFERENCES, "How sure the model is.", default_value="em"),
            "draws": _field(int, f"Draws of the posterior, from {FEWEST_DRAWS} to {MOST_DRAWS}.", default_value=DRAWS),
        },
        "A variant of the month's model, for one month: what is not named is as the cycle's definition says. It is "
        "logged to MLflow apart from the months' models and shown as an observation. Nothing of it is kept, judged, "
        "promoted or served.",
    )
}


def experiment(
    context: dg.AssetExecutionContext, platform: Platform, months: Months, panels: Mapping[str, Panel]
) -> None:
    """Train, log and show the variant that the run's config describes.

    Raises:
        MacroCycleError: an option's value is not allowed, the run is about several months, or nothing can be trained.
    """
    options = dict(context.op_execution_context.op_config["experiment"])
    inference, draws = options.pop("inference"), options.pop("draws")
    config = _config(platform, options, draws)
    if not months.alone:
        raise MacroCycleError("an experiment is about one month; choose one partition")
    [month] = months.keys
    if (reason := months.why_not(month)) is not None:
        raise reason
    panel = platform.panels.panel(month, panels[month].version)
    stored = train(panel, config)
    bundle = bundle_of(stored, panel, as_of_day(month))
    posterior = _posterior(context, rebuilt(stored), panel, inference, draws)
    registry, version = _logged(context, platform, bundle, posterior)
    standing = platform.records.load("regime_model", Model, [month]).get(month)
    asked = [*options.items(), ("inference", inference)]
    context.log_event(
        dg.AssetObservation(
            context.asset_key,
            partition=month,
            description=f"An experiment of {month[:7]}",
            metadata=rounded(
                {
                    "experiment": table(pd.DataFrame(asked, columns=["option", "value"])),
                    **_answer(bundle),
                    **_compared(bundle.meta["metrics"], standing),
                    **(_doubt(posterior) if posterior else {}),
                    **_pages(registry, version),
                }
            ),
        )
    )


def _config(platform: Platform, options: Mapping[str, Any], draws: int) -> "HMMConfig":
    check_draws(draws)
    if options.get("n_restarts", 1) > MOST_RESTARTS:
        raise MacroCycleError(f"n_restarts is {options['n_restarts']}: it must be from 1 to {MOST_RESTARTS}")
    return platform.definition.hmm_config(platform.settings.model, **options)


def _posterior(
    context: dg.AssetExecutionContext, model: Any, panel: pd.DataFrame, inference: Inference, draws: int
) -> Posterior | None:
    def progress(done: int, of: int) -> None:
        if done * 10 // of > (done - 1) * 10 // of:
            context.log.info(f"{inference}: {done} of {of}")

    found = posterior_of(model, panel, inference, draws, progress)
    for warning in found.warnings if found else ():
        context.log.warning(warning)
    return found


def _logged(
    context: dg.AssetExecutionContext, platform: Platform, bundle: "Bundle", posterior: Posterior | None
) -> "tuple[Registry, RegisteredVersion]":
    from macro_cycle.registry.by_hand import log_once

    registry = platform.registry_by_hand
    tags = {"experiment": "true", "dagster.run_id": context.run_id, "dagster.job": context.job_name}
    with platform.exclusive("registry"):
        return registry, log_once(registry, bundle, tags, posterior)


def _answer(bundle: "Bundle") -> Metadata:
    said = bundle.expected
    return {
        "reference_month": said["reference_month"][:7],
        "label": said["label"],
        "recession_probability": said["recession_probability"],
        **{f"probability_of_{label.lower()}": p for label, p in said["probabilities"].items()},
        "model_version": bundle.meta["model_version"],
    }


def _compared(figures: Mapping[str, float], standing: Model | None) -> Metadata:
    """The figures of the fit, with those of the month's own model beside them where there is one."""
    own = standing.metrics if standing else {}
    rows = [(name, figure, own.get(name)) for name, figure in figures.items()]
    compared = pd.DataFrame(rows, columns=["figure", "experiment", "the month's model"])
    return {**figures, "compared": table(compared, dict.fromkeys(compared.columns[1:], ".6g"))}


def _doubt(posterior: Posterior) -> Metadata:
    parameters = pd.DataFrame(posterior.parameters).to_markdown(index=False, floatfmt=".3f")
    return {
        **posterior.figures,
        "level": posterior.level,
        "draws": posterior.draws,
        "parameters": dg.MetadataValue.md(parameters),
        **({"warnings": bullets(posterior.warnings)} if posterior.warnings else {}),
    }


def _pages(registry: "Registry", version: "RegisteredVersion") -> Metadata:
    pages = {
        f"version {version.version}": registry.version_page(version),
        "run": registry.run_page(version.run_id),
    }
    return {
        **links("mlflow", pages),
        "mlflow_model": registry.name,
        "mlflow_version": version.version,
        "mlflow_run_id": version.run_id,
    }
