# SPDX-License-Identifier: Apache-2.0
"""Draws a fit from the file that `nwidth fit --figure` writes: target or samples and network, and what is between them.

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


def draw_error(axis, fit):
    """The error with its peaks between the certified level and the proved bound; or residuals at samples."""
    if "samples" in fit:
        axis.plot(fit["samples"]["x"], fit["samples"]["error"], ".", color=TARGET, markersize=3, label="residuals")
        axis.axhline(0, color=NETWORK, linewidth=1.0)
        return
    axis.plot(fit["x"], fit["error"], color=TARGET, linewidth=1.0, label="target minus network")
    levels = (
        ("sup_upper", NETWORK, (0, (4, 2)), "largest error: at most {}, certified"),
        ("bound", BOUND, (0, (1, 1.5)), "least for {n} knots: at least {}, proved"),
    )
    for key, color, style, label in levels:
        if key in fit:
            text = label.format(fit[key]["text"], n=len(fit["knots"]))
            axis.axhline(fit[key]["at"], color=color, linewidth=1.0, linestyle=style, label=text)
            axis.axhline(-fit[key]["at"], color=color, linewidth=1.0, linestyle=style)
    if fit["alternation"]:
        values = dict(zip(fit["x"], fit["error"], strict=True))
        heights = [values[x] for x in fit["alternation"]]
        label = f"{len(heights)} points of alternation"
        axis.plot(fit["alternation"], heights, "o", color=NETWORK, markersize=3.5, zorder=3, label=label)


def draw(fit):
    figure, (above, below) = pyplot.subplots(
        2, 1, sharex=True, figsize=(7, 6.4), height_ratios=[1, 1], layout="constrained"
    )
    if "samples" in fit:
        above.plot(fit["samples"]["x"], fit["samples"]["y"], ".", color=TARGET, markersize=3, label="samples")
    else:
        above.plot(fit["x"], fit["f"], color=TARGET, linewidth=1.4, label="target")
    above.plot(fit["x"], fit["network"], color=NETWORK, linewidth=1.4, linestyle=(0, (4, 2)), label="network")
    draw_error(below, fit)
    for axis in (above, below):
        if len(fit["knots"]) <= MOST_KNOT_LINES:
            for k, knot in enumerate(fit["knots"]):
                label = "knots" if k == 0 and axis is above else None
                axis.axvline(knot, color=KNOTS, linewidth=0.6, alpha=0.35, zorder=0, label=label)
        axis.margins(x=0.01)
        axis.ticklabel_format(axis="y", style="sci", scilimits=(-3, 4), useMathText=True)
    above.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize=8)
    if "samples" not in fit:  # beside the panels' data, not over them
        below.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2, frameon=False, fontsize=8)
    above.set_title(title(fit), fontsize=10, pad=24, parse_math=False)
    above.set_ylabel("value")
    below.set_ylabel("residual" if "samples" in fit else "error")
    below.set_xlabel("x")
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
