"""The parts of a serving process, put together under the settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from macro_cycle.cycles import DEFAULT, library
from macro_cycle.cycles.naming import economy_of
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.clock import Clock
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

if TYPE_CHECKING:
    from macro_cycle.feature_store.store import EconomyStore

TOGETHER_BYTES = 48_000_000


@dataclass(frozen=True)
class Assembly:
    """What answers over REST, what gRPC asks, and what both say of themselves."""

    application: Application
    inference: Inference
    control: Control


def served_models(settings: Settings) -> ServedModels:
    """The models of the home's bundle store."""

    def build(bundle: Bundle, version: str) -> Answering:
        columns = list(map(str, bundle.panel.columns))
        return Answering(bundle, version, _online_store(settings, columns, list(bundle.model["labels"])))

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


def _online_store(settings: Settings, columns: list[str], labels: list[str]) -> FeastOnlineStore:
    definition = library(settings)[DEFAULT]
    economy = economy_of(settings, definition)

    def connect() -> "EconomyStore":
        from macro_cycle.feature_store.placement import Placement
        from macro_cycle.feature_store.store import EconomyStore

        if settings.database_url is None:
            raise MacroCycleError("the model server was not told where the feature store is: MACRO_CYCLE_DATABASE_URL")
        placement = Placement.of(settings.feast, settings.database_url.get_secret_value())
        return EconomyStore(placement, economy, columns, labels, Clock.of(settings).now)

    return FeastOnlineStore(economy, columns, connect)
