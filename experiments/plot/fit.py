# SPDX-License-Identifier: Apache-2.0
"""Draws a fit from the file that `nwidth fit --figure` writes: target and network, and the error with its alternations.

python3 experiments/plot/fit.py fit.json --out fit

writes fit.svg, fit.pdf and fit.png, byte for byte the same whenever the file and matplotlib's version are.
"""

import argparse
import json
import logging
import os
import sys

NO_MATPLOTLIB = 4
try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
except ImportError:
    print("nwidth: python3 has no matplotlib (pip install matplotlib), so no figure is drawn", file=sys.stderr)
    sys.exit(NO_MATPLOTLIB)

TARGET, NETWORK, KNOTS, BOUND = "#000000", "#D55E00", "#0072B2", "#009E73"  # Okabe and Ito
MOST_KNOT_LINES = 150


def title(fit):
    name = fit["target"] if len(fit["target"]) <= 60 else fit["target"][:57] + "..."
    return f"{name}:  {fit['neurons']} neurons, {len(fit['knots'])} knots"


def draw(fit):
    figure, (above, below) = pyplot.subplots(
        2, 1, sharex=True, figsize=(7, 6), height_ratios=[1, 1], layout="constrained"
    )
    above.plot(fit["x"], fit["f"], color=TARGET, linewidth=1.4, label="target")
    above.plot(fit["x"], fit["network"], color=NETWORK, linewidth=1.4, linestyle=(0, (4, 2)), label="network")
    above.set_title(title(fit), fontsize=10)
    above.legend(loc="best", frameon=True, fontsize=9)
    below.plot(fit["x"], fit["error"], color=TARGET, linewidth=1.0, label="target minus network")
    if fit["sup_upper"] is not None:
        for sign in (1, -1):
            label = f"certified sup error ≤ {fit['sup_upper']:.6g}" if sign > 0 else None
            below.axhline(sign * fit["sup_upper"], color=NETWORK, linewidth=1.0, linestyle=(0, (4, 2)), label=label)
    if "bound" in fit:
        for sign in (1, -1):
            label = f"no network with these knots is below {fit['bound']:.6g}" if sign > 0 else None
            below.axhline(sign * fit["bound"], color=BOUND, linewidth=1.0, linestyle=(0, (1, 1.5)), label=label)
    values = dict(zip(fit["x"], fit["error"], strict=True))
    if fit["alternation"]:
        heights = [values[x] for x in fit["alternation"]]
        label = f"{len(heights)} alternations"
        below.plot(fit["alternation"], heights, "o", color=NETWORK, markersize=4, zorder=3, label=label)
    for axis in (above, below):
        if len(fit["knots"]) <= MOST_KNOT_LINES:
            for k, knot in enumerate(fit["knots"]):
                label = "knots" if k == 0 and axis is below else None
                axis.axvline(knot, color=KNOTS, linewidth=0.6, alpha=0.35, zorder=0, label=label)
        axis.margins(x=0.01)
    low, high = below.get_ylim()
    below.set_ylim(low, high + 0.45 * (high - low))  # room for the legend
    below.set_xlabel("x")
    below.legend(loc="upper center", ncols=2, frameon=True, fontsize=8)
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("fit", help="the file of nwidth fit")
    parser.add_argument("--out", required=True, help="the figures' path without its ending")
    arguments = parser.parse_args()
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    with open(arguments.fit, encoding="utf-8") as file:
        fit = json.load(file)
    matplotlib.rcParams.update({"svg.hashsalt": "nwidth", "pdf.fonttype": 42, "svg.fonttype": "path"})
    figure = draw(fit)
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
    for ending, data in metadata.items():
        temporary = f"{arguments.out}.{os.getpid()}.part.{ending}"
        figure.savefig(temporary, format=ending, dpi=200, metadata=data)
        os.replace(temporary, f"{arguments.out}.{ending}")


if __name__ == "__main__":
    main()
