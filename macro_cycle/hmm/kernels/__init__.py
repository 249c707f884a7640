"""Compiled numerics of the hidden Markov model.

Here: numba functions over plain arrays, without configuration, pandas or errors for people. Everything that decides
what to compute belongs in the modules above. Importing this package loads numba; nothing above it does so at import.

Lanes: EM kernels run `len(lanes)` models side by side, one per lane, with the lane as the last and contiguous axis,
so that one processor instruction serves several models. `lanes` is a tuple of zeros whose length the compiler knows.
"""
