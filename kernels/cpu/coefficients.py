#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Coefficients of kernels/cpu/functions.hpp and kernels/cuda/quick.hpp, and kernels/cpu/tables.hpp as a whole.

    python3 kernels/cpu/coefficients.py              # of functions.hpp, and of kernels/cuda/quick.hpp
    python3 kernels/cpu/coefficients.py tables > kernels/cpu/tables.hpp

Needs mpmath. Each polynomial minimises the weighted squares of the errors at Chebyshev points (within a small factor of
the minimax one), then its coefficients are rounded to float from the constant term upwards, the others fitted again
after each. The largest weighted error of the result on a grid is printed in units of 2^-24.
"""

import struct
import sys
import textwrap

from mpmath import cos, erfc, exp, expm1, log, lu_solve, matrix, mp, mpf, pi, sqrt

mp.dps = 40
HALF_LOG_2 = log(2) / 2 * mpf("1.01")
ERFC_SHIFT, ERFC_END = 3, mpf("10.25")


def to_float(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def fit(values, weights, powers, points):
    """The c for which the sum over the points of (weight (value - sum of c_j x^powers[j]))^2 is least."""
    n = len(powers)
    m, v = matrix(n, n), matrix(n, 1)
    for x, y, w in zip(points, values, weights, strict=True):
        p = [x**k for k in powers]
        for i in range(n):
            v[i] += w**2 * y * p[i]
            for j in range(n):
                m[i, j] += w**2 * p[i] * p[j]
    return lu_solve(m, v)


def polynomial(f, weight, degree, a, b, count=60, tries=3000):
    """Coefficients from the constant term upwards, all floats, and the largest weighted error."""
    points = [(a + b) / 2 - (b - a) / 2 * cos(mp.pi * (i + mpf(1) / 2) / count) for i in range(count)]
    left, weights = [f(x) for x in points], [weight(x) for x in points]
    fixed = []
    for i in range(degree + 1):
        fixed.append(to_float(fit(left, weights, range(i, degree + 1), points)[0]))
        left = [y - fixed[-1] * x**i for x, y in zip(points, left, strict=True)]
    grid = [a + (b - a) * (i + mpf(1) / 2) / tries for i in range(tries)]
    return fixed, max(weight(x) * abs(f(x) - sum(c * x**j for j, c in enumerate(fixed))) for x in grid)


def show(name, result):
    c, worst = result
    print(f"{name}\n  {', '.join(float(x).hex() for x in c)}\n  error {float(worst * 2**24):.4f} * 2^-24")


def functions():
    high = mpf(float.fromhex("0x1.63p-1"))
    print(f"log 2 = 0x1.63p-1 + {float(to_float(log(2) - high)).hex()}, 1/log 2 = {float(to_float(1 / log(2))).hex()}")

    # exp(r) = 1 + r + r^2 q(r), error relative to exp(r)
    show("exp", polynomial(lambda r: (exp(r) - 1 - r) / r**2, lambda r: r**2 / exp(r), 4, -HALF_LOG_2, HALF_LOG_2))

    show("erfc", scaled_erfc(ERFC_SHIFT, 9))


def scaled_erfc(shift, degree, *points):
    """Of erfc(y) = exp(-y^2) Q(t)/(y + shift), t = (y - shift)/(y + shift), 0 <= y <= end."""

    def q(t):
        y = shift * (1 + t) / (1 - t)
        return exp(y**2) * erfc(y) * (y + shift)

    last = (ERFC_END - shift) / (ERFC_END + shift)
    return polynomial(q, lambda t: 1 / q(t), degree, mpf(-1), last, *points)


def quick():
    """Of kernels/cuda/quick.hpp; there expm1(x) = x + x^2 q(x), -1/2 <= x <= 0."""
    show("quick erfc", scaled_erfc(2, 5, 40, 600))
    show(
        "quick expm1",
        polynomial(lambda x: (expm1(x) - x) / x**2, lambda x: abs(x**2 / expm1(x)), 2, mpf(-1) / 2, mpf(0), 40, 600),
    )


# Of a = |x|: what is left of the activation on the left side, over -a; its slope there; the sizes of the bounds.
C1 = 2 * sqrt(2 / pi)
C2 = C1 * mpf("0.044715")


def tail(a):
    return erfc(a / sqrt(2)) / 2


def bell(a):
    return a * exp(-(a**2) / 2) / sqrt(2 * pi)


def sigmoid(x):
    return 1 / (1 + exp(-x))


def argument(a):
    return a * (C1 + C2 * a**2)


def turn(a):
    return a * (C1 + 3 * C2 * a**2) * sigmoid(argument(a))


def falling(a):
    """(1 - exp(-a))/a, from 29/2 on halfway to 1/a: the last value stands for all later ones."""
    return (-expm1(-a) + exp(-a) * max(a - mpf(29) / 2, 0) / 2) / a


# name: function, size (None: the function's own), and for float and bf16 where pieces begin and the degree
TABLES = {
    "gelu": (tail, None, ("11/32", 6), ("square", 3)),
    "gelu_slope": (lambda a: tail(a) - bell(a), lambda a: tail(a) + bell(a), ("11/32", 6), ("square", 4)),
    "gelu_tanh": (lambda a: sigmoid(-argument(a)), None, ("5/16", 6), ("square", 3)),
    "gelu_tanh_slope": (
        lambda a: sigmoid(-argument(a)) * (1 - turn(a)),
        lambda a: sigmoid(-argument(a)) * (1 + turn(a)),
        ("5/16", 6),
        ("square", 4),
    ),
    "silu": (lambda a: sigmoid(-a), None, ("1", 6), ("1/2", 3)),
    "silu_slope": (
        lambda a: sigmoid(-a) * (1 - a * sigmoid(a)),
        lambda a: sigmoid(-a) * (1 + a * sigmoid(a)),
        ("1", 6),
        ("1/2", 3),
    ),
    "expm1": (falling, None, ("1", 5), ("1", 3)),
}
PIECES = 16
HEAD = """// SPDX-License-Identifier: Apache-2.0
/// Piecewise polynomials in a = |x|, made by coefficients.py: smooth.hpp says what of. Coefficients from the constant
/// term upwards, one for each of the 16 pieces.
#pragma once

