"""The exponential of many numbers at a time."""

from __future__ import annotations

import math

import numpy as np

from weaklab._kernels._jit import kernel

#: exp(-700) is the smallest that is told from 0.
FARTHEST = 700.0
LOG2_E = 1 / math.log(2)
# ln 2 in two parts, the first of few enough bits that a whole number times it is exact.
LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
#: Adding it rounds a double to a whole number, which then stands in its lowest bits.
ROUNDER = 1.5 * 2.0**52


@kernel
def exp_below_zero(x, count, power, bits):  # type: ignore[no-untyped-def]
    """Replace the first ``count`` entries of x, none above 0, by their exponential, to the last two bits.

    ``bits`` is ``power`` seen as int64; both are scratch. Without a call per number, which would keep the loops from
    working on several at once: with n the whole number nearest to x / ln 2, exp(x) is 2^n times the exponential of a
    remainder of at most 0.35, which is a polynomial.
    """
    for i in range(count):
        x[i] = max(x[i], -FARTHEST)
        power[i] = x[i] * LOG2_E + ROUNDER
    for i in range(count):
        bits[i] = (bits[i] + np.int64(1023)) << np.int64(52)  # 2^n, as doubles write it
    for i in range(count):
        n = (x[i] * LOG2_E + ROUNDER) - ROUNDER
        r = x[i] - n * LN2_HIGH - n * LN2_LOW
        p = 1.0 / 6227020800.0
        p = p * r + 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        x[i] = (p * r + 1.0) * power[i]
