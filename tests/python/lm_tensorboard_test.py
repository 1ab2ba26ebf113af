# SPDX-License-Identifier: Apache-2.0
"""Logs of nwidth-lm as TensorBoard's events, read back by TensorBoard itself."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", minversion="2.11")
pytest.importorskip("tensorboard", reason="tensorboard is not installed")

from nwidth.lm.tensorboard import NAME, main  # noqa: E402
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402

RUN = {
    "schema": "nwidth.lm/1",
    "kind": "run",
    "from": 0,
    "version": "0.1.0",
    "seed": 3,
    "config": "[model]\nlayers = 2\n",
}


def step(number, **more):
    coefficients = {"layers.0.activation.weight": [0.25, number / 8, -1.0], "layers.1.activation.bias": [number / 4]}
    return {
        "kind": "step", "step": number, "tokens": 96 * number, "loss": 5 - number / 8, "rate": 0.001 * number,
        "gradient_norm": number / 2, "tokens_per_second": 48, "coefficients": coefficients,
    } | more  # fmt: skip


LINES = [
    RUN,
    *map(step, (1, 2, 3)),
    {"kind": "evaluation", "step": 3, "loss": 4.5, "sequences": 8, "bits_per_byte": 6.5, "excess": 0.125},
    RUN | {"from": 3},
    step(4),
    step(6),
    {"kind": "evaluation", "step": 6, "loss": "inf", "sequences": 8, "bits_per_byte": "inf", "excess": "nan"},
    {"kind": "end", "step": 6, "loss": 4.25, "stopped": "stopped in step 7: loss nan"},
]


def write_log(folder, lines, tail=""):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + tail)
    return folder


def read(folder):
    """Scalars as {tag: [(step, value, time)]} and texts as {tag: [(step, text)]}."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    scalars = {tag: [(e.step, e.value, e.wall_time) for e in events.Scalars(tag)] for tag in tags["scalars"]}
    texts = {
        tag: [(e.step, e.tensor_proto.string_val[0].decode()) for e in events.Tensors(tag)] for tag in tags["tensors"]
    }
    return scalars, texts


def test_what_the_log_has_is_read_back(tmp_path):
    run = write_log(tmp_path / "runs" / "swiglu-1", LINES)
    assert main([str(run), "--out", str(tmp_path / "out")]) == 0
    scalars, texts = read(tmp_path / "out" / "swiglu-1")
    steps = [line for line in LINES if line["kind"] == "step"]
    for key in ("loss", "rate", "gradient_norm", "tokens_per_second"):
        points = [(s, pytest.approx(v, rel=1e-7)) for s, v in ((line["step"], line[key]) for line in steps)]
        assert [point[:2] for point in scalars.pop("train/" + key)] == points
    for tag, name, place in [
        ("coefficients/layers.0.activation.weight/0", "layers.0.activation.weight", 0),
        ("coefficients/layers.0.activation.weight/1", "layers.0.activation.weight", 1),
        ("coefficients/layers.0.activation.weight/2", "layers.0.activation.weight", 2),
        ("coefficients/layers.1.activation.bias/0", "layers.1.activation.bias", 0),
    ]:
        expected = [(line["step"], line["coefficients"][name][place]) for line in steps]
        assert [point[:2] for point in scalars.pop(tag)] == expected
    assert [point[:2] for point in scalars.pop("held_out/loss")] == [(3, 4.5), (6, math.inf)]
    assert [point[:2] for point in scalars.pop("held_out/bits_per_byte")] == [(3, 6.5), (6, math.inf)]
    (first, second) = scalars.pop("held_out/excess")
    assert first[:2] == (3, 0.125)
    assert first[2] == 6  # three steps of 96 tokens at 48 a second
    assert second[0] == 6
    assert math.isnan(second[1])
    assert second[2] == 12
    assert not scalars
    assert [s for s, _ in texts["configuration/text_summary"]] == [0, 3]
    assert RUN["config"] in texts["configuration/text_summary"][0][1]
    provenance = texts["provenance/text_summary"][0][1]
    assert json.loads(provenance.removeprefix("```json").removesuffix("```"))["seed"] == 3
    assert texts["stopped/text_summary"] == [(6, "stopped in step 7: loss nan")]


