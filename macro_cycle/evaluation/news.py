"""Why the recession probability moved between two days: new data, revisions, re-estimation, relabelling.

Let r be the newest reference month of the later day. What the earlier day's model expected of month r is its
forecast; the earlier answer, about an earlier month, becomes that forecast merely by the passing of time (`roll`).
From the forecast to the later answer the change is the Shapley value of a game whose players are the new
observations of each series, the revisions of each series, the re-estimated parameters, and the names of the regimes.
A coalition's value is the recession probability of month r if only its members had happened.

Relabelling is what the names do by themselves: regimes of the two models are paired by what they are
(`hmm.identity`), and as long as the names have not "happened", recession means the regimes that the earlier model
called so. It is zero when the pairing keeps every name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from macro_cycle.evaluation.attribution import TOLERANCE, shapley
from macro_cycle.features import FeatureSet, mixture
from macro_cycle.features.mixture import Mixture
from macro_cycle.observations import Catalog
from macro_cycle.observations.frequencies import month_start

if TYPE_CHECKING:
    from macro_cycle.hmm import MacroCycleHMM

ROLL, REESTIMATION, RELABELLING = "passing of time", "re-estimation", "relabelling"
UPDATES = {"new data": mixture.NEW, "revision": mixture.REVISED}


@dataclass(frozen=True)
class InformationSet:
    """What was known on a day (`series_id, date, value`) and the model estimated on it."""

    as_of: pd.Timestamp
    known: pd.DataFrame
    model: MacroCycleHMM


@dataclass(frozen=True)
class News:
    """The change of the recession probability from `since` to `as_of`, in parts that add up to it.

    before, after: the answers about the months since_reference_month and reference_month, each the newest on its day.
    forecast: what the earlier day expected of reference_month. parts: columns `kind`, `series_id` (empty where the
    part is of no series) and `contribution`. standard_error: of the sampled contributions, 0 where exact.
    """

    since: pd.Timestamp
    as_of: pd.Timestamp
    since_reference_month: pd.Timestamp
    reference_month: pd.Timestamp
    before: float
    forecast: float
    after: float
    parts: pd.DataFrame
    standard_error: float

    @property
    def change(self) -> float:
        """What the parts add up to."""
        return self.after - self.before

    @property
    def has_new_data(self) -> bool:
        """Whether a series had anything new or revised; without, the later answer repeats the earlier one."""
        return bool(self.parts["kind"].isin(UPDATES).any())

    @property
    def months_behind(self) -> int:
        """Age of the later answer's data: months from its reference month to its day."""
        month = self.reference_month
        return 12 * (self.as_of.year - month.year) + self.as_of.month - month.month

    def by_kind(self) -> dict[str, float]:
        """Sum of the contributions of each kind."""
        return {str(kind): float(total) for kind, total in self.parts.groupby("kind")["contribution"].sum().items()}

    def to_document(self) -> dict[str, Any]:
        """A JSON-able dict; dates as ISO text."""
        days = {name: f"{getattr(self, name):%Y-%m-%d}" for name in _DAYS}
        figures = {name: getattr(self, name) for name in ("before", "forecast", "after", "standard_error")}
        return {**days, **figures, "parts": self.parts.to_dict(orient="records")}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> News:
        """The news that `to_document` wrote."""
        days = {name: pd.Timestamp(document[name]) for name in _DAYS}
        return cls(**{**document, **days, "parts": pd.DataFrame(document["parts"], columns=list(_COLUMNS))})


_DAYS = ("since", "as_of", "since_reference_month", "reference_month")
_COLUMNS = ("kind", "series_id", "contribution")


