# SPDX-License-Identifier: Apache-2.0
"""The table of docs/cuda.md that says what the compiler makes of each kernel: registers, and the threads they allow.

    python bench/cuda/registers.py --docs docs/cuda.md

Compiles kernels/cuda for sm_80, sm_90 and sm_100, about two minutes. Needs nvcc and c++filt.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "bench"))
import marked_section  # noqa: E402

BEGIN, END = "<!-- registers: made by bench/cuda/registers.py -->", "<!-- registers: end -->"
ARCHITECTURES = ["80", "90", "100"]
FULL = {"float": 4, "__nv_bfloat16": 8}
# what moves forward and backward, and the kernels by their file and the rest of their name
ROWS = {
    "ReLU, power, leaky": (2, 3, "elements", r"Fixed<(Relu|Plain<(ReluPower|LeakyRelu) ?>) ?>"),
    "learned slope": (2, 3, "elements", "LearnedSlope"),
    "GELU": (2, 3, "elements", r"Fixed<Plain<Gelu> ?>"),
    "GELU tanh": (2, 3, "elements", r"Fixed<Plain<GeluTanh> ?>"),
    "SiLU": (2, 3, "elements", r"Fixed<Plain<Silu> ?>"),
    "xIELU": (2, 3, "elements", "LearnedAlphas"),
    "PolyReLU": (2, 3, "polyrelu", r"Fixed<Cubic>"),
    "PolyReLU by expert": (2, 3, "polyrelu", "CubicOfExpert"),
    "ReGLU": (3, 5, "gated", r"Fixed<Reglu>"),
    "SwiGLU": (3, 5, "gated", r"Fixed<Swiglu>"),
    "GeGLU": (3, 5, "gated", r"Fixed<Geglu>"),
    "GeGLU tanh": (3, 5, "gated", r"Fixed<GegluTanh>"),
    "PolyReLU gate": (3, 5, "gated", "LearnedCubic"),
    "PolyNorm, narrow rows": (2, 3, "polynorm", r"narrow_rows<.*, false"),
    "PolyNorm, narrow ragged rows": (2, 3, "polynorm", r"narrow_rows<.*, true"),
    "PolyNorm, wide rows": (2, 3, "polynorm", r"wide_rows<.*, false"),
    "PolyNorm, wide ragged rows": (2, 3, "polynorm", r"wide_rows<.*, true"),
    "PolyNorm gate, narrow rows": (3, 5, "polynorm_glu", "narrow_rows"),
    "PolyNorm gate, wide rows": (3, 5, "polynorm_glu", "wide_rows"),
}


def kernels():
    """(file, name without namespaces, registers) of every kernel on every architecture."""
    found = []
    for source in sorted((ROOT / "kernels/cuda").glob("*.cu")):
        with tempfile.TemporaryDirectory() as folder:
            targets = [f"-gencode=arch=compute_{a},code=sm_{a}" for a in ARCHITECTURES]
            command = ["nvcc", "-std=c++20", "-O3", f"-I{ROOT}", *targets, "-Xptxas", "-v", "-c", str(source)]
            said = subprocess.run([*command, "-o", f"{folder}/x.o"], capture_output=True, text=True, check=True).stderr
        pairs = re.findall(r"Compiling entry function '(\w+)'[\s\S]*?Used (\d+) registers", said)
        names = subprocess.run(
            ["c++filt"], input="\n".join(n for n, _ in pairs), capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for name, (_, registers) in zip(names, pairs, strict=True):
            short = re.sub(r"nwidth::kernels::cuda::|\(anonymous namespace\)::|void ", "", name).partition("(")[0]
            found.append((source.stem, short, int(registers)))
    return found


def occupancy(registers):
    """Of 64 warps, in per cent, for blocks of 8 warps."""
    each = 32 * (-(-registers // 8) * 8)
    return min(64, 65536 // each // 8 * 8) * 100 // 64


def way_of(name):
    return "backward" if re.search(r"backward_|Backward", name) else "forward"


def of_full_packs(name, element):
    return element in name and re.search(rf"\b{FULL[element]}\b", name) is not None


def span(values):
    return f"{min(values)}-{max(values)}" if min(values) < max(values) else f"{min(values)}"


def section():
    every = kernels()
    rows = []
    for label, (forward, backward, file, pattern) in ROWS.items():
        cells, worst = [], []
        for element in FULL:
            mine = [
                (way_of(name), registers)
                for f, name, registers in every
                if f == file and of_full_packs(name, element) and re.search(pattern, name)
            ]
            ways = [[r for way, r in mine if way == w] for w in ("forward", "backward")]
            cells.append(", ".join(span(w) for w in ways))
            worst.append(min(occupancy(r) for _, r in mine))
        rows.append([f"{label}: forward, backward", f"{forward}, {backward}", *cells, f"{worst[0]}, {worst[1]}"])
    return "\n".join(["", *marked_section.table(["kernel", "moves", "float", "bf16", "occupancy"], rows), ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--docs", type=Path, required=True, help="a document with marks for the table")
    options = parser.parse_args()
    marked_section.write(options.docs, BEGIN, END, section())


if __name__ == "__main__":
    main()
