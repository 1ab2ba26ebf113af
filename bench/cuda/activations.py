# SPDX-License-Identifier: Apache-2.0
"""PolyReLU and PolyNorm on a GPU: checked against float64, then timed against a copy, eager torch and torch.compile.

    nvcc -std=c++20 -O3 -I. -arch=sm_90 -shared -Xcompiler -fPIC -o libnwidth_cuda.so \
        kernels/cuda/*.cu bench/cuda/c_interface.cu
    python bench/cuda/activations.py libnwidth_cuda.so [--out activations.json] [--check] [--no-compile] [--families]

With --families it does the same for the elementwise and gated families and for experts (families.py). Each takes about
half a minute. tables.py makes the tables of docs/cuda.md of both records.

Times are medians of events around single calls, each on the next of several input sets, so that the cache holds none of
them. The copy moves as many bytes as a forward pass (x read, y written); a backward pass must move 1.5 times as many.
"""

import argparse
import ctypes
import json
import sys
from pathlib import Path

import families
import torch
from timing import milliseconds

sys.path.append(str(Path(__file__).parents[1]))
import provenance

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
KINDS = ["polyrelu", "polynorm"]
EPS = 1e-6


def formula(kind, x, w, b):
    """PolyCom's code: w[0] cubic, w[1] quadratic, w[2] linear."""
    if kind == "polyrelu":
        u = torch.relu(x)
        return w[0] * u**3 + w[1] * u**2 + w[2] * u + b
    normed = [v / (v.pow(2).mean(-1, keepdim=True) + EPS).sqrt() for v in (x**3, x**2, x)]
    return w[0] * normed[0] + w[1] * normed[1] + w[2] * normed[2] + b


class Kernels:
    def __init__(self, path):
        self.library = ctypes.CDLL(path)
        for kind in KINDS:
            getattr(self.library, f"{kind}_workspace_floats").restype = ctypes.c_size_t
        self.stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)

    def _call(self, name, coefficients, tensors, rows, width):
        c = (ctypes.c_float * 5)(*coefficients, EPS)
        pointers = [ctypes.c_void_p(t.data_ptr()) for t in tensors]
        status = getattr(self.library, name)(c, *pointers, ctypes.c_int64(rows), ctypes.c_int(width), self.stream)
        if status != 0:
            raise RuntimeError(f"{name}: CUDA error {status}")

    def forward(self, kind, coefficients, x, y):
        name = f"{kind}_forward_{str(x.dtype).removeprefix('torch.')}"
        self._call(name, coefficients, [x, y], *x.shape)

    def workspace(self, kind, x):
        rows, width = x.shape
        count = getattr(self.library, f"{kind}_workspace_floats")(ctypes.c_int64(rows), ctypes.c_int(width))
        return torch.empty(max(count, 1), device=x.device)

    def backward(self, kind, coefficients, x, g, dx, gradient, workspace):
        name = f"{kind}_backward_{str(x.dtype).removeprefix('torch.')}"
        self._call(name, coefficients, [x, g, dx, gradient, workspace], *x.shape)


def check(kernels, shapes):
    """The largest error of each result in unit roundoffs of the largest entry (dw: of a random sum that long)."""
    worst = {}
    generator = torch.Generator("cuda").manual_seed(1)
    coefficients = [0.75, -0.5, 0.25, 0.125]
    w, b = torch.tensor(coefficients[:3], device="cuda", dtype=torch.float64), coefficients[3]
    for rows, width, offset in shapes:
        for name, dtype in DTYPES.items():
            for kind in KINDS:

                def fresh(dtype=dtype, rows=rows, width=width, offset=offset):
                    flat = torch.randn(rows * width + offset, device="cuda", generator=generator).to(dtype)
                    return flat[offset:].view(rows, width)

                x, g = fresh(), fresh()
                y, dx = torch.full_like(x, float("nan")), torch.full_like(x, float("nan"))
                gradient = torch.full((4,), float("nan"), device="cuda")
                kernels.forward(kind, coefficients, x, y)
                kernels.backward(kind, coefficients, x, g, dx, gradient, kernels.workspace(kind, x))
                x64 = x.double().requires_grad_()
                w64, b64 = w.clone().requires_grad_(), torch.tensor(b, device="cuda").double().requires_grad_()
                truth = formula(kind, x64, w64, b64)
                truth.backward(g.double())
                unit = 2.0**-24 if dtype == torch.float32 else 2.0**-8

                def error(ours, theirs, size, unit=unit):
                    e = ((ours.double() - theirs).abs().max() / size / unit).item()
                    return e if e == e else float("inf")

                sums = torch.cat([w64.grad, b64.grad.view(1)])
                size = (g.double().abs().sum() * 4).item() ** 0.5 * 8  # of a random sum, generously
                found = {
                    "y": error(y, truth, truth.abs().max()),
                    "dx": error(dx, x64.grad, x64.grad.abs().max()),
                    "dw": error(gradient, sums, size, 2.0**-24),
                }
                again = torch.empty_like(gradient)
                kernels.backward(kind, coefficients, x, g, dx, again, kernels.workspace(kind, x))
                found["repeats"] = float((again != gradient).any().item())
                for what, e in found.items():
                    key = f"{kind} {name} {what}"
                    worst[key] = max(worst.get(key, 0.0), e)
    return worst


