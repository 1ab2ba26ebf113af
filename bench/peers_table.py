# SPDX-License-Identifier: Apache-2.0
"""The table of docs/benchmarks.md from a record of bench/fitting_peers.py.

python3 bench/peers_table.py fitting_peers.json docs/benchmarks.md

writes anew what stands between the two marks in the document.
"""

import json
import statistics
import sys
import textwrap
from pathlib import Path

import marked_section

BEGIN, END = "<!-- peers: made by bench/peers_table.py -->", "<!-- peers: end -->"
HEAD = (
    "class | target | n | L2 error | error ratio scipy | torch | s: one | all | scipy | torch | "
    "time ratio scipy/one | scipy/all | torch/one | torch/all"
)
BAR = 50  # what times of scipy divided by ours shall reach for n = 64


def digits(x, n=3):
    """x with n significant digits, zeros kept: 0.0437, 7.80e-4, 1.02e3."""
    text = f"{x:.{n - 1}e}"
    mantissa, _, exponent = text.partition("e")
    if -3 < int(exponent) < n:
        return f"{float(text):.{n - 1 - int(exponent)}f}"
    return f"{mantissa}e{int(exponent)}"


def bound(row):
    """Whether scipy's time is only a lower bound."""
    return any(run["end"] == "time limit" for run in row["scipy"]["runs"])


def cells(row):
    ours = {key: row["ours"][key] for key in ("single", "search")}
    seconds = {peer: statistics.median(run["cpu"] for run in row[peer]["runs"]) for peer in ("scipy", "torch")}
    least = "≥ " if bound(row) else ""
    return [
        row["class"],
        row["target"],
        str(row["n"]),
        digits(ours["search"]["l2"]),
        *(digits(row[peer]["error_ratio_best"]) for peer in ("scipy", "torch")),
        *(digits(ours[key]["cpu"], 2) for key in ours),
        least + digits(seconds["scipy"]),
        digits(seconds["torch"]),
        *(least + digits(row["scipy"][f"time_ratio_{key}"]) for key in ours),
        *(digits(row["torch"][f"time_ratio_{key}"]) for key in ours),
    ]


def line(row):
    return "| " + " | ".join(cells(row)) + " |"


def names(rows, key):
    return ", ".join(f"{row['class']} {row['target']} ({digits(row['scipy'][key])})" for row in rows)


def findings(rows):
    """What the rows of one n say, in sentences."""
    n, result = rows[0]["n"], []
    errors = [row[peer]["error_ratio_best"] for row in rows for peer in ("scipy", "torch")]
    result.append(
        f"n = {n}: at their best, the peers end {digits(min(errors))} to {digits(max(errors))} times above our error."
    )
    for key, what in (("search", "The search over starts"), ("single", "One start")):
        ratios = {end: [row["scipy"][f"time_ratio_{end}{key}"] for row in rows] for end in ("", "within_")}
        below = [row for row in rows if not row["scipy"][f"time_ratio_{key}"] >= BAR]
        result.append(
            f"n = {n}: {what.lower()} takes scipy's time divided by {digits(min(ratios['']))} to "
            f"{digits(max(ratios['']))}; by {digits(min(ratios['within_']))} or more if scipy's clock stops once it is "
            f"within 1% of the error that it ends with. Below {BAR}: "
            f"{names(below, f'time_ratio_{key}') or 'none'}."
        )
    worse = [row for row in rows if row["ours"]["single"]["l2"] > row["ours"]["search"]["l2"] * (1 + 1e-6)]
    for row in worse:
        excess = row["ours"]["single"]["l2"] / row["ours"]["search"]["l2"] - 1
        result.append(f"n = {n}: one start ends {excess:.2%} above the search for {row['class']} {row['target']}.")
    torch = {key: min(row["torch"][f"time_ratio_{key}"] for row in rows) for key in ("single", "search")}
    result.append(
        f"n = {n}: PyTorch takes at least {digits(torch['search'])} times as long as the search, "
        f"{digits(torch['single'])} times as long as one start."
    )
    capped = sum(bound(row) for row in rows)
    if capped:
        result.append(
            f"n = {n}: ≥ marks {capped} rows in which a run of scipy was stopped before its stall: its error might "
            "have fallen further."
        )
    return result


def seeds(record, peer):
    return ", ".join(f"{len(row[peer]['runs'])} for n = {row['n']}" for row in first_of_each_n(record))


def first_of_each_n(record):
    return list({row["n"]: row for row in reversed(record["rows"])}.values())


def section(record):
    versions, settings = record["versions"], record["settings"]
    load = ", ".join(f"{x:.2f}" for x in record["load_average"])
    head = (
        f"Measured {record['began'][:10]} on {record['machine']}, commit {record['commit']}, one thread, load averages "
        f"{load} at the start, {record['seconds'] / 60:.0f} minutes in all; times are of the processor. Seeds of scipy "
        f"{versions['scipy']}: {seeds(record, 'scipy')}, each until it stalls or {settings['limit']:.0f} s have passed "
        f"(a quarter of that for n = 16; ≥). Of PyTorch {versions['torch']}: {seeds(record, 'torch')}, "
        f"{settings['adam']} steps of Adam, then at most {settings['lbfgs']} of L-BFGS."
    )
    text = [
        textwrap.fill(head, 120),
        "",
        f"| {HEAD} |",
        "|" + " --- |" * len(HEAD.split(" | ")),
        *(line(row) for row in record["rows"]),
        "",
    ]
    for n in {row["n"]: None for row in record["rows"]}:
        said = findings([row for row in record["rows"] if row["n"] == n])
        text += [textwrap.fill(f"- {sentence}", 120, subsequent_indent="  ") for sentence in said]
    return "\n".join(text) + "\n"


def write(record, path):
    marked_section.write(path, BEGIN, END, section(record))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: peers_table.py RECORD DOCUMENT")
    write(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
