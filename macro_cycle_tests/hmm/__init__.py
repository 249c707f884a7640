"""Tests of `macro_cycle.hmm`: the maths against independent oracles."""
