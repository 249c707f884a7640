"""What rules are held against: the state of one cycle at a look."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Came:
    """The newest release of a series: what it is of, its print, and how far it was from what the model expected.

    deviations: in standard deviations of the model's predictive distribution; None where there is none.
    """

    series_id: str
    period: str
    value: float
    deviations: float | None


@dataclass(frozen=True)
class Observed:
    """The newest answer of a cycle and its circumstances; None where nothing is known of it.

    as_of, reference_month: YYYY-MM. probabilities: by label, and `recession`. declared: the declared phase. months_old:
    from the reference month to the month end. days_old: since the newest release. waiting: models that a person is to
    decide about.
    """

    cycle: str
    as_of: str | None = None
    reference_month: str | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    declared: str | None = None
    declared_on: str | None = None
    months_old: int | None = None
    days_old: int | None = None
    waiting: tuple[str, ...] | None = None
    came: tuple[Came, ...] = ()
