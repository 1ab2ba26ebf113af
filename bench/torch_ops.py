# SPDX-License-Identifier: Apache-2.0
"""The operators beside PyTorch's eager mode and torch.compile, on the CPU or on a GPU.

    PYTHONPATH=build/release/python python bench/torch_ops.py [--rows 2048] [--width 8256] [--threads 2] [--pairs 15]
    PYTHONPATH=build/release/python python bench/torch_ops.py --device cuda [--rows 16384] [--width 8256]

Prints one JSON object: medians in milliseconds, and medians of the ratios within pairs that ran back to back, theirs
over ours, so that a load of the machine that lasts longer than a pair falls on both. `copy` is torch's copy of x into
memory that is there already. Fresh outputs cost page faults, which may outweigh all else: THP_MEM_ALLOC_ENABLE=1 gives
huge pages to the peers as well, MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=1000000000000 keeps memory between calls.

On a GPU: medians by CUDA events over input sets that the cache cannot hold (cuda/timing.py), of forward and of forward
with backward, with all that Python and the dispatcher add where that is longer than the kernel; and their ratios.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from time import perf_counter

import nwidth
import nwidth.torch as nt
import provenance
import torch


def polyrelu(x, weight, bias):
    u = torch.relu(x)
    return weight[0] * u**3 + weight[1] * u**2 + weight[2] * u + bias


def polynorm(x, weight, bias):
    def norm(v):
        return v * torch.rsqrt(v.pow(2).mean(-1, keepdim=True) + 1e-6)

    return weight[0] * norm(x**3) + weight[1] * norm(x**2) + weight[2] * norm(x) + bias


def once(f, arguments, grad):
    """Milliseconds of forward, with what it keeps, and of backward."""
    start = perf_counter()
    y = f(*arguments)
    middle = perf_counter()
    torch.autograd.grad(y, arguments, grad)
    return (middle - start) * 1e3, (perf_counter() - middle) * 1e3


def copy_time(x, y):
    start = perf_counter()
    y.copy_(x)
    return (perf_counter() - start) * 1e3


def peers(name):
    eager = {"polyrelu": polyrelu, "polynorm": polynorm}[name]
    torch._dynamo.reset()
    return {"eager": eager, "compile": torch.compile(eager, fullgraph=True)}


def measure_on_gpu(name, dtype, options):
    sys.path.append(str(Path(__file__).parent / "cuda"))
    from timing import milliseconds

    shape, generator = (options.rows, options.width), torch.Generator("cuda").manual_seed(0)
    sets = max(2, min(6, int(400e6 // (2 * options.rows * options.width * dtype.itemsize)) + 1))

    def draw():
        return torch.randn(shape, generator=generator, device="cuda").to(dtype)

    weight = torch.full((3,), 1 / 3, dtype=dtype, device="cuda", requires_grad=True)
    bias = torch.zeros(1, dtype=dtype, device="cuda", requires_grad=True)
    arguments = [(draw().requires_grad_(), weight, bias) for _ in range(sets)]
    grads = [draw() for _ in range(sets)]
    target = torch.empty(shape, dtype=dtype, device="cuda")
    copy = milliseconds(lambda i: target.copy_(arguments[i][0].detach()), sets)
    record = {"op": name, "dtype": str(dtype).removeprefix("torch."), "copy_ms": round(copy, 4)}
    times = {"forward": {}, "forward_and_backward": {}}
    for key, f in {"ours": getattr(nt, name), **peers(name)}.items():
        times["forward"][key] = milliseconds(lambda i, f=f: f(*arguments[i]), sets)
        times["forward_and_backward"][key] = milliseconds(
            lambda i, f=f: torch.autograd.grad(f(*arguments[i]), arguments[i], grads[i]), sets
        )
    for what, measured in times.items():
        own = measured["ours"]
        record[what] = {f"{k}_ms": round(v, 4) for k, v in measured.items()} | {"ours_over_copy": round(own / copy, 2)}
        record[what] |= {f"{k}_over_ours": round(v / own, 2) for k, v in measured.items() if k != "ours"}
    return record


def measure(name, dtype, options):
    if options.device == "cuda":
        return measure_on_gpu(name, dtype, options)
    generator = torch.Generator().manual_seed(0)
    shape = (options.rows, options.width)
    x = torch.randn(shape, generator=generator).to(dtype).requires_grad_()
    grad = torch.randn(shape, generator=generator).to(dtype)
    weight = torch.full((3,), 1 / 3, dtype=dtype, requires_grad=True)
    bias = torch.zeros(1, dtype=dtype, requires_grad=True)
    arguments = (x, weight, bias)
    others = peers(name)
    own = getattr(nt, name)
    times = {k: [] for k in ("ours", *others)}
    ratios = {k: [] for k in others}
    copies, target = [], torch.empty(shape, dtype=dtype)
    for other, f in others.items():
        for _ in range(2):
            once(own, arguments, grad), once(f, arguments, grad)
        for pair in range(options.pairs):
            order = [("ours", own), (other, f)] if pair % 2 else [(other, f), ("ours", own)]
            result = {key: once(g, arguments, grad) for key, g in order}
            copies.append(copy_time(x.detach(), target))
            for key, t in result.items():
                times[key].append(t)
            ratios[other].append([a / b for a, b in zip(result[other], result["ours"], strict=True)])
    record = {"op": name, "dtype": str(dtype).removeprefix("torch."), "copy_ms": round(statistics.median(copies), 3)}
    for place, what in enumerate(("forward", "backward")):
        record[what] = {f"{k}_ms": round(statistics.median(t[place] for t in v), 3) for k, v in times.items()}
        for other, r in ratios.items():
            record[what][f"{other}_over_ours"] = round(statistics.median(q[place] for q in r), 2)
    return record


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--rows", type=int, default=2048)
    parser.add_argument("--width", type=int, default=8256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--ops", default="polyrelu,polynorm")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: torch finds no GPU")
    on_gpu = options.device == "cuda"
    rows = []
    began = provenance.here_and_now() | {"load_average": os.getloadavg()[0]}
    if on_gpu:
        began["machine"] = torch.cuda.get_device_name()
    for name in options.ops.split(","):
        for dtype in (torch.float32, torch.bfloat16):
            rows.append(measure(name, dtype, options))
            print(rows[-1], file=sys.stderr)
    print(
        json.dumps(
            {
                "schema": 1,
                "nwidth": nwidth.__version__,
                "torch": torch.__version__,
                **began,
                "rows": options.rows,
                "width": options.width,
                "threads": options.threads,
                "environment": {k: v for k, v in os.environ.items() if k.startswith(("THP_", "MALLOC_"))},
                "pairs": options.pairs,
                "results": rows,
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
