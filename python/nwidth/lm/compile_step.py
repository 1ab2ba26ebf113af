# SPDX-License-Identifier: Apache-2.0
"""Compiles the step of nwidth-lm ahead of time: loss and gradients of a micro batch, as a package for --compiled.

    python -m nwidth.lm.compile_step run.toml --activation swiglu --threads 2 --out step.pt2
    nwidth-lm train run.toml --activation swiglu --threads 2 --compiled step.pt2 --out results/run

Options that are not named below are those of `nwidth-lm describe`, which resolves the configuration. A package is for
one model, micro batch, type, number of threads (of each process, where there are several), release of torch and CPU:
the key in it says which, and nwidth-lm compares it. Needs a C++ compiler, whose files go to TORCHINDUCTOR_CACHE_DIR, a
temporary folder if that is not set.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
import tomllib
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

from nwidth.lm.launch import built_file
from nwidth.lm.model import Transformer, read_toml

KEY = "nwidth.key"


def step_key(text: str, threads: int) -> str:
    """What a package is for: the lines of step_key() in experiments/lm/compiled_step.cpp."""
    training = tomllib.loads(text)["training"]
    has = sorted(name for name, value in torch.cpu.get_capabilities().items() if value is True)
    lines = {
        "torch": f"'{torch.__version__.split('+')[0]}'",
        "threads": threads,
        "cpu": f"'{torch.backends.cpu.get_cpu_capability()}: {' '.join(has)}'",
        "type": "'bfloat16'" if training["bfloat16"] else "'float32'",
        "micro_batch": training["micro_batch"],
    }
    return "".join(f"{name} = {value}\n" for name, value in lines.items()) + text[: text.index("[data]")]


def joint_graph(text: str) -> tuple[GraphModule, list[Tensor]]:
    """Of a canonical configuration: (embedded tokens, targets, parameters...) -> (loss, gradients of all but targets).

    The embedding is a parameter where the output is tied to it, and its gradient is then that of the output alone: what
    comes through the tokens is a sum that the compiler would leave to atomic additions, in no fixed order. Also gives
    inputs of its shapes. Raises ValueError for dropout, whose masks would not be eager's.
    """
    model, training = read_toml(text), tomllib.loads(text)["training"]
    if model.dropout > 0:
        raise ValueError(f"dropout = {model.dropout}: allowed is 0 in a compiled step")
    if training["recompute"]:
        raise ValueError("recompute = true: allowed is false in a compiled step")
    twin = Transformer(model, seed=0)
    tokens = torch.randint(0, model.vocabulary, (training["micro_batch"], model.context))
    names = [name for name in twin.weights if model.tied or name != "embedding.weight"]
    inputs = [twin.embedded(tokens).detach(), tokens, *(twin.weights[name].detach() for name in names)]

    def step(embedded: Tensor, targets: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        leaves = [t.detach().requires_grad_() for t in (embedded, *values)]
        twin.weights = dict(zip(names, leaves[1:], strict=True))  # type: ignore[arg-type]
        with torch.autocast("cpu", torch.bfloat16, enabled=training["bfloat16"]):
            loss = twin.loss_of(leaves[0], targets)
        return (loss.detach(), *(g.contiguous() for g in torch.autograd.grad(loss, leaves)))

    return make_fx(step, tracing_mode="real")(*inputs), inputs


def sealed(package: bytes) -> bytes:
    """A zip archive without a comment, which gets one: the digest of all before, since torch's loader checks none."""
    seal = b"nwidth-sha256:"
    assert package.endswith(b"\0\0")  # the length of the comment
    body = package[:-2] + (len(seal) + 64).to_bytes(2, "little")
    return body + seal + hashlib.sha256(body).hexdigest().encode()


def compile_step(text: str, threads: int, out: Path, graph: GraphModule | None = None) -> None:
    """Writes the package, whole or not at all. graph: instead of joint_graph's."""
    traced, inputs = joint_graph(text)
    options: dict[str, Any] = {
        "aot_inductor.metadata": {KEY: step_key(text, threads)},
        "aot_inductor.link_libtorch": False,  # libtorch.so needs CUDA's half: 450 MB that a CPU's step does not use
        "cpp.threads": threads,
    }
    with torch.no_grad(), tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
        program = torch.export.export(graph or traced, tuple(inputs))
        package = Path(folder) / "step.pt2"
        torch._inductor.aoti_compile_and_package(program, package_path=str(package), inductor_configs=options)
        package.write_bytes(sealed(package.read_bytes()))
        os.replace(package, out)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m nwidth.lm.compile_step",
        usage="%(prog)s (CONFIG.toml | --preset NAME) [--activation NAME] --threads N --out step.pt2",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--threads", type=int, required=True, help="1 to 1024, as the run will have")
    parser.add_argument("--out", type=Path, required=True, help="the package")
    parser.add_argument("--program", type=Path, help="nwidth-lm, else looked for beside NWIDTH_BIN and in PATH")
    options, configuration = parser.parse_known_args(argv)

    def refuse(line: str) -> int:
        print(f"nwidth-lm: {line}", file=sys.stderr)
        return 2

    if not 1 <= options.threads <= 1024:
        return refuse(f"--threads = {options.threads}: allowed are 1 to 1024")
    if not options.out.parent.is_dir():
        return refuse(f"--out = '{options.out}': there is no folder '{options.out.parent}'")
    try:
        program = built_file("bin", "nwidth-lm", options.program, "--program")
    except FileNotFoundError as error:
        return refuse(str(error))
    described = subprocess.run([program, "describe", "--toml", *configuration], text=True, stdout=subprocess.PIPE)
    if described.returncode != 0:
        return described.returncode  # and it has said why
    begin = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch about itself
            compile_step(described.stdout, options.threads, options.out)
    except ValueError as error:
        return refuse(str(error))
    digest = hashlib.sha256(options.out.read_bytes()).hexdigest()
    print(f"{options.out}: sha256 {digest}, compiled in {time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
