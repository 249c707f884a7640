"""Experiments that chose the default model: the walk-forward runner, the comparison and the injected faults."""

from benchmarks.default_model.suite import measure

__all__ = ["measure"]