def time_shape(kernels, rows, width, name, peers, compile_too):
    dtype = DTYPES[name]
    bytes_of = 2 * rows * width * dtype.itemsize
    sets = max(2, min(6, int(400e6 // bytes_of) + 1))
    xs = [torch.randn(rows, width, device="cuda").to(dtype) for _ in range(sets)]
    gs = [torch.randn(rows, width, device="cuda").to(dtype) for _ in range(sets)]
    out = torch.empty_like(xs[0])
    coefficients = [1 / 3, 1 / 3, 1 / 3, 0.0]
    result = {"rows": rows, "width": width, "dtype": name}
    copy = milliseconds(lambda i: out.copy_(xs[i]), sets)
    result["copy ms"], result["copy GB/s"] = copy, bytes_of / copy / 1e6
    for kind in KINDS:
        gradient, workspace = torch.empty(4, device="cuda"), kernels.workspace(kind, xs[0])
        ours = {
            "forward": milliseconds(lambda i, kind=kind: kernels.forward(kind, coefficients, xs[i], out), sets),
            "backward": milliseconds(
                lambda i, kind=kind, d=gradient, s=workspace: kernels.backward(
                    kind, coefficients, xs[i], gs[i], out, d, s
                ),
                sets,
            ),
        }
        for way, ms in ours.items():
            result[f"{kind} {way} ms"], result[f"{kind} {way} / copy"] = ms, ms / copy
        if not peers:
            continue
        w = torch.tensor(coefficients[:3], device="cuda", dtype=dtype, requires_grad=True)
        b = torch.zeros(1, device="cuda", dtype=dtype, requires_grad=True)
        functions = {"eager": lambda x, w, b, kind=kind: formula(kind, x, w, b)}
        if compile_too:
            torch._dynamo.reset()
            functions["compile"] = torch.compile(functions["eager"])
        for peer, f in functions.items():
            inputs = [x.clone().requires_grad_() for x in xs]

            def forward(i, f=f, inputs=inputs, w=w, b=b):
                return f(inputs[i], w, b)

            def both(i, forward=forward, inputs=inputs):
                y = forward(i)
                torch.autograd.grad(y, [inputs[i], w, b], gs[i])  # noqa: B023

            fwd = milliseconds(forward, sets, 20)
            all_of_it = milliseconds(both, sets, 20)
            result[f"{kind} {peer} forward ms"] = fwd
            result[f"{kind} {peer} forward+backward ms"] = all_of_it
            result[f"{kind} {peer} / ours"] = all_of_it / (ours["forward"] + ours["backward"])
    return result


def head():
    return {"device": torch.cuda.get_device_name(), "torch": torch.__version__, **provenance.here_and_now()}


def only_families(arguments):
    worst = families.check(arguments.library)
    for key, e in worst.items():
        print(f"{key:44s} {e:10.3f}")
    report = head() | {"errors": worst}
    if not arguments.check:
        report["times"] = families.times(arguments.library, peers=not arguments.no_peers)
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as f:
            json.dump(report, f, indent=1)
            f.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("library", help="the shared library of the kernels")
    parser.add_argument("--out", help="write the figures there as JSON")
    parser.add_argument("--check", action="store_true", help="small checks only, for compute-sanitizer")
    parser.add_argument(
        "--widths", default="8256,64,70,256,1024,1536,4096,8255,11008,16384,32768", help="of rows to time"
    )
    parser.add_argument("--no-peers", action="store_true", help="leave eager torch and torch.compile out")
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    parser.add_argument("--families", action="store_true", help="only the other families and experts, of families.py")
    arguments = parser.parse_args()
    if arguments.families:
        only_families(arguments)
        return
    kernels = Kernels(arguments.library)
    shapes = [(3, 8256, 0), (5, 100, 0), (4, 77, 0), (2, 64, 1), (9, 1031, 3)]
    if not arguments.check:
        shapes += [(64, 8256, 0), (7, 32768, 0), (3, 50000, 0), (1000, 1536, 0), (129, 8255, 0), (17, 3, 0)]
    worst = check(kernels, shapes)
    for key, e in worst.items():
        print(f"{key:32s} {e:10.3f}")
    report = head() | {"errors": worst, "times": []}
    if not arguments.check:
        for name in DTYPES:
            for width in map(int, arguments.widths.split(",")):
                rows = 16384 if width == 8256 else (1 << 27) // width
                peers = width == 8256 and not arguments.no_peers
                times = time_shape(kernels, rows, width, name, peers, not arguments.no_compile)
                report["times"].append(times)
                shown = {k: round(v, 3) for k, v in times.items() if "/" in k}
                print(f"{name} {rows} x {width}: {shown}")
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as f:
            json.dump(report, f, indent=1)
            f.write("\n")


if __name__ == "__main__":
    main()
