"""What would flip the answer: the print of a release at which the recession probability crosses one half."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from macro_cycle.ahead.response import Response, Trial
from macro_cycle.ahead.scenario import Scenario

HALF = 0.5
MOST_DEVIATIONS = 6.0


@dataclass(frozen=True)
class Flip:
    """Where the answer flips with a release.

    at: the print nearest to the expected one at which the recession probability of the response's month is one half;
    None where no print would flip it. share_below: probability, by the model, of a lower print. deviations: standard
    deviations of the model's predictive distribution from the expected print to it, upward positive. chance:
    probability, by the model, that the release flips the answer. lowest, highest: recession probabilities over every
    print. expected: the print that the model expects. The figures are None where the model has no distribution of it.
    """

    response: Response
    at: float | None
    share_below: float | None
    deviations: float | None
    chance: float | None
    lowest: float
    highest: float
    expected: float | None


def flip(scenario: Scenario, response: Response) -> Flip:
    """The flip of a response, to about ten digits of the print."""
    if response.distribution is None:
        return Flip(response, None, None, None, None, response.before, response.before, None)
    crossings = _crossings(scenario, response)
    share_below = deviations = at = None
    if crossings:
        at, cell = min(crossings, key=lambda crossing: abs(response.deviations(crossing[1])))
        share_below, deviations = response.share_below(cell), response.deviations(cell)
    lowest, highest = float(response.probabilities.min()), float(response.probabilities.max())
    chance = _chance(response, crossings)
    return Flip(response, at, share_below, deviations, chance, lowest, highest, response.expected)


def _chance(response: Response, crossings: list[tuple[float, float]]) -> float:
    """Probability, by the model, that the print puts the answer on the other side of one half.

    Between two crossings the side is that of any print between them.
    """
    shares = np.sort([0.0, *(response.share_below(cell) for _, cell in crossings), 1.0])
    ends = np.sort([-np.inf, *(at for at, _ in crossings), np.inf])
    sides = [response.probabilities[_between(response.prints, low, high)] for low, high in pairwise(ends)]
    flipped = [bool((side.mean() > HALF) != (response.before > HALF)) for side in sides]
    return float(np.diff(shares) @ flipped)


def _between(prints: np.ndarray, low: float, high: float) -> np.ndarray:
    return (prints > low) & (prints < high)


def _crossings(scenario: Scenario, response: Response) -> list[tuple[float, float]]:
    """Prints at which the probability is one half, each with its cell."""
    from scipy.optimize import brentq

    trial = Trial.of(scenario, response.release, response.month)
    assert trial is not None
    above = response.probabilities > HALF
    found = []
    for i in np.flatnonzero(above[1:] != above[:-1]):
        at = brentq(lambda value: trial.outcome(value)[1] - HALF, response.prints[i], response.prints[i + 1])
        found.append((float(at), trial.outcome(at)[0]))
    return found


def joint_flip(scenario: Scenario, responses: Sequence[Response]) -> float | None:
    """Standard deviations by which all the releases together must miss what is expected of them to flip the answer.

    Each print lies so many of its own deviations from its expectation, on the side that moves the answer towards the
    flip. The answer is about the newest month of them all. None where `MOST_DEVIATIONS` would not do.
    """
    from scipy.optimize import brentq

    moving = [r for r in responses if r.distribution is not None]
    if not moving:
        return None
    month = max(response.month for response in moving)
    now = scenario.recession_probability(month=month) > HALF

    def beyond(deviations: float) -> float:
        prints = [each for r in moving for each in r.release.prints(_towards(r, deviations, down=now))]
        return scenario.recession_probability(prints, month) - HALF

    grid = np.linspace(0.0, MOST_DEVIATIONS, 4 * int(MOST_DEVIATIONS) + 1)
    away = np.array([beyond(deviations) for deviations in grid])
    crossed = np.flatnonzero((away > 0) != now)
    if not len(crossed):
        return None
    first = int(crossed[0])
    return 0.0 if first == 0 else float(brentq(beyond, grid[first - 1], grid[first]))


def _towards(response: Response, deviations: float, *, down: bool) -> float:
    """The print so many deviations from the expected one, on the side of a lower or a higher recession probability."""
    d = response.distribution
    assert d is not None
    by_cell = response.probabilities[np.argsort(response.cells)]
    side = 1.0 if (by_cell[-1] > by_cell[0]) != down else -1.0
    return response.print_at(d.mean + side * deviations * d.std)
