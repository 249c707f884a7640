"""What is expected of one series where the model sees several together as one feature.

The model's distribution is of the feature. A bridge leads from it to the series: its transformed values regressed, by
least squares over the past, on the feature made of the other series (a bridge equation; Baffigi, Golinelli and Parigi,
2004). Where the others are known in the release's month, they say what to expect; where not, the model does.
"""

import numpy as np
from numpy.typing import NDArray

from macro_cycle.ahead.scenario import Scenario
from macro_cycle.features import Feature, FeatureSet
from macro_cycle.features.hypothetical import HypotheticalPanels
from macro_cycle.hmm.predictive import CellDistribution

FEWEST = 24
"""Periods that a bridge must rest on."""


def bridged(
    scenario: Scenario,
    feature: Feature,
    series_id: str,
    month: int,
    past: tuple[NDArray[np.int64], NDArray[np.float64]],
    of_feature: CellDistribution,
) -> CellDistribution | None:
    """Distribution of the transformed value of a series in a month; None where too little is known of it.

    past: month numbers and transformed values of the series. of_feature: the model's distribution of the feature.
    """
    others = tuple(s for s in feature.series_ids if s != series_id and s in scenario.panels.series_ids)
    if not others:
        return None
    alone = feature.model_copy(update={"series_ids": others, "role": "activity"})
    panels = HypotheticalPanels(scenario.known, scenario.catalog, FeatureSet(features=(alone,)))
    values, last = panels.panel()[:, 0], panels.newest_month()
    by_month = dict(zip(range(last - len(values) + 1, last + 1), values.tolist(), strict=True))
    beside = np.array([by_month.get(int(at), np.nan) for at in past[0]])
    both = ~np.isnan(beside + past[1])
    if both.sum() < FEWEST:
        return None
    slope, level = np.polyfit(beside[both], past[1][both], 1)
    noise = float(np.std(past[1][both] - level - slope * beside[both], ddof=2))
    if not np.isnan(now := by_month.get(month, np.nan)):
        return CellDistribution(np.ones(1), np.array([level + slope * now]), np.array([noise]))
    spread = 1.0 if of_feature.dof is None else of_feature.dof / (of_feature.dof - 2.0)
    scales = np.sqrt((slope * of_feature.scales) ** 2 * spread + noise**2)
    return CellDistribution(of_feature.weights, level + slope * of_feature.means, scales)
