"""The declared phase: a decision on top of the daily answers, which stands until its own rule ends it.

Belongs here: the rule, what it declares, and the turning point that a declaration is about. Does not belong here: the
answers themselves (`hmm`), how well a rule did (`evaluation`), where declarations are kept (`records`).
"""

from macro_cycle.declared.answers import DailyAnswer, Evidence, evidence, follow_answers
from macro_cycle.declared.rule import Declaration, Phase, Rule, Standing, declare, follow
from macro_cycle.declared.turns import turning_points

__all__ = [
    "DailyAnswer",
    "Declaration",
    "Evidence",
    "Phase",
    "Rule",
    "Standing",
    "declare",
    "evidence",
    "follow",
    "follow_answers",
    "turning_points",
]