def test_again_changes_nothing_and_what_is_new_is_appended(tmp_path):
    run, out = tmp_path / "run", tmp_path / "out" / "run" / NAME
    arguments = [str(run), "--out", str(tmp_path / "out")]
    write_log(run, LINES[:3], tail='{"kind": "step", "st')  # being written
    assert main(arguments) == 0
    first, inode = out.read_bytes(), out.stat().st_ino
    assert main(arguments) == 0
    assert out.read_bytes() == first
    write_log(run, LINES)
    assert main(arguments) == 0
    whole = out.read_bytes()
    assert whole.startswith(first)
    assert len(whole) > len(first)
    assert out.stat().st_ino == inode  # TensorBoard goes on reading
    # a run that was resumed from before what was exported, and half a file of a call that was killed
    write_log(run, [*LINES[:2], RUN | {"from": 1}, step(2, loss=1.0)])
    assert main(arguments) == 0
    scalars, _ = read(tmp_path / "out" / "run")
    assert [point[:2] for point in scalars["train/loss"]] == [(1, 4.875), (2, 1.0)]
    whole = out.read_bytes()
    out.write_bytes(whole[:-20])
    assert main(arguments) == 0
    assert out.read_bytes() == whole
    assert [p.name for p in out.parent.iterdir()] == [NAME]


def test_bad_input_is_one_line(tmp_path, capsys):
    good = write_log(tmp_path / "good", LINES)
    twice = write_log(tmp_path / "elsewhere" / "good", LINES)
    cases = [
        ([tmp_path / "none"], "none': No such file"),
        ([write_log(tmp_path / "empty", [])], "no complete line"),
        ([write_log(tmp_path / "torn", [], '{"kind": "run"')], "no complete line"),
        ([write_log(tmp_path / "other", [{"kind": "run", "schema": "x"}])], "no run of schema nwidth.lm/1"),
        ([write_log(tmp_path / "damaged", LINES[:2], "{{\n")], "line 3 is no JSON object"),
        ([write_log(tmp_path / "poor", [RUN, {"kind": "step", "step": 1}])], "KeyError: 'tokens"),
        ([good, twice], "are both called good"),
    ]
    for runs, says in cases:
        assert main([*map(str, runs), "--out", str(tmp_path / "out")]) == 2, says
        error = capsys.readouterr().err
        assert error.startswith("nwidth-lm: ")
        assert error.count("\n") == 1
        assert says in error
    blocker = tmp_path / "file"
    blocker.write_text("")
    assert main([str(good), "--out", str(blocker)]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_without_tensorboard_it_says_what_to_install(tmp_path):
    (tmp_path / "tensorboard.py").write_text("raise ImportError")
    path = os.pathsep.join([str(tmp_path), *(p for p in sys.path if p)])
    done = subprocess.run(
        [sys.executable, "-m", "nwidth.lm.tensorboard", tmp_path, "--out", tmp_path],
        env=os.environ | {"PYTHONPATH": path}, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "nwidth-lm: the package tensorboard is missing: pip install tensorboard\n"


def test_a_log_that_the_program_wrote(tmp_path):
    program = Path(os.environ.get("NWIDTH_BIN", "build/release/bin")) / "nwidth-lm"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    from lm_program import lines, train

    config = tmp_path / "run.toml"
    config.write_text(
        "[model]\nvocabulary = 6\ncontext = 15\nlayers = 2\nwidth = 16\nheads = 2\n[data]\nstream = 'ifs'\n"
        "[data.ifs]\nmemory = 3\n[training]\nsteps = 4\nevaluate_every = 2\nevaluate_sequences = 2\n"
    )
    train(config, tmp_path / "out")
    assert main([str(tmp_path / "out"), "--out", str(tmp_path / "events")]) == 0
    scalars, _ = read(tmp_path / "events" / "out")
    assert len(scalars["train/loss"]) == 4
    excess = [line["excess"] for line in lines(tmp_path / "out", "evaluation")]
    assert [value for _, value, _ in scalars["held_out/excess"]] == pytest.approx(excess, rel=1e-6)
    assert len([tag for tag in scalars if tag.startswith("coefficients/layers.1.activation.")]) == 4
