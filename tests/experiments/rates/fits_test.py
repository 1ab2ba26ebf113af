# SPDX-License-Identifier: Apache-2.0
"""Fitted networks in a run of rates: proved where it says so, far below the contrast, resumable as all records."""

import csv
import json
import random
import signal
import subprocess
import time
from fractions import Fraction

import pytest
from program import FITS_CONFIG, assert_refused, binary, run


def records(folder):
    lines = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def rates(config, out, *rest, figure=False):
    return run("rates", config, "--out", out, *([] if figure else ["--no-figure"]), *rest)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fits")
    (folder / "fits.toml").write_text(FITS_CONFIG)
    result = rates(folder / "fits.toml", folder / "out", "--threads", 1, "--json")
    assert result.code == 0, result.err
    return folder, result.json


def test_errors_lie_above_the_bounds_and_below_the_contrast(reference):
    folder, answer = reference
    lines = records(folder / "out")
    assert answer["records"] == len(lines) == 2 * (2 * 2 + 2 * 2) + 2 and answer["status"] == "proved"
    fitted = {}
    for r in lines:
        assert r["kind"] == "target" and r["fit"]["status"] and r["network_sha256"]
        if r["method"].startswith("ridge-"):
            assert r["status"] == "quadrature" and r["upper"] == "inf" and "bound" not in r
            continue
        assert r["status"] == "proved" and Fraction(r["lower"]) <= Fraction(r["upper"])
        if r["method"].startswith("fit-"):
            assert 0 < Fraction(r["bound"]["lower"]) <= Fraction(r["upper"])
            fitted[r["method"], r["target"], r["parameters"]["segments"]] = Fraction(r["upper"])
    contrast = [r for r in lines if r["method"].startswith(("adam-", "raw-lm-")) and r["target"] == "exp(x)"]
    assert len(contrast) == 4
    for r in contrast:  # even the fit with 4 segments is below Adam with 6
        assert Fraction(r["lower"]) > 2 * fitted["fit-relu", "exp(x)", 4], r["key"]


def test_rates_rest_on_converged_fits(reference):
    folder, answer = reference
    lines = {(r["method"], r["target"], r["parameters"].get("segments")): r for r in records(folder / "out")}
    for s in answer["fits"]:
        if not s["method"].startswith("fit-"):
            assert s["networks"] is None and s["best"] is None
            continue
        ended = {N: lines[s["method"], s["target"], N]["fit"]["status"] for N in (4, 8)}
        assert s["networks"]["excluded"] == [
            N for N, word in ended.items() if word not in ("converged", "flat", "optimal by bound")
        ]
        assert s["abscissa"] == "segments" and s["factor"] >= 1
        if s["target"] == "exp(x)":
            low, high = map(Fraction, s["networks"]["power"])
            assert low <= {"fit-relu": 2, "fit-polyrelu": 4}[s["method"]] <= high and high - low < Fraction(1, 10)


def test_tables_show_them(reference):
    folder, _ = reference
    with open(folder / "out" / "fits.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == len(records(folder / "out"))
    for row in rows:
        assert (row["upper"] == "") == (row["status"] == "quadrature")
        assert not row["bound"] or Fraction(row["bound"]) <= Fraction(row["upper"])
    text = (folder / "out" / "table.md").read_text()
    assert "## fit-relu: exp(x)" in text and "quadrature, not proved" in text


def test_killed_at_random_moments_and_on_any_number_of_threads(reference, tmp_path):
    folder, _ = reference
    seed = random.randrange(10**6)
    print("seed", seed)
    moments = random.Random(seed)
    out = tmp_path / "out"
    for _ in range(3):
        process = subprocess.Popen(
            [binary(), "rates", str(folder / "fits.toml"), "--out", str(out), "--no-figure", "--threads", "2"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(0.05, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
    kept = (out / "records.jsonl").read_bytes().count(b"\n") if (out / "records.jsonl").exists() else 0
    last = rates(folder / "fits.toml", out, "--threads", 3, "--json")
    assert last.code == 0 and last.json["reused"] >= kept
    assert records(out) == records(folder / "out")
    for name in ("table.md", "fits.csv", "run.json"):
        assert (out / name).read_bytes() == (folder / "out" / name).read_bytes()
    again = rates(folder / "fits.toml", out, "--json")
    assert again.json["computed"] == 0


def test_the_program_draws_what_the_script_draws(reference, tmp_path):
    """From the built-in text and from the file: the same bytes."""
    import sys

    from program import FITS_PLOTTER

    folder, _ = reference
    result = rates(folder / "fits.toml", folder / "out", "--json", figure=True)
    if not result.json["figures"]:
        pytest.skip("the python3 of the PATH has no matplotlib")
    assert [f.rsplit("/", 1)[1] for f in result.json["figures"]] == ["fits.svg", "fits.pdf", "fits.png"]
    done = subprocess.run(
        [sys.executable, str(FITS_PLOTTER), str(folder / "out" / "records.jsonl"), "--out", str(tmp_path)], check=False
    )
    assert done.returncode == 0
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (folder / "out" / file.name).read_bytes(), file.name


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("[4, 8]", "[8, 4]", [":5:", "segments must ascend"]),
        ('["relu", "polyrelu"]', '["gelu"]', [":3:", "'gelu'", "allowed are relu"]),
        ('"exp(x)"', '"log(x)"', ["log(x)"]),
        ("ridge_neurons", "neurons", ["unknown key 'neurons'"]),
    ],
)
def test_bad_sections_are_refused_in_one_line(tmp_path, old, new, parts):
    (tmp_path / "bad.toml").write_text(FITS_CONFIG.replace(old, new, 1))
    assert_refused(rates(tmp_path / "bad.toml", tmp_path / "out"), *parts)
    assert not (tmp_path / "out").exists()
