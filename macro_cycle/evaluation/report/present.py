"""What stands today, as the page opens with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Present:
    """The newest answer, the declared phase, what is expected and why the answer moved.

    band: of the recession probability, with `level`. declared, since: the declared phase and its day (None: since
    before the record). forecast: (months ahead, recession probability, low, high). onsets: months -> probability that a
    recession begins within them. before, parts: the answer of the month end before, and (what, contribution) to the
    change since; None where it was not explained. rests_on: the kind of history behind the answer.
    """

    as_of: date
    reference_month: date
    label: str
    recession_probability: float
    months_behind: int
    rests_on: str
    declared: str
    since: date | None
    band: tuple[float, float] | None = None
    level: float | None = None
    forecast: Sequence[tuple[int, float, float, float]] = ()
    onsets: Mapping[int, float] = field(default_factory=dict)
    before: float | None = None
    parts: Sequence[tuple[str, float]] | None = None

    def rows(self) -> list[dict[str, Any]]:
        """The forecast for download."""
        return [{"months_ahead": n, "probability": p, "low": low, "high": high} for n, p, low, high in self.forecast]
