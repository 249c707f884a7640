"""What a handful of recessions can settle and what it cannot: exact limits for counts, and a sentence that says so."""

from dataclasses import dataclass
from math import sqrt

LEVEL = 0.95


@dataclass(frozen=True)
class Limits:
    """What `found` of `recessions` and `false_alarms` in `years` leave possible at the level of 95 %.

    most_missed: share of recessions that may be missed in the long run (Clopper and Pearson, 1934). most_alarms: false
    alarms a year that may be usual (Garwood, 1936); None where no time was covered. least_difference: days by which two
    means must differ to be told apart, by a t test of as many differences as recessions; None with fewer than two.
    """

    recessions: int
    found: int
    false_alarms: int
    years: float
    most_missed: float
    most_alarms: float | None
    least_difference: float | None


def limits(recessions: int, found: int, false_alarms: int, years: float, sd_of_days: float | None = None) -> Limits:
    """One-sided upper limits; sd_of_days: standard deviation of the days over the recessions."""
    from scipy.stats import beta, chi2
    from scipy.stats import t as student

    missed = recessions - found
    most_missed = 1.0 if missed >= recessions else float(beta.ppf(LEVEL, missed + 1, found))
    most_alarms = float(chi2.ppf(LEVEL, 2 * false_alarms + 2)) / 2 / years if years > 0 else None
    told = None
    if sd_of_days is not None and recessions > 1:
        told = float(student.ppf((1 + LEVEL) / 2, recessions - 1)) * sd_of_days / sqrt(recessions)
    return Limits(recessions, found, false_alarms, years, most_missed, most_alarms, told)


def sentence(limits: Limits) -> str:
    """What the limits mean, for people."""
    if not limits.recessions or limits.most_alarms is None:
        return "The record holds no settled recession: it settles nothing about how fast or surely one is called."
    every = 1 / limits.most_alarms
    settled = (
        f"{limits.found} of {limits.recessions} recessions found leaves up to {100 * limits.most_missed:.0f} % missed "
        f"in the long run; {limits.false_alarms or 'no'} false alarm{'' if limits.false_alarms == 1 else 's'} in "
        f"{limits.years:.0f} years leaves up to one every {every:.0f} years (both with 95 % confidence)"
    )
    if limits.least_difference is None:
        return f"{settled}. A mean of days cannot be told from another on so few."
    return (
        f"{settled}. Mean days closer than about {limits.least_difference:.0f} cannot be told apart on "
        f"{limits.recessions} recessions: history does not rank rules that close."
    )
