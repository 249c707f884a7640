"""From a question to an answer: the filter, the record, and the check that a bundle answers what it must."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

import numpy as np

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.months import as_of_day, key_of
from macro_cycle.serving.errors import BadRequest, Refused, Unavailable
from macro_cycle.serving.questions import AsOf, Economy, Question, Window, WindowReader
from macro_cycle.serving.record import Record
from macro_cycle.training.bundle import Bundle

TOLERANCE = 1e-9
STALE_MONTHS = 2
HORIZONS = (1, 3, 6, 12)
MOST_GAP_MONTHS = 12

Answer = dict[str, Any]
NOTHING: Answer = dict.fromkeys(
    (
        *("label", "recession_probability", "band", "probabilities", "phases", "forecast"),
        "log_likelihood",
        *("declared_phase", "declared_on", "declared_about"),
        *("reference_month", "as_of", "age_days", "stale", "model_version"),
    )
)


@dataclass(frozen=True)
class OnlineFeatures:
    """The newest features of an economy in the online store; NaN where one is not known."""

    reference_month: date
    as_of: date
    values: Mapping[str, float]


class OnlineStore(Protocol):
    """Reads the newest features of an economy; raises `MacroCycleError` where it cannot."""

    def __call__(self, economy: str) -> OnlineFeatures:
        """The features of `economy`."""
        ...


class Answering:
    """A bundle that answers. Building it replays the golden window.

    Every answer holds the same keys, None where something is not known, and whatever else the record holds:
    `label`, `recession_probability`, `probabilities` by label, `phases` (probability of each phase by the turns around
    the month), `band` (90 %: low, high), `forecast` (recession probability by months ahead), `log_likelihood` (nats),
    `declared_phase` (contraction or expansion), `declared_on` and `declared_about` (day of its declaration, month of
    the peak or trough), `reference_month` (YYYY-MM), `as_of`, `age_days` (how long before the day asked about the
    answer was known), `stale` and `model_version`.

    Raises:
        MacroCycleError: the model cannot be rebuilt, or does not give the expected answer for its own panel.
    """

    def __init__(self, bundle: Bundle, version: str, online: OnlineStore | None = None) -> None:
        from macro_cycle.hmm import MacroCycleHMM

        self.version = version
        self.meta = bundle.meta
        self.model: MacroCycleHMM = MacroCycleHMM.from_document(dict(bundle.model))
        self.reader = WindowReader(bundle.panel)
        self._panel, self._online = bundle.panel, online
        replayed = self._filter(bundle.panel.to_numpy(float))
        check_answer(replayed, bundle.expected, self.model.labels, f"model {self.model_version} on its own panel")
        known_from = date.fromisoformat(bundle.meta.get("known_from", bundle.meta["as_of"]))
        newest = replayed | dict(bundle.expected) | {"as_of": bundle.meta["as_of"]}
        history = [self._in_order(entry) for entry in bundle.history]
        self._record = Record(history, self._in_order(newest), known_from)

    @property
    def model_version(self) -> str:
        """Version of the model."""
        return str(self.meta["model_version"])

    @property
    def as_of(self) -> date:
        """The month end that the model was made for."""
        return date.fromisoformat(self.meta["as_of"])

    @property
    def newest(self) -> Mapping[str, Any]:
        """The answer for the newest month, as it was when the bundle was made."""
        return self._record.newest

    def answer(self, question: Question, today: date) -> Answer:
        """The answer to a question that is asked on the day `today`.

        Raises:
            BadRequest: the day is in the future or before the record, or the values lead to no finite answer.
            Unavailable: the online store does not answer.
        """
        if isinstance(question, Window):
            return self._filter(question.values)
        if isinstance(question, Economy):
            return self._of_economy(question, today)
        return self._recorded(question, today)

    def _in_order(self, entry: Mapping[str, Any]) -> Answer:
        """The entry with its probabilities in the model's order of labels; other labels stay as they are."""
        labels = self.model.labels
        by_label = {
            name: entry[name] for name in ("probabilities", "phases") if set(entry.get(name) or ()) == set(labels)
        }
        return {**entry, **{name: {label: said[label] for label in labels} for name, said in by_label.items()}}

    def _recorded(self, question: AsOf, today: date) -> Answer:
        day = question.day or today
        if day == as_of_day(key_of(today)).date():
            day = today  # what is known in the open month is as of its end
        if day > today:
            raise BadRequest(f"{question.day} is in the future; the record goes to {today}")
        said = self.newest if question.day is None else self._record.said_at(day)
        return _dated({**NOTHING, **said}, day)

    def _of_economy(self, question: Economy, today: date) -> Answer:
        """The filter's answer for the panel with the online store's newest month in it."""
        if self._online is None:
            raise Unavailable("this server reads no online store; ask for as_of or send a window")
        try:
            features = self._online(question.code)
        except Refused:
            raise
        except MacroCycleError as error:
            raise Unavailable(f"the online store does not answer: {error}") from None
        answer = self._filter(self._with_newest(features))
        origin = {"reference_month": str(features.reference_month), "as_of": str(features.as_of)}
        return _dated(answer | origin, today)

    def _with_newest(self, features: OnlineFeatures) -> np.ndarray:
        first, rows = self._panel.index[0], self._panel.to_numpy(float)
        month = features.reference_month
        position = (month.year - first.year) * 12 + month.month - first.month
        if not 0 <= position < len(rows) + MOST_GAP_MONTHS:
            raise Unavailable(f"the online store holds {month:%Y-%m}, too far from the model's panel; deploy anew")
        window = np.full((position + 1, rows.shape[1]), np.nan)
        window[: len(rows)] = rows[: position + 1]
        window[position] = [features.values.get(name, np.nan) for name in self.reader.columns]
        return window

    def _filter(self, window: np.ndarray) -> Answer:
        try:
            result = self.model.present(window, max(HORIZONS))
        except MacroCycleError as error:
            raise BadRequest(str(error)) from None
        filtered, phases, forecast = result.filtered_probs[-1], result.phases, result.recession_ahead
        recession = float(self.model.recession_probability(filtered[None])[0])
        if not np.isfinite([recession, result.log_likelihood, *filtered, *phases, *forecast]).all():
            raise BadRequest("the values are too extreme for a finite answer; check their units")
        return NOTHING | {
            "label": str(self.model.labels_of(result.filtered_probs)[-1]),
            "recession_probability": recession,
            "probabilities": dict(zip(self.model.labels, filtered.tolist(), strict=True)),
            "phases": dict(zip(self.model.labels, phases.tolist(), strict=True)),
            "forecast": {str(months): float(forecast[months - 1]) for months in HORIZONS},
            "log_likelihood": result.log_likelihood,
            "model_version": self.model_version,
        }


