# SPDX-License-Identifier: Apache-2.0
"""The plotter, on made-up records: same bytes when drawn again, honest about what is not proved."""

import importlib.util
import json
import math
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
import synthetic
from program import PLOTTER


def draw(records, out):
    return subprocess.run(
        [sys.executable, str(PLOTTER), str(records), "--out", str(out)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def plotter():
    spec = importlib.util.spec_from_file_location("plot_rates", PLOTTER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_drawn_again_it_is_the_same_to_the_byte(tmp_path):
    records = [r for r in synthetic.records() if r["n"] == 2]
    path = synthetic.write(tmp_path / "a", records)
    for out in ("one", "two"):
        result = draw(path, tmp_path / out)
        assert result.returncode == 0 and result.stdout == "" and result.stderr == "", result.stderr
    assert sorted(p.name for p in (tmp_path / "one").iterdir()) == ["rates.pdf", "rates.png", "rates.svg"]
    for name in ("rates.svg", "rates.pdf", "rates.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    ElementTree.parse(tmp_path / "one" / "rates.svg")
    assert (tmp_path / "one" / "rates.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "one" / "rates.pdf").read_bytes().startswith(b"%PDF")


def test_order_of_the_records_does_not_matter(plotter):
    records = synthetic.records()
    forward, backward = plotter.series_of(records), plotter.series_of(records[::-1])
    for n, series in forward.items():
        assert series.keys() == backward[n].keys()
        for key, points in series.items():
            assert [(p.size, p.upper) for p in points] == [(p.size, p.upper) for p in backward[n][key]]


def test_points_are_the_worst_of_the_test_set(plotter):
    series = plotter.series_of(synthetic.records())[3]
    for of_class, worst in zip(series["class", "optimal-spline"], series["target", "optimal-spline"], strict=True):
        assert math.isclose(worst.upper, 0.8 * of_class.upper, rel_tol=1e-6)


def test_what_is_not_proved_is_a_cross_and_no_part_of_the_slope(plotter):
    series = plotter.series_of(synthetic.records())[3]
    points = series["target", "yarotsky-relu"]
    unproved = [p for p in points if not p.proved]
    assert unproved and all(math.isinf(p.upper) and p.drawn_at == p.lower for p in unproved)
    assert math.isfinite(plotter.last_decade_slope(points))
    figure = plotter.draw([r for r in synthetic.records() if r["n"] == 3])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert any(label.startswith(f"cross: not proved to the tolerance ({len(unproved)})") for label in labels)
    proved = plotter.draw([r for r in synthetic.records() if r["method"] == "two-level"])
    assert not any("cross" in text.get_text() for text in proved.legends[0].get_texts())


def test_slopes_of_exact_powers(plotter):
    for n, series in plotter.series_of(synthetic.records()).items():
        points = series["limit", "n-width"]
        assert math.isclose(plotter.last_decade_slope(points), -n, abs_tol=1e-9)
    assert plotter.last_decade_slope([]) is None


def test_no_text_covers_another(plotter):
    """Titles, axis labels and legends of the drawn figure do not overlap, and lie inside it."""
    figure = plotter.draw(synthetic.records())
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = [figure.legends[0].get_window_extent(renderer)]
    for axes in figure.axes:
        boxes += [axes.title.get_window_extent(renderer), axes.get_legend().get_window_extent(renderer)]
        boxes += [a.label.get_window_extent(renderer) for a in (axes.xaxis, axes.yaxis) if a.label.get_text()]
        ticks = [t.get_window_extent(renderer) for t in axes.get_yticklabels() if t.get_text() and t.get_visible()]
        assert len(ticks) >= 4
    for i, a in enumerate(boxes):
        assert figure.bbox.x0 <= a.x0 and a.x1 <= figure.bbox.x1 and figure.bbox.y0 <= a.y0 and a.y1 <= figure.bbox.y1
        for b in boxes[:i]:
            assert not a.overlaps(b)


def test_manifest_chooses_the_records(plotter, tmp_path):
    records = synthetic.records()
    stale = [{**r, "commit": "1" * 40} for r in records]
    path = synthetic.write(tmp_path, records + stale)
    assert len(plotter.style.read_records(path)) == len(records)
    keys = [r["key"] for r in records if r["n"] == 1]
    (tmp_path / "run.json").write_text(json.dumps({"keys": keys, "commit": "0" * 40, "dirty": False}))
    chosen = plotter.style.read_records(path)
    assert [r["key"] for r in chosen] == keys and {r["commit"] for r in chosen} == {"0" * 40}


@pytest.mark.parametrize("text", ["", "{}\n", "not json\n", '{"schema": "nwidth.record/1"}\n'])
def test_bad_records(text, tmp_path):
    (tmp_path / "records.jsonl").write_text(text)
    result = draw(tmp_path / "records.jsonl", tmp_path / "out")
    assert (
        result.returncode == 2 and result.stderr.startswith("nwidth: cannot draw: ") and result.stderr.count("\n") == 1
    )
    assert not (tmp_path / "out").exists()


def test_missing_records(tmp_path):
    result = draw(tmp_path / "missing.jsonl", tmp_path / "out")
    assert result.returncode == 2 and result.stderr.count("\n") == 1 and "missing.jsonl" in result.stderr


def test_table_and_legend_agree(plotter, tmp_path, small_config):
    """The slopes that the plotter fits are those of the table that `nwidth rates` writes."""
    from program import run

    answer = run("rates", small_config, "--out", tmp_path / "out", "--no-figure", "--json").json
    series = plotter.series_of(plotter.style.read_records(tmp_path / "out" / "records.jsonl"))
    for row in answer["series"]:
        slope = plotter.last_decade_slope(series[row["n"]][row["kind"], row["method"]])
        assert math.isclose(slope, row["slope_in_size"], rel_tol=1e-9), row
