"""exp and log of vectors of lanes, and digamma of numbers. Accurate to about 1 ulp."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from macro_cycle.hmm.kernels.jit import kernel
from macro_cycle.hmm.kernels.simd import exponent_of, largest, load, mantissa_of, nearest_whole, store, two_to_the

LOG2E = 1.4426950408889634
SIDE_BY_SIDE, ALONE = (0,) * 32, (0,)
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10


@kernel
def vexp(x: Any) -> Any:
    """exp(x) for x <= 709, by a Taylor series on [-ln(2)/2, ln(2)/2]; constant below -708."""
    x = largest(x, -708.0)
    n = nearest_whole(x * LOG2E)
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    p = r * 1.6059043836821613e-10 + 2.08767569878681e-09
    p = p * r + 2.505210838544172e-08
    p = p * r + 2.755731922398589e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 1.984126984126984e-04
    p = p * r + 1.388888888888889e-03
    p = p * r + 8.333333333333333e-03
    p = p * r + 4.1666666666666664e-02
    p = p * r + 1.6666666666666666e-01
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return p * two_to_the(n)


@kernel
def vlog(x: Any) -> Any:
    """log(x) for positive normal x, by the atanh series of a mantissa in [sqrt(1/2), sqrt(2))."""
    n = exponent_of(x)
    f = mantissa_of(x) - 1.0
    s = f / (f + 2.0)
    z = s * s
    p = z * (1.0 / 19.0) + 1.0 / 17.0
    p = p * z + 1.0 / 15.0
    p = p * z + 1.0 / 13.0
    p = p * z + 1.0 / 11.0
    p = p * z + 1.0 / 9.0
    p = p * z + 1.0 / 7.0
    p = p * z + 1.0 / 5.0
    p = p * z + 1.0 / 3.0
    return n * LN2_HIGH + (s * 2.0 + (s * 2.0 * z * p + n * LN2_LOW))


@kernel
def exp_all(numbers: np.ndarray) -> None:
    """Replace the numbers of a contiguous array, none above 709, by their exponentials."""
    many, rest = _side_by_side(numbers)
    for row in range(len(many)):
        store(many, row, vexp(load(many, row, SIDE_BY_SIDE)))
    for row in range(len(rest)):
        store(rest, row, vexp(load(rest, row, ALONE)))


@kernel
def log_all(numbers: np.ndarray) -> None:
    """Replace the numbers of a contiguous array, positive and normal, by their logarithms."""
    many, rest = _side_by_side(numbers)
    for row in range(len(many)):
        store(many, row, vlog(load(many, row, SIDE_BY_SIDE)))
    for row in range(len(rest)):
        store(rest, row, vlog(load(rest, row, ALONE)))


@kernel
def _side_by_side(numbers):
    """Views of an array: as many whole vectors as it holds, and the numbers that are left one by one."""
    flat, rows = numbers.reshape(numbers.size), numbers.size // len(SIDE_BY_SIDE)
    whole = rows * len(SIDE_BY_SIDE)
    return flat[:whole].reshape((rows, len(SIDE_BY_SIDE))), flat[whole:].reshape((flat.size - whole, 1))


@kernel
def digamma(x: float) -> float:
    """The derivative of log gamma for x > 0."""
    total = 0.0
    while x < 8.0:
        total -= 1.0 / x
        x += 1.0
    z = 1.0 / (x * x)
    tail = z * (1.0 / 12.0 - z * (1.0 / 120.0 - z * (1.0 / 252.0 - z * (1.0 / 240.0 - z / 132.0))))
    return total + math.log(x) - 0.5 / x - tail
