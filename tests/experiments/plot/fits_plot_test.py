# SPDX-License-Identifier: Apache-2.0
"""The plotter of the fits, on made-up records: same bytes when drawn again, honest about what is not proved."""

import importlib.util
import math
import subprocess
import sys

import pytest
import synthetic
from program import FITS_PLOTTER, PLOTTER


def draw(script, records, out):
    return subprocess.run(
        [sys.executable, str(script), str(records), "--out", str(out)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def plotter():
    spec = importlib.util.spec_from_file_location("plot_fits", FITS_PLOTTER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_drawn_again_it_is_the_same_to_the_byte(tmp_path):
    path = synthetic.write(tmp_path / "a", synthetic.fits() + [r for r in synthetic.records() if r["n"] == 1])
    for out in ("one", "two"):
        result = draw(FITS_PLOTTER, path, tmp_path / out)
        assert result.returncode == 0 and result.stdout == "" and result.stderr == "", result.stderr
    assert sorted(p.name for p in (tmp_path / "one").iterdir()) == ["fits.pdf", "fits.png", "fits.svg"]
    for name in ("fits.svg", "fits.pdf", "fits.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_each_plotter_leaves_the_records_of_the_other(tmp_path):
    constructions = synthetic.write(tmp_path / "a", [r for r in synthetic.records() if r["n"] == 1])
    fits = synthetic.write(tmp_path / "b", synthetic.fits())
    for script, records, word in ((FITS_PLOTTER, constructions, "no fits"), (PLOTTER, fits, "no points")):
        result = draw(script, records, tmp_path / "out")
        assert result.returncode == 2 and word in result.stderr and result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_what_did_not_converge_or_is_not_proved_is_open(plotter):
    figure = plotter.draw(synthetic.fits())
    curves, _, in_two, legend = figure.axes[:4]
    marks = [line for line in curves.lines if line.get_linestyle() == "None"]
    filled = sum(len(m.get_xdata()) for m in marks if m.get_markerfacecolor() != "white")
    hollow = sum(len(m.get_xdata()) for m in marks if m.get_markerfacecolor() == "white")
    assert (filled, hollow) == (14, 1)  # 3 series of 5, one of which has one that did not converge
    assert all(line.get_markerfacecolor() == "white" for line in in_two.lines)
    assert "not proved" in in_two.get_title() and in_two.get_xlabel() == "neurons"
    assert curves.get_xlabel().startswith("segments")
    texts = [t.get_text() for t in legend.get_legend().get_texts()]
    assert any("quadrature" in t for t in texts) and any("9 steps, 7 samples" in t for t in texts)


def test_bounds_are_drawn_below_the_errors(plotter):
    for target, series in plotter.panels_of(synthetic.fits()[::-1]).items():
        for (by, _), points in series.items():
            assert [p.size for p in points] == sorted(p.size for p in points)
            assert all((p.bound is not None) == (by == "fit") for p in points)
            assert all(p.bound <= p.error < math.inf for p in points if p.bound)
        assert target is not None or list(series) == [("ridge", "relu")]


def test_no_text_covers_another(plotter):
    """Titles, labels and the legend do not overlap; the legend has a panel of its own and covers no point."""
    figure = plotter.draw(synthetic.fits())
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    panels, legend = figure.axes[:3], figure.axes[3].get_legend().get_window_extent(renderer)
    boxes = [legend]
    for axes in panels:
        boxes += [axes.title.get_window_extent(renderer)]
        boxes += [a.label.get_window_extent(renderer) for a in (axes.xaxis, axes.yaxis)]
        assert not legend.overlaps(axes.get_window_extent(renderer))
    for i, a in enumerate(boxes):
        assert figure.bbox.x0 <= a.x0 and a.x1 <= figure.bbox.x1 and figure.bbox.y0 <= a.y0 and a.y1 <= figure.bbox.y1
        for b in boxes[:i]:
            assert not a.overlaps(b)
