# SPDX-License-Identifier: Apache-2.0
"""Draws the fitted networks of `nwidth rates`: certified error, proved lower bound, and the contrast.

python3 experiments/plot/fits.py results/rates/records.jsonl --out results/rates

writes fits.svg, fits.pdf and fits.png, byte for byte the same whenever the records and matplotlib's version are.
Computes no errors itself. If a run.json lies beside the records, the points are those that it names.
"""

import argparse
import math
from pathlib import Path

import style
from matplotlib import pyplot
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

# Okabe and Ito's colours; markers tell the series apart in grey print.
ACTIVATIONS = {
    "relu": ("ReLU, C⁰ linear", "#0072B2", "o"),
    "relu2": ("ReLU², C¹ quadratic", "#D55E00", "s"),
    "relu3": ("ReLU³, C² cubic", "#CC79A7", "D"),
    "polyrelu": ("PolyReLU, C⁰ cubic", "#009E73", "^"),
}
GREY = "#777777"
CONTRAST = {"adam": ("Adam", "v", (0, (1, 1.5))), "raw-lm": ("raw LM", "P", (0, (4, 1.5)))}
USABLE = ("converged", "flat", "optimal by bound")


class Point:
    def __init__(self, record):
        self.activation = record["method"].rsplit("-", 1)[1]
        self.by = record["method"].rsplit("-", 1)[0]
        parameters = record["parameters"]
        self.size = parameters["neurons"] if self.by == "ridge" else parameters["segments"]
        self.parameters = parameters
        self.proved = record["status"] == "proved"
        self.error = float(record["fit"]["l2"] if self.by == "ridge" else record["upper"])
        self.bound = float(record["bound"]["lower"]) if "bound" in record else None
        self.converged = record["fit"]["status"] in USABLE


def panels_of(records):
    """{target: {(by, activation): points in ascending size}}, two variables under None, last."""
    panels = {}
    for record in records:
        point = Point(record)
        target = None if point.by == "ridge" else record["target"]
        panels.setdefault(target, {}).setdefault((point.by, point.activation), []).append(point)
    for series in panels.values():
        for points in series.values():
            points.sort(key=lambda p: p.size)
    return {target: panels[target] for target in sorted(panels, key=lambda t: t is None)}


def shown(points):
    return [p for p in points if 0 < p.error < math.inf]


def draw_fits(axes, activation, points):
    _, colour, marker = ACTIVATIONS[activation]
    points = shown(points)
    axes.plot([p.size for p in points], [p.error for p in points], color=colour, linewidth=1.1, zorder=4)
    for converged in (True, False):
        some = [p for p in points if p.converged == converged]
        axes.plot([p.size for p in some], [p.error for p in some], linestyle="none", color=colour, marker=marker,
                  markersize=5.2, markerfacecolor=colour if converged else "white",
                  markeredgewidth=1.1, zorder=5)  # fmt: skip
    bounded = [p for p in points if p.bound]
    axes.plot([p.size for p in bounded], [p.bound for p in bounded], color=colour, linewidth=0.7, marker="_",
              markersize=7, markeredgewidth=0.9, zorder=3)  # fmt: skip


def draw_contrast(axes, by, points):
    _, marker, dashes = CONTRAST[by]
    points = shown(points)
    axes.plot([p.size for p in points], [p.error for p in points], color=GREY, linewidth=0.9, linestyle=dashes,
              marker=marker, markersize=5.5, markerfacecolor="white", markeredgecolor=GREY, zorder=2)  # fmt: skip


def draw_ridge(axes, activation, points):
    _, colour, marker = ACTIVATIONS[activation]
    points = shown(points)
    axes.plot([p.size for p in points], [p.error for p in points], color=colour, linewidth=0.9, linestyle=(0, (5, 2)),
              marker=marker, markersize=5.2, markerfacecolor="white", markeredgewidth=1.1, zorder=4)  # fmt: skip