def explain(
    earlier: InformationSet,
    later: InformationSet,
    catalog: Catalog,
    feature_set: FeatureSet,
    *,
    tolerance: float = TOLERANCE,
) -> News:
    """Decompose the change from the earlier information set to the later one; the parts add up to it."""
    game = _Game(earlier, later, catalog, feature_set)
    shares, error = shapley(game.value, len(game.players), tolerance)
    before, forecast = game.before, game.value(0)
    rows = [(ROLL, "", forecast - before)]
    rows += [(*player, share) for player, share in zip(game.players, shares.tolist(), strict=True)]
    return News(
        since=earlier.as_of,
        as_of=later.as_of,
        since_reference_month=month_start(np.array([game.since_month]))[0],
        reference_month=month_start(np.array([game.month]))[0],
        before=before,
        forecast=forecast,
        after=game.value((1 << len(game.players)) - 1),
        parts=pd.DataFrame(rows, columns=list(_COLUMNS)),
        standard_error=error,
    )


class _Game:
    """The recession probability of the later day's newest month, had only some things happened by then."""

    def __init__(
        self, earlier: InformationSet, later: InformationSet, catalog: Catalog, feature_set: FeatureSet
    ) -> None:
        self._models = (earlier.model, later.model)
        self._mixture = Mixture(earlier.known, later.known, catalog, feature_set)
        self._meaning = _meaning(*self._models)
        self.since_month = self._mixture.newest_month({})
        self.month = self._mixture.newest_month(self._mixture.updates)
        self.players = self._players()
        self.before = self._mass(self._models[0].nowcast(self._mixture.panel({})), 0, False)

    def value(self, coalition: int) -> float:
        """Recession probability of the month after what the coalition's players stand for has happened."""
        happened = [player for i, player in enumerate(self.players) if coalition >> i & 1]
        choice: dict[str, int] = {}
        for kind, series_id in happened:
            if kind in UPDATES:
                choice[series_id] = choice.get(series_id, 0) | UPDATES[kind]
        which = int((REESTIMATION, "") in happened)
        probs = self._models[which].nowcast(self._mixture.panel(choice, until=self.month))
        return self._mass(probs, which, (RELABELLING, "") in happened)

    def _players(self) -> list[tuple[str, str]]:
        """Everything that may have moved the answer; what has not happened gets no part in the game."""
        players = [
            (kind, series_id)
            for series_id, update in self._mixture.updates.items()
            for kind, flag in UPDATES.items()
            if update & flag
        ]
        if _estimates(self._models[0]) != _estimates(self._models[1]):
            players.append((REESTIMATION, ""))
        if self._meaning[0] != self._meaning[1]:
            players.append((RELABELLING, ""))
        return players

    def _mass(self, probs: np.ndarray, which: int, relabelled: bool) -> float:
        """Mass of the regimes of model `which` that mean recession under the earlier or the later names."""
        return float(probs[list(self._meaning[int(relabelled)][which])].sum())


def _estimates(model: MacroCycleHMM) -> dict[str, Any]:
    """Everything of a model that its answers depend on."""
    document = model.to_document()
    return {name: document.get(name) for name in ("config", "columns", "standardizer", "parameters", "covariates")}


_Regimes = tuple[int, ...]


def _meaning(
    earlier: MacroCycleHMM, later: MacroCycleHMM
) -> tuple[tuple[_Regimes, _Regimes], tuple[_Regimes, _Regimes]]:
    """Which regimes of either model mean recession, by the earlier model's names and by the later one's.

    Models whose regimes cannot be paired (another number of them, no common column) keep their own names.
    """
    from macro_cycle.hmm.identity import match_regimes

    own = (_recession(earlier), _recession(later))
    if len(earlier.labels) != len(later.labels) or not set(earlier.columns) & set(later.columns):
        return own, own
    pairing = match_regimes(earlier, later).permutation
    carried_on = tuple(sorted(pairing[j] for j in own[0]))
    carried_back = tuple(j for j, paired in enumerate(pairing) if paired in own[1])
    return (own[0], carried_on), (carried_back, own[1])


def _recession(model: MacroCycleHMM) -> _Regimes:
    from macro_cycle.hmm.structure import RECESSION

    return RECESSION[model.config.n_regimes]
