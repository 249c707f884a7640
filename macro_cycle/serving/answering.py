"""From a request's instance to an answer: parsing, filtering, and the checks before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from macro_cycle.errors import MacroCycleError
from macro_cycle.training.bundle import Bundle

if TYPE_CHECKING:
    pass

LATEST = "latest"
MAX_ROWS = 5000
TOLERANCE = 1e-9
EXAMPLE = 'send {"as_of": "latest"}, a list of rows, or {"rows": [{feature: value, ...}, ...]}'


class BadRequest(MacroCycleError):
    """The request cannot be answered; the message says what to send instead."""


@dataclass(frozen=True)
class Answer:
    """The filter's answer for the last row of a window."""

    label: str
    recession_probability: float
    probabilities: Mapping[str, float]
    log_likelihood: float
    model_version: str
    as_of: str
    reference_month: str | None

    def document(self) -> dict[str, Any]:
        """The answer as V1 sends it."""
        return dict(vars(self))


class Answering:
    """A deployed bundle that answers. Building it replays the golden window.

    Raises:
        MacroCycleError: the model cannot be rebuilt, or does not give the expected answer for its own panel.
    """

    def __init__(self, bundle: Bundle) -> None:
        from macro_cycle.hmm import MacroCycleHMM

        self.meta = bundle.meta
        self.expected = bundle.expected
        self.model: MacroCycleHMM = MacroCycleHMM.from_document(dict(bundle.model))
        self.latest = self._filter(bundle.panel.to_numpy(float), bundle.expected["reference_month"])
        self._check_golden_window()

    def answer(self, instance: Any) -> Answer:
        """Answer an instance in any of its three forms.

        Raises:
            BadRequest: the instance is malformed, too long, without a value, or leads to no finite answer.
        """
        if isinstance(instance, Mapping):
            if instance.get("as_of") == LATEST and len(instance) == 1:
                return self.latest
            if set(instance) != {"rows"}:
                raise BadRequest(f"an instance has the keys {sorted(map(str, instance))}; {EXAMPLE}")
            return self._filter(self._named_rows(instance["rows"]))
        return self._filter(self._rows(instance))

    def _named_rows(self, rows: Any) -> np.ndarray:
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise BadRequest("rows must be a list of objects, each mapping features to numbers or null")
        known = set(self.model.columns)
        for row in rows:
            if unknown := sorted(map(str, set(row) - known)):
                raise BadRequest(f"unknown feature {unknown[0]}; the model has {', '.join(self.model.columns)}")
        return self._rows([[row.get(name) for name in self.model.columns] for row in rows])

    def _rows(self, rows: Any) -> np.ndarray:
        width = len(self.model.columns)
        if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
            raise BadRequest(f"an instance is a list of rows of {width} numbers or nulls; {EXAMPLE}")
        if len(rows) > MAX_ROWS:
            raise BadRequest(f"{len(rows)} rows are too many; send at most {MAX_ROWS}")
        for number, row in enumerate(rows):
            if len(row) != width:
                names = ", ".join(self.model.columns)
                raise BadRequest(f"row {number} has {len(row)} values instead of {width} ({names})")
            for value in row:
                if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                    raise BadRequest(f"row {number} holds {value!r}; only numbers and null are taken")
        return np.array(rows, dtype=float)

    def _filter(self, window: np.ndarray, reference_month: str | None = None) -> Answer:
        if not np.isfinite(window).any():
            raise BadRequest("the window holds no value at all; send at least one number")
        try:
            result = self.model.filter(window)
        except MacroCycleError as error:
            raise BadRequest(str(error)) from None
        filtered = result.filtered_probs[-1]
        answer = Answer(
            label=str(self.model.labels_of(filtered[None])[0]),
            recession_probability=float(self.model.recession_probability(filtered[None])[0]),
            probabilities=dict(zip(self.model.labels, map(float, filtered), strict=True)),
            log_likelihood=float(result.log_likelihood),
            model_version=self.meta["model_version"],
            as_of=self.meta["as_of"],
            reference_month=reference_month[:7] if reference_month else None,
        )
        if not np.isfinite([answer.recession_probability, answer.log_likelihood, *filtered]).all():
            raise BadRequest("the values are too extreme for a finite answer; check their units")
        return answer

    def _check_golden_window(self) -> None:
        for label, probability in self.expected["probabilities"].items():
            if not abs(self.latest.probabilities.get(label, np.nan) - probability) <= TOLERANCE:
                raise MacroCycleError(
                    f"model {self.meta['model_version']} answers {self.latest.probabilities} on its own panel "
                    f"instead of {dict(self.expected['probabilities'])}; it was not taken into service"
                )