def shape_axes(axes, points):
    sizes = sorted({p.size for p in points})
    values = [p.error for p in shown(points)] + [p.bound for p in points if p.bound]
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(sizes[0] / 1.25, sizes[-1] * 1.25)
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    decades = math.log10(max(values) / min(values))
    margin = 10 ** (0.06 * decades + 0.08)
    axes.set_ylim(min(values) / margin, max(values) * margin)
    style.tick_decades(axes, decades)


def legend_panel(axes, panels):
    """A panel for the legend alone, so that it covers no point."""
    points = [p for series in panels.values() for group in series.values() for p in group]
    fitted = [p for p in points if p.by == "fit"]
    handles, labels = [], []

    def entry(label, **looks):
        handles.append(Line2D([], [], **looks))
        labels.append(label)

    for activation, (label, colour, marker) in ACTIVATIONS.items():
        if any(p.activation == activation and p.by in ("fit", "ridge") for p in points):
            entry(label, color=colour, marker=marker, markersize=5.2)
    if fitted:
        entry("filled: fit converged or proved best,\nerror of the rounded network certified", color="#444444",
              linestyle="none", marker="o", markersize=5.2)  # fmt: skip
    if any(not p.converged for p in fitted):
        entry("open: certified as well, but the fit did\nnot converge; in no slope of the networks", color="#444444",
              linestyle="none", marker="o", markersize=5.2, markerfacecolor="white")  # fmt: skip
    if any(p.bound for p in fitted):
        entry("proved: no spline of as many\nsegments is closer", color="#444444", linewidth=0.7, marker="_",
              markersize=7)  # fmt: skip
    for by, (label, marker, dashes) in CONTRAST.items():
        some = [p for p in points if p.by == by]
        if some:
            steps, samples = some[0].parameters["steps"], some[0].parameters["samples"]
            entry(f"{label} from one random start, ReLU:\n{steps} steps, {samples} samples; certified", color=GREY,
                  linestyle=dashes, marker=marker, markersize=5.5, markerfacecolor="white")  # fmt: skip
    if any(p.by == "ridge" for p in points):
        entry("$d = 2$, dashed and open:\nquadrature, not proved", color="#444444", linewidth=0.9,
              linestyle=(0, (5, 2)), marker="o", markersize=5.2, markerfacecolor="white")  # fmt: skip
    axes.axis("off")
    axes.legend(handles, labels, loc="center", frameon=False, fontsize=8.5, labelspacing=0.75, handlelength=3.4)


def draw(records):
    panels = panels_of(records)
    count = len(panels) + 1
    columns = 2 if count <= 4 else 3
    rows = math.ceil(count / columns)
    figure, grid = pyplot.subplots(rows, columns, figsize=(3.9 * columns, 3.6 * rows), squeeze=False,
                                   layout="constrained")  # fmt: skip
    for axes in grid.flat[count:]:
        axes.set_visible(False)
    for axes, (target, series) in zip(grid.flat, panels.items(), strict=False):
        for (by, activation), points in series.items():
            if by == "fit":
                draw_fits(axes, activation, points)
            elif by == "ridge":
                draw_ridge(axes, activation, points)
            else:
                draw_contrast(axes, by, points)
        shape_axes(axes, [p for points in series.values() for p in points])
        if target is None:
            axes.set_title("Franke, $d = 2$: quadrature, not proved")
            axes.set_xlabel("neurons")
            axes.set_ylabel(r"error in $L^2[-1,1]^2$")
        else:
            axes.set_title(target)
            axes.set_xlabel("segments: kinks + 1")
            axes.set_ylabel(r"certified error in $L^\infty[-1,1]$")
    legend_panel(grid.flat[len(panels)], panels)
    return figure


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", type=Path, help="records.jsonl of `nwidth rates`")
    parser.add_argument("--out", type=Path, required=True, help="folder for fits.svg, fits.pdf and fits.png")
    options = parser.parse_args(arguments)
    records = [r for r in style.read_records(options.records) if "fit" in r]
    if not records:
        raise ValueError(f"{options.records}: there are no fits to draw")
    style.save(draw, records, options.out, "fits")


if __name__ == "__main__":
    style.run(main)
