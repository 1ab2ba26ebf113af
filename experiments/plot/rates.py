# SPDX-License-Identifier: Apache-2.0
"""Draws certified error against network size from the records of `nwidth rates`; computes no errors itself.

python3 experiments/plot/rates.py results/rates/records.jsonl --out results/rates

writes rates.svg, rates.pdf and rates.png, byte for byte the same whenever the records and matplotlib's version are.
If a run.json lies beside the records, the points are those that it names; else the last record of each key.
"""

import argparse
import json
import math
from pathlib import Path

import style
from matplotlib import pyplot
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

# Okabe and Ito's colours, told apart by colour-blind readers; marker and dashes tell the series apart in grey print.
STYLES = {
    "optimal-spline": ("optimal spline", "#0072B2", "o", "-"),
    "two-level": ("two-level", "#D55E00", "s", (0, (6, 1.5))),
    "local-taylor": ("local Taylor", "#009E73", "^", (0, (3, 1.2))),
    "yarotsky-relu": ("Yarotsky ReLU", "#CC79A7", "D", (0, (1, 1.2))),
    "log-free-relu": ("log-free ReLU", "#E69F00", "v", (0, (4, 1.2, 1, 1.2))),
}
SPARE = ("#56B4E9", "P", (0, (2, 2)))
LIMITS = {
    "n-width": (r"$n$-width $d_W$: no linear method with $W$ parameters", "#000000", "-"),
    "continuous-selection": (
        r"$\|x_{W,n}\|$: no method with $W$ continuously chosen weights",
        "#555555",
        (0, (5, 2)),
    ),
}


class Point:
    """The worst enclosure of one choice of parameters: over the targets, or the class certificate."""

    def __init__(self):
        self.size, self.lower, self.upper, self.proved = 0, 0.0, 0.0, True

    def add(self, record):
        self.size = max(self.size, record["size"])
        self.lower = max(self.lower, float(record["lower"]))
        self.upper = max(self.upper, float(record["upper"]))
        self.proved = self.proved and record["status"] == "proved"

    @property
    def drawn_at(self):
        return self.upper if math.isfinite(self.upper) else self.lower


def series_of(records):
    """{n: {(kind, method): points in ascending size}}"""
    points = {}
    for record in records:
        series = points.setdefault(record["n"], {}).setdefault((record["kind"], record["method"]), {})
        series.setdefault(json.dumps(record["parameters"], sort_keys=True), Point()).add(record)
    return {
        n: {key: sorted(group.values(), key=lambda p: p.size) for key, group in points[n].items()}
        for n in sorted(points)
    }


def last_decade_slope(points):
    """Least squares of log(upper) on log(size) over the proved points of the last decade; None if there is one size."""
    good = [p for p in points if p.proved and 0 < p.upper < math.inf]
    good = [p for p in good if p.size >= max(q.size for q in good) / 10]
    if len({p.size for p in good}) < 2:
        return None
    x = [math.log(p.size) for p in good]
    y = [math.log(p.upper) for p in good]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / sum((a - mx) ** 2 for a in x)


def slope_text(slope):
    return "–" if slope is None else f"{slope:.2f}".replace("-", "−")


def style_of(method):
    return STYLES.get(method, (method, *SPARE))


def draw_series(axes, points, method, of_class):
    _, colour, marker, dashes = style_of(method)
    proved = [p for p in points if p.proved and p.upper > 0]
    x, y = [p.size for p in proved], [p.upper for p in proved]
    if of_class:
        axes.plot(x, y, color=colour, linestyle=dashes, marker=marker, markersize=4.2, zorder=4)
    else:
        axes.plot(x, y, color=colour, linestyle=dashes, linewidth=0.6, alpha=0.8, zorder=3)
        axes.plot(x, y, linestyle="none", color=colour, marker=marker, markersize=6.2, markerfacecolor="none",
                  markeredgewidth=1.0, zorder=5)  # fmt: skip
    wide = [p for p in proved if p.upper > 1.05 * p.lower > 0]
    axes.vlines([p.size for p in wide], [p.lower for p in wide], [p.upper for p in wide], color=colour, linewidth=1.0)
    unproved = [p for p in points if not p.proved and p.drawn_at > 0]
    axes.plot([p.size for p in unproved], [p.drawn_at for p in unproved], linestyle="none", color=colour, marker="x",
              markersize=6, markeredgewidth=1.4, zorder=6)  # fmt: skip
    return len(unproved)


def draw_limits(axes, series):
    for method, (_, colour, dashes) in LIMITS.items():
        points = [p for p in series.get(("limit", method), []) if p.proved]
        axes.plot([p.size for p in points], [p.upper for p in points], color=colour, linestyle=dashes, zorder=2)
    floor = [p for p in series.get(("limit", "continuous-selection"), []) if p.proved]
    if floor:
        x, y = [p.size for p in floor], [p.upper for p in floor]
        axes.fill_between(x, y, 1e-300, color="#000000", alpha=0.06, zorder=1, linewidth=0)


