"""How the recession probability responds to a release, over every print that could come of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from macro_cycle.ahead.bridge import bridged
from macro_cycle.ahead.releases import Release
from macro_cycle.ahead.scenario import Scenario
from macro_cycle.features import Feature
from macro_cycle.features.hypothetical import Print
from macro_cycle.features.panel import tcode_of
from macro_cycle.features.transformations import latest_from, transform
from macro_cycle.hmm.labels import recession_probability
from macro_cycle.hmm.predictive import CellDistribution, predictive
from macro_cycle.observations.calendar import frequency_of
from macro_cycle.observations.frequencies import months_per_period
from macro_cycle.observations.robust import WINSOR, robust_scale

CORE, CORE_REACH = 25, 5.0
TAIL, TAIL_REACH = 6, 12.0
"""Prints tried: so many within so many standard deviations of what is expected, and so many beyond on either side."""
REFINEMENTS = 3


@dataclass(frozen=True)
class Response:
    """Recession probability of `month` by the print of a release, model and everything else held fixed.

    month: number of the month that the answer is about once the release is known. before: its recession probability
    without it. prints (N,) ascending, in published units; cells (N,): the feature of the series with each, in the
    panel's units, or where several series make the feature, the series' own transformed value; probabilities (N,).
    distribution: of the cell, by the model (and `bridge`); None, with no cells, where there is none, since the series
    is a covariate of later months' transitions or its last values are missing. last: the published value of the period
    before (NaN: unknown).
    """

    release: Release
    month: int
    before: float
    prints: NDArray[np.float64]
    cells: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    distribution: CellDistribution | None
    last: float

    @property
    def expected(self) -> float | None:
        """The print that makes the cell its predictive mean."""
        return None if self.distribution is None else self.print_at(self.distribution.mean)

    def print_at(self, cell: float) -> float:
        """The print that gives the cell this value."""
        order = np.argsort(self.cells)
        return float(np.interp(cell, self.cells[order], self.prints[order]))

    def share_below(self, cell: float) -> float:
        """Probability, by the model, of a lower print than the one that gives the cell this value."""
        assert self.distribution is not None
        below = float(self.distribution.cdf(cell))
        return below if self.cells[-1] > self.cells[0] else 1.0 - below

    def deviations(self, cell: float) -> float:
        """Standard deviations from the expected print to the one that gives the cell this value; upward is positive."""
        assert self.distribution is not None
        away = (cell - self.distribution.mean) / self.distribution.std
        return float(away if self.cells[-1] > self.cells[0] else -away)


def respond(scenario: Scenario, release: Release) -> Response:
    """The response to a release; deterministic."""
    month = max(scenario.newest_month(), release.month)
    before = scenario.recession_probability(month=month)
    trial = Trial.of(scenario, release, month)
    if trial is None:
        none = np.empty(0)
        return Response(release, month, before, none, none, none, None, values_before(scenario, release)[1])
    prints = trial.prints()
    cells, probabilities = np.array([trial.outcome(value) for value in prints]).T
    return Response(release, month, before, prints, cells, probabilities, trial.distribution, trial.before[1])


@dataclass(frozen=True)
class Trial:
    """Trying prints of a release: the cell (row, column) of the panel that they fill, and what the model expects of it.

    direct: whether the cell is of this series alone; otherwise the series' own transformed value stands for it. middle,
    scale: of the series' changes, robustly. before (2,): the values of the two periods before.
    """

    scenario: Scenario
    release: Release
    month: int
    row: int
    column: int
    direct: bool
    distribution: CellDistribution
    tcode: int
    before: NDArray[np.float64]
    middle: float
    scale: float

    @classmethod
    def of(cls, scenario: Scenario, release: Release, month: int) -> "Trial | None":
        """A trial; None where no print fills a cell of which the model has a distribution."""
        feature = _own_feature(scenario, release.series_id)
        months, values = scenario.panels.periods(release.series_id)
        if feature is None or not len(values):
            return None
        tcode = tcode_of(release.spec, values)
        changed = transform(values, tcode)
        middle, scale = robust_scale(changed)
        panel = scenario.panels.panel(until=month)
        row = len(panel) - 1 - (month - release.month)
        distribution: CellDistribution | None = predictive(scenario.model, panel, row, feature.name)
        direct = len(feature.series_ids) == 1 or feature.weights is not None
        if not direct and distribution is not None:
            past = (months, changed)
            distribution = bridged(scenario, feature, release.series_id, release.month, past, distribution)
        if distribution is None:
            return None
        column, before = scenario.features.names.index(feature.name), values_before(scenario, release)
        made = cls(scenario, release, month, row, column, direct, distribution, tcode, before, middle, scale)
        return made if np.isfinite(made._slope) and made._slope else None

    def outcome(self, value: float) -> tuple[float, float]:
        """The cell and the recession probability that a print gives."""
        panel = self.scenario.panels.panel(self.release.prints(value), until=self.month)
        probability = recession_probability(self.scenario.model.nowcast(panel))
        cell = panel[self.row, self.column] if self.direct else self._change_of(value)
        return float(cell), float(probability)

    def cell(self, prints: Sequence[Print]) -> float:
        """The cell that the release's prints give, which need not be all the same."""
        if self.direct:
            return float(self.scenario.panels.panel(prints, until=self.month)[self.row, self.column])
        return self._change_of(float(np.mean([each.value for each in prints])))

    def expected_print(self) -> float:
        """The print that makes the cell its predictive mean."""
        return self._print_of(self._expected_change())

    def deviations(self, cell: float) -> float:
        """Standard deviations from the expected print to the one that gives the cell this value; upward is positive."""
        away = (cell - self.distribution.mean) / self.distribution.std
        return away if self._slope > 0 else -away

    def prints(self) -> NDArray[np.float64]:
        """Prints to try, ascending: the expected one, those around it, and so far out that no further one says more."""
        expected, spread = self._expected_change(), self.distribution.std / abs(self._slope)
        core = expected + spread * np.linspace(-CORE_REACH, CORE_REACH, CORE)
        ends = [*self._limits(), expected - TAIL_REACH * spread, expected + TAIL_REACH * spread]
        low, high = np.linspace(min(ends), core[0], TAIL + 1)[:-1], np.linspace(core[-1], max(ends), TAIL + 1)[1:]
        prints = np.unique([self._print_of(change) for change in (*low, *core, *high)])
        lowest, highest = self.release.spec.bounds or (-np.inf, np.inf)
        lowest = max(lowest, np.nextafter(0, 1)) if self.tcode >= 4 else lowest
        return prints[np.isfinite(prints) & (prints >= lowest) & (prints <= highest)]

    def _print_of(self, change: float) -> float:
        """The print that makes the series' transformed value `change`."""
        return self.release.print_of(latest_from(change, self.before, self.tcode))

    def _change_of(self, value: float) -> float:
        """The series' transformed value with a print: the inverse of `_print_of`."""
        return float(transform(np.append(self.before, self.release.period_value(value)), self.tcode)[-1])

    def _cell_of(self, change: float) -> float:
        if not self.direct:
            return change
        prints = self.release.prints(self._print_of(change))
        return float(self.scenario.panels.panel(prints, until=self.month)[self.row, self.column])

    @cached_property
    def _slope(self) -> float:
        """Of the cell by the change."""
        if not self.scale > 0 or not np.isfinite(self._print_of(self.middle)):
            return np.nan
        return (self._cell_of(self.middle + self.scale) - self._cell_of(self.middle)) / self.scale

    def _expected_change(self) -> float:
        change = self.middle
        for _ in range(REFINEMENTS):
            change += (self.distribution.mean - self._cell_of(change)) / self._slope
        return change

    def _limits(self) -> list[float]:
        """Changes beyond which the model holds the cell, or the features a member, at its limit."""
        reach = (WINSOR + 1.0) * self.scale
        ends = [self.middle - reach, self.middle + reach]
        if not self.direct:
            return ends
        standardizer = self.scenario.model.standardizer
        center, scale = standardizer.center[self.column], standardizer.scale[self.column]
        held = (standardizer.limit or 0.0) + 1.0
        cells = [center - held * scale, center + held * scale]
        now = self._cell_of(self.middle)
        return [*(self.middle + (cell - now) / self._slope for cell in cells), *ends]


def values_before(scenario: Scenario, release: Release) -> NDArray[np.float64]:
    """(2,) published values of the two periods before the release's, the newest last; NaN where one is not known."""
    months, values = scenario.panels.periods(release.series_id)
    step = months_per_period(frequency_of(scenario.panels.dates(release.series_id), release.spec))
    known = dict(zip(months.tolist(), values.tolist(), strict=True))
    return np.array([known.get(release.month - 2 * step, np.nan), known.get(release.month - step, np.nan)])


def _own_feature(scenario: Scenario, series_id: str) -> Feature | None:
    """The feature by which the model sees the series most directly: emitted, and of the fewest series."""
    found = [f for f in scenario.features.features if series_id in f.series_ids and f.role != "transition"]
    return min(found, key=lambda feature: len(feature.series_ids), default=None)
