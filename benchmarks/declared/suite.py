"""The declared phase of the default rule on the sample, beside the targets."""

import time

import numpy as np

from benchmarks.declared.walks import declared_by, premature, sample_walk, scored
from benchmarks.figures import Figure, figure
from macro_cycle.cycles import shipped
from macro_cycle.declared import Rule
from macro_cycle.evaluation.timeliness import DeclaredTurn, Turn

FORMER = Rule(on=0.7, days=7, off=0.5)


def measure() -> list[Figure]:
    """False alarms, delays and reversals since December 1969; the former rule beside it; seconds for 600 months."""
    start = time.process_time()
    walk = sample_walk()
    seconds = time.process_time() - start
    found, former = scored(shipped().declared, walk), scored(FORMER, walk)
    rule = f"p > {FORMER.on} for {FORMER.days} days"
    peak, trough, before = found.delay("peak"), found.delay("trough"), former.delay("peak")
    months = (walk.answers[-1].day.year - walk.answers[0].day.year) * 12
    return [
        figure("false or premature alarms", premature(found), "", "<= 0", rule, premature(former)),
        figure("days after the peak month's end, mean", _known(peak.days), "days", "<= 55", rule, before.days),
        figure("days after the peak month's end, sd", _known(peak.sd), "days", "<= 22", rule, before.sd),
        figure("days after the peak month's end, longest", _known(peak.worst), "days", "<= 90", rule, before.worst),
        figure("days after the peak of December 2007", _of(found.turns, "peak", 2007), "days", "<= 60"),
        figure("days after the trough month's end, mean", _known(trough.days), "days", "<= 50"),
        figure("days after the trough month's end, longest", _known(trough.worst), "days", "<= 75"),
        figure("reversals between declaration and trough", len(found.reversals), "", "<= 0"),
        figure("months from the declared peak to the NBER's, mean distance", _distance("peak"), "months"),
        figure("months from the declared trough to the NBER's, mean distance", _distance("trough"), "months"),
        figure("CPU seconds of the walk for 600 months", seconds * 600 / months, "s"),
        *(
            figure(f"{turn.turn} of {turn.month:%Y-%m}: days after the month's end", _known(turn.days), "days")
            for turn in found.turns
        ),
    ]


def _distance(turn: Turn) -> float:
    """Mean absolute distance of the month that a declaration is about from the turning point, in months."""
    walk, rule = sample_walk(), shipped().declared
    about = {d.declared_on: d.about for d in declared_by(rule, walk)}
    told = [(about[t.declared_on], t.month) for t in scored(rule, walk).turns if t.turn == turn and t.declared_on]
    return float(np.mean([abs(12 * (a.year - b.year) + a.month - b.month) for a, b in told if a is not None]))


def _of(turns: tuple[DeclaredTurn, ...], turn: Turn, year: int) -> float:
    return next(_known(t.days) for t in turns if t.turn == turn and t.month.year == year)


def _known(value: float | None) -> float:
    return float("nan") if value is None else float(value)
