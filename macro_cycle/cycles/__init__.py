"""Cycles as they are defined: one YAML file each, the shipped ones beside this text, a user's own in their folder.

Belongs here: what a definition may say, reading it, and finding those that there are. Does not belong here: what is
made of one (`resources.Platform` hands it out, `assets` and `definitions` build its chain).
"""

from macro_cycle.cycles.definition import CycleDefinition
from macro_cycle.cycles.library import DEFAULT, Library, library, shipped

__all__ = ["DEFAULT", "CycleDefinition", "Library", "library", "shipped"]
