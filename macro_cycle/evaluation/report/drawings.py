"""Inline SVG drawings that follow the page's colours, light or dark; nothing is drawn over a line or a legend.

Shading lies behind what it is about. Probabilities are drawn on [0, 1] and never beyond.
"""

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from macro_cycle.evaluation.coverage import runs

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 420, 34, 10, 12, 24
NAMES, STEPS = 112, 170
LETTER, LINE = 7, 17
Span = tuple[pd.Timestamp, pd.Timestamp]
Lines = Mapping[str, pd.Series]

TEXT = 'font-size="13" fill="var(--soft)"'


def lines(series: Lines, shaded: Sequence[Span], height: int = 220, thresholds: Sequence[float] = (0.5,)) -> str:
    """Probabilities over months; the first line is the model's. Each is named at the top in its own colour."""
    first = min(each.index[0] for each in series.values())
    last = max(each.index[-1] for each in series.values())
    legend, rows = _legend(list(series))
    height += LINE * (rows - 1)
    x, y = _Scale(first.value, last.value, LEFT, WIDTH - RIGHT), _Scale(0, 1, height - BOTTOM, TOP + 1 + LINE * rows)
    parts = [
        _shade(x(max(a, first).value), x(min(b, last).value), y(1), y(0)) for a, b in shaded if b >= first and a <= last
    ]
    parts += [_rule(y(level), str(level)) for level in (0, *thresholds, 1)]
    parts += [_year(x(pd.Timestamp(f"{year}-01-01").value), year, height) for year in _years(first, last)]
    for number, values in reversed(list(enumerate(series.values()))):
        parts.append(_path(values, x, y, _colour(number), 1.6 if number == 0 else 1))
    return _svg(height, [*parts, *legend], "probabilities over time: " + ", ".join(series))


