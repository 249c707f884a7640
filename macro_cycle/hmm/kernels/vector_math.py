"""exp and log that the compiler can run on several lanes at once, and digamma. Accurate to about 1 ulp."""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from macro_cycle.hmm.kernels.jit import kernel

LOG2E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
MANTISSA_BITS = 0x000FFFFFFFFFFFFF
ONE_BITS = 0x3FF0000000000000
ROUND_TO_INTEGER = 1.5 * 2.0**52  # added to a small whole number, leaves it in the low bits of the mantissa
TWO_52_BITS, TWO_52 = 0x4330000000000000, 2.0**52  # or-ed with a small whole number's bits, turns it into a float


@intrinsic
def _float_of_bits(context: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), generate


@intrinsic
def _bits_of_float(context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), generate


@kernel
def vexp(x: float) -> float:
    """exp(x) for x <= 709; below -708 it stays at the smallest normal number."""
    x = max(x, -708.0)
    n = math.floor(x * LOG2E + 0.5)
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    p = 1.6059043836821613e-10
    p = p * r + 2.08767569878681e-09
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
    return p * _float_of_bits((_bits_of_float(n + ROUND_TO_INTEGER) + 1023) << 52)


@kernel
def vlog(x: float) -> float:
    """log(x) for finite normal x > 0, by the atanh series on a mantissa in [sqrt(1/2), sqrt(2))."""
    bits = _bits_of_float(x) + (ONE_BITS - SQRT_HALF_BITS)
    n = _float_of_bits(((bits >> 52) & 0x7FF) | TWO_52_BITS) - (TWO_52 + 1023.0)
    f = _float_of_bits((bits & MANTISSA_BITS) + SQRT_HALF_BITS) - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 1.0 / 19.0
    p = p * z + 1.0 / 17.0
    p = p * z + 1.0 / 15.0
    p = p * z + 1.0 / 13.0
    p = p * z + 1.0 / 11.0
    p = p * z + 1.0 / 9.0
    p = p * z + 1.0 / 7.0
    p = p * z + 1.0 / 5.0
    p = p * z + 1.0 / 3.0
    return n * LN2_HIGH + (2.0 * s + (2.0 * s * z * p + n * LN2_LOW))


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
