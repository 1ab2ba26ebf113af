# SPDX-License-Identifier: Apache-2.0
"""vectors.json against referees of the standard library: exact fractions, and decimals with numerical derivatives."""

import importlib.util
import json
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "python" / "nwidth" / "conformance"
DATA = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))
CASES = {(c["kind"], c["name"]): c for c in DATA["cases"]}


def numbers(values, kind=Fraction):
    return [kind(float.fromhex(v)) for v in values]


def rows(case, key="x", kind=Fraction):
    """The full rows: copies end to end."""
    n = case["shape"][-1] // case["tile"]
    values = numbers(case[key], kind)
    return [values[i : i + n] * case["tile"] for i in range(0, len(values), n)]


def assert_pairs(pairs, exact, what, relative=Fraction(1, 2**105)):
    """high is a nearest double of the truth (up to the referee's own error) and high + low is within 2^-105 of it."""
    assert len(pairs) == len(exact)
    for i, ((high, low), truth) in enumerate(zip(pairs, exact, strict=True)):
        high, low, truth = float.fromhex(high), float.fromhex(low), Fraction(truth)
        allowed = relative * abs(truth) + Fraction(1, 2**1074)
        assert abs(Fraction(high) + Fraction(low) - truth) <= allowed, (what, i, high, low, float(truth))
        assert high == float(truth), (what, i, high, float(truth))


def test_inputs_are_bfloat16_numbers():
    for key, case in CASES.items():
        for v in numbers(case["x"] + case["g"] + case["w"] + [case["b"]], float):
            significand = abs(v).hex().split("p")[0].removeprefix("0x1").removeprefix(".").removeprefix("0x0")
            assert v == 0 or (len(significand.rstrip("0")) <= 2 and int(significand.ljust(2, "0"), 16) % 2 == 0), (
                key,
                v,
            )
            assert v == 0 or (v / 2.0**-133).is_integer(), (key, v)


def test_polyrelu_equals_exact_fractions():
    for (kind, name), case in CASES.items():
        if kind != "polyrelu":
            continue
        w, b, n = numbers(case["w"]), numbers([case["b"]])[0], case["shape"][-1] // case["tile"]
        y, dx, dw, db = [], [], [Fraction(0)] * 3, Fraction(0)
        for row, grad in zip(rows(case), rows(case, "g"), strict=True):
            for j, (x, g) in enumerate(zip(row, grad, strict=True)):
                u = max(x, Fraction(0))
                dw, db = [d + g * u**p for d, p in zip(dw, (3, 2, 1), strict=True)], db + g
                if j < n:
                    y.append(w[0] * u**3 + w[1] * u**2 + w[2] * u + b)
                    dx.append(g * (3 * w[0] * u**2 + 2 * w[1] * u + w[2]) if x > 0 else Fraction(0))
        for key, exact in (("y", y), ("dx", dx), ("dw", dw)):
            assert_pairs(case[key], exact, (name, key), Fraction(1, 2**106))
        assert_pairs([case["db"]], [db], (name, "db"), Fraction(1, 2**106))


def polynorm(row, w, b, eps):
    """One row, in the decimal precision of the context, by division by the root."""
    n, powers = Decimal(len(row)), [[x**p for x in row] for p in (3, 2, 1)]
    roots = [(sum(v * v for v in power) / n + eps).sqrt() for power in powers]
    return [b + sum(c * v[j] / r for c, v, r in zip(w, powers, roots, strict=True)) for j in range(len(row))]


@pytest.mark.parametrize("name", [n for k, n in CASES if k == "polynorm"])
def test_polynorm_values_equal_decimals(name):
    case = CASES["polynorm", name]
    with localcontext() as context:
        context.prec = 70
        w, (b, eps) = numbers(case["w"], Decimal), numbers([case["b"], case["eps"]], Decimal)
        n = case["shape"][-1] // case["tile"]  # the mean over copies is the mean over one
        y = [v for row in rows(case, kind=Decimal) for v in polynorm(row[:n], w, b, eps)]
        assert_pairs(case["y"], y, name)


@pytest.mark.parametrize("name", [n for k, n in CASES if k == "polynorm" and n not in ("wide", "huge")])
def test_polynorm_gradients_equal_central_differences(name):
    """d/dt at t = 0 of L(x + t e_j), L = sum g y, by L(h) - L(-h) over 2h; its error is O(h^2), far below 2^-106 L."""
    case = CASES["polynorm", name]
    with localcontext() as context:
        context.prec = 300  # the smallest gradient is 1e-111, from a loss of 1e-36
        w, (b, eps) = numbers(case["w"], Decimal), numbers([case["b"], case["eps"]], Decimal)
        h, dx, dw, db = Decimal(10) ** -55, [], [Decimal(0)] * 3, Decimal(0)

        def loss(row, grad, weight, bias):
            return sum(g * y for g, y in zip(grad, polynorm(row, weight, bias, eps), strict=True))

        def slope(f):
            return (f(h) - f(-h)) / (2 * h)

        def moved(values, j, t):
            return [v + t if i == j else v for i, v in enumerate(values)]

        for row, grad in zip(rows(case, kind=Decimal), rows(case, "g", Decimal), strict=True):
            dx += [slope(lambda t, j=j, r=row, g=grad: loss(moved(r, j, t), g, w, b)) for j in range(len(row))]
            for k in range(3):
                dw[k] += slope(lambda t, k=k, r=row, g=grad: loss(r, g, moved(w, k, t), b))
            db += slope(lambda t, r=row, g=grad: loss(r, g, w, b + t))
        size = max(abs(Fraction(v)) for v in dx)
        for i, (pair, truth) in enumerate(zip(case["dx"], dx, strict=True)):
            got = sum(Fraction(float.fromhex(v)) for v in pair)
            assert abs(got - Fraction(truth)) <= abs(Fraction(truth)) / 2**105 + size / 2**250, (name, i, float(got))
        assert_pairs(case["dw"], dw, (name, "dw"))
        assert_pairs([case["db"]], [db], (name, "db"))


def test_the_generator_writes_this_file():
    pytest.importorskip("mpmath")
    spec = importlib.util.spec_from_file_location("conformance_generate", FOLDER / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.text() == (FOLDER / "vectors.json").read_text(encoding="utf-8")


def test_the_file_stays_small():
    assert (FOLDER / "vectors.json").stat().st_size < 500_000
