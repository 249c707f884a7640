"""The parts of a serving process, put together under the settings."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from macro_cycle.platform.settings import Settings
from macro_cycle.serving.answering import Answering
from macro_cycle.serving.application import Application
from macro_cycle.serving.bodies import Bodies
from macro_cycle.serving.bundle_store import BundleStore
from macro_cycle.serving.control import Control
from macro_cycle.serving.credentials import ManagementToken
from macro_cycle.serving.inference import Inference
from macro_cycle.serving.online import FeastOnlineStore
from macro_cycle.serving.questions import Limits
from macro_cycle.serving.served_models import ServedModels
from macro_cycle.serving.telemetry import Telemetry
from macro_cycle.training.bundle import Bundle

TOGETHER_BYTES = 48_000_000
FEATURES_VIEW = "macro_features"


@dataclass(frozen=True)
class Assembly:
    """What answers over REST, what gRPC asks, and what both say of themselves."""

    application: Application
    inference: Inference
    control: Control


def served_models(settings: Settings) -> ServedModels:
    """The models of the home's bundle store."""

    def build(bundle: Bundle, version: str) -> Answering:
        return Answering(bundle, version, _online_store(settings, list(map(str, bundle.panel.columns)), bundle.model))

    return ServedModels(BundleStore(settings.home / "serving"), build)


def take_up(settings: Settings, bundle: Bundle) -> str:
    """Have the home's server answer with a bundle that was verified elsewhere; its version.

    Raises:
        MacroCycleError: it does not replay its golden window; what served before still does.
    """
    version = BundleStore(settings.home / "serving").put(bundle)
    served_models(settings).commit(version)
    return version


def assemble(
    settings: Settings,
    models: ServedModels,
    telemetry: Telemetry,
    today: Callable[[], date],
    registry: CollectorRegistry = REGISTRY,
) -> Assembly:
    """Application, inference and control over `models`, counted in `telemetry`."""
    kserve = settings.kserve
    models.on_change(lambda answering: _describe(telemetry, kserve.model_name, answering))
    inference = Inference(kserve.model_name, models, telemetry, today, Limits(), kserve.answer_seconds)
    control = Control(kserve.model_name, models, lambda: generate_latest(registry))
    bodies = Bodies(kserve.max_body_bytes, TOGETHER_BYTES, kserve.body_seconds)
    token = ManagementToken(settings.home / "serving" / "token")
    return Assembly(Application(inference, token, bodies, control), inference, control)


def _describe(telemetry: Telemetry, name: str, answering: Answering) -> None:
    telemetry.describe_model(
        name,
        answering.meta.get("metrics", {}),
        answering.newest["probabilities"],
        len(answering.reader.columns),
    )


def _online_store(settings: Settings, columns: list[str], model: Any) -> FeastOnlineStore:
    def connect() -> Any:
        from macro_cycle.feature_store.store import EconomyStore

        url = settings.database_url
        return EconomyStore(
            os.environ["FEAST_REGISTRY"] if url is None else url.get_secret_value(),
            settings.feast.project,
            settings.feast.economy,
            columns,
            model["labels"],
        )

    return FeastOnlineStore(settings.feast.economy, FEATURES_VIEW, columns, connect)
