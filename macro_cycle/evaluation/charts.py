"""Drawings of probabilities against an official chronology."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.coverage import runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def shade_recessions(axes: "Axes", months: pd.DatetimeIndex, chronology: Chronology) -> None:
    """Grey bands behind what is drawn, over the recession months among `months`."""
    for first, last in _runs(months, chronology):
        axes.axvspan(first, last, color="#ddd", lw=0, zorder=0)


def outline_recessions(axes: "Axes", months: pd.DatetimeIndex, chronology: Chronology) -> None:
    """Dashed lines at the ends of each run of recession months, where areas fill the drawing."""
    for first, last in _runs(months, chronology):
        for edge in (first, last):
            axes.axvline(edge, color="#222", lw=0.7, ls=(0, (3, 2)))


def _runs(months: pd.DatetimeIndex, chronology: Chronology) -> Iterator[tuple[Any, Any]]:
    """First and last day of each run of recession months, as matplotlib takes days."""
    inside = chronology.recession_indicator(pd.date_range(months.min(), months.max(), freq="MS"))
    for _, run in inside[inside].groupby((~inside).cumsum()[inside]):
        yield run.index[0], run.index[-1] + pd.offsets.MonthEnd(0)


def record_chart(scores: pd.DataFrame, chronology: Chronology) -> "Figure":
    """What was answered about each newest month; `scores` has the columns reference_month and score."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 2.8), layout="constrained")
    axes = figure.subplots()
    said = scores.drop_duplicates("reference_month", keep="last").set_index("reference_month")["score"]
    for run in runs(said):
        axes.plot(run.index, run, color="#1d3557", lw=1, marker="." if len(run) == 1 else None)
    axes.axhline(0.5, color="#888", lw=0.6, ls="--")
    shade_recessions(axes, pd.DatetimeIndex(scores["reference_month"].drop_duplicates()), chronology)
    axes.set(ylim=(0, 1), ylabel="probability", title=f"grey: recessions as dated by {chronology.authority}")
    axes.margins(x=0)
    return figure


def calibration_chart(bins: Sequence[Mapping[str, float]]) -> "Figure":
    """Share of recession months against the mean probability of each bin; larger dots are more months."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#888", lw=0.8, ls="--")
    said, happened, months = ([row[name] for row in bins] for name in ("probability", "recession_share", "months"))
    axes.scatter(said, happened, s=[40 * n**0.4 for n in months], color="#1d3557", alpha=0.7)
    for x, y, n in zip(said, happened, months, strict=True):
        axes.annotate(f"{n:.0f} months", (x, y), (9, 4), textcoords="offset points", fontsize=8, color="#555")
    axes.set(xlim=(-0.05, 1.15), ylim=(-0.05, 1.05), xlabel="probability given", ylabel="share in recession")
    return figure
