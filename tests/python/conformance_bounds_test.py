# SPDX-License-Identifier: Apache-2.0
"""The bounds of rounding errors hold against an adversary that makes every operation as wrong as the model allows."""

import random
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
sys.path.append(str(Path(__file__).resolve().parents[2] / "python"))

from nwidth.conformance import bounds, reference, vectors  # noqa: E402

U = 2.0**-24
SIGNS = ["up", "down", *range(12)]  # seeds


class Adversary:
    """fl(v, k): v with relative error k u, of one sign throughout or of signs drawn for each element."""

    def __init__(self, how):
        self.bits = torch.Generator().manual_seed(how) if isinstance(how, int) else None
        self.sign = {"up": 1.0, "down": -1.0}.get(how)

    def __call__(self, v, k=1):
        if self.bits is None:
            return v * (1 + self.sign * k * U)
        return v * (1 + (2 * torch.randint(0, 2, v.shape, generator=self.bits) - 1) * k * U)

    def sum(self, v):
        """Over the last axis, one after the other: the order with the most roundings."""
        total = v[..., :1].clone()
        for j in range(1, v.shape[-1]):
            total = self(total + v[..., j : j + 1])
        return total


def polyrelu(case, fl):
    u, w, g = case.x.clamp(min=0), case.w, case.g
    powers = [fl(u**3, 4), fl(u**2, 4), u]
    terms = [fl(c * p) for c, p in zip(w, powers, strict=True)]
    y = fl(fl(fl(terms[0] + terms[1]) + terms[2]) + case.b)
    parts = [fl(fl(fl(g * c) * fl(p * fl(u ** (p - 1), 4)))) for c, p in zip(w, (3, 2, 1), strict=True)]
    dx = torch.where(case.x > 0, fl(fl(parts[0] + parts[1]) + parts[2]), 0.0)
    dw = torch.cat([fl.sum(fl(g * p).reshape(1, -1)).flatten() for p in powers])
    return {"y": torch.where(case.x > 0, y, case.b), "x": dx, "weight": dw, "bias": fl.sum(g.reshape(1, -1)).flatten()}


def polynorm(case, fl):
    """Division by the root, and backward as autograd chains it: through quotient, root, mean and power."""
    x, w, g, n = case.x, case.w, case.g, case.x.shape[-1]
    y, dx, dw = None, None, []
    for c, p in zip(w, (3, 2, 1), strict=True):
        power = fl(x**p, 4)
        mean = fl(fl.sum(fl(power * power)) / n, 4)
        root = fl(fl(mean + fl(torch.full_like(mean, case.eps))).sqrt(), 4)
        normal = fl(power / root, 4)
        term = fl(c * normal)
        y = term if y is None else fl(y + term)
        gw = fl(g * c)
        through = fl.sum(fl(gw * power))
        cube = fl(fl(root * root) * root)
        slope_mean = fl(fl(through / cube, 4) / n, 4)
        slope_power = fl(fl(gw / root, 4) - fl(power * slope_mean))
        part = fl(slope_power * fl(p * fl(x ** (p - 1), 4)))
        dx = part if dx is None else fl(dx + part)
        dw.append(fl.sum(fl(g * normal).reshape(1, -1)).flatten())
    return {"y": fl(y + case.b), "x": dx, "weight": torch.cat(dw), "bias": fl.sum(g.reshape(1, -1)).flatten()}


def pairs(kind, names):
    return [(kind, name) for name in names]


@pytest.mark.parametrize(
    "kind, name",
    pairs("polyrelu", ["generic", "cancelling"])
    + pairs("polynorm", ["generic", "small", "cancelling", "width 1", "width 43", "zero row", "large"]),
)
def test_no_adversary_leaves_the_bounds(kind, name):
    case = vectors.cases(kind)[name]
    E = bounds.errors(kind, case.x, case.g, case.w, case.b, case.eps, torch.float32)
    compute = polyrelu if kind == "polyrelu" else polynorm
    worst = dict.fromkeys(E, 0.0)
    for how in SIGNS:
        got = compute(case, Adversary(how))
        for quantity, value in got.items():
            high, low = case.exact[quantity]
            error = ((value - high) - low).abs()
            assert bool((error <= E[quantity]).all()), (how, quantity, float((error / E[quantity]).nan_to_num().max()))
            worst[quantity] = max(worst[quantity], float((error / E[quantity].clamp(min=1e-300)).max()))
    # and the bounds are of the size of what can happen, not of what would hide a defect
    assert worst["y"] > 0.25 and worst["x"] > 0.1, worst


def test_bounds_are_small():
    """In units of u sum |terms|: 8 for PolyReLU, and for PolyNorm half the width and a little."""
    case = vectors.cases("polynorm")["generic"]
    E = bounds.errors("polynorm", case.x, case.g, case.w, case.b, case.eps, torch.float32)["y"]
    with torch.no_grad():
        size = sum(
            abs(float(c)) * reference.normalised(case.x**p, case.eps).abs()
            for c, p in zip(case.w, (3, 2, 1), strict=True)
        )
    assert float((E / (size + case.b.abs())).max()) < 32 * U
    case = vectors.cases("polyrelu")["cancelling"]
    E = bounds.errors("polyrelu", case.x, case.g, case.w, case.b, case.eps, torch.float32)["y"]
    assert float(E.max()) < 8.01 * U * 5 * 1.3**3


def test_interval_is_the_rounding_of_its_ends():
    random.seed(7)
    for dtype in (torch.float32, torch.bfloat16, torch.float64):
        for _ in range(200):
            value, E = random.uniform(-4, 4), 2.0 ** -random.randint(8, 60)
            high, low = torch.tensor([value], dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
            a, b = bounds.interval((high, low), torch.tensor([E], dtype=torch.float64), dtype)
            assert bool(a <= b)
            for end in (a, b):
                assert bool(end.to(dtype).double() == end)
            inside = torch.tensor([value + random.uniform(-1, 1) * E], dtype=torch.float64)
            rounded = inside.to(bounds.working_type(dtype)).to(dtype).double()
            assert bool((a <= rounded) & (rounded <= b)), (dtype, value, E)
