# SPDX-License-Identifier: Apache-2.0
"""The elementwise and gated families and PolyReLU and PolyNorm by expert: what activations.py checks and times of them.

Peers are what a user of PyTorch has: its fused kernels where it has any, else eager expressions.
"""

import ctypes
from functools import partial

import torch
import torch.nn.functional as F
from timing import milliseconds

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
ACTIVATIONS = ["relu", "relu_power", "leaky_relu", "prelu", "gelu", "gelu_tanh", "silu", "xielu"]
GATES = ["relu", "gelu", "gelu_tanh", "silu", "polyrelu"]
LEARNED = {"prelu": 1, "xielu": 2, "polyrelu": 4}
EPS = 1e-6
SLOPE, POWER = 0.1, 2


def value(name, x, w):
    """The formula, in the type of x; w is what is learned."""
    if name == "relu":
        return torch.relu(x)
    if name == "relu_power":
        return torch.relu(x) ** POWER
    if name == "leaky_relu":
        return F.leaky_relu(x, SLOPE)
    if name == "prelu":
        return torch.where(x > 0, x, w[0] * x)
    if name == "gelu":
        return F.gelu(x)
    if name == "gelu_tanh":
        return F.gelu(x, approximate="tanh")
    if name == "silu":
        return F.silu(x)
    if name == "xielu":
        p, n = F.softplus(w[0]), 0.5 + F.softplus(w[1])
        return torch.where(x > 0, p * x * x + 0.5 * x, n * (torch.expm1(x.clamp(max=-1e-6)) - x) + 0.5 * x)
    u = torch.relu(x)
    return ((w[0] * u + w[1]) * u + w[2]) * u + w[3]


def polynorm(x, w):
    normed = [v / (v.pow(2).mean(-1, keepdim=True) + EPS).sqrt() for v in (x**3, x**2, x)]
    return w[..., 0:1] * normed[0] + w[..., 1:2] * normed[1] + w[..., 2:3] * normed[2] + w[..., 3:4]


class Families:
    """Calls of the shared library on tensors of one shape and type."""

    def __init__(self, path, rows, width, name, device="cuda", experts=64):
        self.library = ctypes.CDLL(path)
        self.library.workspace_floats.restype = ctypes.c_size_t
        self.stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream if device == "cuda" else 0)
        self.rows, self.width, self.name, self.experts = rows, width, name, experts
        generator = torch.Generator(device).manual_seed(1)
        cuts = torch.randint(0, rows + 1, (experts - 1,), device=device, generator=generator).sort().values
        self.offsets = torch.cat([cuts.new_zeros(1), cuts, cuts.new_full((1,), rows)]).int()
        self.coefficients = torch.randn(experts, 4, device=device, generator=generator)
        self.learned = torch.tensor([0.3, -0.2, 0.25, 0.125], device=device)
        self.gradient = torch.zeros(experts, 4, device=device)
        floats = self.library.workspace_floats(ctypes.c_int64(rows), ctypes.c_int(width), ctypes.c_int(experts))
        self.workspace = torch.empty(floats, device=device)

    def call(self, function, *arguments):
        def c(a):
            if isinstance(a, torch.Tensor):
                return ctypes.c_void_p(a.data_ptr())
            return ctypes.c_float(a) if isinstance(a, float) else ctypes.c_int(a)

        tail = [ctypes.c_int64(self.rows), ctypes.c_int(self.width), self.stream]
        if function.startswith(("activation", "gated")):
            tail = [ctypes.c_int64(self.rows * self.width), self.stream]
        status = getattr(self.library, f"{function}_{self.name}")(*map(c, arguments), *tail)
        if status != 0:
            raise RuntimeError(f"{function}: CUDA error {status}")

    def kernels(self):
        """name -> (inputs, outputs of backward, forward(inputs, y), backward(inputs, g, ds))"""
        every = {}
        for i, f in enumerate(ACTIVATIONS):
            head = (i, POWER, SLOPE, self.learned)
            every[f] = (1, "activation", head)
        for i, f in enumerate(GATES):
            every[f"{f} gate"] = (2, "gated", (i, self.learned))
        for f in ("polyrelu", "polynorm"):
            every[f"{f} by expert"] = (1, f"{f}_experts", (self.coefficients, self.offsets, self.experts))
        every["polynorm gate by expert"] = (2, "polynorm_glu", (self.coefficients, self.offsets, self.experts, 0.5))
        return every

    def forward(self, what, inputs, y):
        _, function, head = self.kernels()[what]
        self.call(f"{function}_forward", *head, *inputs, y)

    def backward(self, what, inputs, g, ds):
        _, function, head = self.kernels()[what]
        self.call(f"{function}_backward", *head, *inputs, g, *ds, self.gradient, self.workspace)

    def formula(self, what, inputs, w):
        """In the type of the inputs; w: the learned numbers, or a row of coefficients for each row of x."""
        name = what.split()[0]
        if what.endswith("by expert"):
            gated = "gate" in what
            y = polynorm(inputs[0], w) if name == "polynorm" else value(name, inputs[0], w.t()[..., None])
            return 0.5 * y * inputs[1] if gated else y
        y = value(name, inputs[0], w)
        return y * inputs[1] if what.endswith("gate") else y

    def row_weights(self, w):
        counts = (self.offsets[1:] - self.offsets[:-1]).long()
        return w.repeat_interleave(counts, 0)


