"""Where models live in MLflow: the experiment of their runs and the registered model, made and described once."""

from pathlib import Path
from typing import TYPE_CHECKING

from macro_cycle.errors import MacroCycleError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

KIND_TAG, NOTE_TAG = "mlflow.experimentKind", "mlflow.note.content"
MACHINE_LEARNING = "custom_model_development"
GUESSED = ("", "no_inferred_type", "genai_development_inferred", "custom_model_development_inferred")
"""Kinds that MLflow's pages write when nobody chose one; a person's choice is kept."""


def experiment_for(client: "MlflowClient", name: str, description: str, artifact_root: Path | None) -> str:
    """The id of the experiment `name`, made if missing, of the kind whose pages show runs and models.

    `artifact_root` is where a new one keeps its files; None leaves it to the server.

    Raises:
        MacroCycleError: the experiment is deleted, or its name is a path.
    """
    found = client.get_experiment_by_name(name) or _made(client, name, description, artifact_root)
    if found.lifecycle_stage != "active":
        raise MacroCycleError(
            f"the experiment {name} is deleted in MLflow; bring it back with `mlflow experiments restore "
            f"--experiment-id {found.experiment_id}`, or set mlflow.experiment to another name"
        )
    if found.tags.get(KIND_TAG, "") in GUESSED:
        client.set_experiment_tag(found.experiment_id, KIND_TAG, MACHINE_LEARNING)
    if not found.tags.get(NOTE_TAG):
        client.set_experiment_tag(found.experiment_id, NOTE_TAG, description)
    return found.experiment_id


def prepare_model(client: "MlflowClient", name: str, description: str) -> None:
    """Make the registered model `name` if it is missing; describe it if nobody has."""
    from mlflow.exceptions import MlflowException

    found = client.search_registered_models(f"name = '{name}'")
    if found:
        if found[0].description in (None, "", "Regimes of the US business cycle"):
            client.update_registered_model(name, description)
        return
    try:
        client.create_registered_model(name, description=description)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":  # another process was first
            raise


def _made(client: "MlflowClient", name: str, description: str, artifact_root: Path | None) -> "Experiment":
    from mlflow.exceptions import MlflowException

    if artifact_root is not None and ({"/", "\\"} & set(name) or name in (".", "..")):
        raise MacroCycleError(f"{name!r} cannot name an experiment: its files would lie outside {artifact_root}")
    location = None if artifact_root is None else (artifact_root / name).as_uri()
    tags = {KIND_TAG: MACHINE_LEARNING, NOTE_TAG: description}
    try:
        client.create_experiment(name, artifact_location=location, tags=tags)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":  # another process was first
            raise
    found = client.get_experiment_by_name(name)
    assert found is not None
    return found
