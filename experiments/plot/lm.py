# SPDX-License-Identifier: Apache-2.0
"""Draws the runs of nwidth-lm that lie in the folders of one folder: loss against tokens, seeds as a band; and a table.

python3 experiments/plot/lm.py results/lm --out results/lm [--text held_out.bin]

writes lm.svg, lm.pdf, lm.png, byte for byte the same whenever the logs and matplotlib's version are, and lm.md. Of runs
on the IFS stream it draws the excess of the loss over the entropy of the stream, which is known exactly. --text: what
was held out, from `nwidth-lm text`; its order-0 entropy and what xz makes of it stand beside the losses.
"""

import argparse
import json
import lzma
import math
import tomllib
from collections import Counter
from pathlib import Path

import style
from matplotlib import pyplot

# Okabe and Ito's colours, one for each activation, ours last and strongest.
COLOURS = {
    "relu": "#999999",
    "relu2": "#56B4E9",
    "gelu": "#E69F00",
    "gelu-tanh": "#E69F00",
    "swiglu": "#0072B2",
    "polyrelu": "#D55E00",
    "polynorm": "#009E73",
}
OTHER = "#CC79A7"
WINDOW = 0.02  # of a run's steps are averaged for a point of its curve


class Run:
    """One log.jsonl."""

    def __init__(self, path):
        text = path.read_text(encoding="utf-8")
        text = text[: text.rfind("\n") + 1]  # a run that goes on may have written half of a line
        lines = [json.loads(line) for line in text.splitlines() if line]
        heads = [line for line in lines if line.get("kind") == "run"]
        if not heads or heads[0].get("schema") != "nwidth.lm/1":
            raise ValueError(f"{path}: no line of schema nwidth.lm/1 says which run this is")
        self.path, self.head = path, heads[-1]
        config = tomllib.loads(self.head["config"])
        self.activation, self.hidden = config["model"]["activation"], config["model"]["hidden"]
        self.stream, self.seed = config["data"]["stream"], self.head["seed"]
        self.parameters = self.head["parameters"]
        self.steps = [line for line in lines if line.get("kind") == "step"]
        self.evaluations = [line for line in lines if line.get("kind") == "evaluation"]
        ends = [line for line in lines if line.get("kind") == "end"]
        self.stopped = ends[-1].get("stopped") if ends else "not finished"
        speeds = sorted(line["tokens_per_second"] for line in self.steps)
        self.speed = speeds[len(speeds) // 2] if speeds else None

    def curve(self):
        """Tokens, and the mean loss of the steps around them; of the stream, the excess at evaluations."""
        if self.stream == "ifs":
            tokens = {line["step"]: line["tokens"] for line in self.steps}
            points = [(tokens.get(e["step"]), e.get("excess")) for e in self.evaluations]
            points = [(t, float(x)) for t, x in points if t and x is not None and float(x) > 0]
            return [p[0] for p in points], [p[1] for p in points]
        losses = [float(line["loss"]) for line in self.steps]
        half = max(1, round(len(losses) * WINDOW / 2))
        means = []
        for i in range(len(losses)):
            near = losses[max(0, i - half) : i + half + 1]
            means.append(sum(near) / len(near))
        return [line["tokens"] for line in self.steps], means

    def last(self, key):
        values = [e[key] for e in self.evaluations if key in e]
        return float(values[-1]) if values else None


def order_zero(text):
    """Bits a byte of the frequencies alone."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def floors_of(path):
    text = path.read_bytes()
    if not text:
        raise ValueError(f"{path} is empty")
    xz = len(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)) * 8 / len(text)
    return {"order-0": order_zero(text), "xz -9e": xz}


def entropy_of(arms):
    """The floor of a stream's loss, with its value where the runs have one in common."""
    evaluations = [e for runs in arms.values() for run in runs for e in run.evaluations]
    values = {f"{float(e['floor'][end]):.6f}" for e in evaluations if "floor" in e for end in ("lower", "upper")}
    return f"the entropy of {values.pop()}" if len(values) == 1 else "the stream's entropy"


def arms_of(runs):
    """{activation: runs by seed}, in the order of COLOURS."""
    arms = {}
    for run in sorted(runs, key=lambda r: r.seed):
        arms.setdefault(run.activation, []).append(run)
    names = list(COLOURS)
    return dict(sorted(arms.items(), key=lambda a: names.index(a[0]) if a[0] in names else len(names)))


def spread(values, digits):
    """Mean, and half of the distance between the least and the greatest, of what was measured: a NaN stays one."""
    values = [v for v in values if v is not None]
    if not values:
        return "-"
    mean = f"{sum(values) / len(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ± {(max(values) - min(values)) / 2:.{digits}f}"


def table(arms, floors):
    stream = any(run.stream == "ifs" for runs in arms.values() for run in runs)
    measure = "excess of the loss, nats" if stream else "held-out bits a byte"
    rows = [
        f"| activation | hidden | parameters | seeds | {measure} | held-out loss, nats | tokens/s |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, runs in arms.items():
        what = [r.last("excess" if stream else "bits_per_byte") for r in runs]
        unfinished = [f"seed {r.seed}: {r.stopped}" for r in runs if r.stopped]
        rows.append(
            f"| {name} | {runs[0].hidden} | {runs[0].parameters} | {', '.join(str(r.seed) for r in runs)} | "
            f"{spread(what, 6 if stream else 4)} | {spread([r.last('loss') for r in runs], 4)} | "
            f"{spread([r.speed for r in runs], 0)} |" + (f" {'; '.join(unfinished)}" if unfinished else "")
        )
    for name, value in floors.items():
        rows.append(f"| {name} of the held-out text | - | - | - | {value:.4f} | {value * math.log(2):.4f} | - |")
    rows += ["", "± is half of the distance between the seeds' extremes, no confidence interval."]
    return "\n".join(rows) + "\n"


def draw(arms_and_floors):
    arms, floors = arms_and_floors
    stream = any(run.stream == "ifs" for runs in arms.values() for run in runs)
    figure, axes = pyplot.subplots(figsize=(5.6, 3.8), layout="constrained")
    scale = 1 if stream else 1 / math.log(2)
    for name, runs in arms.items():
        curves = [run.curve() for run in runs]
        length = min(len(c[0]) for c in curves)
        if length == 0:
            continue
        tokens = curves[0][0][:length]
        columns = list(zip(*(c[1][:length] for c in curves), strict=True))
        colour = COLOURS.get(name, OTHER)
        axes.plot(tokens, [scale * sum(c) / len(c) for c in columns], color=colour, label=name)
        if len(curves) > 1:
            low, high = ([scale * f(c) for c in columns] for f in (min, max))
            axes.fill_between(tokens, low, high, color=colour, alpha=0.25, linewidth=0)
    for (name, value), line in zip(floors.items(), ((0, (4, 2)), (0, (1, 1.5))), strict=False):
        axes.axhline(value, color="#777777", linestyle=line, linewidth=0.9, label=name)
    axes.set_xscale("log")
    axes.set_xlabel("tokens")
    if stream:
        axes.set_yscale("log")
        axes.set_ylabel(f"loss above {entropy_of(arms)}, nats a token")
    else:
        axes.set_ylabel("training loss, bits a byte")
    axes.grid(True, which="major", color="#dddddd", linewidth=0.5, zorder=0)
    axes.tick_params(which="both", direction="in", top=True, right=True)
    axes.legend(frameon=False)
    return figure


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="holds a folder for each run")
    parser.add_argument("--out", type=Path, default=Path("."), help="where the figure and the table go")
    parser.add_argument("--text", type=Path, help="the held-out text")
    options = parser.parse_args(arguments)
    logs = sorted(options.folder.glob("*/log.jsonl"))
    if not logs:
        raise ValueError(f"{options.folder} holds no folder with a log.jsonl")
    runs = [Run(path) for path in logs]
    if len({"compiled" in run.head for run in runs}) > 1:
        apart = "their rounding differs, and so would what is compared"
        raise ValueError(f"{options.folder} holds runs of eager and runs of compiled steps: {apart}")
    arms = arms_of(runs)
    floors = floors_of(options.text) if options.text else {}
    style.save(draw, (arms, floors), options.out, "lm")
    text = table(arms, floors)
    (options.out / "lm.md").write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    style.run(main)
