"""Experiments that chose the default model: the walk-forward runner, the comparison and the injected faults."""
