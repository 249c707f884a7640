"""The bundle as an MLflow pyfunc model: loaded by this module from JSON, never unpickled."""

import uuid
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from macro_cycle.training.bundle import Bundle

if TYPE_CHECKING:
    from macro_cycle.hmm import MacroCycleHMM

REQUIREMENTS = ("macro-cycle", "mlflow", "numba", "numpy", "pandas")
RUN_ID, MODEL_UUID = "0" * 32, "f" * 32


class RegimeModel:
    """`predict(panel)` gives the regimes frame of a panel with the model's features as columns."""

    def __init__(self, model: "MacroCycleHMM") -> None:
        self._model = model

    def predict(self, model_input: pd.DataFrame, params: Mapping | None = None) -> pd.DataFrame:
        """Label, recession probability and filtered probabilities of each row."""
        regimes = self._model.regimes(model_input[list(self._model.columns)])
        kept = [c for c in regimes if str(c).startswith(("label", "recession_", "filtered_"))]
        return regimes[kept].reset_index(drop=True)


def _load_pyfunc(data_path: str) -> RegimeModel:
    """MLflow's entry point."""
    from macro_cycle.hmm import MacroCycleHMM

    return RegimeModel(MacroCycleHMM.from_document(dict(Bundle.read(Path(data_path)).model)))


def write_mlmodel(folder: Path, bundle: Bundle, run_id: str) -> None:
    """Describe the bundle in `folder` to MLflow: flavor, signature and pinned requirements."""
    described = _description(tuple(bundle.panel.columns), tuple(bundle.expected["probabilities"]))
    (folder / "MLmodel").write_text(described.replace(RUN_ID, run_id).replace(MODEL_UUID, uuid.uuid4().hex), "utf-8")
    (folder / "requirements.txt").write_text(_requirements(), "utf-8")


@cache
def _description(columns: tuple[str, ...], labels: tuple[str, ...]) -> str:
    """The MLmodel file of every model with these features and regimes, but for its run and its own id."""
    from mlflow import pyfunc
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    inputs = [ColSpec(DataType.double, name) for name in columns]
    outputs = [ColSpec(DataType.string, "label"), ColSpec(DataType.double, "recession_probability")]
    outputs += [ColSpec(DataType.double, f"filtered_{label}") for label in labels]
    signature = ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))
    model = Model(run_id=RUN_ID, signature=signature, model_uuid=MODEL_UUID)
    pyfunc.add_to_model(model, loader_module=__name__, data=".")
    return model.to_yaml()


@cache
def _requirements() -> str:
    return "".join(f"{name}=={version(name)}\n" for name in REQUIREMENTS)
