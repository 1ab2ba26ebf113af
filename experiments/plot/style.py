# SPDX-License-Identifier: Apache-2.0
"""What the figures of `nwidth rates` share: records, looks, and files that are the same when drawn again."""

import json
import logging
import os
import sys

NO_MATPLOTLIB = 4
try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.ticker import LogLocator, NullFormatter
except ImportError:
    print("nwidth: python3 has no matplotlib (pip install matplotlib), so no figure is drawn", file=sys.stderr)
    sys.exit(NO_MATPLOTLIB)

RC = {
    "svg.hashsalt": "nwidth",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9.5,
    "legend.fontsize": 8,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.2,
    "path.simplify": False,
}


def read_records(path):
    """Those of the last run if run.json says which, else the last of each key; in the order of the file."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    for number, record in enumerate(lines, 1):
        if record.get("schema") != "nwidth.record/1":
            raise ValueError(f"{path}: line {number} is not of schema nwidth.record/1")
    manifest = path.parent / "run.json"
    if manifest.exists():
        run = json.loads(manifest.read_text(encoding="utf-8"))
        keys = set(run["keys"])
        lines = [r for r in lines if r["key"] in keys and (r["commit"], r["dirty"]) == (run["commit"], run["dirty"])]
    return list({r["key"]: r for r in lines}.values())


def tick_decades(axes, decades):
    """Ticks of a logarithmic error axis over so many decades, seven or so with labels, and the grid of the panel."""
    step = max(1, round(decades / 7))
    axes.yaxis.set_major_locator(LogLocator(base=10.0**step, numticks=20))
    axes.yaxis.set_minor_locator(LogLocator(base=10.0, subs=(1.0,) if step > 1 else tuple(range(2, 10)), numticks=60))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(True, which="major", color="#dddddd", linewidth=0.5, zorder=0)
    axes.tick_params(which="both", direction="in", top=True, right=True)


def save(draw, records, folder, name):
    """Writes folder/name.{svg,pdf,png} of the figure that draw(records) makes."""
    matplotlib.rcParams.update(RC)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    figure = draw(records)
    folder.mkdir(parents=True, exist_ok=True)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, not once a format
    # No dates and no version in the files: the same records give the same bytes.
    metadata = {
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
        "png": {"Software": None},
    }
    for suffix, fields in metadata.items():
        path = folder / f"{name}.{suffix}"
        unfinished = folder / f".{name}.{os.getpid()}.{suffix}"
        try:
            figure.savefig(unfinished, metadata=fields, dpi=200)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def run(main):
    """main(arguments), and one line on stderr with exit code 2 if that fails."""
    try:
        main(sys.argv[1:])
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"nwidth: cannot draw: {' '.join(str(error).split()) or type(error).__name__}", file=sys.stderr)
        sys.exit(2)
