"""What comes: the next releases, what each would do to the answer, what would flip it, and what came as a surprise.

Everything is a function of an information set (what is known, and the model estimated on it), a catalogue and a feature
set, so that it holds for any cycle and any past day. The model is held fixed: its re-estimation on a print is part of
the news after the release, not of what is said before it.

Does not belong here: why an answer moved between two days (`evaluation.news`), the regimes of the months to come where
nothing is printed (`hmm.outlook`), storing anything.
"""

from macro_cycle.ahead.assumptions import Assumption, read_assumption
from macro_cycle.ahead.flip import Flip, flip
from macro_cycle.ahead.radar import Expected, Radar, radar
from macro_cycle.ahead.releases import Release, coming
from macro_cycle.ahead.response import Response, respond
from macro_cycle.ahead.scenario import Scenario
from macro_cycle.ahead.surprises import Surprise, surprises
from macro_cycle.ahead.what_if import WhatIf, what_if

__all__ = [
    "Assumption",
    "Expected",
    "Flip",
    "Radar",
    "Release",
    "Response",
    "Scenario",
    "Surprise",
    "WhatIf",
    "coming",
    "flip",
    "radar",
    "read_assumption",
    "respond",
    "surprises",
    "what_if",
]
