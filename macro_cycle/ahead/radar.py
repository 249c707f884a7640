"""The release radar: the coming releases, and by how much each is expected to move the recession probability."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from macro_cycle.ahead.flip import Flip, flip, joint_flip
from macro_cycle.ahead.releases import coming
from macro_cycle.ahead.response import Response, respond
from macro_cycle.ahead.scenario import Scenario

FINE = 4001
REACH = 8.0


@dataclass(frozen=True)
class Expected:
    """What is expected of one release.

    size: E|p after - p before| of the recession probability of the response's month, over the model's own predictive
    distribution of the print. error: of the quadrature. Both zero where no print would move it.
    """

    flip: Flip
    size: float
    error: float

    @property
    def response(self) -> Response:
        """How the recession probability responds to the print."""
        return self.flip.response


@dataclass(frozen=True)
class Radar:
    """The coming releases as seen on a day, by expected day; recession_probability and label: the answer on it.

    joint_flip: standard deviations by which all of them together must miss what is expected of them to flip the answer;
    None where six would not do.
    """

    as_of: pd.Timestamp
    reference_month: int
    recession_probability: float
    label: str
    expected: tuple[Expected, ...]
    joint_flip: float | None


def radar(scenario: Scenario) -> Radar:
    """The radar of an information set; deterministic."""
    responses = [respond(scenario, release) for release in coming(scenario)]
    return Radar(
        scenario.as_of,
        scenario.newest_month(),
        scenario.recession_probability(),
        scenario.label(),
        tuple(Expected(flip(scenario, response), *expected_size(response)) for response in responses),
        joint_flip(scenario, responses),
    )


def expected_size(response: Response) -> tuple[float, float]:
    """E|p after - p before| and how far the quadrature may be off.

    The probabilities are interpolated monotonically between the prints that were tried (Fritsch and Carlson, 1980) and
    integrated against the density of the cell; the error is the difference that every second print alone makes.
    """
    if response.distribution is None or len(response.prints) < 4:
        return 0.0, 0.0
    whole, half = _integral(response, 1), _integral(response, 2)
    return whole, abs(whole - half)


def _integral(response: Response, every: int) -> float:
    from scipy.interpolate import PchipInterpolator

    d = response.distribution
    assert d is not None
    order = np.argsort(response.cells)
    cells, first = np.unique(response.cells[order], return_index=True)
    probabilities = response.probabilities[order][first]
    keep = np.unique([*range(0, len(cells), every), len(cells) - 1])
    curve = PchipInterpolator(cells[keep], probabilities[keep])
    reach = REACH * d.std
    fine = np.linspace(max(cells[0], d.mean - reach), min(cells[-1], d.mean + reach), FINE)
    density = d.pdf(fine)
    moved = np.abs(curve(fine) - response.before)
    return float(np.trapezoid(moved * density, fine) / np.trapezoid(density, fine))
