#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Coefficients of kernels/cpu/functions.hpp.

    python3 kernels/cpu/coefficients.py

Needs mpmath. Each polynomial minimises the weighted squares of the errors at Chebyshev points (within a small factor of
the minimax one), then its coefficients are rounded to float from the constant term upwards, the others fitted again
after each. Prints them, and the largest relative error of the result on a grid, in units of 2^-24.
"""

import struct

from mpmath import cos, erfc, exp, log, lu_solve, matrix, mp, mpf

mp.dps = 40
HALF_LOG_2 = log(2) / 2 * mpf("1.01")
ERFC_SHIFT, ERFC_END = 3, mpf("10.25")


def to_float(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def fit(f, weight, powers, points):
    """The c for which the sum over the points of (weight (f - sum of c_j x^powers[j]))^2 is least."""
    n = len(powers)
    m, v = matrix(n, n), matrix(n, 1)
    for x in points:
        w, y = weight(x) ** 2, f(x)
        p = [x**k for k in powers]
        for i in range(n):
            v[i] += w * y * p[i]
            for j in range(n):
                m[i, j] += w * p[i] * p[j]
    return lu_solve(m, v)


def polynomial(f, weight, degree, a, b):
    """Coefficients from the constant term upwards, all floats, and the largest weighted error."""
    points = [(a + b) / 2 - (b - a) / 2 * cos(mp.pi * (i + mpf(1) / 2) / 60) for i in range(60)]
    fixed = []

    def known(x):
        return sum(c * x**j for j, c in enumerate(fixed))

    for i in range(degree + 1):
        fixed.append(to_float(fit(lambda x: f(x) - known(x), weight, range(i, degree + 1), points)[0]))
    grid = [a + (b - a) * (i + mpf(1) / 2) / 3000 for i in range(3000)]
    return fixed, max(weight(x) * abs(f(x) - known(x)) for x in grid)


def show(name, result):
    c, worst = result
    print(f"{name}\n  {', '.join(float(x).hex() for x in c)}\n  error {float(worst * 2**24):.4f} * 2^-24")


def main():
    high = mpf(float.fromhex("0x1.63p-1"))
    print(f"log 2 = 0x1.63p-1 + {float(to_float(log(2) - high)).hex()}, 1/log 2 = {float(to_float(1 / log(2))).hex()}")

    # exp(r) = 1 + r + r^2 q(r), error relative to exp(r)
    show("exp", polynomial(lambda r: (exp(r) - 1 - r) / r**2, lambda r: r**2 / exp(r), 4, -HALF_LOG_2, HALF_LOG_2))

    # erfc(y) = exp(-y^2) q(t)/(y + k), t = (y - k)/(y + k), 0 <= y <= end
    def q(t):
        y = ERFC_SHIFT * (1 + t) / (1 - t)
        return exp(y**2) * erfc(y) * (y + ERFC_SHIFT)

    last = (ERFC_END - ERFC_SHIFT) / (ERFC_END + ERFC_SHIFT)
    show("erfc", polynomial(q, lambda t: 1 / q(t), 9, mpf(-1), last))


if __name__ == "__main__":
    main()
