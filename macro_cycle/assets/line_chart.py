"""A chart so small that Dagster's page shows it without a click: the last years of a share, as a drawing in text."""

from urllib.parse import quote

import dagster as dg
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from macro_cycle.evaluation.chronology import Chronology

LONGEST = 1000
"""Dagster's page hides markdown of so many characters behind a click."""
MONTHS, STEP, HEIGHT = 120, 2, 40
SAFE = "<>='/:,;-"  # as they are in an address
FRAME = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='{wide}' height='{tall}' font-size='9' fill='#666'>"
    "<path d='{shaded}' fill='#ddd'/><path d='M0,{half}h{wide}' stroke='#bbb'/>"
    "<g transform='scale({step},1)'><path d='{line}' fill='none' stroke='#137' stroke-linejoin='round'/></g>"
    "<text y='{base}'>{first}</text><text x='{wide}' y='{base}' text-anchor='end'>{last}</text></svg>"
)


def line_chart(name: str, shares: pd.Series, chronology: Chronology) -> dg.MarkdownMetadataValue:
    """The last ten years of a monthly share of one, official recessions grey, the half marked.

    shares: on [0, 1], by reference month.
    """
    newest = shares.tail(MONTHS)
    months = pd.DatetimeIndex(newest.index)
    drawn = FRAME.format(
        wide=STEP * len(newest),
        tall=HEIGHT + 12,
        half=HEIGHT // 2,
        base=HEIGHT + 10,
        step=STEP,
        shaded=_blocks(chronology.recession_indicator(months).to_numpy()),
        line=_line([round(HEIGHT * (1 - share)) for share in newest]),
        first=f"{months[0]:%Y-%m}",
        last=f"{months[-1]:%Y-%m}",
    )
    return dg.MetadataValue.md(f"![{name}](data:image/svg+xml,{quote(drawn, safe=SAFE)})")


def _line(heights: list[int]) -> str:
    """A path through the heights; a stretch of equal ones is one step."""
    path, flat, before = f"M0,{heights[0]}", 0, heights[0]
    for height in heights[1:]:
        if height == before:
            flat += 1
            continue
        path += (f"h{flat}" if flat else "") + f"l1,{height - before}"
        flat, before = 0, height
    return path + (f"h{flat}" if flat else "")


def _blocks(inside: NDArray[np.bool_]) -> str:
    """A rectangle of full height over each run of months."""
    runs = np.flatnonzero(np.diff(inside.astype(int), prepend=0, append=0)).reshape(-1, 2)
    return "".join(f"M{STEP * a},0h{STEP * (b - a)}v{HEIGHT}h-{STEP * (b - a)}z" for a, b in runs)
