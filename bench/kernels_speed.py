# SPDX-License-Identifier: Apache-2.0
"""Runs bench_kernels_cpu twice: all kernels on 1 GiB, a few over sizes and widths. Makes tables of its records.

    python3 bench/kernels_speed.py --bin build/release/bin --json bench --docs docs/kernels.md

writes kernels_cpu.json and kernels_cpu_sizes.json into the folder of --json (without --bin: reads them there), and anew
what stands between two marks in the document. Ratios are medians by wall clock; what is above its bar is bold.
10 minutes on two cores that do nothing else; 12 GiB of memory.
"""

import argparse
import json
import os
import statistics
import subprocess
from pathlib import Path

import marked_section
import provenance
from marked_section import paragraph, table

RUNS = {
    "kernels_cpu.json": ["pairs=9", "types=float,bf16", "isa=avx512bf16,avx2", "kernels=all"],
    "kernels_cpu_sizes.json": [
        "gib=0.0625",
        "sizes=4",
        "widths=1",
        "pairs=5",
        "threads=2",
        "types=float,bf16",
        "kernels=polyrelu_forward,polyrelu_backward,polynorm_forward,polynorm_backward",
    ],
}
BEGIN, END = "<!-- speed: made by bench/kernels_speed.py -->", "<!-- speed: end -->"
# The copy's time, by kernel and type.
BARS = {
    "polyrelu_forward": {"float": 1.25, "bf16": 1.25},
    "polyrelu_backward": {"float": 1.75, "bf16": 1.75},
    "polynorm_forward": {"float": 1.25, "bf16": 1.25},
    "polynorm_backward": {"float": 1.9, "bf16": 2.0},
    "polynorm_backward_saved": {"float": 1.9, "bf16": 2.0},
}
OTHERS = 1.6  # times their own traffic
NAMES = {
    "relu": "ReLU",
    "relu_power": "ReLU^2",
    "leaky_relu": "leaky ReLU",
    "prelu": "leaky ReLU, learned slope",
    "gelu": "GELU",
    "gelu_tanh": "GELU, tanh form",
    "silu": "SiLU",
    "xielu": "xIELU",
    "reglu": "ReGLU",
    "swiglu": "SwiGLU",
    "geglu": "GeGLU",
    "geglu_tanh": "GeGLU, tanh form",
    "polyrelu_glu": "PolyReLU-gated",
    "polynorm_glu": "PolyNorm-gated",
}
# Heads of columns: the type, and whether with AVX2 alone.
COLUMNS = {
    "float": ("float", False),
    "bf16": ("bf16", False),
    "float, AVX2": ("float", True),
    "bf16, AVX2": ("bf16", True),
}


def number(x, bar=float("inf")):
    """Bold above the bar."""
    text = f"{x:.2f}" if x < 10 else f"{x:.1f}"
    return f"**{text}**" if x > bar else text


def title(kernel):
    words = kernel.replace("polyrelu", "PolyReLU").replace("polynorm", "PolyNorm").replace("_", " ")
    return words.replace("saved", "with saved statistics")


class Record:
    def __init__(self, record):
        self.head = record
        self.rows = record["rows"]
        self.threads = sorted({row["threads"] for row in self.rows})

    def cell(self, kernel, column, value, bar):
        """The ratios by threads, or nothing where there is no such row."""
        kind, avx2 = column
        found = {
            row["threads"]: value(row)
            for row in self.rows
            if row["kernel"] == kernel and row["type"] == kind and (row["isa"] == "avx2") == avx2
        }
        return ", ".join(number(found[t], bar) for t in self.threads if t in found)

    def rates(self):
        """GB/s of the copy, by threads."""
        return ", ".join(
            f"{statistics.median(row['copy_GB_s'] for row in self.rows if row['threads'] == t):.0f}"
            for t in self.threads
        )


def of_traffic(row):
    return row["ratio"] * row["of_traffic"] / row["cpu"]


def size_asked_for(n):
    """64 KiB, 256 KiB, ..., of which whole rows were taken."""
    size = 1 << 16
    while size < n:
        size *= 4
    return size


