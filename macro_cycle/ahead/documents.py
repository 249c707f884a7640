"""Flips, radar and assumptions as JSON-able documents: what the command line, the page and agents show.

Numbers are not rounded; probabilities lie between 0 and 1; prints are in the published units of their series.
"""

from typing import Any

from macro_cycle.ahead.assumptions import Assumed
from macro_cycle.ahead.flip import Flip
from macro_cycle.ahead.radar import Expected, Radar
from macro_cycle.ahead.scenario import month_text
from macro_cycle.ahead.surprises import Surprise
from macro_cycle.ahead.what_if import State, WhatIf
from macro_cycle.observations.catalog import SeriesSpec


def flip_document(flip: Flip) -> dict[str, Any]:
    """The release, the answer before it, and the print that would flip it; `no_print_would` where none would."""
    response = flip.response
    spec, last = response.release.spec, response.last
    return {
        **response.release.document(),
        "usual_print": spec.usual_print,
        "about": month_text(response.month),
        "before": response.before,
        "last": as_number(last),
        "expected_print": flip.expected,
        "flips_at": flip.at,
        "flips_at_change": None if flip.at is None else as_number(flip.at - last),
        "flips_at_percent": None if flip.at is None or not last else as_number(100.0 * (flip.at / last - 1.0)),
        "deviations": flip.deviations,
        "share_below": flip.share_below,
        "chance": flip.chance,
        "no_print_would": flip.at is None,
        "lowest": flip.lowest,
        "highest": flip.highest,
    }


def expected_document(expected: Expected) -> dict[str, Any]:
    """The release with the expected size of its effect and what would flip the answer."""
    return {**flip_document(expected.flip), "expected_size": expected.size, "size_error": expected.error}


def surprise_document(surprise: Surprise) -> dict[str, Any]:
    """A release that came."""
    return {
        **{name: value for name, value in surprise.release.document().items() if name not in ("expected", "status")},
        "usual_print": surprise.release.spec.usual_print,
        "arrived": f"{surprise.day:%Y-%m-%d}",
        "print": surprise.value,
        "last": as_number(surprise.last),
        "expected_print": surprise.expected,
        "deviations": surprise.deviations,
        "effect": surprise.effect,
    }


def radar_document(radar: Radar, came: list[Surprise]) -> dict[str, Any]:
    """The coming releases by expected day, and those that came, the newest first."""
    return {
        "as_of": f"{radar.as_of:%Y-%m-%d}",
        "reference_month": month_text(radar.reference_month),
        "label": radar.label,
        "recession_probability": radar.recession_probability,
        "joint_flip": radar.joint_flip,
        "coming": [expected_document(each) for each in radar.expected],
        "came": [surprise_document(each) for each in sorted(came, key=lambda each: each.day, reverse=True)],
    }


def what_if_document(found: WhatIf) -> dict[str, Any]:
    """What was assumed, and the answer without and with it."""
    return {
        "now": _state(found.now),
        "before": _state(found.before),
        "after": _state(found.after),
        "assumed": [{**_assumed(one), "alone": alone} for one, alone in zip(found.assumed, found.alone, strict=True)],
    }


def as_usual(spec: SeriesSpec, value: float, last: float | None) -> str:
    """A print as people speak of it: a level, or the change or change in percent from the last value."""
    if spec.usual_print == "change" and last is not None:
        change = value - last
        return f"{change:+,.0f}" if abs(change) >= 100 else f"{change:+,.3g}"
    if spec.usual_print == "percent" and last:
        return f"{100.0 * (value / last - 1.0):+.2f} %"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def as_number(value: float) -> float | None:
    """The number, or None where there is none."""
    return None if value != value else float(value)


def _state(state: State) -> dict[str, Any]:
    return {
        "reference_month": month_text(state.month),
        "label": state.label,
        "recession_probability": state.recession_probability,
        "probabilities": state.probabilities,
    }


def _assumed(one: Assumed) -> dict[str, Any]:
    return {
        "series_id": one.assumption.series_id,
        "month": month_text(one.month),
        "means": one.assumption.means,
        "number": one.assumption.number,
        "level": one.value,
        "period_before": one.before,
        "published": one.published,
    }
