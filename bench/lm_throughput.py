# SPDX-License-Identifier: Apache-2.0
"""nwidth-lm against its twin in PyTorch, eager and compiled: time of a training step, memory, time to the first step.

    cmake --preset release -DNWIDTH_LM=ON -DNWIDTH_PYTHON=ON && cmake --build --preset release
    PYTHONPATH=build/release/python python bench/lm_throughput.py --json bench/lm_throughput.json --docs docs/lm.md

trains a model of 3.3 million parameters (4 layers, width 256, 4 heads, 256 tokens, bytes, batch 8; PolyNorm with hidden
width 1056, SwiGLU with 704) in float32 and under bfloat16 autocast, with 1 and 2 threads, on the project's own sources.
--record writes the table of an earlier record. 20 to 30 minutes; --activations, --types, --threads and
--rounds take a part, --vocabulary another one.

Contestants: `torch ops` is nwidth-lm --backend torch, `ours` is nwidth-lm, `eager` the twin (python/nwidth/lm), and
`compile` torch.compile of the twin's loss; the twin is trained by torch.optim.AdamW(fused=True) and clip_grad_norm_, on
the same sequences. --compiled DIR adds `ahead`, nwidth-lm --compiled DIR/ACTIVATION-TYPE-THREADS.pt2; packages that are
missing are made. All run in turn, `steps` steps at a time, for `rounds` rounds in changing order, so that what else the
machine does falls on all; ratios are medians over rounds of the ratio of two contestants' medians within one. The first
two steps of a process, or of a turn, do not count. `cpu_ms` is the processor's time of a step, over all threads; it
minds other load less. Processes are new in each round, but for compile, which takes long to start, from an empty cache.
Peak memory is the kernel's peak resident set of the process, the first step the time from the start of the process to
the end of its first training step.

The gradients of compile are compared with eager's (they have been 0 without a word), and the losses of nwidth-lm with
the twin's; the record holds both.
"""

import argparse
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import marked_section
import provenance

ROOT = Path(__file__).resolve().parents[1]
HIDDEN = {"polynorm": 1056, "swiglu": 704}
CONTEXT, BATCH, WARM = 256, 8, 2
BEGIN, END = "<!-- throughput: made by bench/lm_throughput.py -->", "<!-- throughput: end -->"
NAMES = {
    "torch ops": "nwidth-lm, torch's operators",
    "ours": "nwidth-lm",
    "ahead": "nwidth-lm --compiled",
    "eager": "PyTorch eager",
    "compile": "torch.compile",
}


def configuration(activation, dtype, options, folder):
    """A file of nwidth-lm's format."""
    path = folder / f"{activation}-{dtype}.toml"
    path.write_text(
        f'[model]\nactivation = "{activation}"\nhidden = {HIDDEN[activation]}\nvocabulary = {options.vocabulary}\n'
        f'context = {CONTEXT}\nlayers = 4\nwidth = 256\nheads = 4\n[data]\ntrain = ["{ROOT / "theory"}"]\n'
        f'suffixes = [".cpp", ".hpp"]\n[training]\nbatch = {BATCH}\nmicro_batch = {BATCH}\nsteps = {options.steps}\n'
        f'rate = 3e-4\nschedule = "constant"\nevaluate_every = 0\ncheckpoint_every = 0\nspike = 0\n'
        f"bfloat16 = {'true' if dtype == 'bfloat16' else 'false'}\n"
    )
    return path


# ---- the twin: these functions run in processes of their own, and they alone import torch


def prepare(path, library, out, steps):
    """The canonical configuration, and the sequences of the first steps, for the twin, which then loads no library."""
    import torch

    torch.ops.load_library(library)
    text = torch.ops.nwidth_lm.canonical(Path(path).read_text())
    tokens = torch.ops.nwidth_lm.batch(text, False, 0, int(steps) * BATCH)
    Path(out + ".toml").write_text(text)
    Path(out + ".tokens").write_bytes(tokens.contiguous().numpy().tobytes())


