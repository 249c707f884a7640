"""The parts of a serving process, put together under the settings: one application for each cycle's model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from macro_cycle.cycles import DEFAULT, CycleDefinition, library
from macro_cycle.cycles.naming import economy_of, endpoint_of
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.settings import Settings
from macro_cycle.serving.answering import Answering
from macro_cycle.serving.application import Application, Together
from macro_cycle.serving.bodies import Bodies
from macro_cycle.serving.bundle_store import store_of
from macro_cycle.serving.control import Control, any_ready
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
    """What answers over REST, and what gRPC asks: predictions and what is said of each model, by its name."""

    application: Together
    inferences: Mapping[str, Inference]
    controls: Mapping[str, Control]

    def end(self) -> None:
        """Say to who asks that the server is ending."""
        for control in self.controls.values():
            control.ending = True


def offered(settings: Settings) -> dict[str, CycleDefinition]:
    """The cycle behind each model name that the server offers, the default's first.

    Raises:
        MacroCycleError: the settings name a cycle that is not there.
    """
    alone = settings.kserve.cycle
    if alone is not None:
        return {settings.kserve.model_name: library(settings)[alone]}
    return {endpoint_of(settings, definition): definition for definition in library(settings).found.values()}


def served_models(settings: Settings, definition: CycleDefinition) -> ServedModels:
    """The models of a cycle's bundle store in the home."""

    def build(bundle: Bundle, version: str) -> Answering:
        columns = list(map(str, bundle.panel.columns))
        return Answering(bundle, version, _online_store(settings, definition, columns, list(bundle.model["labels"])))

    return ServedModels(store_of(settings.home, definition.code), build)


def take_up(settings: Settings, bundle: Bundle) -> str:
    """Have the home's server answer with a bundle of the default cycle that was verified elsewhere; its version.

    Raises:
        MacroCycleError: it does not replay its golden window; what served before still does.
    """
    version = store_of(settings.home).put(bundle)
    served_models(settings, library(settings)[DEFAULT]).commit(version)
    return version


def assemble(
    settings: Settings,
    models: Mapping[str, ServedModels],
    telemetry: Telemetry,
    today: Callable[[], date],
    registry: CollectorRegistry = REGISTRY,
) -> Assembly:
    """Application, inference and control over `models`, which are by name, counted in `telemetry`."""
    kserve, names = settings.kserve, tuple(models)
    bodies = Bodies(kserve.max_body_bytes, TOGETHER_BYTES, kserve.body_seconds)
    token = ManagementToken(settings.home / "serving" / "token")
    inferences, controls = dict[str, Inference](), dict[str, Control]()
    metrics, ready = partial(generate_latest, registry), partial(any_ready, controls)
    for name, served in models.items():
        served.on_change(partial(_describe, telemetry, name))
        inferences[name] = Inference(name, served, telemetry, today, Limits(), kserve.answer_seconds)
        controls[name] = Control(name, served, metrics, names, ready)
    applications = {name: Application(inferences[name], token, bodies, controls[name]) for name in names}
    return Assembly(Together(applications), inferences, controls)


def _describe(telemetry: Telemetry, name: str, answering: Answering) -> None:
    telemetry.describe_model(
        name,
        answering.meta.get("metrics", {}),
        answering.newest["probabilities"],
        len(answering.reader.columns),
    )


def _online_store(
    settings: Settings, definition: CycleDefinition, columns: list[str], labels: list[str]
) -> FeastOnlineStore:
    economy = economy_of(settings, definition)

    def connect() -> "EconomyStore":
        from macro_cycle.feature_store.placement import Placement
        from macro_cycle.feature_store.store import EconomyStore

        if settings.database_url is None:
            raise MacroCycleError("the model server was not told where the feature store is: MACRO_CYCLE_DATABASE_URL")
        placement = Placement.of(settings.feast, settings.database_url.get_secret_value())
        return EconomyStore(placement, economy, columns, labels, Clock.of(settings).now)

    return FeastOnlineStore(economy, columns, connect)
