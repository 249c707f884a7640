"""What the answer would be, were some prints to come: before and after, nothing stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from macro_cycle.ahead.assumptions import Assumed, Assumption, assume
from macro_cycle.ahead.scenario import Scenario
from macro_cycle.features.hypothetical import Print


@dataclass(frozen=True)
class State:
    """The answer about a month: label, recession probability and probabilities by label."""

    month: int
    label: str
    recession_probability: float
    probabilities: dict[str, float]


@dataclass(frozen=True)
class WhatIf:
    """now: the answer as it is. before: what is expected of the month that the assumed answer is about. after: with
    everything assumed, by the same model. Each assumption alone, in order, takes the probability to `alone`.
    """

    assumed: tuple[Assumed, ...]
    now: State
    before: State
    after: State
    alone: tuple[float, ...]


def what_if(scenario: Scenario, assumptions: Sequence[Assumption]) -> WhatIf:
    """The answer under the assumptions.

    Raises:
        UsageError: an assumption cannot be taken up; the line says why.
    """
    assumed = assume(assumptions, scenario)
    prints = [each for one in assumed for each in one.prints]
    month = scenario.newest_month(prints)
    return WhatIf(
        tuple(assumed),
        _state(scenario, [], scenario.newest_month()),
        _state(scenario, [], month),
        _state(scenario, prints, month),
        tuple(scenario.recession_probability(one.prints, month) for one in assumed),
    )


def _state(scenario: Scenario, prints: Sequence[Print], month: int) -> State:
    probs = scenario.regimes(prints, month)
    return State(
        month,
        scenario.label(prints, month),
        scenario.recession_probability(prints, month),
        dict(zip(scenario.model.labels, map(float, probs), strict=True)),
    )
