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


def fit(method, target, parameters, error, converged=True, bound=None):
    two = method.startswith("ridge")
    size, status = 3 * next(iter(parameters.values())), "quadrature" if two else "proved"
    line = record("target", method, 0, parameters, size, error * (1 - 1e-7), error, target, status)
    line["fit"] = {"status": "converged" if converged else "no alternation"} | ({"l2": error} if two else {})
    return line | ({"bound": {"lower": f"{bound:.14e}", "kind": "B"}} if bound else {})


def fits():
    out = []
    for target, scale in (("exp(x)", 0.3), ("sin(4*pi*x)", 4.0)):
        for size in (4, 8, 16, 32, 64):
            for rate, activation in ((2, "relu"), (3, "relu2"), (4, "polyrelu")):
                error, fails = scale / size**rate, activation == "relu2" and size == 64
                parameters, reached = {"segments": size, "norm": "sup"}, error * (2 if fails else 1)
                out.append(fit(f"fit-{activation}", target, parameters, reached, not fails, error / 1.1))
            for by in ("adam", "raw-lm"):
                out.append(fit(f"{by}-relu", target, {"segments": size, "steps": 9, "samples": 7}, scale / 4, False))
    for size in (4, 8, 16):
        out.append(fit("ridge-relu", "x1*x2", {"neurons": size, "norm": "l2"}, 0.2 / size))
    return out


def write(folder, lines):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "records.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