def check(path, device="cuda", shapes=((9, 264), (130, 1536), (7, 8256), (5, 77))):
    """The largest error of each result in unit roundoffs of the largest entry (dw: of sums of absolute terms)."""
    worst = {}
    generator = torch.Generator(device).manual_seed(2)
    for rows, width in shapes:
        for name, dtype in DTYPES.items():
            k = Families(path, rows, width, name, device, experts=6)
            unit = 2.0**-24 if dtype == torch.float32 else 2.0**-8
            for what, (count, _, _) in k.kernels().items():
                draw = [
                    torch.randn(rows, width, device=device, generator=generator).to(dtype) for _ in range(count + 1)
                ]
                inputs, g = draw[:-1], draw[-1]
                if what == "xielu":  # not between its eps and 0, where the slope of the formula's clamp is another one
                    inputs[0][inputs[0].abs() < 1e-5] = 0.5
                y, ds = torch.full_like(g, float("nan")), [torch.full_like(g, float("nan")) for _ in inputs]
                k.gradient.fill_(float("nan"))
                k.forward(what, inputs, y)
                k.backward(what, inputs, g, ds)
                wide = [x.double().requires_grad_() for x in inputs]
                experts = what.endswith("by expert")
                learned = (k.coefficients if experts else k.learned).double().requires_grad_()
                truth = k.formula(what, wide, k.row_weights(learned) if experts else learned)
                truth.backward(g.double())
                pairs = {
                    "y": (y, truth),
                    **{f"d{i}": (d, x.grad) for i, (d, x) in enumerate(zip(ds, wide, strict=True))},
                }
                for result, (ours, theirs) in pairs.items():
                    error = ((ours.double() - theirs).abs().max() / theirs.abs().max() / unit).item()
                    key = f"{what} {name} {result}"
                    worst[key] = max(worst.get(key, 0.0), error if error == error else float("inf"))
                n = LEARNED.get(what.split()[0], 0)
                if n or experts:
                    ours, theirs = k.gradient.double(), learned.grad
                    ours, theirs = (ours, theirs) if experts else (ours.view(-1)[:n], theirs[:n])
                    size = g.double().abs().sum() * 8
                    error = ((ours - theirs).abs().max() / size / 2.0**-24).item()
                    key = f"{what} {name} dw"
                    worst[key] = max(worst.get(key, 0.0), error if error == error else float("inf"))
    return worst


def times(path, shapes=((16384, 8256), (65536, 1536)), peers=True):
    """One record for each kernel, shape and type; a second or two each, most of it torch's."""
    timed = partial(milliseconds, repeats=20, warm_up=3)
    records = []
    for rows, width in shapes:
        for name, dtype in DTYPES.items():
            k = Families(path, rows, width, name)
            sets = 3
            draw = [[torch.randn(rows, width, device="cuda").to(dtype) for _ in range(3)] for _ in range(sets)]
            out, others = torch.empty_like(draw[0][0]), [torch.empty_like(draw[0][0]) for _ in range(2)]
            copy = timed(lambda i, draw=draw, out=out: out.copy_(draw[i][0]), sets)
            for what, (count, _, _) in k.kernels().items():
                fwd = timed(lambda i, k=k, w=what, n=count: k.forward(w, draw[i][:n], out), sets)  # noqa: B023
                bwd = timed(
                    lambda i, k=k, w=what, n=count: k.backward(w, draw[i][:n], draw[i][2], others[:n]),  # noqa: B023
                    sets,
                )
                record = {"what": what, "rows": rows, "width": width, "dtype": name, "copy ms": copy}
                record |= {"forward ms": fwd, "forward / copy": fwd / copy, "least forward": (count + 1) / 2}
                record |= {"backward ms": bwd, "backward / copy": bwd / copy, "least backward": (2 * count + 1) / 2}
                if peers and not what.endswith("by expert") and width == 8256:
                    inputs = [x.clone().requires_grad_() for x in draw[0][:count]]
                    learned = k.learned.to(dtype).requires_grad_(what.split()[0] in LEARNED)
                    wanted = [*inputs, learned] if learned.requires_grad else inputs

                    def both(_, k=k, what=what, inputs=inputs, learned=learned, wanted=wanted):
                        y = k.formula(what, inputs, learned)
                        torch.autograd.grad(y, wanted, draw[0][2])  # noqa: B023

                    record["torch forward+backward ms"] = timed(both, 1, repeats=8)
                    record["torch / ours"] = record["torch forward+backward ms"] / (fwd + bwd)
                records.append(record)
                shown = {key: round(v, 3) for key, v in record.items() if "/" in key or "least" in key}
                print(f"{what} {name} {rows} x {width}: {shown}")
    return records