def reliability(curve: Sequence[tuple[float, float, int]], height: int = 300) -> str:
    """The isotonic curve beside the diagonal; larger dots are more months."""
    width = 360
    x, y = _Scale(0, 1, LEFT, width - RIGHT), _Scale(0, 1, height - BOTTOM - 14, TOP)
    parts = [_rule(y(level), str(level), width) for level in (0, 0.5, 1)]
    parts.append(f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="var(--soft)" stroke-dasharray="4 4"/>')
    points = " ".join(f"{x(p):.1f},{y(s):.1f}" for p, s, _ in curve)
    parts.append(f'<polyline points="{points}" fill="none" stroke="var(--us)" stroke-width="1.2"/>')
    parts += [
        f'<circle cx="{x(p):.1f}" cy="{y(s):.1f}" r="{2 + 0.9 * n**0.35:.1f}" fill="var(--us)" fill-opacity=".75">'
        f"<title>{n} months, said {p:.3f}, happened {s:.3f}</title></circle>"
        for p, s, n in curve
    ]
    parts += [f'<text x="{x(v):.0f}" y="{height - 20}" {TEXT} text-anchor="middle">{v}</text>' for v in (0, 0.5, 1)]
    parts.append(f'<text x="{x(0.5):.0f}" y="{height - 4}" {TEXT} text-anchor="middle">probability given</text>')
    drawn = _svg(height, parts, "reliability curve", width)
    return drawn.replace("<svg ", '<svg style="max-width:26rem" ', 1)


def days(rows: Sequence[tuple[str, int | None, int | None]], ours: str, theirs: str) -> str:
    """For each turning point the days to the declaration (dot) and to the announcement (ring)."""
    height = 22 * len(rows) + TOP + BOTTOM + 18
    told = [day for _, a, b in rows for day in (a, b) if day is not None] or [0]
    x = _Scale(min(0, *told) if len(told) > 1 else min(0, told[0]), max(told) * 1.02 + 1, NAMES, WIDTH - RIGHT)
    parts = [
        f'<text x="{NAMES}" y="14" font-size="13" fill="var(--us)">\N{BLACK CIRCLE} {escape(ours)}</text>',
        f'<text x="{NAMES + 24 + 8 * len(ours)}" y="14" font-size="13" fill="var(--them)">'
        f"\N{WHITE CIRCLE} {escape(theirs)}</text>",
    ]
    parts += [
        f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="24" y2="{height - BOTTOM}" stroke="var(--line)"/>'
        f'<text x="{x(tick):.1f}" y="{height - 6}" {TEXT} text-anchor="middle">{tick}</text>'
        for tick in range(0, int(max(told)) + 1, 100)
    ]
    for number, (name, declared, announced) in enumerate(rows):
        at = 38 + 22 * number
        parts.append(f'<text x="0" y="{at + 4}" {TEXT}>{escape(name)}</text>')
        if announced is not None:
            parts.append(
                f'<circle cx="{x(announced):.1f}" cy="{at}" r="5" fill="none" stroke="var(--them)" stroke-width="1.6"/>'
            )
        if declared is not None:
            parts.append(f'<circle cx="{x(declared):.1f}" cy="{at}" r="5" fill="var(--us)"/>')
    return _svg(height, parts, "days to declarations and announcements")


def fan(months: Sequence[tuple[int, float, float, float]], height: int = 180) -> str:
    """Probability with its band by months ahead, each a bar of its own."""
    x, y = _Scale(0.5, len(months) + 0.5, LEFT, WIDTH - RIGHT), _Scale(0, 1, height - BOTTOM, TOP)
    parts = [_rule(y(level), str(level)) for level in (0, 0.5, 1)]
    for ahead, value, low, high in months:
        parts.append(
            f'<line x1="{x(ahead):.1f}" x2="{x(ahead):.1f}" y1="{y(low):.1f}" y2="{y(high):.1f}" stroke="var(--shade)" '
            f'stroke-width="14"/><circle cx="{x(ahead):.1f}" cy="{y(value):.1f}" r="4" fill="var(--us)"/>'
            f'<text x="{x(ahead):.1f}" y="{height - 6}" {TEXT} text-anchor="middle">{ahead}</text>'
        )
    return _svg(height, parts, "recession probability by months ahead")


def waterfall(before: float, steps: Sequence[tuple[str, float]], after: float) -> str:
    """From one answer to the next, a bar a step, on [0, 1]; both answers are named lines.

    The order of the steps is chosen, so a bar may pass 0 or 1 by the sum of the steps before it; it ends there.
    """
    height = 20 * len(steps) + TOP + BOTTOM + 18
    x = _Scale(0, 1, STEPS, WIDTH - 60)
    parts = [
        f'<line x1="{x(v):.1f}" x2="{x(v):.1f}" y1="24" y2="{height - BOTTOM}" stroke="{colour}" {dash}/>'
        f'<text x="{x(v):.1f}" y="{14 if which == "before" else height - 6}" font-size="13" fill="{colour}" '
        f'text-anchor="{"start" if v < 0.8 else "end"}">{which} {v:.3f}</text>'
        for which, v, colour, dash in (
            ("before", before, "var(--soft)", 'stroke-dasharray="3 3"'),
            ("after", after, "var(--us)", ""),
        )
    ]
    level = before
    for number, (name, step) in enumerate(steps):
        at, ends = 28 + 20 * number, sorted((_held(level), _held(level + step)))
        parts.append(
            f'<text x="0" y="{at + 11}" {TEXT}>{escape(name)}</text>'
            f'<rect x="{x(ends[0]):.1f}" y="{at}" width="{max(x(ends[1]) - x(ends[0]), 1):.1f}" height="13" '
            f'fill="var({"--rise" if step > 0 else "--fall"})"/>'
            f'<text x="{x(ends[1]) + 4:.1f}" y="{at + 11}" {TEXT}>{step:+.3f}</text>'
        )
        level += step
    return _svg(height, parts, "contributions to the change")


def _legend(names: Sequence[str]) -> tuple[list[str], int]:
    """Each name in the colour of its line, as many in a row as fit; and the number of rows."""
    parts, place, row = list[str](), LEFT, 0
    for number, name in enumerate(names):
        wide = LETTER * len(name) + 18
        if place > LEFT and place + wide > WIDTH:
            place, row = LEFT, row + 1
        text = f'x="{place}" y="{14 + LINE * row}" font-size="13" fill="{_colour(number)}"'
        parts.append(f"<text {text}>{escape(name)}</text>")
        place += wide
    return parts, row + 1


def _shade(left: float, right: float, top: float, bottom: float) -> str:
    width, height = max(right - left, 1), bottom - top
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="var(--shade)"/>'


class _Scale:
    def __init__(self, low: float, high: float, first: float, last: float) -> None:
        self._low, self._first, self._per = low, first, (last - first) / ((high - low) or 1)

    def __call__(self, value: float) -> float:
        return self._first + (value - self._low) * self._per


def _path(values: pd.Series, x: _Scale, y: _Scale, colour: str, width: float) -> str:
    parts = []
    for run in runs(values.dropna()):
        at = list(zip(pd.DatetimeIndex(run.index).asi8, run.to_numpy(float), strict=True))
        points = [(x(float(moment)), y(_held(value))) for moment, value in at]
        if len(points) == 1:
            parts.append(f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="3" fill="{colour}"/>')
        else:
            text = " ".join(f"{across:.1f},{up:.1f}" for across, up in points)
            parts.append(f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
    return "".join(parts)


def _rule(at: float, name: str, width: int = WIDTH) -> str:
    return (
        f'<line x1="{LEFT}" x2="{width - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="var(--line)"/>'
        f'<text x="{LEFT - 6}" y="{at + 4:.1f}" {TEXT} text-anchor="end">{name}</text>'
    )


def _year(at: float, year: int, height: int) -> str:
    return f'<text x="{at:.1f}" y="{height - 6}" {TEXT} text-anchor="middle">{year}</text>'


def _years(first: pd.Timestamp, last: pd.Timestamp) -> list[int]:
    years = list(range(first.year + 1, last.year + 1))
    step = max(1, -(-len(years) // 6))
    return [year for year in years if year % step == 0]


def _colour(number: int) -> str:
    return ("var(--us)", "var(--them)", "var(--fall)", "var(--rise)", "var(--soft)")[min(number, 4)]


def _held(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _svg(height: int, parts: Sequence[str], label: str, width: int = WIDTH) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}" '
        f'font-family="system-ui, sans-serif">{"".join(parts)}</svg>'
    )