def serve(prepared, dtype, threads, mode):
    """Trains the twin by so many steps for each number on stdin; answers in lines of JSON."""
    import resource

    import torch
    from nwidth.lm import Transformer, read_toml

    torch.set_num_threads(int(threads))
    twin = Transformer(read_toml(Path(prepared + ".toml").read_text()), seed=1)
    plain = [w for n, w in twin.weights.items() if n.endswith(".bias") or "norm" in n or ".activation." in n]
    matrices = [w for w in twin.weights.values() if not any(w is p for p in plain)]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}],
        lr=3e-4,
        betas=(0.9, 0.95),
        fused=True,
    )
    raw = bytearray(Path(prepared + ".tokens").read_bytes())
    tokens = torch.frombuffer(raw, dtype=torch.int64).view(-1, BATCH, CONTEXT + 1)
    cast = torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bfloat16")
    loss_of = torch.compile(twin.loss) if mode == "compile" else twin.loss

    def backward(function, batch):
        with cast:
            loss = function(batch[:, :-1].contiguous(), batch[:, 1:].contiguous())
        loss.backward()
        return loss.item()

    def step(batch):
        optimizer.zero_grad(set_to_none=True)
        loss = backward(loss_of, batch)
        torch.nn.utils.clip_grad_norm_(twin.weights.values(), 1.0)
        optimizer.step()
        return loss

    def distance():
        """Largest difference of a gradient to eager's, relative to its largest entry."""
        found = []
        for function in (twin.loss, loss_of):
            optimizer.zero_grad(set_to_none=True)
            backward(function, tokens[0])
            found.append([w.grad.clone() for w in twin.weights.values()])
        return max(((a - b).abs().max() / a.abs().max()).item() for a, b in zip(*found, strict=True))

    for line in sys.stdin:
        if line.strip() == "distance":
            print(json.dumps(distance()), flush=True)
            continue
        seconds, losses, cpu = [], [], []
        for i in range(int(line)):
            start = time.perf_counter()
            losses.append(step(tokens[i % len(tokens)]))
            seconds.append(time.perf_counter() - start)
            cpu.append(time.process_time())
            if i == 0:
                print("first", flush=True)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "losses": losses, "cpu": cpu, "peak_mb": peak}), flush=True)


# ---- contestants: turn() trains by `steps` steps, and tells their seconds and losses, peak_mb and first


class Program:
    """nwidth-lm: a new process for each turn."""

    def __init__(self, arguments, folder):
        self.arguments, self.out = arguments, folder / "out"

    def turn(self, steps):
        shutil.rmtree(self.out, ignore_errors=True)
        start = time.perf_counter()
        process = subprocess.Popen(
            [*self.arguments, "--out", self.out, "--steps", str(steps)], stderr=subprocess.PIPE, text=True
        )
        log, clock, size = self.out / "log.jsonl", (~process.pid << 3) | 2, 0  # clock_getcpuclockid
        first, cpu, ended = None, [], 0
        while ended == 0:
            if log.exists() and log.stat().st_size != size:
                size = log.stat().st_size
                done = log.read_text().count('"kind":"step"')
                if done > len(cpu):
                    first = first or time.perf_counter() - start
                    cpu += [time.clock_gettime(clock)] * (done - len(cpu))
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            time.sleep(0.002)
        process.returncode = os.waitstatus_to_exitcode(status)
        said = process.stderr.read()
        lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        found = [line for line in lines if line["kind"] == "step"]
        if process.returncode != 0 or len(found) != steps:
            raise SystemExit(f"{self.arguments}: {said}")
        return {
            "seconds": [BATCH * CONTEXT / line["tokens_per_second"] for line in found],
            "losses": [line["loss"] for line in found],
            "cpu": cpu,
            "peak_mb": usage.ru_maxrss / 1024,
            "first": first,
        }

    def end(self):
        pass


