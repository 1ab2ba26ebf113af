# SPDX-License-Identifier: Apache-2.0
"""The measured tables of docs/cuda.md, of the records of activations.py (also with --families) and torch_ops.py.

python bench/cuda/tables.py --docs docs/cuda.md
"""

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
import marked_section  # noqa: E402
from marked_section import paragraph, table  # noqa: E402

BEGIN, END = "<!-- measured: made by bench/cuda/tables.py -->", "<!-- measured: end -->"
RECORDS = {"rows": "h200.json", "families": "h200_families.json", "operators": "h200_operators.json"}


def over_widths(record):
    rows = []
    for t in record["times"]:
        ratios = [
            f"{t[f'{kind} {way} / copy']:.2f}" for kind in ("polyrelu", "polynorm") for way in ("forward", "backward")
        ]
        rows.append([t["dtype"], f"{t['rows']:,} x {t['width']:,}", f"{t['copy GB/s']:.0f}", *ratios])
    head = ["type", "shape", "copy GB/s", "PolyReLU forward", "backward", "PolyNorm forward", "backward"]
    return table(head, rows)


def with_peers(record):
    rows = []
    for t in record["times"]:
        for kind in ("polyrelu", "polynorm"):
            if f"{kind} eager / ours" not in t:
                continue
            ours = t[f"{kind} forward ms"] + t[f"{kind} backward ms"]
            peers = [
                f"{t[f'{kind} {peer} forward+backward ms']:.2f} ({t[f'{kind} {peer} / ours']:.1f})"
                for peer in ("eager", "compile")
            ]
            rows.append([f"{kind} {t['dtype']}", f"{ours:.3f}", *peers])
    return table(["", "ours", "eager", "torch.compile"], rows)


def families(record):
    names = list(dict.fromkeys(t["what"] for t in record["times"]))
    rows = []
    for name in names:
        row = [name]
        for dtype in ("float32", "bfloat16"):
            found = [t for t in record["times"] if t["what"] == name and t["dtype"] == dtype]
            for way in ("forward", "backward"):
                row.append(", ".join(f"{t[f'{way} / copy'] / t[f'least {way}']:.2f}" for t in found))
            peers = [t["torch / ours"] for t in found if "torch / ours" in t]
            row.append(f"{peers[0]:.1f}" if peers else "")
        rows.append(row)
    head = ["", "float32 forward", "backward", "torch", "bfloat16 forward", "backward", "torch"]
    return table(head, rows)


def operators(record):
    rows = []
    for r in record["results"]:
        for what in ("forward", "forward_and_backward"):
            m = r[what]
            rows.append(
                [
                    f"{r['op']} {r['dtype']}, {what.replace('_', ' ')}",
                    f"{m['ours_ms']:.3f}",
                    f"{m['ours_over_copy']:.2f}",
                    f"{m['eager_over_ours']:.1f}",
                    f"{m['compile_over_ours']:.2f}",
                ]
            )
    return table(["", "ms", "times the copy", "eager", "torch.compile"], rows)


def worst(record):
    units = {}
    for key, e in record["errors"].items():
        if "repeats" in key:
            assert e == 0, key
            continue
        *_, dtype, what = key.split()
        place = (dtype, "dw" if what == "dw" else "y and dx")
        if e > units.get(place, (0, ""))[0]:
            units[place] = (e, key.removesuffix(f" {dtype} {what}") + f", {what}")
    return "; ".join(f"{d} {w} at most {e:.2f} ({k})" for (d, w), (e, k) in sorted(units.items()))


def section(records):
    head = records["rows"]
    shape = records["operators"]
    lines = paragraph(
        f"On one {head['device']}, torch {head['torch']}, commit {head['commit']}, {head['began'][:10]}. Ratios to "
        "torch's device copy of x in the same run, which moves as many bytes as a forward pass; a backward pass must "
        "move 1.5 times as many. Medians of 60 calls over input sets that the cache cannot hold."
    )
    lines += over_widths(head)
    lines += paragraph(
        "Forward and backward together, in ms on 16,384 x 8,256, and how many times as long torch takes:"
    )
    lines += with_peers(head)
    lines += paragraph(
        "The other families and experts, over what they have to move, on 16,384 x 8,256 and 65,536 x 1,536 (medians of "
        "20), and how many times as long torch's eager mode takes forward and backward, by its own fused functions "
        "where it has one:"
    )
    lines += families(records["families"])
    lines += paragraph(
        "Through the operators of PyTorch, with the allocation of results and all that Python adds, on "
        f"{shape['rows']:,} x {shape['width']:,}, and how many times as long eager mode and torch.compile take:"
    )
    lines += operators(shape)
    lines += paragraph(
        "Against float64 on random inputs, in unit roundoffs of the stored type and of the largest entry (dw: of sums "
        f"of absolute terms): {worst(head)}. The families: {worst(records['families'])}. Repeated runs gave equal bits."
    )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--docs", type=Path, required=True, help="a document with marks for the tables")
    options = parser.parse_args()
    records = {key: json.loads((HERE / name).read_text(encoding="utf-8")) for key, name in RECORDS.items()}
    marked_section.write(options.docs, BEGIN, END, section(records))


if __name__ == "__main__":
    main()