def bytes_text(n):
    unit, name = next((u, name) for u, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")) if n >= u)
    return f"{n // unit} {name}"


def sizes_tables(record):
    """Over sizes and over widths: each kernel and type a row."""
    kinds = list(dict.fromkeys((row["kernel"], row["type"]) for row in record.rows))
    usual = record.rows[0]["width"]
    by_size, by_width = {}, {}
    for row in record.rows:
        of = (row["kernel"], row["type"])
        if row["width"] == usual or row["rows"] == 1:
            by_size.setdefault(size_asked_for(row["bytes"]), {})[of] = row["ratio"]
        else:
            by_width.setdefault(row["width"], {})[of] = row["ratio"]
    result = []
    for what, by, text in (("x of", by_size, bytes_text), ("width", by_width, str)):
        columns = sorted(by)
        rows = [[f"{title(kernel)}, {kind}", *(number(by[c][kernel, kind]) for c in columns)] for kernel, kind in kinds]
        result += table([what, *(text(c) for c in columns)], rows)
    return result


def section(all_kernels, sizes):
    head, shape = all_kernels.head, all_kernels.rows[0]
    lines = paragraph(
        f"Measured {head['began'][:10]} on {head['machine']}, commit {head['commit']}, load average "
        f"{head['load_average']:.2f} at the start; AVX-512 with BF16 unless said otherwise. x of "
        f"{shape['bytes'] / 2**30:.0f} GiB in rows of {shape['width']}, medians of {shape['pairs']} pairs by wall "
        f"clock, with {' and '.join(str(t) for t in all_kernels.threads)} threads; the copy ran at "
        f"{all_kernels.rates()} GB/s. What is above its bar is bold (with AVX2 only float has bars of PolyReLU and "
        "PolyNorm)."
    )

    def bar(kernel, column):
        return BARS[kernel][column[0]] if column != ("bf16", True) else float("inf")

    rows = [
        [
            title(kernel),
            " / ".join(dict.fromkeys(f"{x:.2f}" for x in bars.values())),
            *(all_kernels.cell(kernel, c, lambda row: row["ratio"], bar(kernel, c)) for c in COLUMNS.values()),
        ]
        for kernel, bars in BARS.items()
    ]
    lines += table(["times the copy", "bar", *COLUMNS], rows)
    lines += paragraph(f"Over what they have to move (2, 3 and 5 times the size of x; the bar is {OTHERS}):")
    kernels = {row["kernel"] for row in all_kernels.rows}
    for ways in (("forward",), ("backward", "backward_saved")):
        rows = [
            [
                f"{name}, {title(way)}",
                *(all_kernels.cell(f"{key}_{way}", c, of_traffic, OTHERS) for c in COLUMNS.values()),
            ]
            for key, name in NAMES.items()
            for way in ways
            if f"{key}_{way}" in kernels
        ]
        lines += table(["times its own traffic", *COLUMNS], rows)
    shape = sizes.rows[0]
    whole = bytes_text(size_asked_for(shape["bytes"]))
    lines += paragraph(
        f"Over sizes, in rows of {shape['width']} at most, and over widths with x of {whole}, "
        f"{shape['threads']} threads, medians of {shape['pairs']} pairs, times the copy, which ran at {sizes.rates()} "
        "GB/s and streams at every size, so below 4 MiB it is the slower one:"
    )
    return "\n".join(lines + sizes_tables(sizes))


def measure(program, arguments, path):
    record = {
        **provenance.here_and_now(),
        "load_average": os.getloadavg()[0],
        "arguments": arguments,
    }
    subprocess.run([program, *arguments, f"out={path}"], check=True)
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    path.write_text(f'{json.dumps(record)[:-1]}, "rows": [\n{lines}\n]}}\n', encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, help="the folder of bench_kernels_cpu; none: no measurement")
    parser.add_argument("--json", type=Path, required=True, help="the folder of the two records")
    parser.add_argument("--docs", type=Path, help="a document with marks for the tables")
    options = parser.parse_args()
    paths = [options.json / name for name in RUNS]
    if options.bin is not None:
        for path, arguments in zip(paths, RUNS.values(), strict=True):
            measure(options.bin / "bench_kernels_cpu", arguments, path)
    if options.docs is not None:
        records = [Record(json.loads(path.read_text(encoding="utf-8"))) for path in paths]
        marked_section.write(options.docs, BEGIN, END, section(*records))


if __name__ == "__main__":
    main()
