"""Reading a stored model: every key, size and number is checked, and a contradiction is refused in one line.

A document that fits nothing but its own parts' types would give plausible wrong answers; `validity.py` holds what the
numbers must satisfy.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

import numpy as np

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.covariates import CovariateProcess
from macro_cycle.hmm.frequency import Frequency
from macro_cycle.hmm.labels import label_names
from macro_cycle.hmm.options import as_type
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.results import Convergence, StartOutcome
from macro_cycle.hmm.standardizer import Standardizer
from macro_cycle.hmm.structure import covariates_of
from macro_cycle.hmm.validity import fault_of, mismatch_of

FORMAT = 1
KEYS = ("format", "config", "columns", "labels", "standardizer", "parameters", "convergence")
OPTIONAL_KEYS = ("frequency", "covariates")
# Options of the configuration that documents of 0.1.0 lack.
LATER_OPTIONS = ("varying_from", "covariate_lag", "slope_precision")
MONTHLY = Frequency("month")
START_KEYS: dict[str, Any] = {"name": str, "objective": float | None, "n_iter": int, "converged": bool}


@dataclass(frozen=True)
class ModelDocument:
    """The checked parts of a document, as `MacroCycleHMM` keeps them."""

    config: HMMConfig
    columns: tuple[str, ...]
    frequency: Frequency | None
    standardizer: Standardizer
    parameters: HMMParameters
    process: CovariateProcess
    convergence: Convergence


def read_document(document: Any) -> ModelDocument:
    """The parts of what `MacroCycleHMM.to_document` wrote.

    Raises MacroCycleError for a document of another format, a missing or unknown key, numbers that are not finite,
    sizes that do not agree and parameters that are none.
    """
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise MacroCycleError("this is not a model document of a format this version reads: train the model again")
    try:
        return _read(document)
    except (MacroCycleError, ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise MacroCycleError(f"the model document is damaged ({reason}): train the model again") from None


def frequency_entry(frequency: Frequency | None) -> dict[str, Any]:
    """A model's frequency as its document tells it: months, the rule, go without saying."""
    return {} if frequency == MONTHLY else {"frequency": None if frequency is None else frequency.to_document()}


def _frequency(document: Mapping[str, Any]) -> Frequency | None:
    if "frequency" not in document:
        return MONTHLY
    return None if document["frequency"] is None else Frequency.from_document(document["frequency"])


def _read(document: Mapping[str, Any]) -> ModelDocument:
    _check_keys("the document", document, KEYS, OPTIONAL_KEYS)
    options = [f.name for f in fields(HMMConfig)]
    _check_keys("config", document["config"], [o for o in options if o not in LATER_OPTIONS], LATER_OPTIONS)
    config = HMMConfig.from_document(document["config"])
    columns = _columns(document["columns"])
    if list(document["labels"]) != list(label_names(config.n_regimes)):
        raise MacroCycleError(f"labels are {document['labels']}, not those of {config.n_regimes} regimes")
    return ModelDocument(
        config,
        columns,
        _frequency(document),
        _standardizer(document["standardizer"], config, len(columns)),
        _parameters(document["parameters"], config, columns),
        _process(document.get("covariates"), config, columns),
        _convergence(document["convergence"]),
    )


def _columns(names: Any) -> tuple[str, ...]:
    if not isinstance(names, list | tuple) or not names or not all(isinstance(n, str) for n in names):
        raise MacroCycleError("columns is no list of names")
    if len(set(names)) < len(names):
        raise MacroCycleError("columns names a column twice")
    return tuple(names)


def _standardizer(document: Any, config: HMMConfig, n_columns: int) -> Standardizer:
    _check_keys("standardizer", document, ("center", "scale", "limit"))
    _check_numbers("standardizer", document)
    standardizer = Standardizer.from_document(document)
    for name in ("center", "scale"):
        if (shape := getattr(standardizer, name).shape) != (n_columns,):
            raise MacroCycleError(f"standardizer {name} has shape {shape}, the model {n_columns} columns")
    if not (standardizer.scale > 0.0).all():
        raise MacroCycleError("standardizer scale is not positive")
    if standardizer.limit != config.winsor:
        raise MacroCycleError(f"standardizer limit is {standardizer.limit}, the option winsor {config.winsor}")
    return standardizer


