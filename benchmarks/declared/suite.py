"""The declared phase of the default rule on the sample, beside the targets."""

import time

import numpy as np

from benchmarks.declared.delays import delay_figures, known
from benchmarks.declared.walks import declared_by, sample_walk, scored
from benchmarks.figures import Figure, figure
from macro_cycle.cycles import shipped
from macro_cycle.declared import Rule
from macro_cycle.evaluation.timeliness import Turn

FORMER = Rule(on=0.7, days=7, off=0.5)


def measure() -> list[Figure]:
    """False alarms, delays and reversals since December 1969; the former rule beside it; seconds for 600 months."""
    start = time.process_time()
    walk = sample_walk()
    seconds = time.process_time() - start
    months = (walk.answers[-1].day.year - walk.answers[0].day.year) * 12
    return [
        *delay_figures(walk, peer=FORMER),
        figure("months from the declared peak to the NBER's, mean distance", _distance("peak"), "months"),
        figure("months from the declared trough to the NBER's, mean distance", _distance("trough"), "months"),
        figure("CPU seconds of the walk for 600 months", seconds * 600 / months, "s"),
        *(
            figure(f"{turn.turn} of {turn.month:%Y-%m}: days after the month's end", known(turn.days), "days")
            for turn in scored(shipped().declared, walk).turns
        ),
    ]


def _distance(turn: Turn) -> float:
    """Mean absolute distance of the month that a declaration is about from the turning point, in months."""
    walk, rule = sample_walk(), shipped().declared
    about = {d.declared_on: d.about for d in declared_by(rule, walk)}
    told = [(about[t.declared_on], t.month) for t in scored(rule, walk).turns if t.turn == turn and t.declared_on]
    return float(np.mean([abs(12 * (a.year - b.year) + a.month - b.month) for a, b in told if a is not None]))
