"""What the page of one cycle shows: the view model, which every drawing, table and download is made from.

Numbers are those of the record, unrounded. `None` and empty lists stand for what the record does not hold.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Phase = Literal["contraction", "expansion"]


class Shown(BaseModel):
    """Part of a page; nothing changes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Regime(Shown):
    """A regime and its corner of the clock: activity 1 (high) or -1 (low), momentum 1 (rising) or -1 (falling)."""

    label: str
    activity: int
    momentum: int


class AnswerShown(Shown):
    """An answer and the first day on which it stood; it stands until the next one.

    sentence: the answer in words, as of that day. news: False where it repeats another for want of data.
    computed_later: it was computed after that day, from what was known then. rests_on: the kind of history behind
    it, in words that follow "rests on"; phases: probability of each phase by the turns around the month; outlook:
    `hmm.outlook.Outlook` as a document; each where it was kept.
    """

    known_from: date
    as_of: date
    reference_month: date
    label: str
    recession_probability: float
    probabilities: Mapping[str, float]
    model_version: str
    data_version: str
    news: bool
    months_behind: int
    computed_later: bool
    sentence: str
    rests_on: str | None = None
    phases: Mapping[str, float] | None = None
    outlook: Mapping[str, Any] | None = None


class Part(Shown):
    """One part of a move: its kind, the series (empty where it is of none), and its size in probability."""

    kind: str
    series_id: str
    contribution: float


class Move(Shown):
    """Why the recession probability moved between two month ends; the parts add up to `after - before`."""

    as_of: date
    since: date
    since_reference_month: date
    reference_month: date
    before: float
    forecast: float
    after: float
    parts: tuple[Part, ...]


class RecessionShown(Shown):
    """A recession of the chronology: months of peak and trough, and the days from which each was known."""

    peak: date
    trough: date | None
    peak_known: date
    trough_known: date | None


class MonthSeen(Shown):
    """The probability that a month of the past was in recession, as the newest model sees it by all data."""

    month: date
    probability: float


class Release(Shown):
    """A value that is due: the series, the period it is of, the day expected of it, and whether that has passed.

    effect: expected size of the move of the recession probability, where somebody has computed it. beside: in words,
    what it is the effect of, or why there is none.
    """

    series_id: str
    title: str
    period: date
    frequency: str
    expected: date
    late: bool
    effect: float | None = None
    beside: str = ""


class FlipShown(Shown):
    """A coming release and the print at which the recession probability crosses one half.

    period: as people write it; parts: what of it is to come, where weeks or days make it up. size: expected move of the
    recession probability. expected_print, flips_at: as people speak of such a print; expected_value, flips_at_value: in
    the units of the series, unrounded; deviations: between the two, in standard deviations of the model's predictive
    distribution, upward positive; chance: probability of a print that flips the answer. None where there is no such
    print, or the model has no distribution of it.
    """

    series_id: str
    title: str
    period: str
    parts: str
    expected: date
    late: bool
    size: float
    expected_print: str | None
    flips_at: str | None
    expected_value: float | None
    flips_at_value: float | None
    deviations: float | None
    chance: float | None


class SeriesKnown(Shown):
    """A series, and the newest period of it that was known when each of `Contents.answers` stood (None: nothing was).

    Of the last answer, which still stands, it is what is known today.
    """

    series_id: str
    title: str
    units: str
    frequency: str
    newest: tuple[date | None, ...]


class Declared(Shown):
    """A phase that was declared; `about` is the turning point before it, a month, where known."""

    declared_on: date
    phase: Phase
    about: date | None


class Contents(Shown):
    """Everything on the page of a cycle.

    title: in words that follow "of". authority: who dates its recessions, in words that follow "announced by".
    answers: by the day from which they stood, ascending. moves: by month end, ascending. rule: what declares a phase,
    in words. stands: the declared phase as of today, in words. unmoving: titles of the series of which no print moves
    the answer, since they act on the transitions of later months alone. record: an evaluation as
    `evaluation.track_record` writes it.
    """

    cycle: str
    title: str
    economy: str
    authority: str
    today: date
    regimes: tuple[Regime, ...] = ()
    answers: tuple[AnswerShown, ...] = ()
    moves: tuple[Move, ...] = ()
    recessions: tuple[RecessionShown, ...] = ()
    seen_now: tuple[MonthSeen, ...] = ()
    releases: tuple[Release, ...] = ()
    flips: tuple[FlipShown, ...] = ()
    unmoving: tuple[str, ...] = ()
    series: tuple[SeriesKnown, ...] = ()
    declared: tuple[Declared, ...] = ()
    rule: str = ""
    stands: str = ""
    record: Mapping[str, Any] | None = None

    @property
    def newest(self) -> AnswerShown | None:
        """The answer that stands today."""
        return self.answers[-1] if self.answers else None
