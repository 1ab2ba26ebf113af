# SPDX-License-Identifier: Apache-2.0
"""Fits the benchmark rows with `nwidth fit` and prints the table of docs/fitting.md: certified errors, proved factors.

./dev build nwidth && python3 bench/fit_rows.py build/release/bin/nwidth > rows.md
"""

import json
import subprocess
import sys
import tempfile

TARGETS = {
    "exp": "exp(x)",
    "sin 4πx": "sin(4*pi*x)",
    "runge": "1/(1+25*x^2)",
    r"\|x\|^1.5": "abs(x)^1.5",
}
ROWS = [
    ("exp", "relu", [4, 8, 32, 64]),
    ("exp", "relu2", [4, 8, 16, 64]),
    ("exp", "relu3", [4, 8, 16]),
    ("exp", "polyrelu", [8, 16, 32]),
    ("sin 4πx", "relu", [8, 16, 32]),
    ("sin 4πx", "relu2", [8, 16, 32]),
    ("sin 4πx", "polyrelu", [8, 16]),
    ("runge", "relu", [4, 8, 32]),
    ("runge", "relu2", [8, 16]),
    ("runge", "polyrelu", [8, 16]),
    (r"\|x\|^1.5", "relu", [8, 16]),
    (r"\|x\|^1.5", "relu2", [8, 16]),
    (r"\|x\|^1.5", "polyrelu", [8, 16]),
]


def fit(program, target, activation, knots, norm):
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "fit", "--target", target, "--activation", activation, "--knots", str(knots)]
        command += ["--norm", norm, "--out", f"{folder}/net.json", "--json"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode not in (0, 3):
            raise SystemExit(f"{' '.join(command)}: {run.stderr}")
        return json.loads(run.stdout)


def short(text, digits=6):
    return f"{float(text):.{digits}g}"


def main():
    program = sys.argv[1]
    print("| target | activation | knots | neurons | sup error ≤ | bound | factor ≤ | status | s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, activation, sizes in ROWS:
        for n in sizes:
            r = fit(program, TARGETS[name], activation, n, "sup")
            bound = f"{short(r['bound']['lower'])} ({r['bound']['kind']})" if "bound" in r else "-"
            factor = f"{float(r['factor']):.6f}" if "factor" in r else "-"
            status = r["fit"]["status"]
            row = [name, activation, str(n), str(r["neurons"]), short(r["sup"]["upper"]), bound, factor, status]
            print("| " + " | ".join([*row, f"{r['seconds']:.2f}"]) + " |", flush=True)


if __name__ == "__main__":
    main()