namespace nwidth::kernels::cpu {
namespace {

/// Piece i is where a/width (with `square`, a^2) is nearest to i; polynomials in a - i width for float, in a for bf16.
template <int terms>
struct Pieces {
  float width, end;  // for 0 <= a <= end
  bool square, local;
  alignas(64) float c[terms][16];
};

// clang-format off"""


def table(name, f, size, width, degree, local):
    size = size or f
    square = width == "square"
    w = mpf(1) if square else mpf(width.split("/")[0]) / mpf((width + "/1").split("/")[1])

    def place(i):
        return sqrt(max(i, 0)) if square else w * max(i, 0)

    worst, columns = mpf(0), []
    for i in range(PIECES):
        middle = w * i if local else mpf(0)
        c, error = polynomial(
            lambda d, middle=middle: f(middle + d),
            lambda d, middle=middle: 1 / size(middle + d),
            degree,
            place(i - mpf(1) / 2) - middle,
            place(i + mpf(1) / 2) - middle,
            24,
            50,
        )
        worst = max(worst, error)
        columns.append([float(x).hex() for x in c])
    end = to_float(place(PIECES - mpf(9) / 16))
    print(f"/// Off by {float(worst * 2**24):.3g} * 2^-24 of the size.")
    start = f"{float(w)}F, {short(float(end).hex())}F, {str(square).lower()}, {str(local).lower()}"
    print(f"constexpr Pieces<{degree + 1}> {name}{{{start}, {{")
    for row in zip(*columns, strict=True):
        numbers = ", ".join(short(x) + "F" for x in row)
        print(textwrap.fill("{" + numbers + "},", 119, initial_indent="    ", subsequent_indent="     "))
    print("}};")


def short(x):
    """Without the zeros at the end, which a float in a double's digits has."""
    digits, power = x.split("p")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) + "p" + power.lstrip("+")


def tables():
    print(HEAD)
    for name, (f, size, single, brief) in TABLES.items():
        table(name + "_pieces", f, size, *single, local=True)
        table(name + "_brief_pieces", f, size, *brief, local=False)
    print("// clang-format on\n\n}  // namespace\n}  // namespace nwidth::kernels::cpu")


if __name__ == "__main__":
    if sys.argv[1:] == ["tables"]:
        tables()
    else:
        functions()
        quick()
