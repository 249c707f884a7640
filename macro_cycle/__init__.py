"""Macro Cycle dates the business cycle in real time.

A partition is what was known at the end of that month: sources, features, the hidden Markov model, its regimes
and everything that serves them are Dagster assets over the same monthly as-of partitions.
"""

__version__ = "0.2.0"
