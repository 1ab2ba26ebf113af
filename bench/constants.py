# SPDX-License-Identifier: Apache-2.0
"""Proves the constants of docs/constants.md with `nwidth constants` and writes that page.

./dev build nwidth && python3 bench/constants.py build/release/bin/nwidth > docs/constants.md
"""

import json
import subprocess
import sys
from decimal import ROUND_HALF_EVEN, Context, Decimal

DIGITS = 50
SHOWN_KNOTS = 2
TARGETS = {"exp(x)": "e^x", "sin(4*pi*x)": "sin 4πx", "abs(x)^1.5": "\\|x\\|^1.5"}
ACTIVATIONS = {"relu": "ReLU", "relu2": "ReLU²", "polyrelu": "PolyReLU"}
NORMS = {"sup": "sup norm", "l2": "L2 norm"}
KNOTS = (1, 2, 4, 8)

HEAD = f"""# Constants

Errors and knots of splines with N free knots in (-1, 1) on [-1, 1], each proved to {DIGITS} digits by
[`nwidth constants`](../experiments/nwidth/commands/constants.cpp). ReLU stands for continuous piecewise linear
functions, ReLU² for C^1 piecewise quadratics, PolyReLU for continuous piecewise cubics. This page is written by
[bench/constants.py](../bench/constants.py). The last digit shown is rounded; the proof is of the balls that the command
prints, which are narrower.

**Sup norm**: the error is *the least of all* splines of the class with at most N free knots. Krawczyk's operator proves
in balls that exactly one spline lies there whose error alternates in full
([alternation](../fitting/existence/alternation.hpp)); by alternation, or for PolyReLU by segments, nothing is closer to
the target; and its error is shown to be nowhere larger ([error_level](../fitting/existence/error_level.hpp)).

**L2 norm**: the error, (∫ (f - s)²)^(1/2), is that of a *strict local minimum*. Krawczyk's operator proves that exactly
one solution of the stationarity equations lies there ([stationary](../fitting/existence/stationary.hpp)), Cholesky's
factors in balls that the Hessian is positive definite. Nothing here excludes a better spline elsewhere:
`nwidth fit --norm l2` prints a lower bound for all. Where a target is even or odd, the mirror image is as good.

The knots shown are the first {SHOWN_KNOTS}, from the left."""


def rounded(enclosure):
    """The digits that both ends share when rounded; fewer than DIGITS only where a rounding lies between them."""
    lower, upper = Decimal(enclosure["lower"]), Decimal(enclosure["upper"])
    if lower <= 0 <= upper:
        return "0" if upper - lower < Decimal(10) ** -DIGITS else "?"
    for digits in range(DIGITS, 0, -1):
        context = Context(prec=digits, rounding=ROUND_HALF_EVEN)
        if context.create_decimal(lower) == context.create_decimal(upper):
            return f"{context.create_decimal(lower):.{digits - 1}e}" if abs(lower) < 1e-3 else str(context.plus(lower))
    return "?"


def constant(program, target, activation, knots, norm):
    command = [program, "constants", "--target", target, "--activation", activation, "--knots", str(knots)]
    command += ["--norm", norm, "--digits", str(DIGITS + 4), "--json"]  # so that the last digit can be rounded
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode not in (0, 3):
        raise SystemExit(run.stderr)
    answer = json.loads(run.stdout)
    print(f"{target} {activation} {norm} {knots}: {answer['status']}, {answer['seconds']:.2f} s", file=sys.stderr)
    return answer


def main(program):
    print(HEAD)
    for target, title in TARGETS.items():
        for norm, norm_title in NORMS.items():
            proved, refused = [], []
            for activation, name in ACTIVATIONS.items():
                for knots in KNOTS:
                    answer = constant(program, target, activation, knots, norm)
                    if answer["status"] == "proved":
                        first = "<br>".join(f"`{rounded(t)}`" for t in answer["knots"][:SHOWN_KNOTS])
                        note = "" if answer["claim"] in ("least error", "local minimum") else f" ({answer['claim']})"
                        proved.append(f"| {name} | {knots} | `{rounded(answer)}`{note} | {first} |")
                    else:
                        refused.append(f"| {name} | {knots} | {answer['fit']['error']:.6g} | {answer['reason']} |")
            print(f"\n## {title}, {norm_title}")
            if proved:
                print("\n| class | N | error | first knots |\n| --- | --- | --- | --- |")
                print("\n".join(proved))
            if refused:
                print("\nNo constants:\n\n| class | N | fit, not proved | reason |\n| --- | --- | --- | --- |")
                print("\n".join(refused))


if __name__ == "__main__":
    main(sys.argv[1])