def check_answer(
    answer: Mapping[str, Any],
    expected: Mapping[str, Any],
    labels: tuple[str, ...],
    who: str,
    error: Callable[[str], MacroCycleError] = MacroCycleError,
) -> None:
    """Raise `error` unless both are whole answers, with a probability for each of the labels, and the same."""
    for kind, document in (("is expected to answer", expected), ("answers", answer)):
        probabilities = document.get("probabilities")
        if not isinstance(probabilities, Mapping) or set(probabilities) != set(labels) or not labels:
            raise error(f"{who} {kind} {probabilities}, without a probability for each of {', '.join(labels)}")
        if not abs(sum(probabilities.values()) - 1) <= TOLERANCE or not min(probabilities.values()) >= 0:
            raise error(f"{who} {kind} {probabilities}, which are no probabilities")
        if document.get("label") not in labels:
            raise error(f"{who} {kind} the label {document.get('label')}")
    for label in labels:
        if not abs(answer["probabilities"][label] - expected["probabilities"][label]) <= TOLERANCE:
            raise error(
                f"{who} answers {answer['probabilities'][label]} for {label} "
                f"instead of {expected['probabilities'][label]}; it was not taken into service"
            )
    if not abs(answer["recession_probability"] - expected["recession_probability"]) <= TOLERANCE:
        raise error(f"{who} answers another recession probability than is expected; it was not taken into service")
    if answer["label"] != expected["label"]:
        raise error(f"{who} answers {answer['label']} instead of {expected['label']}; it was not taken into service")


def _dated(answer: Answer, day: date) -> Answer:
    """The answer with how old it was at the end of `day`, and whether its data were stale then."""
    month = date.fromisoformat(f"{answer['reference_month'][:7]}-01")
    behind = (day.year - month.year) * 12 + day.month - month.month
    age = max(day - date.fromisoformat(answer["as_of"]), timedelta(0)).days
    return answer | {"reference_month": f"{month:%Y-%m}", "age_days": age, "stale": behind > STALE_MONTHS}