class Twin:
    """The twin: a new process for each turn of eager, one for all of compile."""

    def __init__(self, prepared, dtype, threads, mode, folder):
        self.mode, self.process = mode, None
        self.arguments = [sys.executable, __file__, "serve", prepared, dtype, str(threads), mode]
        self.environment = os.environ | {
            "OMP_NUM_THREADS": str(threads),
            "TORCHINDUCTOR_CACHE_DIR": str(folder / "inductor"),
        }
        shutil.rmtree(folder / "inductor", ignore_errors=True)

    def say(self, what):
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.arguments}: ended with {self.process.wait()}")
        return line.strip()

    def turn(self, steps):
        if self.mode == "eager":
            self.end()
        start = time.perf_counter()
        new = self.process is None
        if new:
            self.process = subprocess.Popen(
                self.arguments, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        self.say(steps)
        self.hear()
        first = time.perf_counter() - start
        return json.loads(self.hear()) | ({"first": first} if new else {})

    def distance(self):
        self.say("distance")
        return json.loads(self.hear())

    def end(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


def measure(activation, dtype, threads, options, folder):
    """One row of the record."""
    path = configuration(activation, dtype, options, folder)
    library = str(options.bin.parent / "lib" / "nwidth_lm_ops.so")
    prepared = str(folder / f"{activation}-{dtype}")
    subprocess.run([sys.executable, __file__, "prepare", path, library, prepared, str(options.steps)], check=True)
    command = [options.bin / "nwidth-lm", "train", path, "--threads", str(threads)]
    contestants = {
        "torch ops": Program([*command, "--backend", "torch"], folder),
        "ours": Program(command, folder),
        "eager": Twin(prepared, dtype, threads, "eager", folder),
        "compile": Twin(prepared, dtype, threads, "compile", folder),
    }
    if options.compiled is not None:
        package = options.compiled / f"{activation}-{dtype}-{threads}.pt2"
        if not package.exists():
            options.compiled.mkdir(parents=True, exist_ok=True)
            compiler = [sys.executable, "-m", "nwidth.lm.compile_step", "--program", options.bin / "nwidth-lm"]
            subprocess.run([*compiler, path, "--threads", str(threads), "--out", package], check=True)
        contestants["ahead"] = Program([*command, "--compiled", package], folder)
    turns = {name: [] for name in contestants}
    for r in range(options.rounds):
        order = list(contestants)
        for name in order[r % len(order) :] + order[: r % len(order)]:
            turns[name].append(contestants[name].turn(options.steps))
    distance = contestants["compile"].distance()
    for one in contestants.values():
        one.end()
    if not distance < (0.1 if dtype == "bfloat16" else 1e-4):
        raise SystemExit(f"{activation}, {dtype}: gradients of torch.compile are off by {distance}")

    def cpu(t):
        return (t["cpu"][-1] - t["cpu"][WARM - 1]) / (len(t["cpu"]) - WARM)

    medians = {name: [statistics.median(t["seconds"][WARM:]) for t in all_] for name, all_ in turns.items()}
    row = {"activation": activation, "type": dtype, "threads": threads, "compile_gradient_distance": distance}
    twin_losses = turns["eager"][0]["losses"]
    row["torch_ops_losses_equal_the_twins"] = turns["torch ops"][0]["losses"] == twin_losses
    row["our_loss_distance"] = max(abs(a - b) / b for a, b in zip(turns["ours"][0]["losses"], twin_losses, strict=True))
    row["contestants"] = {
        name: {
            "ms": round(1e3 * statistics.median(m), 2),
            "least_ms": round(1e3 * min(min(t["seconds"][WARM:]) for t in turns[name]), 2),
            "cpu_ms": round(1e3 * statistics.median(cpu(t) for t in turns[name]), 2),
            "tokens_per_second": round(BATCH * CONTEXT / statistics.median(m)),
            **{
                f"{peer}_over_this": round(statistics.median(a / b for a, b in zip(medians[peer], m, strict=True)), 3)
                for peer in ("eager", "compile")
            },
            "peak_mb": round(max(t["peak_mb"] for t in turns[name])),
            "first_step_s": round(statistics.median(t["first"] for t in turns[name] if "first" in t), 2),
            "round_ms": [round(1e3 * x, 2) for x in m],
        }
        for name, m in medians.items()
    }
    print(json.dumps(row), file=sys.stderr)
    return row


def section(record):
    """The table and what was measured, for a document."""
    load = ", ".join(f"{x:.2f}" for x in record["load_average"])
    head = (
        f"Measured {record['began'][:10]} on {record['machine']}, commit {record['commit']}, torch {record['torch']}, "
        f"vocabulary {record['vocabulary']}, {record['rounds']} rounds of {record['steps']} steps; load averages "
        f"{load} at the start. × eager and × compile: their time divided by this one's, of the clock and, since other "
        "load falls less on it, of the processor. Peak memory is of the whole process, and the first step is done so "
        "long after the process starts."
    )
    lines = [
        textwrap.fill(head, 120),
        "",
        "| activation, type, threads | | ms a step | of the processor | tokens/s | × eager | of the processor | "
        "× compile | of the processor | peak MB | first step, s |",
        "|" + " --- |" * 11,
    ]
    for row in record["rows"]:
        for name, c in sorted(row["contestants"].items(), key=lambda item: list(NAMES).index(item[0])):
            eager, compiled = (row["contestants"][peer]["cpu_ms"] / c["cpu_ms"] for peer in ("eager", "compile"))
            lines.append(
                f"| {row['activation']}, {row['type']}, {row['threads']} | {NAMES[name]} | {c['ms']:.0f} | "
                f"{c['cpu_ms']:.0f} | {c['tokens_per_second']} | {c['eager_over_this']:.2f} | {eager:.2f} | "
                f"{c['compile_over_this']:.2f} | {compiled:.2f} | {c['peak_mb']} | {c['first_step_s']:.2f} |"
            )
    return "\n".join(lines) + "\n"


def names(text, allowed):
    chosen = text.split(",")
    if not set(chosen) <= set(allowed):
        raise argparse.ArgumentTypeError(f"{text}: allowed are {', '.join(allowed)}")
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--json", type=Path, help="where the record goes")
    parser.add_argument("--docs", type=Path, help="a document with marks for the table")
    parser.add_argument("--record", type=Path, help="no measurement: the table of this record")
    parser.add_argument("--activations", type=lambda t: names(t, HIDDEN), default=list(HIDDEN))
    parser.add_argument("--types", type=lambda t: names(t, ["float32", "bfloat16"]), default=["float32", "bfloat16"])
    parser.add_argument("--threads", type=lambda t: [int(x) for x in t.split(",")], default=[1, 2])
    parser.add_argument("--vocabulary", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10, help="a turn, of which 2 do not count")
    parser.add_argument("--compiled", type=Path, help="folder of packages for nwidth-lm --compiled")
    options = parser.parse_args()
    if options.steps <= WARM:
        parser.error(f"--steps {options.steps}: allowed are more than {WARM}")
    if options.record is not None:
        record = json.loads(options.record.read_text(encoding="utf-8"))
    else:
        record = {
            "schema": 1,
            **provenance.here_and_now(),
            "torch": subprocess.run(
                [sys.executable, "-c", "import torch; print(torch.__version__)"],
                text=True,
                capture_output=True,
                check=True,
            ).stdout.strip(),
            "load_average": os.getloadavg(),
            "vocabulary": options.vocabulary,
            "batch": BATCH,
            "context": CONTEXT,
            "rounds": options.rounds,
            "steps": options.steps,
        }
        with tempfile.TemporaryDirectory() as folder:
            record["rows"] = [
                measure(activation, dtype, threads, options, Path(folder))
                for threads, dtype, activation in itertools.product(options.threads, options.types, options.activations)
            ]
        text = json.dumps(record, indent=1) + "\n"
        if options.json is None:
            sys.stdout.write(text)
        else:
            options.json.write_text(text, encoding="utf-8")
    if options.docs is not None:
        marked_section.write(options.docs, BEGIN, END, section(record))


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(*sys.argv[2:])
    elif sys.argv[1:2] == ["prepare"]:
        prepare(*sys.argv[2:])
    else:
        main()
