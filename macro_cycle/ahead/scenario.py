"""What a model answers once further prints are known."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.evaluation.news import InformationSet
from macro_cycle.features import FeatureSet
from macro_cycle.features.hypothetical import HypotheticalPanels, Print
from macro_cycle.hmm.labels import recession_probability
from macro_cycle.observations import Catalog
from macro_cycle.observations.frequencies import month_start


class Scenario:
    """An information set and whatever is added to it; the model is the information set's."""

    def __init__(self, information_set: InformationSet, catalog: Catalog, features: FeatureSet) -> None:
        self.as_of, self.known, self.model = information_set.as_of, information_set.known, information_set.model
        self.catalog, self.features = catalog, features
        self.panels = HypotheticalPanels(information_set.known, catalog, features)

    def newest_month(self, prints: Sequence[Print] = ()) -> int:
        """Number of the month that the answer is about once the prints are known."""
        return self.panels.newest_month(prints)

    def regimes(self, prints: Sequence[Print] = (), month: int | None = None) -> NDArray[np.float64]:
        """(K,) probabilities of a month's regimes (default: of the newest) by the filter, the prints known."""
        return self.model.nowcast(self.panels.panel(prints, until=month))

    def recession_probability(self, prints: Sequence[Print] = (), month: int | None = None) -> float:
        """Probability of recession in a month (default: the newest) by the filter, the prints known.

        Of a month after the newest one without them, that is the forecast.
        """
        return float(recession_probability(self.regimes(prints, month)))

    def label(self, prints: Sequence[Print] = (), month: int | None = None) -> str:
        """The month's label by the filter, which reads the months before it too (`labels.label_positions`)."""
        return str(self.model.predict(self.panels.panel(prints, until=month))[-1])


def month_text(month: int) -> str:
    """A numbered month as YYYY-MM."""
    return f"{first_day(month):%Y-%m}"


def period_text(month: int, months: int) -> str:
    """The period of so many months that a numbered month ends: 2026-07, 2026-Q3, 2026-H2 or 2026."""
    year, ends = divmod(month, 12)
    parts = {1: month_text(month), 3: f"{year}-Q{ends // 3 + 1}", 6: f"{year}-H{ends // 6 + 1}"}
    return parts.get(months, f"{year}")


def first_day(month: int) -> pd.Timestamp:
    """The first day of a numbered month."""
    return month_start(np.array([month]))[0]
