"""Where models are logged that a person trained: apart from those of the months, never judged, never served."""

from pathlib import Path
from typing import TYPE_CHECKING

from macro_cycle.registry.descriptions import NOWHERE, Pages
from macro_cycle.registry.names import RegisteredVersion
from macro_cycle.registry.registry import Registry
from macro_cycle.training.bundle import Bundle
from macro_cycle.training.inference import Posterior

if TYPE_CHECKING:
    from macro_cycle.platform.settings import Settings

BY_HAND = (
    "Models that people trained, with `macro-cycle train` or as an experiment from the launchpad of `regime_model`. "
    "None of them is judged, promoted or served."
)


def registry_by_hand(
    settings: "Settings",
    uri: str,
    experiment: str | None = None,
    register_as: str | None = None,
    *,
    pages: Pages = NOWHERE,
) -> Registry:
    """The places named, or those for such models; whatever is the months' own keeps its description."""
    ours = settings.mlflow.experiment, settings.mlflow.registered_model
    places = experiment or f"{ours[0]}_adhoc", register_as or f"{ours[1]}-adhoc"
    artifacts: Path = settings.home / "mlflow" / "artifacts"
    described = BY_HAND if set(places).isdisjoint(ours) else None
    return Registry(uri, artifacts, *places, description=described, pages=pages)


def log_once(
    registry: Registry, bundle: Bundle, tags: dict[str, str], posterior: Posterior | None = None
) -> RegisteredVersion:
    """The version of the bundle's month and model, logged unless it was; what an inference found stands on its run."""
    identity = bundle.meta["as_of"], bundle.meta["model_version"]
    version = registry.versions().get(identity) or registry.log_month(
        bundle, tags, unfinished_run_id=registry.unfinished().get(identity)
    )
    if posterior is not None:
        registry.log_document(
            version, f"posterior/{posterior.inference}.json", posterior.to_document(), posterior.figures
        )
    return version
