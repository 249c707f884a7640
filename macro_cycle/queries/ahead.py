"""What is ahead of a day, as documents: flips, radar, and answers under assumptions."""

from typing import Any

from macro_cycle.ahead.documents import flip_document as one_flip
from macro_cycle.ahead.radar import Radar
from macro_cycle.ahead.scenario import month_text
from macro_cycle.resources.platform import Platform


def flip_document(platform: Platform, seen: Radar) -> dict[str, Any]:
    """The answer, and for each coming release what would flip it."""
    return {
        "cycle": platform.cycle,
        "as_of": f"{seen.as_of:%Y-%m-%d}",
        "reference_month": month_text(seen.reference_month),
        "label": seen.label,
        "recession_probability": seen.recession_probability,
        "joint_flip": seen.joint_flip,
        "releases": [one_flip(each.flip) for each in seen.expected],
    }
