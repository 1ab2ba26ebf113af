# SPDX-License-Identifier: Apache-2.0
"""Makes vectors.json: inputs, outputs and gradients of PolyReLU and PolyNorm, correct to about 106 bits.

    python -m nwidth.conformance.generate           writes vectors.json beside this file
    python -m nwidth.conformance.generate --check   exits 1 if the file there is not what would be written

Needs mpmath; everything is evaluated with 80 decimal digits from the formulas

    PolyReLU  y = w0 u^3 + w1 u^2 + w2 u + b,  u = max(x, 0);   dx = g (3 w0 u^2 + 2 w1 u + w2) for x > 0, else 0
    PolyNorm  y_j = w0 N(x^3)_j + w1 N(x^2)_j + w2 N(x)_j + b,  N(x^p)_j = R_p x_j^p,
              R_p = 1/sqrt(mean_k x_k^(2p) + eps),  S_p = sum_k g_k x_k^p,  dw_(p) = sum R_p S_p over the rows,
              dx_j = sum_p w_(p) (p x_j^(p-1) R_p g_j - (p/n) x_j^(2p-1) R_p^3 S_p)

with the mean over the last axis, and eps the double nearest to 1e-6 unless a case says otherwise. Inputs (x, w, b and
the gradient g that arrives) are bfloat16 numbers, so they are the same in bfloat16, float32 and float64. Each output is
a pair of doubles, high + low, written in hexadecimal. Where "tile" is t > 1 the rows are t copies of the numbers
written, end to end, and the outputs are written for the first copy (the sums dw and db run over all copies).
"""

import argparse
import json
import random
import re
import sys
from pathlib import Path

DIGITS = 80
EPS = 1e-6
PATH = Path(__file__).with_name("vectors.json")
MIXED = (0.625, -0.4375, 0.8125)  # three magnitudes, one of them negative: no permutation looks like another
BIAS = -0.1875


def bfloat(bits, exponent, sign=True):
    """A bfloat16 number with random significand in +-[2^exponent, 2^(exponent+1))."""
    m = (128 + bits.getrandbits(7)) * 2.0 ** (exponent - 7)
    return -m if sign and bits.getrandbits(1) else m


def spread(bits, count, low, high, sign=True):
    """count numbers whose exponents are uniform in low ... high."""
    return [bfloat(bits, low + bits.getrandbits(16) % (high - low + 1), sign) for _ in range(count)]


def polyrelu(x, w, b, g, n, eps, mp):
    u = [max(v, mp.mpf(0)) for v in x]
    y = [w[0] * v**3 + w[1] * v**2 + w[2] * v + b for v in u]
    dx = [h * (3 * w[0] * v**2 + 2 * w[1] * v + w[2]) if v > 0 else mp.mpf(0) for v, h in zip(u, g, strict=True)]
    dw = [mp.fsum(h * v**p for v, h in zip(u, g, strict=True)) for p in (3, 2, 1)]
    return y, dx, dw, mp.fsum(g)


def polynorm(x, w, b, g, n, eps, mp):
    y, dx, dw = [], [], [mp.mpf(0)] * 3
    for i in range(0, len(x), n):
        row, grad = x[i : i + n], g[i : i + n]
        out, slope = [b] * n, [mp.mpf(0)] * n
        for k, p in enumerate((3, 2, 1)):
            R = 1 / mp.sqrt(mp.fsum(v ** (2 * p) for v in row) / n + eps)
            S = mp.fsum(h * v**p for v, h in zip(row, grad, strict=True))
            dw[k] += R * S
            for j, (v, h) in enumerate(zip(row, grad, strict=True)):
                out[j] += w[k] * v**p * R
                slope[j] += w[k] * p * (v ** (p - 1) * R * h - v ** (2 * p - 1) * R**3 * S / n)
        y += out
        dx += slope
    return y, dx, dw, mp.fsum(g)


def evaluate(case, mp):
    """Adds y, dx, dw, db to the case. A mean over copies is that over one, so only the sums dw and db see them."""
    n, tile = case["shape"][-1] // case["tile"], case["tile"]
    formula = polyrelu if case["kind"] == "polyrelu" else polynorm
    x, g, w, (b, eps) = (
        [mp.mpf(v) for v in values] for values in (case["x"], case["g"], case["w"], (case["b"], case["eps"]))
    )
    y, dx, dw, db = formula(x, w, b, g, n, eps, mp)

    def pair(v):
        high = float(v)
        return [high, float(v - mp.mpf(high))]

    case["y"] = [pair(v) for v in y]
    if case["gradients"]:
        case["dx"], case["dw"], case["db"] = [pair(v) for v in dx], [pair(tile * v) for v in dw], pair(tile * db)


