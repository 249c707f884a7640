"""Charts for people, drawn into asset metadata as they are asked for."""

import base64
import io
from typing import TYPE_CHECKING

import dagster as dg
import numpy as np
import pandas as pd

from macro_cycle.evaluation.charts import outline_recessions, shade_recessions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from macro_cycle.evaluation.chronology import Chronology
    from macro_cycle.evaluation.news import News

COLORS = {"Expansion": "#2a9d8f", "Peak": "#e9c46a", "Contraction": "#c1121f", "Trough": "#f4a261"}
RISE, FALL = "#c1121f", "#2a9d8f"


def regimes_chart(regimes: pd.DataFrame, title: str, chronology: "Chronology") -> "Figure":
    """Filtered regime probabilities stacked over time above the recession probability, official recessions marked.

    Shading over the stack would give its areas colours that the legend does not have, so dashed lines bound them there.

    `regimes` is the frame of `regime_labels`: index reference_month, `filtered_<Label>` columns.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.2), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1.4])
    labels = [name.removeprefix("filtered_") for name in map(str, regimes) if name.startswith("filtered_")]
    top.stackplot(
        regimes.index,
        *(regimes[f"filtered_{label}"] for label in labels),
        labels=labels,
        colors=[COLORS[label] for label in labels],
        alpha=0.9,
    )
    top.set(ylim=(0, 1), ylabel="filtered probability")
    top.set_title(title, loc="right")
    top.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(labels), fontsize=9, frameon=False)
    bottom.plot(regimes.index, regimes["recession_probability"], color="#1d3557", lw=1)
    bottom.axhline(0.5, color="#888", lw=0.6, ls="--")
    bottom.set(ylim=(0, 1), ylabel="recession probability", xlim=(regimes.index[0], regimes.index[-1]))
    shade_recessions(bottom, pd.DatetimeIndex(regimes.index), chronology)
    outline_recessions(top, pd.DatetimeIndex(regimes.index), chronology)
    bottom.set_title(
        f"grey, and between dashed lines: recessions as dated by {chronology.authority}",
        loc="left",
        fontsize=9,
        color="#555",
    )
    return figure


def revisions_chart(revised: pd.DataFrame, day: pd.Timestamp, months: int = 24) -> "Figure":
    """How many values of each series were revised in each of the months that end with `day`.

    `revised` is the frame of `features.revisions.revisions`.
    """
    from matplotlib.figure import Figure

    span = pd.period_range(end=day.to_period("M"), periods=months, freq="M")
    month = revised["realtime_start"].dt.to_period("M")
    counts = pd.crosstab(month, revised["series_id"]).reindex(span, fill_value=0)
    counts = counts.loc[:, counts.any()]
    figure = Figure(figsize=(11, 0.35 * counts.shape[1] + 1.6), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(np.log10(counts.T.where(counts.T > 0)), aspect="auto", cmap="YlOrRd", vmin=0)
    axes.set_yticks(range(counts.shape[1]), list(map(str, counts)), fontsize=8)
    axes.set_xticks(range(months), list(map(str, span)), rotation=60, ha="right", fontsize=8)
    axes.set_title(f"Values revised, by month of release, as known on {day:%Y-%m-%d}")
    figure.colorbar(image, ax=axes, label="log10 of the number")
    return figure


def news_chart(news: "News") -> "Figure":
    """Waterfall from the earlier answer to the later one on [0, 1], the largest parts first, small ones taken together.

    The order of the parts is chosen, so their running sum may pass 0 or 1; bars end there. Both answers are named.
    """
    from matplotlib.figure import Figure

    steps = _steps(news)
    figure = Figure(figsize=(11, 0.4 * max(len(steps), 1) + 1.8), layout="constrained")
    axes, level = figure.subplots(), news.before
    for row, (_, step) in enumerate(steps):
        low, high = sorted(min(max(edge, 0.0), 1.0) for edge in (level, level + step))
        axes.barh(row, high - low, left=low, color=FALL if step < 0 else RISE)
        axes.annotate(f"{step:+.3f}", (high, row), (4, 0), textcoords="offset points", va="center")
        level += step
    if not steps:
        axes.text(0.5, 0, "Nothing moved.", ha="center", va="center")
    axes.axvline(news.before, color="#888", lw=0.8, ls=":", label=f"before: {news.before:.3f}")
    axes.axvline(news.after, color="#1d3557", lw=1, label=f"after: {news.after:.3f}")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=9, frameon=False)
    axes.set(yticks=range(len(steps)), yticklabels=[name for name, _ in steps], xlabel="recession probability")
    axes.set_title(
        f"about {news.since_reference_month:%Y-%m} (known {news.since:%Y-%m-%d})  to  "
        f"{news.reference_month:%Y-%m} (known {news.as_of:%Y-%m-%d})",
        loc="right",
    )
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    return figure


def _steps(news: "News", shown: int = 12) -> list[tuple[str, float]]:
    """Name and size of each part, by size, those beyond `shown` in one."""
    moved = news.parts[news.parts["contribution"] != 0]
    parts = moved.sort_values("contribution", key=abs, ascending=False, kind="stable")
    names = parts["kind"] + parts["series_id"].map(lambda series_id: f": {series_id}" if series_id else "")
    steps = list(zip(names.tolist(), parts["contribution"].tolist(), strict=True))
    rest = sum(step for _, step in steps[shown:])
    return steps[:shown] + ([(f"{len(steps) - shown} smaller parts", rest)] if len(steps) > shown else [])


def as_metadata(figure: "Figure") -> dg.MarkdownMetadataValue:
    """The figure as an inline PNG that the Dagster UI shows."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return dg.MetadataValue.md(f"![chart](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})")
