# SPDX-License-Identifier: Apache-2.0
"""Free-knot fits against the same networks fitted in their weights: scipy's least_squares, and PyTorch's Adam + L-BFGS.

    cmake --build build/release --target fitting_rows
    python3 -m venv .venv && .venv/bin/pip install -r bench/requirements.txt
    .venv/bin/python bench/fitting_peers.py --json fitting_peers.json --docs docs/benchmarks.md

measures all rows, on one core; writes all that it measured, row by row, to the first file and their table to the second
(bench/peers_table.py does that alone). --rows 'relu2/*/64' takes some rows only. All take 20 to 25 minutes.

The network, for all three: s(x) = p(x) + sum_{i<=n} sum_k a_ik relu(w_i x + b_i)^k on [-1, 1], where k = 1 (relu),
k = 2 (relu2) or k = 1, 2, 3 (polyrelu, coefficients per neuron), and p is a polynomial of degree 1, 2, 3, which neurons
that are always on make. Peers vary all of w, b, a and p. As with torch.nn.Linear, w and b start uniform in [-1, 1],
a and the constant of p in [-n^-1/2, n^-1/2] (for polyrelu a third of one such number for each k, PolyCom's start); the
rest of p starts at 0. They see 1024 midpoints of even cells.

scipy: method lm (MINPACK), x_scale='jac', ftol = xtol = gtol = 1e-15, analytic Jacobian, until it stalls: evaluations
are not limited. A run that takes longer than --limit seconds of the processor (a quarter of that for n = 16) is stopped
there, and its `end` says so: its time is then a lower bound of that to its stall, and its error the least so far.
torch: Adam on all samples, the rate half a cosine from 1e-2 to 1e-5, then L-BFGS (history 30, strong Wolfe), doubles.
ours: fitting_rows: `single` is one start (equidistribution), `search` all starts of fit_spline_l2.

One ruler for all: the L2 error of the network, evaluated in double, by 8 Gauss nodes on 25000 even pieces. Times are
of the processor, on one thread, and do not count the ruler; wall times stand beside them. `within` is the processor's
time until a peer first came within 1 % of the least sampled error that it saw. Ratios are of a peer to ours.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse  # noqa: E402
import fnmatch  # noqa: E402
import functools  # noqa: E402
import json  # noqa: E402
import math  # noqa: E402
import platform  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from importlib.metadata import version  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import peers_table  # noqa: E402
import provenance  # noqa: E402
from scipy.optimize import least_squares  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
POWERS = {"relu": [1], "relu2": [2], "polyrelu": [1, 2, 3]}
DEGREE = {"relu": 1, "relu2": 2, "polyrelu": 3}  # of the always-on part
TARGETS = {
    "exp": ("exp(x)", np.exp),
    "sin4pi": ("sin(4*pi*x)", lambda x: np.sin(4 * np.pi * x)),
    "runge": ("1/(1+25*x^2)", lambda x: 1 / (1 + 25 * x * x)),
}
SAMPLES = -1 + (np.arange(1024) + 0.5) / 512


def powers(z, most):
    """z, z^2, ..., by products: numpy's z**3 is slow."""
    result = [z]
    while len(result) < most:
        result.append(result[-1] * z)
    return result


class Net:
    """The parameters theta = (w, b, a by powers, p) of a network with n neurons: values and Jacobian."""

    def __init__(self, activation, n):
        self.powers, self.n, self.degree = POWERS[activation], n, DEGREE[activation]

    def start(self, seed):
        rng, bound = np.random.default_rng(seed), self.n**-0.5
        w, b = rng.uniform(-1, 1, self.n), rng.uniform(-1, 1, self.n)
        a = rng.uniform(-bound, bound, self.n) / len(self.powers)
        p = np.zeros(self.degree + 1)
        p[0] = rng.uniform(-bound, bound)
        return np.concatenate([w, b, *[a] * len(self.powers), p])

    def split(self, theta):
        n, m = self.n, len(self.powers)
        return theta[:n], theta[n : 2 * n], theta[2 * n : (2 + m) * n].reshape(m, n), theta[(2 + m) * n :]

    def values(self, theta, x):
        w, b, a, p = self.split(theta)
        z = powers(np.maximum(x[:, None] * w + b, 0), self.degree)
        return sum(z[k - 1] @ a[i] for i, k in enumerate(self.powers)) + np.polynomial.polynomial.polyval(x, p)

    def jacobian(self, theta, x):
        w, b, a, _ = self.split(theta)
        t = x[:, None] * w + b
        z, on = powers(np.maximum(t, 0), self.degree), t > 0
        by_b = sum(k * a[i] * (on if k == 1 else z[k - 2]) for i, k in enumerate(self.powers))
        return np.hstack(
            [by_b * x[:, None], by_b, *[z[k - 1] for k in self.powers], np.vander(x, self.degree + 1, True)]
        )


