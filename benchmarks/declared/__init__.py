"""The declared phase by days: its figures beside their targets, and the frontier from which its rule was chosen."""

from benchmarks.declared.suite import measure

__all__ = ["measure"]