def _parameters(document: Any, config: HMMConfig, columns: tuple[str, ...]) -> HMMParameters:
    needed = [f.name for f in fields(HMMParameters) if f.default is MISSING]
    _check_keys("parameters", document, needed, [f.name for f in fields(HMMParameters) if f.name not in needed])
    _check_numbers("parameters", {name: value for name, value in document.items() if name != "covariance_type"})
    parameters = HMMParameters.from_document(document)
    n_covariates = int(covariates_of(config, columns).sum())
    if mismatch := mismatch_of(parameters, config, len(columns) - n_covariates, n_covariates):
        raise MacroCycleError(f"the parameters have {mismatch}")
    if fault := fault_of(parameters, config):
        raise MacroCycleError(fault)
    return parameters


def _process(document: Any, config: HMMConfig, columns: tuple[str, ...]) -> CovariateProcess:
    n_covariates = int(covariates_of(config, columns).sum())
    if document is None and not n_covariates:
        return CovariateProcess(np.empty(0), np.empty(0), config.covariate_lag)
    _check_keys("covariates", document, ("persistence", "noise", "lag"))
    _check_numbers("covariates", document)
    process = CovariateProcess.from_document(document)
    if process.persistence.shape != (n_covariates,) or process.noise.shape != (n_covariates,):
        raise MacroCycleError(f"covariates are {process.persistence.size} in number, the model has {n_covariates}")
    if (process.noise < 0.0).any() or (np.abs(process.persistence) >= 1.0).any() or process.lag != config.covariate_lag:
        raise MacroCycleError("covariates holds a process that explodes, or another lag than the configuration")
    return process


def _convergence(document: Any) -> Convergence:
    _check_keys("convergence", document, [f.name for f in fields(Convergence)])
    kinds = {"converged": bool, "n_iter": int, "objective": float, "basin_gap": float}
    for name, kind in kinds.items():
        as_type(name, document[name], kind)
    for objective in document["history"]:
        as_type("an objective of the history", objective, float)
    if len(document["history"]) != document["n_iter"] or document["history"][-1] != document["objective"]:
        raise MacroCycleError("the history does not end with the objective")
    for start in document["starts"]:
        _check_keys("a start", start, START_KEYS, [f.name for f in fields(StartOutcome) if f.name not in START_KEYS])
        for name, kind in START_KEYS.items():
            as_type(f"{name} of a start", start[name], kind)
        as_type("failure of a start", start.get("failure", ""), str)
    for words in document["warnings"]:
        as_type("a warning", words, str)
    return Convergence.from_document(document)


def _check_keys(what: str, document: Any, needed: Collection[str], allowed: Collection[str] = ()) -> None:
    if not isinstance(document, Mapping):
        raise MacroCycleError(f"{what} is no mapping")
    if lacking := [key for key in needed if key not in document]:
        raise MacroCycleError(f"{what} lacks {', '.join(lacking)}")
    if unknown := [str(key) for key in document if key not in needed and key not in allowed]:
        raise MacroCycleError(f"{what} has the unknown key {', '.join(unknown)}")


def _check_numbers(what: str, document: Mapping[str, Any]) -> None:
    """Every value None, a finite number or nested lists of such; text that numpy would read as a number is none."""
    for name, value in document.items():
        if value is not None:
            _check_cells(f"{what} {name}", value)


def _check_cells(what: str, value: Any) -> None:
    if isinstance(value, list | tuple):
        for part in value:
            _check_cells(what, part)
    elif not _is_number(value):
        raise MacroCycleError(f"{what} holds {str(value)[:40]!r}, which is no finite number")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and math.isfinite(value)
