# SPDX-License-Identifier: Apache-2.0
"""Logs of nwidth-lm as event files of TensorBoard.

    python -m nwidth.lm.tensorboard results/lm/*/ --out results/tensorboard
    tensorboard --logdir results/tensorboard

RUN is a folder with a log.jsonl, or such a file; the run is called as the folder is. Scalars: train/loss, train/rate,
train/gradient_norm, train/tokens_per_second; held_out/loss, held_out/bits_per_byte, of the IFS stream held_out/excess;
each coefficient of an activation as coefficients/NAME/PLACE. Texts: configuration, provenance, stopped. Times are those
of training, counted from 0.

The same log gives the same bytes, and what a run has added since is appended, so that it can be called again and again,
also while a run writes: the beginning of a last line is left out.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA = "nwidth.lm/1"
NAME = "events.out.tfevents.0.nwidth"
STEP = ("loss", "rate", "gradient_norm", "tokens_per_second")
EVALUATION = ("loss", "bits_per_byte", "excess")


class BadInput(ValueError):
    """One line."""


def log_of(run: Path) -> Path:
    return run / "log.jsonl" if run.is_dir() else run


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines that are complete. Raises BadInput."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read '{path}': {error.strerror}") from None
    lines = []
    for number, line in enumerate(text.split(b"\n")[:-1], 1):  # what follows the last newline is half of a line
        try:
            one = json.loads(line)
        except ValueError:
            one = None
        if not isinstance(one, dict):
            raise BadInput(f"cannot use '{path}': line {number} is no JSON object")
        if not lines and (one.get("kind"), one.get("schema")) != ("run", SCHEMA):
            raise BadInput(f"cannot use '{path}': its first line is no run of schema {SCHEMA}")
        lines.append(one)
    if not lines:
        raise BadInput(f"cannot use '{path}': it has no complete line")
    return lines


def points(lines: list[dict[str, Any]]) -> Iterator[tuple[float, int, str, float | str]]:
    """Time, step, tag and number or text. Raises KeyError, TypeError or ValueError for what no log holds."""
    seconds, done = 0.0, 0
    for line in lines:
        kind, step = line["kind"], line.get("step", line.get("from"))
        if kind == "run":
            provenance = {k: v for k, v in line.items() if k not in ("kind", "config")}
            yield seconds, step, "configuration", "```toml\n" + line["config"] + "```"
            yield seconds, step, "provenance", "```json\n" + json.dumps(provenance, indent=1) + "\n```"
            done = step
        elif kind == "step":
            tokens, speed = line["tokens"] * (step - done) / step, float(line["tokens_per_second"])
            seconds += tokens / speed if speed > 0 else 0
            done = step
            for key in STEP:
                yield seconds, step, "train/" + key, float(line[key])  # "nan" and "inf" are numbers here
            for name, values in line.get("coefficients", {}).items():
                for place, value in enumerate(values):
                    yield seconds, step, f"coefficients/{name}/{place}", float(value)
        elif kind == "evaluation":
            for key in EVALUATION:
                if key in line:
                    yield seconds, step, "held_out/" + key, float(line[key])
        elif kind == "end" and "stopped" in line:
            yield seconds, step, "stopped", line["stopped"]


def events(lines: list[dict[str, Any]]) -> bytes:
    """An event file."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter
    from torch.utils.tensorboard import summary

    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(Event(wall_time=0, file_version="brain.Event:2").SerializeToString(deterministic=True))
    for seconds, step, tag, value in points(lines):
        one = summary.text(tag, value) if isinstance(value, str) else summary.scalar(tag, value)
        writer.write(Event(wall_time=seconds, step=step, summary=one).SerializeToString(deterministic=True))
    return file.getvalue()


def write(path: Path, content: bytes) -> None:
    """Appends where the file is a beginning of the content, for a TensorBoard that reads it; else replaces it whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes() if path.exists() else None
    if before is not None and content.startswith(before):
        with open(path, "ab") as file:
            file.write(content[len(before) :])
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def export(runs: list[Path], out: Path) -> None:
    """Raises BadInput; the runs before the bad one are written."""
    names: dict[str, Path] = {}
    for run in runs:
        name = log_of(run).resolve().parent.name
        if name in names:
            raise BadInput(
                f"'{names[name]}' and '{run}' are both called {name}: allowed are folders of different names"
            )
        names[name] = run
    for name, run in names.items():
        lines = read_log(log_of(run))
        try:
            content = events(lines)
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"cannot use '{log_of(run)}': {type(error).__name__}: {error}") from None
        try:
            write(out / name / NAME, content)
        except OSError as error:
            raise BadInput(f"cannot write '{out / name / NAME}': {error.strerror}") from None


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m nwidth.lm.tensorboard",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a folder with a log.jsonl, or that file")
    parser.add_argument("--out", type=Path, required=True, help="what tensorboard --logdir is given")
    options = parser.parse_args(argv)
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        print("nwidth-lm: the package tensorboard is missing: pip install tensorboard", file=sys.stderr)
        return 2
    try:
        export(options.runs, options.out)
    except BadInput as error:
        print(f"nwidth-lm: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
