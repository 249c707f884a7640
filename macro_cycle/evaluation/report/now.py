"""The head of the page: today's answer, the declared phase, the forecast, and why the answer moved."""

from html import escape

from macro_cycle.evaluation.report import drawings
from macro_cycle.evaluation.report.html import downloads, figure, paragraph, section, share, table
from macro_cycle.evaluation.report.present import Present

SMALL = 5e-4
SHOWN = 12


def today(present: Present) -> str:
    """Answer, band, declared phase and age of the data."""
    band = "" if present.band is None else f"{share(present.band[0], 1)} to {share(present.band[1], 1)}"
    since = "since before this record" if present.since is None else f"declared on {present.since}"
    boxes = [
        (f"{present.label}", f"phase of {present.reference_month:%Y-%m}, the newest month with data"),
        (
            share(present.recession_probability),
            f"recession probability{f', {100 * (present.level or 0):.0f} % band {band}' if band else ''}",
        ),
        (present.declared.capitalize(), f"declared phase, {since}"),
        (f"{present.as_of}", f"as of; the data are {present.months_behind} months behind"),
    ]
    cells = "".join(f"<div><b>{escape(big)}</b><span>{escape(small)}</span></div>" for big, small in boxes)
    return section(
        "today", "Today", f"<div class=now>{cells}</div>", paragraph(f"It rests on {present.rests_on}.", note=True)
    )


def forecast(present: Present) -> str:
    """The recession probability month by month, and of an onset; or why there is none."""
    if not present.forecast:
        return section(
            "forecast",
            "What comes",
            paragraph(
                "No forecast is on file for this month; `macro-cycle run` makes that of the open month.", note=True
            ),
        )
    onsets = table(
        ("a recession begins within", "probability"),
        [(f"{months} months", share(p)) for months, p in sorted(present.onsets.items())],
        "The economy is in recession: when one begins is not asked.",
    )
    caption = "Recession probability by months ahead, with the band that the uncertainty of the parameters leaves."
    return section(
        "forecast",
        "What comes",
        figure(drawings.fan(present.forecast), caption),
        onsets,
        downloads("forecast", present.rows()),
    )


def news(present: Present) -> str:
    """The contributions to the last change; or that nothing moved, or was not explained."""
    if present.parts is None or present.before is None:
        text = "The change since the month end before was not explained; `macro-cycle news` does it."
        return section("news", "Why it moved", paragraph(text, note=True))
    ordered = sorted((part for part in present.parts if abs(part[1]) >= SMALL), key=lambda part: -abs(part[1]))
    if not ordered:
        text = f"Nothing moved: {share(present.before)} at the month end before, and no part reached 0.0005."
        return section("news", "Why it moved", paragraph(text))
    shown = ordered[:SHOWN]
    rest = present.recession_probability - present.before - sum(step for _, step in shown)
    steps = [*shown, *([("all smaller parts", rest)] if abs(rest) >= SMALL else [])]
    caption = "Contributions since the month end before, largest first, held to [0, 1]; they add up to the change."
    return section(
        "news",
        "Why it moved",
        figure(drawings.waterfall(present.before, steps, present.recession_probability), caption),
        downloads("news", [{"part": name, "contribution": step} for name, step in present.parts]),
    )