def slope_legend(axes, series):
    handles, labels = [], []
    methods = [m for kind, m in series if kind != "limit"]
    for method in sorted(set(methods), key=[*STYLES, *methods].index):
        label, colour, marker, dashes = style_of(method)
        filled = Line2D([], [], color=colour, linestyle=dashes, marker=marker, markersize=4.2)
        ring = Line2D([], [], color=colour, linestyle="none", marker=marker, markersize=6, markerfacecolor="none")
        of_class, of_target = series.get(("class", method)), series.get(("target", method))
        handles.append(tuple(h for h, s in ((filled, of_class), (ring, of_target)) if s))
        slopes = [slope_text(last_decade_slope(s)) if s else "–" for s in (of_class, of_target)]
        labels.append(f"{label}:  {slopes[0]} | {slopes[1]}")
    for method in LIMITS:
        if points := series.get(("limit", method)):
            _, colour, dashes = LIMITS[method]
            handles.append(Line2D([], [], color=colour, linestyle=dashes))
            name = r"$d_W$" if method == "n-width" else r"$\|x_{W,n}\|$"
            labels.append(f"{name}:  {slope_text(last_decade_slope(points))}")
    legend = axes.legend(handles, labels, loc="lower left", title="slope over the last decade:  class | test set",
                         handler_map={tuple: HandlerTuple(ndivide=None, pad=0.6)}, handlelength=3.6, labelspacing=0.35,
                         borderpad=0.5, framealpha=0.92, edgecolor="#bbbbbb", title_fontsize=7.5)  # fmt: skip
    legend.get_frame().set_linewidth(0.6)
    legend.set_zorder(10)


def shape_axes(axes, series):
    shown = [p for points in series.values() for p in points if p.drawn_at > 0]
    left, right = min(p.size for p in shown), max(p.size for p in shown)
    low, high = min(p.drawn_at for p in shown), max(p.drawn_at for p in shown)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(left / 1.15, right * 1.15)
    decades = math.log10(high / low)
    axes.set_ylim(low / 10 ** (0.12 * decades + 0.2), high * 10 ** (0.03 * decades + 0.1))  # room for the legend below
    style.tick_decades(axes, decades)


def common_legend(figure, unproved):
    grey = "#444444"
    handles = [
        Line2D([], [], color=grey, marker="o", markersize=4.2),
        Line2D([], [], color=grey, linestyle="none", marker="o", markersize=6.2, markerfacecolor="none"),
    ]
    labels = [
        r"filled: proved for every $f$ with $|f^{(n)}|\leq 1$",
        "open: proved, worst of the test set",
    ]
    for label, colour, dashes in LIMITS.values():
        handles.append(Line2D([], [], color=colour, linestyle=dashes))
        labels.append(label)
    if unproved:
        handles.append(Line2D([], [], color=grey, linestyle="none", marker="x", markersize=6, markeredgewidth=1.4))
        labels.append(f"cross: not proved to the tolerance ({unproved}), not in the slopes")
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=8.5, columnspacing=2.5)


def draw(records):
    panels = series_of(records)
    columns = min(2, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure, grid = pyplot.subplots(
        rows, columns, figsize=(5.0 * columns, 4.1 * rows + 0.9), squeeze=False, layout="constrained"
    )
    unproved = 0
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, (n, series) in zip(grid.flat, panels.items(), strict=False):
        draw_limits(axes, series)
        for (kind, method), points in series.items():
            if kind != "limit":
                unproved += draw_series(axes, points, method, kind == "class")
        shape_axes(axes, series)
        axes.set_title(rf"$n = {n}$:  $|f^{{({n})}}| \leq 1$" if n > 3 else rf"$n = {n}$:  $|f{chr(39) * n}| \leq 1$")
        slope_legend(axes, series)
    for axes in grid[-1, :]:
        axes.set_xlabel("size $W$: nonzero weights and biases")
    for axes in grid[:, 0]:
        axes.set_ylabel(r"certified error in $L^\infty[-1,1]$")
    common_legend(figure, unproved)
    return figure


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", type=Path, help="records.jsonl of `nwidth rates`")
    parser.add_argument("--out", type=Path, required=True, help="folder for rates.svg, rates.pdf and rates.png")
    options = parser.parse_args(arguments)
    records = [r for r in style.read_records(options.records) if "fit" not in r]  # those are in fits.py
    if not any(r["kind"] != "limit" for r in records):
        raise ValueError(f"{options.records}: there are no points to draw")
    style.save(draw, records, options.out, "rates")


if __name__ == "__main__":
    style.run(main)
