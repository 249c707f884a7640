"""Compiled numerics of the hidden Markov model.

Here: numba functions over plain arrays, without configuration, pandas or errors for people. What to compute
is decided in the modules above. Importing a kernel loads numba, and so do the modules above that compute;
configuration, parameters, structure and labels do without.

EM kernels run several models side by side, one per lane (`simd.py`). Their arrays have two dimensions, the
lane being the last: a quantity with axes (A, B) per model is stored as (A * B, L) and row a * B + b holds its
value in each lane.
"""
