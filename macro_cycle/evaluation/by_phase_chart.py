"""The comparison of `by_phase` as a drawing, and as text for a terminal."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from macro_cycle.evaluation.by_phase import ByPhase, Moments

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WAYS = {"known": "as known at the time", "hindsight": "with hindsight"}
SCALE = 40


def figure(found: ByPhase, phases: pd.DataFrame, colors: Mapping[str, str]) -> "Figure":
    """The series above two strips of phases, and means with one spread to either side by phase."""
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(11, 6), layout="constrained")
    series, strips, means = drawing.subplots(3, 1, height_ratios=[3, 0.7, 2.4])
    used = phases.dropna()
    series.plot(used.index, used["value"], color="#1d3557", lw=0.9)
    series.margins(x=0)
    series.set_title(f"{found.name}, {found.frequency}, {found.first} to {found.last}", loc="left", fontsize=10)
    for position, way in enumerate(WAYS):
        _strip(strips, used[way], 1 - position, colors)
    strips.set(xlim=series.get_xlim(), ylim=(-0.5, 1.5), yticks=[1, 0], xticks=[])
    strips.set_yticklabels(list(WAYS.values()), fontsize=8)
    _means(means, found, colors)
    return drawing


def _strip(axes: "Axes", phases: pd.Series, at: float, colors: Mapping[str, str]) -> None:
    ends = [*phases.index[1:], phases.index[-1] + (phases.index[-1] - phases.index[-2])]
    spells = (phases != phases.shift()).cumsum()
    frame = pd.DataFrame({"phase": phases, "begin": phases.index, "end": ends})
    for _, spell in frame.groupby(spells):
        axes.barh(at, spell["end"].iloc[-1] - spell["begin"].iloc[0], left=spell["begin"].iloc[0], height=0.9,
                  color=colors.get(spell["phase"].iloc[0], "#888"), lw=0)  # fmt: skip


def _means(axes: "Axes", found: ByPhase, colors: Mapping[str, str]) -> None:
    for place, row in enumerate(found.rows):
        for offset, moments, filled in ((-0.14, row.known, True), (0.14, row.hindsight, False)):
            if moments.mean is None:
                continue
            color = colors.get(row.phase, "#555")
            axes.errorbar(place + offset, moments.mean, yerr=moments.spread or 0, fmt="o", ms=7, capsize=3, color=color,
                          mfc=color if filled else "white")  # fmt: skip
            axes.annotate(str(moments.values), (place + offset, moments.mean), (7, 3), textcoords="offset points",
                          fontsize=7, color="#555")  # fmt: skip
    axes.set_xticks(range(len(found.rows)), [row.phase for row in found.rows])
    axes.axhline(0, color="#bbb", lw=0.6)
    axes.set_title("mean and one standard deviation; number of values. Filled: as known at the time; hollow: with "
                   "hindsight", loc="left", fontsize=9, color="#555")  # fmt: skip


def lines(found: ByPhase) -> Iterator[tuple[str, str, str]]:
    """For a terminal, by phase: its name, which way, and mean and spread on a common scale."""
    both = [moments for row in found.rows for moments in (row.known, row.hindsight) if moments.mean is not None]
    low = min(_ends(moments)[0] for moments in both)
    high = max(_ends(moments)[1] for moments in both)
    for row in found.rows:
        for way, moments in (("known", row.known), ("hindsight", row.hindsight)):
            yield row.phase, way, _scaled(moments, low, high)


def _ends(moments: Moments) -> tuple[float, float]:
    mean, spread = moments.mean or 0.0, moments.spread or 0.0
    return mean - spread, mean + spread


def _scaled(moments: Moments, low: float, high: float) -> str:
    if moments.mean is None:
        return ""
    at = [round(float(np.interp(x, [low, high], [0, SCALE - 1]))) for x in (*_ends(moments), moments.mean)]
    text = [" "] * SCALE
    text[at[0] : at[1] + 1] = "─" * (at[1] - at[0] + 1)
    text[at[2]] = "●"
    return "".join(text).rstrip()
