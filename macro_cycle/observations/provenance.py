"""What kind of history a claim rests on: true vintages, sightings, or one vintage dated by publication lags.

Belongs here: the kinds, their shares, and the one wording that every claim uses. Does not belong here: how values come
by their days (`warehouse.ingestion`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Kind = Literal["true_vintages", "sightings", "one_vintage"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MIXED = "mixed"
WORDS: Mapping[Kind, str] = {
    "true_vintages": "true vintages",
    "sightings": "sightings",
    "one_vintage": "one vintage with publication lags",
}
NOT_STATED = "not stated: recorded by a release that did not keep it"


class Provenance(BaseModel):
    """Shares of the values known on a day, or on average over days, by the kind of their history; they add up to 1.

    true_vintages: a source states the value and the day on which it became known. sightings: the platform itself saw
    the value come, between two looks at a source without vintages. one_vintage: the value of a later day
    (`revised_until` at the latest), taken as known since its usual day of release; what was revised before that day is
    not in it. by_series: the kind of each series, `mixed` where it has several.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    true_vintages: float = 0.0
    sightings: float = 0.0
    one_vintage: float = 0.0
    revised_until: str | None = None
    by_series: Mapping[str, str] = {}

    @classmethod
    def average(cls, each: Iterable["Provenance"]) -> "Provenance":
        """Of several claims together, each counting the same."""
        found = list(each)
        if not found:
            return cls()
        series: dict[str, set[str]] = {}
        for provenance in found:
            for series_id, kind in provenance.by_series.items():
                series.setdefault(series_id, set()).add(kind)
        return cls(
            **{kind: sum(getattr(provenance, kind) for provenance in found) / len(found) for kind in KINDS},
            revised_until=max(filter(None, (p.revised_until for p in found)), default=None),
            by_series={s: next(iter(kinds)) if len(kinds) == 1 else MIXED for s, kinds in sorted(series.items())},
        )

    @property
    def kind(self) -> str:
        """The one kind that all values have, `mixed`, or nothing where nothing is known."""
        present = [kind for kind in KINDS if getattr(self, kind) > 0]
        return MIXED if len(present) > 1 else "".join(present)

    def to_document(self) -> dict[str, Any]:
        """A JSON-able dict: kind, shares, series and the words."""
        return {"kind": self.kind, **self.model_dump(mode="json"), "in_words": self.in_words}

    @property
    def in_words(self) -> str:
        """What a claim rests on, for people, without a full stop."""
        shares = {kind: getattr(self, kind) for kind in KINDS if getattr(self, kind) > 0}
        if not shares:
            return "no observation"
        if len(shares) == 1:
            return _ALONE[next(iter(shares))].format(day=self.revised_until)
        ordered = sorted(shares, key=lambda kind: -shares[kind])
        revised = {"one_vintage": f" (revised until {self.revised_until})"}
        return ", ".join(f"{_percent(shares[kind])} {WORDS[kind]}{revised.get(kind, '')}" for kind in ordered)


_ALONE: Mapping[Kind, str] = {
    "true_vintages": "true vintages: each value as it was published, from the day of its publication",
    "sightings": "sightings: each value as the platform saw it, from the day on which it saw it",
    "one_vintage": "one vintage with publication lags: values as revised until {day}, taken as known from their usual "
    "day of release; earlier revisions are not in them",
}


class Publications:
    """How the values of each series came by their days, sorted once so that any number of days can be asked about.

    rows: as `Warehouse.publications` gives them, one for each value ever known: series_id, realtime_start,
    realtime_end (NaT: current), estimated_on (NaT: a source stated the day) and witnessed (looks bound the day).
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        kinds = np.where(
            rows["witnessed"], "sightings", np.where(rows["estimated_on"].notna(), "one_vintage", "true_vintages")
        )
        self._groups = {
            (str(series_id), str(kind)): _Group(group)
            for (series_id, kind), group in rows.groupby([rows["series_id"], kinds], sort=True)
        }

    def provenance(self, days: Sequence[pd.Timestamp]) -> Provenance:
        """Of what was known on the days, each day counting the same."""
        at = pd.DatetimeIndex(list(days)).to_numpy()
        known = {key: counts for key, group in self._groups.items() if (counts := group.known(at)).any()}
        total = np.sum([np.zeros(len(at)), *known.values()], axis=0)
        if not total.any():
            return Provenance()
        series: dict[str, list[str]] = {}
        for series_id, kind in known:
            series.setdefault(series_id, []).append(kind)
        revised = [self._groups[key].revised_until(at.max()) for key in known if key[1] == "one_vintage"]
        return Provenance(
            **{kind: _mean_share([n for (_, k), n in known.items() if k == kind], total) for kind in KINDS},
            revised_until=str(max(revised).astype("datetime64[D]")) if revised else None,
            by_series={s: kinds[0] if len(kinds) == 1 else MIXED for s, kinds in series.items()},
        )


class _Group:
    """The values of one kind of one series."""

    def __init__(self, rows: pd.DataFrame) -> None:
        ordered = rows.sort_values("realtime_start", kind="stable")
        self._begun = ordered["realtime_start"].to_numpy()
        self._ended = np.sort(rows["realtime_end"].dropna().to_numpy())
        self._revised = np.maximum.accumulate(ordered["estimated_on"].to_numpy())

    def known(self, days: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """How many of the values were known on each day."""
        begun = np.searchsorted(self._begun, days, side="right")
        return begun - np.searchsorted(self._ended, days, side="right")

    def revised_until(self, day: np.datetime64) -> np.datetime64:
        """The day of the newest vintage among those known by `day`."""
        return self._revised[np.searchsorted(self._begun, day, side="right") - 1]


def _mean_share(counts: list[NDArray[np.int64]], total: NDArray[np.float64]) -> float:
    of_kind = np.sum([np.zeros(len(total)), *counts], axis=0)
    return float((of_kind[total > 0] / total[total > 0]).mean())


def _percent(share: float) -> str:
    if share < 0.005:
        return "under 1 %"
    return "over 99 %" if share > 0.995 else f"{share:.0%}".replace("%", " %")