def check_jacobian():
    """The Jacobian against central differences: a wrong one would slow the peer down."""
    x = np.linspace(-1, 1, 37)
    for activation in POWERS:
        net = Net(activation, 5)
        theta = net.start(1)
        jacobian, h = net.jacobian(theta, x), 1e-7
        for i in range(len(theta)):
            e = h * (np.arange(len(theta)) == i)
            slope = (net.values(theta + e, x) - net.values(theta - e, x)) / (2 * h)
            if not np.allclose(slope, jacobian[:, i], atol=1e-5):
                raise SystemExit(f"{activation}: column {i} of the Jacobian is wrong")


def l2_error(values, f, pieces=25000):
    """The ruler. values: of x, an array."""
    node, weight = np.polynomial.legendre.leggauss(8)
    left = -1 + 2 * np.arange(pieces) / pieces
    total = 0.0
    for chunk in np.array_split(left, 25):
        x = (chunk[:, None] + (node + 1) / pieces).ravel()
        e = f(x) - values(x)
        total += float((np.tile(weight, len(chunk)) / pieces) @ (e * e))
    return math.sqrt(total)


class Clock:
    """Time of the processor and of the wall, and the course of an error over the former."""

    def __init__(self):
        self.course, self.wall, self.cpu = [], time.perf_counter(), time.process_time()

    def note(self, error):
        self.course.append((time.process_time() - self.cpu, error))
        return self.course[-1][0]

    def stop(self):
        self.cpu, self.wall = time.process_time() - self.cpu, time.perf_counter() - self.wall

    def within(self, final, tolerance=1.01):
        """When the best error so far came within the tolerance of the final one."""
        return next((t for t, e in self.course if e <= tolerance * final), self.cpu)

    def record(self):
        final = min(e for _, e in self.course)
        return {"cpu": self.cpu, "wall": self.wall, "within": self.within(final), "sampled": final}


class OutOfTimeError(Exception):
    """Leaves MINPACK from inside its residuals."""


def run_scipy(net, f, seed, limit):
    y, scale, clock = f(SAMPLES), math.sqrt(2 / len(SAMPLES)), Clock()
    least, theta, jacobians = math.inf, None, 0

    def residuals(now):
        nonlocal least, theta
        r = (net.values(now, SAMPLES) - y) * scale
        error = math.sqrt(r @ r)
        if error < least:
            least, theta = error, now.copy()
        if clock.note(error) > limit:
            raise OutOfTimeError
        return r

    def jacobian(now):
        nonlocal jacobians
        jacobians += 1
        return net.jacobian(now, SAMPLES) * scale

    row = {"seed": seed}
    try:
        result = least_squares(
            residuals,
            net.start(seed),
            jac=jacobian,
            method="lm",
            x_scale="jac",
            ftol=1e-15,
            xtol=1e-15,
            gtol=1e-15,
            max_nfev=10**9,
        )
        theta, row["end"], row["status"] = result.x, "stalled", int(result.status)
    except OutOfTimeError:
        row["end"], row["status"] = "time limit", None
    clock.stop()
    return {**row, **clock.record(), "evaluations": len(clock.course), "jacobians": jacobians}, theta


def run_torch(net, f, seed, adam_steps, lbfgs_steps):
    import torch

    torch.set_num_threads(1)
    theta = torch.tensor(net.start(seed), dtype=torch.float64, requires_grad=True)
    x, y = torch.tensor(SAMPLES), torch.tensor(f(SAMPLES))
    basis = torch.tensor(np.vander(SAMPLES, net.degree + 1, True))
    n, m = net.n, len(net.powers)

    def loss():
        z = torch.relu(torch.addcmul(theta[n : 2 * n], x[:, None], theta[:n]))
        s = basis @ theta[(2 + m) * n :]
        power = None
        for k in range(1, net.degree + 1):
            power = z if k == 1 else power * z
            if k in net.powers:
                i = 2 + net.powers.index(k)
                s = s + power @ theta[i * n : (i + 1) * n]
        return torch.mean((s - y) ** 2)

    clock = Clock()
    adam = torch.optim.Adam([theta], lr=1e-2)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(adam, adam_steps, eta_min=1e-5)
    for _ in range(adam_steps):
        adam.zero_grad()
        value = loss()
        clock.note(math.sqrt(2 * value.item()))
        value.backward()
        adam.step()
        rate.step()
    after_adam = theta.detach().numpy().copy()
    lbfgs = torch.optim.LBFGS(
        [theta],
        max_iter=lbfgs_steps,
        history_size=30,
        tolerance_grad=1e-14,
        tolerance_change=1e-18,
        line_search_fn="strong_wolfe",
    )

    def closure():
        lbfgs.zero_grad()
        value = loss()
        clock.note(math.sqrt(2 * value.item()))
        value.backward()
        return value

    lbfgs.step(closure)
    clock.stop()
    row = {"seed": seed, **clock.record(), "evaluations": len(clock.course)}
    row["l2_adam"] = l2_error(functools.partial(net.values, after_adam), f)
    return row, theta.detach().numpy()


