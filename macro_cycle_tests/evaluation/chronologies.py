"""Chronologies that tests score against."""

from macro_cycle.cycles import shipped

NBER = shipped().chronology
