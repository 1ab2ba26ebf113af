# SPDX-License-Identifier: Apache-2.0
"""Records with made-up errors, for tests of the plotter alone. Nothing here is a result."""

import json

KAPPA = {1: 1, 2: 1 / 2, 3: 1 / 3, 4: 5 / 24}
# method: size = a N, error = b / N^n, has a class certificate
METHODS = {
    "optimal-spline": (3, 1.0, True),
    "two-level": (1.4, 1.2, True),
    "local-taylor": (20, 1.3, True),
    "yarotsky-relu": (150, 1.5, False),
    "log-free-relu": (2.5, 1.3, False),
}


def sizes():
    return [round(10 * 10 ** (k / 5)) for k in range(16)]


def record(kind, method, n, parameters, size, lower, upper, target=None, status="proved"):
    key = f"{kind} {method} n={n} {parameters} target={target}"
    return {"schema": "nwidth.record/1", "key": key, "commit": "0" * 40, "dirty": False, "kind": kind, "method": method,
            "target": target, "n": n, "parameters": parameters, "size": size, "lower": f"{lower:.14e}",
            "upper": f"{upper:.14e}" if upper < float("inf") else "inf", "status": status}  # fmt: skip


def records():
    out = []
    for n in (1, 2, 3, 4):
        for size in sizes():
            out.append(record("limit", "n-width", n, {"W": size}, size, *2 * (KAPPA[n] / size**n,)))
            out.append(
                record("limit", "continuous-selection", n, {"W": size}, size, *2 * (KAPPA[n] / (size + n) ** n,))
            )
        for method, (cost, factor, linear) in METHODS.items():
            for size in sizes():
                N = int(size / cost)
                if n + 1 > N:
                    continue
                error = factor * KAPPA[n] / N**n
                if linear:
                    out.append(record("class", method, n, {"N": N}, size, error * (1 - 1e-7), error))
                for target, part in (("a", 0.5), ("b", 0.8)):
                    value = part * error
                    fails = method == "yarotsky-relu" and size > 5000 and target == "b"
                    upper, status = (float("inf"), "not_proved") if fails else (value, "proved")
                    out.append(record("target", method, n, {"N": N}, size, value * (1 - 1e-7), upper, target, status))
    return out


def write(folder, lines):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "records.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