def make(kind, name, seed, shape, rows, *, w=MIXED, b=BIAS, eps=EPS, tile=1, gradients=True):
    """rows(bits) gives the numbers x of all rows; g is drawn after them from the same bits."""
    bits = random.Random(seed)  # only getrandbits is used, whose values Python promises for ever
    x = rows(bits)
    g = spread(bits, len(x), -2, 1)
    return dict(
        kind=kind, name=name, seed=seed, shape=shape, tile=tile, eps=eps, gradients=gradients, w=w, b=b, x=x, g=g
    )


def rows_of_scale(n, exponents, width=1):
    """One row of n for each exponent e, with magnitudes in [2^e, 2^(e+width))."""
    return lambda bits: [v for e in exponents for v in spread(bits, n, e, e + width - 1)]


def near_roots(bits):
    """Around the roots 1 and 1/4 of (u - 1)^2 (u - 1/4), on both sides, in steps of bfloat16 there."""

    def near(root, step):
        k = bits.getrandbits(5)
        return root + k * step if bits.getrandbits(1) else root - k * step / 2

    return [near(1.0, 2.0**-7) for _ in range(64)] + [near(0.25, 2.0**-9) for _ in range(64)]


def subnormals(bits):
    """Subnormal both in float32 and in bfloat16; no chance in it."""
    return [k * 2.0**-133 for k in range(-40, 120, 10)]


def with_zeros(bits):
    row = spread(bits, 8, -2, 1)
    row[2], row[5] = 0.0, -0.0
    return row + [0.0, -0.0] * 4 + spread(bits, 8, -6, -3)


def cases():
    rooted, positive = (1.0, -2.25, 1.5), (0.5, 0.25, 0.75)  # (u - 1)^2 (u - 1/4) with b = -1/4
    yield make("polyrelu", "generic", 101, [4, 16], rows_of_scale(16, (-3, -1, 0, 1), 2))
    yield make("polyrelu", "cancelling", 102, [4, 32], near_roots, w=rooted, b=-0.25)
    yield make("polyrelu", "wide", 103, [3, 1032], rows_of_scale(43, (-1, 0, 1), 2), tile=24)
    yield make("polyrelu", "large", 104, [2, 8], rows_of_scale(8, (38, 39)), w=positive)
    yield make("polyrelu", "subnormal", 105, [2, 8], subnormals, b=0.0, w=positive)
    yield make("polynorm", "generic", 201, [2, 3, 12], rows_of_scale(12, (-1, 2, 0, 3, 1, -2), 2))
    yield make("polynorm", "small", 202, [4, 16], rows_of_scale(16, (-3, -5, -8, -12), 2))
    yield make("polynorm", "cancelling", 203, [4, 32], rows_of_scale(32, (-1, 0, 1, 2), 2), w=(1.0, -1.0, 0.5), b=0.0)
    yield make("polynorm", "width 1", 204, [5, 1], rows_of_scale(1, (-9, -4, -1, 0, 3)))
    yield make("polynorm", "width 43", 205, [3, 43], rows_of_scale(43, (-4, 0, 2), 3))
    yield make("polynorm", "wide", 206, [2, 8256], rows_of_scale(129, (-1, 1), 2), tile=64)
    yield make("polynorm", "zero row", 207, [3, 8], with_zeros)
    yield make("polynorm", "large", 208, [2, 16], rows_of_scale(16, (10, 11)))
    yield make("polynorm", "huge", 209, [2, 16], rows_of_scale(16, (18, 19)), gradients=False)
    yield make("polynorm", "subnormal", 210, [2, 8], subnormals, b=0.0, w=positive)
    yield make("polynorm", "other eps", 211, [3, 8], rows_of_scale(8, (-4, -2, 0), 2), eps=2.0**-10)


def text():
    """The file's text: one line for each array."""
    import mpmath

    def write(value):
        if isinstance(value, float):
            return json.dumps(re.sub(r"\.?0+p", "p", value.hex()))
        if isinstance(value, list | tuple):
            return "[" + ",".join(map(write, value)) + "]"
        return json.dumps(value)

    written = []
    with mpmath.workdps(DIGITS):
        for case in cases():
            evaluate(case, mpmath.mp)
            written.append("{" + ",\n".join(f"{json.dumps(k)}: {write(v)}" for k, v in case.items()) + "}")
    head = f'"schema": 1, "digits": {DIGITS}, "generator": "nwidth.conformance.generate"'
    return "{" + head + ', "cases": [\n' + ",\n".join(written) + "\n]}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare with the file there instead of writing it")
    made = text()
    if parser.parse_args().check:
        return 0 if PATH.read_text(encoding="utf-8") == made else 1
    PATH.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
