# SPDX-License-Identifier: Apache-2.0
"""A run of rates: resumable at any moment, the same for any number of threads, one at a time."""

import csv
import json
import math
import random
import signal
import subprocess
import time
from fractions import Fraction

import pytest
from program import ROOT, assert_refused, binary, run


def records(folder, without=("seconds",)):
    lines = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in without} for line in lines]


def rates(config, out, *rest):
    return run("rates", config, "--out", out, "--no-figure", *rest)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """One uninterrupted run of the small configuration."""
    from program import SMALL_CONFIG

    folder = tmp_path_factory.mktemp("reference")
    (folder / "small.toml").write_text(SMALL_CONFIG)
    result = rates(folder / "small.toml", folder / "out", "--threads", 1, "--json")
    assert result.code == 0, result.err
    return folder, result.json


def test_records_say_what_design_asks(reference):
    folder, answer = reference
    lines = records(folder / "out", without=())
    assert answer["records"] == len(lines) == answer["computed"] and answer["reused"] == 0
    assert len({line["key"] for line in lines}) == len(lines)
    version = run("version", "--json").json
    for line in lines:
        assert line["schema"] == "nwidth.record/1" and line["status"] == "proved"
        assert Fraction(line["lower"]) <= Fraction(line["upper"])
        assert line["machine"].keys() == {"cpu", "cores"}
        assert (line["commit"], line["compiler"], line["flags"]) == (
            version["commit"],
            version["compiler"],
            version["flags"],
        )
        assert line["kind"] in ("class", "target", "limit") and line["n"] in (1, 2) and line["size"] > 0
        assert (line["network_sha256"] is not None) == (line["kind"] == "target")
        assert (line["target"] is not None) == (line["kind"] == "target")


def test_limits_are_limits(reference):
    """No class certificate is below the n-width of its dimension, nor at or below the selection limit of its size."""
    folder, _ = reference
    for line in records(folder / "out"):
        if line["kind"] == "class" and line["method"] == "optimal-spline":
            width = run("widths", "--n", line["n"], "--N", line["parameters"]["N"], "--json").json
            assert Fraction(line["upper"]) >= Fraction(width["lower"])
            assert Fraction(line["lower"]) <= Fraction(width["upper"]) * Fraction(100001, 100000)


def test_class_bounds_every_target_of_the_class(reference):
    """exp and sin(3x) have |f^(n)| <= e and 9: scaled by that, no target's error exceeds the class certificate."""
    folder, _ = reference
    lines = records(folder / "out")
    bound = {(r["method"], r["n"], str(r["parameters"])): Fraction(r["upper"]) for r in lines if r["kind"] == "class"}
    norm = {("exp(x)", 1): 3, ("exp(x)", 2): 3, ("sin(3*x)", 1): 3, ("sin(3*x)", 2): 9}
    checked = 0
    for r in lines:
        if r["kind"] == "target":
            largest = bound[r["method"], r["n"], str(r["parameters"])] * norm[r["target"], r["n"]]
            assert Fraction(r["lower"]) <= largest
            checked += 1
    assert checked > 10


def test_threads_do_not_matter(reference, small_config, tmp_path):
    folder, _ = reference
    assert rates(small_config, tmp_path / "out", "--threads", 3).code == 0
    assert records(tmp_path / "out") == records(folder / "out")
    for name in ("table.csv", "table.md", "run.json"):
        assert (tmp_path / "out" / name).read_bytes() == (folder / "out" / name).read_bytes()


def test_second_run_computes_nothing(small_config, tmp_path):
    assert rates(small_config, tmp_path / "out").code == 0
    before = (tmp_path / "out" / "records.jsonl").read_bytes()
    again = rates(small_config, tmp_path / "out", "--json")
    assert again.json["computed"] == 0 and again.json["reused"] == again.json["records"]
    assert (tmp_path / "out" / "records.jsonl").read_bytes() == before