def run_ours(program, activation, text, f, n, repeats):
    out = subprocess.run([program, activation, text, str(n), str(repeats)], check=True, capture_output=True, text=True)
    found = json.loads(out.stdout)
    rows = {}
    for route in ("single", "search"):
        result = found[route]
        neurons, constant = result["network"]["neurons"], result["network"]["constant"]
        w, b = (np.array([neuron[i] for neuron in neurons]) for i in (0, 1))
        a = np.array([neuron[2] for neuron in neurons])

        def values(x, w=w, b=b, a=a, constant=constant):
            z = powers(np.maximum(x[:, None] * w + b, 0), a.shape[1])
            return constant + sum(z[k] @ a[:, k] for k in range(a.shape[1]))

        rows[route] = {
            "l2": l2_error(values, f),
            "l2_claimed": result["l2"],
            "cpu": statistics.median(result["cpu"]),
            "wall": statistics.median(result["wall"]),
            "cpus": result["cpu"],
            "walls": result["wall"],
            "iterations": result["iterations"],
            "status": result["status"],
            "neurons": len(neurons),
        }
    return rows


def compare(ours, runs):
    """Errors of a peer's runs to ours, and times of one run to ours."""
    errors, cpu, within = ([run[key] for run in runs] for key in ("l2", "cpu", "within"))
    best = ours["search"]
    return {
        "runs": runs,
        "error_ratio_best": min(errors) / best["l2"],
        "error_ratio_median": statistics.median(errors) / best["l2"],
        "time_ratio_single": statistics.median(cpu) / ours["single"]["cpu"],
        "time_ratio_search": statistics.median(cpu) / best["cpu"],
        "time_ratio_within_single": statistics.median(within) / ours["single"]["cpu"],
        "time_ratio_within_search": statistics.median(within) / best["cpu"],
    }


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--program", default=ROOT / "build/release/bin/fitting_rows", help="our side")
    parser.add_argument("--rows", nargs="+", default=["*"], help="patterns of CLASS/TARGET/N, such as 'relu2/*/64'")
    parser.add_argument("--seeds", type=int, default=1, help="of scipy; one for n = 16")
    parser.add_argument("--torch-seeds", type=int, default=2, help="one for n = 16")
    parser.add_argument("--limit", type=float, default=100, help="seconds of a run of scipy; a quarter for n = 16")
    parser.add_argument("--adam", type=int, default=20000, help="steps")
    parser.add_argument("--lbfgs", type=int, default=5000, help="steps, at most")
    parser.add_argument("--repeats", type=int, default=5, help="of our fits; the median time counts")
    parser.add_argument("--json", type=Path, default=Path("fitting_peers.json"), help="the record")
    parser.add_argument("--docs", type=Path, help="the document whose table is written anew")
    options = parser.parse_args()
    if min(options.seeds, options.torch_seeds, options.repeats) < 1:
        parser.error("seeds and repeats are at least 1")
    names = [f"{c}/{t}/{n}" for n in (64, 16) for c in POWERS for t in TARGETS]
    options.rows = [name for name in names if any(fnmatch.fnmatchcase(name, p) for p in options.rows)]
    if not options.rows:
        parser.error("no such row; there are " + " ".join(names))
    return options


def compute(options, name):
    """One row of the record."""
    activation, target, n = name.split("/")
    n = int(n)
    text, f = TARGETS[target]
    net = Net(activation, n)
    row = {"class": activation, "target": target, "n": n, "load_average": os.getloadavg()}
    row["ours"] = run_ours(options.program, activation, text, f, n, options.repeats)
    for peer, seeds in (("scipy", options.seeds), ("torch", options.torch_seeds)):
        runs = []
        for i in range(seeds if n > 16 else 1):
            seed = 1000 * n + i
            if peer == "scipy":
                run, theta = run_scipy(net, f, seed, options.limit if n > 16 else options.limit / 4)
            else:
                run, theta = run_torch(net, f, seed, options.adam, options.lbfgs)
            run["l2"] = l2_error(functools.partial(net.values, theta), f)
            runs.append(run)
        row[peer] = compare(row["ours"], runs)
    return row


def main():
    options = arguments()
    check_jacobian()
    began = time.perf_counter()
    keys = ("seeds", "torch_seeds", "limit", "adam", "lbfgs", "repeats")
    record = {
        **provenance.here_and_now(),
        "system": platform.platform(),
        "load_average": os.getloadavg(),
        "threads": 1,
        "versions": {"python": platform.python_version(), **{p: version(p) for p in ("numpy", "scipy", "torch")}},
        "settings": {key: getattr(options, key) for key in keys},
        "samples": len(SAMPLES),
        "rows": [],
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    for name in options.rows:
        row = compute(options, name)
        record["rows"].append(row)
        record["seconds"] = time.perf_counter() - began
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(peers_table.line(row), f"[{record['seconds']:.0f} s]", file=sys.stderr, flush=True)
    print(peers_table.section(record), end="")
    if options.docs:
        peers_table.write(record, options.docs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
