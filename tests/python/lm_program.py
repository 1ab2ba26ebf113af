# SPDX-License-Identifier: Apache-2.0
"""Running nwidth-lm and its launcher as a person does, on small configurations. Skips where they are not built."""

import hashlib
import json
import math
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", minversion="2.11")

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("NWIDTH_BIN", ROOT / "build" / "release" / "bin"))
PROGRAM = BIN / "nwidth-lm"
LIBRARY = BIN.parent / "lib" / "nwidth_lm_ops.so"
if not PROGRAM.exists():
    pytest.skip(f"{PROGRAM} is not built: NWIDTH_LM is off", allow_module_level=True)

MULTIPLIER = float(os.environ.get("NWIDTH_TEST_MULTIPLIER", "1"))
DTYPES = {"F32": torch.float32, "U8": torch.uint8, "I64": torch.int64}


def text_file(folder, size=20000):
    """Text with some structure, always the same."""
    generator = random.Random(3)
    words = ["width", "depth", "spline", "knot", "norm", "error", "bound", "proof", "the", "of", "is", "at"]
    path = folder / "text.txt"
    text = ""
    while len(text) < size:
        text += generator.choice(words) + generator.choice([" ", " ", " ", ". ", ",\n"])
    path.write_text(text)
    return path


def config_file(folder, name="run.toml", model="", **training):
    """A model of 2 layers that trains in a second. training: keys of [training]."""
    options = {
        "batch": 6, "micro_batch": 6, "steps": 20, "rate": 3e-3, "warmup_tokens": 500, "evaluate_every": 0,
        "checkpoint_every": 0, "seed": 5,
    } | training  # fmt: skip
    path = folder / name
    data = folder / "text.txt"
    if not data.exists():
        text_file(folder)
    head = "context = 32\nlayers = 2\nwidth = 32\nheads = 2\n"
    if "hidden" not in model:
        head += "hidden = 48\n"
    lines = [f"{key} = {json.dumps(value)}" for key, value in options.items()]
    path.write_text(
        f"[model]\n{head}{model}\n[data]\ntrain = [{json.dumps(str(data))}]\n[training]\n" + "\n".join(lines) + "\n"
    )
    return path


def run(*arguments, **options):
    """A finished process of nwidth-lm, with one thread."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], text=True, capture_output=True, timeout=300, check=False, **options
    )


def train(config, out, *arguments, code=0):
    done = run("train", config, "--out", out, "--threads", 1, *arguments)
    assert done.returncode == code, done.stderr
    return done


def launch(ranks, config, out, *arguments, options=(), background=False):
    """The launcher with so many ranks, of one thread each."""
    return launch_command(ranks, "train", config, "--out", out, *arguments, options=options, background=background)


def environment(**more):
    """Of processes of Python that find what this one finds, with one thread."""
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)} | more


def launch_command(ranks, *command, options=(), background=False):
    if "--ops" not in options:
        options = ("--ops", LIBRARY, *options)
    command = [sys.executable, "-m", "nwidth.lm.launch", "--ranks", ranks, *options, *command]
    process = subprocess.Popen(
        list(map(str, command)), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    if background:
        return process
    out_text, err_text = process.communicate(timeout=300)
    return subprocess.CompletedProcess(command, process.returncode, out_text, err_text)


def lines(out, kind):
    """The lines of this kind in a log; a torn one at its end is left out."""
    text = (Path(out) / "log.jsonl").read_text()
    complete = text[: text.rfind("\n") + 1].splitlines()
    return [line for line in map(json.loads, complete) if line["kind"] == kind]


def losses(out):
    steps = lines(out, "step")
    assert [s["step"] for s in steps] == list(range(1, len(steps) + 1))
    return [s["loss"] for s in steps]


def read_tensors(path):
    """A safetensors file, without the library: tensors and metadata."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        a, b = entry["data_offsets"]
        raw = bytearray(data[8 + length + a : 8 + length + b])
        tensors[name] = torch.frombuffer(raw, dtype=DTYPES[entry["dtype"]]).view(entry["shape"])
    return tensors, metadata


def write_tensors(path, tensors, metadata):
    """A file that nwidth-lm takes for its own, digests and all."""

    def raw(t):
        return bytes(t.contiguous().view(torch.uint8).flatten().tolist())

    header = {"__metadata__": dict(metadata)}
    names, offset = {dtype: name for name, dtype in DTYPES.items()}, 0
    for name, t in tensors.items():
        end = offset + t.numel() * t.element_size()
        header[name] = {"dtype": names[t.dtype], "shape": list(t.shape), "data_offsets": [offset, end]}
        offset = end
    digests = {name: hashlib.sha256(raw(t)).hexdigest() for name, t in tensors.items()}
    header["__metadata__"] |= {"digests": json.dumps(digests), "digest": "0" * 64}
    text = json.dumps(header)
    digest = hashlib.sha256(text.encode()).hexdigest()
    text = text.replace("0" * 64, digest)
    path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + b"".join(map(raw, tensors.values())))


def checkpoint(out, step):
    return Path(out) / f"checkpoint-{step:08d}.safetensors"


def learning_rate(t, context, step):
    """The schedule again, from its formula."""
    tokens = t["batch"] * context
    now, everything, warmup = (step + 1) * tokens, t["steps"] * tokens, t["warmup_tokens"]
    if now < warmup:
        return t["rate"] * (now / warmup)
    f = t["final_rate"]
    if now >= everything:
        return t["rate"] * f
    part = (now - warmup) / (everything - warmup)
    return t["rate"] * (f + (1 - f) * 0.5 * (1 + math.cos(math.pi * part)))
