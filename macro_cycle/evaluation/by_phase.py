"""A series by phase of the cycle: as the phase was known at the time, and as it is seen with hindsight.

The two differ, because phases are known late and are revised. A trading rule, a stress test or a claim of the form
"X does so in recessions" rests on the second; whoever acts has the first.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.labels import label_positions
from macro_cycle.observations.frequencies import Frequency, infer_frequency, month_number, months_per_period, period_end

NAMES: dict[Frequency, str] = {"D": "daily", "W": "weekly", "M": "monthly", "Q": "quarterly"}
FEW_EPISODES = 5


@dataclass(frozen=True)
class Moments:
    """Of the values in one phase: how many, in how many episodes, mean and spread (standard deviation).

    error: standard error of the mean with episodes as the independent draws; None with fewer than two.
    """

    values: int
    episodes: int
    mean: float | None
    spread: float | None
    error: float | None


@dataclass(frozen=True)
class PhaseRow:
    """One phase, or all of them; difference: mean as known at the time less mean with hindsight."""

    phase: str
    known: Moments
    hindsight: Moments
    difference: float | None


@dataclass(frozen=True)
class ByPhase:
    """The comparison over the values that have a phase either way; `agree` is the share that have the same.

    left_out: values before or between recorded answers, or after the newest reference month.
    """

    name: str
    frequency: str
    first: str
    last: str
    left_out: int
    agree: float
    rows: tuple[PhaseRow, ...]
    warnings: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """A JSON-able dict."""
        return asdict(self)


def phases_of(values: pd.Series, said: pd.Series, smoothed: pd.DataFrame) -> pd.DataFrame:
    """Each value with its phases: index date; columns value, known and hindsight; None where there is no phase.

    values: by date (of FRED's kind: a month or quarter by its first day, a week by its last). said: label answered at
    each month end. smoothed: probabilities by reference month, a column a label in canonical order, with hindsight.

    A value's phase as known is what stood answered at the end of its period: for a day or a week the answer of the
    month end before. With hindsight a quarter's is that of its months' mean probabilities.

    Raises:
        MacroCycleError: the series is of half years or years, which hold several phases.
    """
    dates = pd.DatetimeIndex(values.index)
    frequency = infer_frequency(dates)
    if frequency not in NAMES:
        raise MacroCycleError("half-yearly and annual values hold several phases; give quarterly or finer ones")
    ends = period_end(dates, frequency)
    month_ends = ends + pd.offsets.MonthEnd(0)
    stood = month_ends.where(ends == month_ends, ends - pd.offsets.MonthEnd(1))
    known = said.reindex(stood).to_numpy(object)
    months = months_per_period(frequency)
    means = smoothed if months == 1 else _quarterly(smoothed)
    hindsight = pd.Series(np.array(list(means), object)[label_positions(means.to_numpy(float))], means.index)
    of = month_number(dates) // months * months
    hindsight.index = pd.Index(month_number(pd.DatetimeIndex(means.index)) // months * months)
    seen = hindsight.reindex(of).to_numpy(object)
    frame = pd.DataFrame({"value": values.to_numpy(float), "known": known, "hindsight": seen}, index=dates)
    return frame.astype({"known": object, "hindsight": object})


def by_phase(name: str, phases: pd.DataFrame, labels: tuple[str, ...]) -> ByPhase:
    """The comparison; `phases` as `phases_of` gives them.

    Raises:
        MacroCycleError: no value has a phase both ways.
    """
    used = phases.dropna()
    if used.empty:
        raise MacroCycleError("none of its dates has an answer on record; `macro-cycle backfill` makes past answers")
    rows = tuple(_row(label, used) for label in labels)
    return ByPhase(
        name=name,
        frequency=NAMES[infer_frequency(pd.DatetimeIndex(phases.index))],
        first=f"{used.index[0]:%Y-%m-%d}",
        last=f"{used.index[-1]:%Y-%m-%d}",
        left_out=len(phases) - len(used),
        agree=float((used["known"] == used["hindsight"]).mean()),
        rows=(*rows, _row(None, used)),
        warnings=tuple(_warnings(rows)),
    )


def _quarterly(smoothed: pd.DataFrame) -> pd.DataFrame:
    """Mean probabilities of the quarters all of whose months are there."""
    quarters = smoothed.groupby(pd.DatetimeIndex(smoothed.index).to_period("Q"))
    means = quarters.mean()[quarters.size() == 3]
    return means.set_axis(pd.PeriodIndex(means.index).to_timestamp())


def _row(label: str | None, used: pd.DataFrame) -> PhaseRow:
    known, hindsight = (_moments(used["value"], used[way], label) for way in ("known", "hindsight"))
    both = known.mean is not None and hindsight.mean is not None
    difference = known.mean - hindsight.mean if both else None  # type: ignore[operator]
    return PhaseRow(label or "all", known, hindsight, difference)


def _moments(values: pd.Series, phases: pd.Series, label: str | None) -> Moments:
    spell = (phases != phases.shift()).cumsum()
    inside = phases == label if label is not None else phases.notna()
    found, episodes = values[inside].to_numpy(), spell[inside]
    n, e = len(found), episodes.nunique()
    if n == 0:
        return Moments(0, 0, None, None, None)
    mean = float(found.mean())
    spread = float(found.std(ddof=1)) if n > 1 else None
    sums = pd.Series(found - mean).groupby(episodes.to_numpy()).sum()
    error = float(np.sqrt((sums**2).sum() * e / (e - 1)) / n) if e > 1 else None
    return Moments(n, int(e), mean, spread, error)


def _warnings(rows: tuple[PhaseRow, ...]) -> list[str]:
    few = [
        f"{row.phase} ({min(row.known.episodes, row.hindsight.episodes)})"
        for row in rows
        if min(row.known.episodes, row.hindsight.episodes) < FEW_EPISODES
    ]
    if not few:
        return []
    return [
        f"few episodes: {', '.join(few)}. A mean over so few says what happened then, not what happens in such phases"
    ]
