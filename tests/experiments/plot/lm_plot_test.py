# SPDX-License-Identifier: Apache-2.0
"""The plotter of language-model runs, on made-up logs: same bytes when drawn again, and a table that tells all."""

import json
import math
import subprocess
import sys

import pytest
from program import PLOTTER

SCRIPT = PLOTTER.with_name("lm.py")


def write(folder, activation, seed, stream="bytes", steps=20, end=True, head=()):
    toml = f'[model]\nactivation = "{activation}"\nhidden = 8\n[data]\nstream = "{stream}"\n'
    lines = [{"schema": "nwidth.lm/1", "kind": "run", "config": toml, "seed": seed, "parameters": 1234} | dict(head)]
    for step in range(1, steps + 1):
        loss = 5 / math.sqrt(step) + 0.01 * seed
        lines.append({"kind": "step", "step": step, "tokens": 100 * step, "loss": loss, "tokens_per_second": 1000})
        if step % 5 == 0:
            line = {"kind": "evaluation", "step": step, "loss": loss}
            if stream == "ifs":
                line["excess"] = 0.1 * seed / step
                line["floor"] = {"lower": "5.944425287e-01", "upper": "5.944425288e-01"}
            else:
                line["bits_per_byte"] = loss / math.log(2)
            lines.append(line)
    if end:
        lines.append({"kind": "end", "step": steps})
    run = folder / f"{activation}-{seed}"
    run.mkdir(parents=True)
    (run / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def draw(folder, out, *more):
    command = [sys.executable, str(SCRIPT), str(folder), "--out", str(out), *map(str, more)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("stream", ["bytes", "ifs"])
def test_drawn_again_it_is_the_same_to_the_byte(tmp_path, stream):
    for activation in ("relu", "polynorm"):
        for seed in (1, 2):
            write(tmp_path / "runs", activation, seed, stream)
    for out in ("one", "two"):
        result = draw(tmp_path / "runs", tmp_path / out)
        assert result.returncode == 0 and result.stderr == "", result.stderr
    names = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert names == ["lm.md", "lm.pdf", "lm.png", "lm.svg"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_table(tmp_path):
    write(tmp_path / "runs", "polynorm", 1)
    write(tmp_path / "runs", "polynorm", 2, end=False)
    text = tmp_path / "text"
    text.write_bytes(b"ab" * 500)  # one bit a byte without context, next to nothing for xz
    result = draw(tmp_path / "runs", tmp_path / "out", "--text", text)
    assert (tmp_path / "out" / "lm.md").read_text() == result.stdout
    rows = {line.split(" | ")[0].strip("| "): line for line in result.stdout.splitlines()}
    last = 5 / math.sqrt(20)
    bits, half = (last + 0.015) / math.log(2), 0.005 / math.log(2)
    assert f"| polynorm | 8 | 1234 | 1, 2 | {bits:.4f} ± {half:.4f} |" in rows["polynorm"]
    assert "seed 2: not finished" in rows["polynorm"]
    assert "| 1.0000 | 0.6931 |" in rows["order-0 of the held-out text"]
    assert float(rows["xz -9e of the held-out text"].split(" | ")[4]) < 0.9


def test_excess_of_the_stream(tmp_path):
    write(tmp_path / "runs", "relu", 1, "ifs")
    result = draw(tmp_path / "runs", tmp_path / "out")
    assert "| 0.005000 |" in result.stdout and "excess" in result.stdout


def test_a_run_that_goes_on_is_drawn_and_what_is_no_number_is_told(tmp_path):
    for seed in (1, 2):
        write(tmp_path / "runs", "relu", seed, "ifs")
    log = next(iter(sorted((tmp_path / "runs").glob("*/log.jsonl"))))
    evaluation = [json.loads(line) for line in log.read_text().splitlines() if "evaluation" in line][-1]
    evaluation["excess"] = "nan"
    log.write_text(log.read_text() + json.dumps(evaluation) + '\n{"kind": "st')
    result = draw(tmp_path / "runs", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert "| nan ± nan |" in result.stdout


def test_eager_and_compiled_runs_are_not_compared(tmp_path):
    compiled = {"compiled": {"sha256": "0" * 64}}
    write(tmp_path / "runs", "relu", 1, head=compiled)
    write(tmp_path / "runs", "polynorm", 1, head=compiled)
    assert draw(tmp_path / "runs", tmp_path / "out").returncode == 0
    write(tmp_path / "runs", "gelu", 1)
    result = draw(tmp_path / "runs", tmp_path / "out")
    assert result.returncode == 2 and result.stdout == ""
    assert "compiled" in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("content", ["", "{}\n", '{"kind": "run", "schema": "other/1"}\n', "no json\n", None])
def test_bad_logs_are_one_line(tmp_path, content):
    if content is not None:
        (tmp_path / "runs" / "a").mkdir(parents=True)
        (tmp_path / "runs" / "a" / "log.jsonl").write_text(content)
    result = draw(tmp_path / "runs", tmp_path / "out")
    assert result.returncode == 2 and result.stderr.count("\n") == 1 and "cannot draw" in result.stderr
    assert not (tmp_path / "out").exists()