def test_killed_at_random_moments(reference, small_config, tmp_path):
    """kill -9 again and again: the records that end up there are those of the run that nobody disturbed."""
    folder, _ = reference
    seed = random.randrange(10**6)
    print("seed", seed)
    moments = random.Random(seed)
    out = tmp_path / "out"
    kept = 0
    for _ in range(6):
        process = subprocess.Popen(
            [binary(), "rates", str(small_config), "--out", str(out), "--no-figure", "--threads", "2"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(0.01, 0.25))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if (out / "records.jsonl").exists():
            complete = (out / "records.jsonl").read_bytes().count(b"\n")
            assert complete >= kept  # a finished record is never lost
            kept = complete
    if out.exists():
        (out / ".table.csv.123.tmp").write_text("what a run killed at its end leaves")
    last = rates(small_config, out, "--json")
    assert last.code == 0 and last.json["reused"] >= min(kept, last.json["records"])
    assert records(out) == records(folder / "out")
    assert [p.name for p in out.iterdir() if p.name.endswith(".tmp")] == []


@pytest.mark.parametrize("cut", [1, 100, 299])
def test_torn_last_line(reference, small_config, tmp_path, cut):
    folder, _ = reference
    text = (folder / "out" / "records.jsonl").read_bytes()
    lines = text.splitlines(keepends=True)
    out = tmp_path / "out"
    out.mkdir()
    (out / "records.jsonl").write_bytes(b"".join(lines[:20]) + lines[20][:cut])
    result = rates(small_config, out, "--json")
    assert result.code == 0 and result.json["reused"] == 20 and "dropped a last line" in result.err
    assert records(out) == records(folder / "out")


def test_damaged_records_are_not_overwritten(reference, small_config, tmp_path):
    folder, _ = reference
    out = tmp_path / "out"
    out.mkdir()
    damaged = (folder / "out" / "records.jsonl").read_text().replace('"nwidth.record/1"', '"other/1"', 1)
    (out / "records.jsonl").write_text(damaged)
    assert_refused(rates(small_config, out), "line 1")
    assert (out / "records.jsonl").read_text() == damaged


def test_one_run_at_a_time(small_config, tmp_path):
    import fcntl

    out = tmp_path / "out"
    out.mkdir()
    with open(out / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert_refused(rates(small_config, out), "in use by another run")
    assert rates(small_config, out).code == 0


def test_another_configuration_keeps_the_old_records(reference, small_config, tmp_path):
    _, answer = reference
    out = tmp_path / "out"
    assert rates(small_config, out).code == 0
    small_config.write_text(small_config.read_text().replace("n = [1, 2]", "n = [2, 3]"))
    other = rates(small_config, out, "--json").json
    assert other["reused"] > 0 and other["computed"] > 0
    lines = records(out)
    assert len(lines) == answer["records"] + other["computed"]
    keys = json.loads((out / "run.json").read_text())["keys"]
    assert [line["key"] for line in lines[: len(keys)]] == keys
    with open(out / "table.csv", newline="") as table:
        assert {row["n"] for row in csv.DictReader(table)} == {"2", "3"}


def test_records_of_another_commit_are_not_reused(reference, small_config, tmp_path):
    folder, answer = reference
    out = tmp_path / "out"
    out.mkdir()
    commit = records(folder / "out")[0]["commit"]
    (out / "records.jsonl").write_text((folder / "out" / "records.jsonl").read_text().replace(commit, "0" * 40))
    result = rates(small_config, out, "--json")
    assert result.json["reused"] == 0 and "other commits" in result.err
    assert len(records(out)) == 2 * answer["records"]


def test_table_has_the_slopes_of_the_theory(reference):
    folder, answer = reference
    with open(folder / "out" / "table.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    assert all(Fraction(row["lower"]) <= Fraction(row["upper"]) for row in rows)
    for row in answer["series"]:
        if row["kind"] == "class" and row["method"] == "local-taylor":
            assert math.isclose(row["slope_in_N"], -row["n"], abs_tol=0.02)
    text = (folder / "out" / "table.md").read_text()
    assert "## n = 2: optimal-spline, whole class" in text


def test_progress_is_on_stderr_only(small_config, tmp_path):
    result = rates(small_config, tmp_path / "out")
    assert "nwidth: 0 of" in result.err and "\r" not in result.err
    assert "records" in result.out and "\r" not in result.out
    assert str(tmp_path / "out" / "table.csv") in result.out


def test_built_in_configuration_is_the_file(tmp_path):
    result = run("rates", "--print-config")
    assert result.code == 0 and result.out == (ROOT / "experiments" / "rates" / "default.toml").read_text()
    (tmp_path / "mine.toml").write_text(result.out)
    assert run("rates", tmp_path / "mine.toml", "--print-config").out == result.out


def test_paths_that_cannot_be_used(small_config, tmp_path):
    (tmp_path / "file").write_text("kept")
    assert_refused(rates(small_config, tmp_path / "file"), "file")
    assert_refused(rates(small_config, tmp_path / "file" / "below"), "file")
    assert_refused(rates(tmp_path / "missing.toml", tmp_path / "out"), "cannot read", "missing.toml")
    assert_refused(rates(tmp_path, tmp_path / "out"), "cannot read")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "records.jsonl").mkdir()
    assert_refused(rates(small_config, tmp_path / "odd"), "records.jsonl")


def test_figure_is_drawn_or_said_not_to_be(small_config, tmp_path):
    """With no python3 on the PATH the run still succeeds, and says how to draw."""
    result = run("rates", small_config, "--out", tmp_path / "out", env={"PATH": str(tmp_path)})
    assert result.code == 0
    assert "no figure: cannot start python3" in result.err
    assert "python3 experiments/plot/rates.py" in result.out
