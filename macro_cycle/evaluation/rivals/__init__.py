"""What anybody could have said without the model: rules, indices and textbook models, from the same as-of data.

Belongs here: rivals, the list of them, and asking them on the days of a history. Does not belong here: their scores.
"""

from macro_cycle.evaluation.rivals.asked import answers_at, answers_by_day
from macro_cycle.evaluation.rivals.catalogue import all_rivals, simple_rivals
from macro_cycle.evaluation.rivals.rival import Rival, Rule

__all__ = ["Rival", "Rule", "all_rivals", "answers_at", "answers_by_day", "simple_rivals"]
