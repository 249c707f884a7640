"""The frontier from which the rule was chosen: delay against false alarms and reversals, over many rules.

Prints a row for each rule, with what it gives on neighbouring models and inside each vintage of the folder, and draws
the sample's frontier.

usage: python -m benchmarks.declared.frontier PICTURE [FOLDER of FRED-MD vintages]
"""

import sys
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.declared.walks import neighbour_walks, premature, sample_walk, scored, vintage_walks
from macro_cycle.cycles import shipped
from macro_cycle.declared import Rule
from macro_cycle.evaluation.daily import DailyWalk
from macro_cycle.evaluation.timeliness import Turn

LEVELS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
WAITS = (0, 3, 7, 10, 14, 21, 30)
TWO_MONTHS = {"months": 2, "known": 0.5}
BEGINS = {"newest month alone": {"known": 0.5}, "mean of the two newest months": TWO_MONTHS}
ENDS = {"mean of the two newest months": 0, "three months ahead": 3}
END_LEVELS = (0.1, 0.125, 0.15, 0.175, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
COLORS = ("#c1121f", "#1d3557")


def main() -> None:
    """Print both sides' tables and draw the picture."""
    vintages = dict(vintage_walks(Path(sys.argv[2]))) if len(sys.argv) > 2 else {}
    walks = {"sample": sample_walk(), **dict(neighbour_walks()), **vintages}
    rule = shipped().declared
    begins = {
        (name, on, days): Rule(on=on, days=days, off=rule.off, ahead=rule.ahead, **kind)
        for (name, kind), on, days in product(BEGINS.items(), LEVELS, WAITS)
    }
    ends = {
        (name, level, days): Rule(on=rule.on, days=rule.days, off=level, off_days=days, ahead=ahead, **TWO_MONTHS)
        for (name, ahead), level, days in product(ENDS.items(), END_LEVELS, (0, 7, 14))
    }
    _print("contraction: false alarms / mean / longest delay", begins, walks, "peak")
    _print("expansion: reversals and false alarms / mean / longest delay", ends, walks, "trough")
    _draw(Path(sys.argv[1]), begins, ends, walks["sample"])


Named = Mapping[tuple[str, float, int], Rule]


def _print(title: str, rules: Named, walks: Mapping[str, DailyWalk], turn: Turn) -> None:
    print(f"\n{title}\n| of | level | days | {' | '.join(walks)} |")
    print("|---|---|---|" + "---|" * len(walks))
    for (name, level, days), rule in rules.items():
        cells = ("{} / {:.0f} / {:.0f}".format(*_figures(rule, walk, turn)[:3]) for walk in walks.values())
        print(f"| {name} | {level} | {days} | {' | '.join(cells)} |", flush=True)


def _figures(rule: Rule, walk: DailyWalk, turn: Turn) -> tuple[int, float, float]:
    """Faults, mean and longest delay in days.

    Of peaks, false and premature alarms are faults; of troughs reversals too, since an end too early has either come.
    """
    found = scored(rule, walk)
    delay = found.delay(turn)
    faults = premature(found) + (len(found.reversals) if turn == "trough" else 0)
    mean = np.nan if delay.days is None else delay.days
    return faults, mean, np.nan if delay.worst is None else float(delay.worst)


def _draw(path: Path, begins: Named, ends: Named, walk: DailyWalk) -> None:
    from matplotlib.figure import Figure

    picture = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = picture.subplots(1, 2)
    for axes, rules, turn in ((left, begins, "peak"), (right, ends, "trough")):
        names = dict.fromkeys(name for name, _, _ in rules)
        for number, (name, color) in enumerate(zip(names, COLORS, strict=True)):
            points = [_figures(rule, walk, turn)[:2] for key, rule in rules.items() if key[0] == name]
            _scatter(axes, points, name, color, number)
        faults, mean, _ = _figures(shipped().declared, walk, turn)
        axes.plot(mean, faults, marker="*", ms=18, color="#e9c46a", mec="#222", label="the rule", ls="")
        axes.grid(alpha=0.3)
        axes.yaxis.get_major_locator().set_params(integer=True)
    left.axvline(55, color="#888", ls="--", lw=0.8)
    right.axvline(50, color="#888", ls="--", lw=0.8)
    left.set(xlabel="days after the end of the peak's month, mean", ylabel="false alarms since 1970")
    right.set(xlabel="days after the end of the trough's month, mean", ylabel="reversals and false alarms since 1970")
    for axes in (left, right):
        axes.legend(frameon=False)
    left.set_title("A contraction declared", loc="left")
    right.set_title("Its end declared (dashed: the targets)", loc="left")
    picture.savefig(path, dpi=80)


def _scatter(axes, points: Iterable[tuple[int, float]], name: str, color: str, number: int) -> None:  # type: ignore[no-untyped-def]
    faults, means = zip(*points, strict=True)
    axes.plot(means, np.array(faults) + 0.08 * (number - 0.5), ".", color=color, alpha=0.7, label=name)


if __name__ == "__main__":
    main()
