"""What the settings are for one cycle: the names and places that are its own.

The names in the settings are those of the default cycle; another's end with its code, unless its definition names them.
"""

from typing import Any

from macro_cycle.cycles.definition import CycleDefinition
from macro_cycle.cycles.library import DEFAULT
from macro_cycle.platform.settings import DataSettings, Settings

FETCHED_TAG = "macro_cycle/fetched"
"""Tag of a run that asked a source for its series: what the keys of its series begin with."""


def settings_of(settings: Settings, definition: CycleDefinition) -> Settings:
    """The settings with the cycle's source, first month and names in them.

    A first month in the settings goes before the definition's; a source in the definition before the settings'.
    """
    mlflow, kserve, code = settings.mlflow, settings.kserve, definition.code
    serving = definition.serving
    return settings.model_copy(
        update={
            "data": _data(settings.data, definition),
            "mlflow": mlflow.model_copy(
                update={
                    "experiment": _named(mlflow.experiment, code, "_"),
                    "registered_model": serving.registered_model or _named(mlflow.registered_model, code),
                }
            ),
            "kserve": kserve.model_copy(update={"model_name": endpoint_of(settings, definition)}),
            "feast": settings.feast.model_copy(update={"economy": economy_of(settings, definition)}),
        }
    )


def economy_of(settings: Settings, definition: CycleDefinition) -> str:
    """The entity of the cycle's rows in the feature store."""
    return (settings.feast.economy if definition.code == DEFAULT else None) or definition.economy


def endpoint_of(settings: Settings, definition: CycleDefinition) -> str:
    """The name by which the model server offers the cycle's model."""
    return definition.serving.endpoint or _named(settings.kserve.model_name, definition.code)


def source_key(settings: Settings, definition: CycleDefinition) -> str:
    """What the keys of its source's series begin with; cycles without a source of their own share the settings'.

    settings: the cycle's, of `settings_of`.
    """
    name = {"fred_api": "fred"}.get(settings.data.source, settings.data.source)
    return name if definition.named_source is None else f"{definition.code}_{name}"


def _named(base: str, code: str, joint: str = "-") -> str:
    return base if code == DEFAULT else f"{base}{joint}{code.replace('_', joint)}"


def _data(data: DataSettings, definition: CycleDefinition) -> DataSettings:
    chosen: dict[str, Any] = {"first_partition": data.first_partition or definition.first_month}
    if definition.named_source is not None:
        chosen["source"], chosen["source_path"] = definition.named_source
    return data.model_copy(update=chosen)
