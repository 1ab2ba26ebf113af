# SPDX-License-Identifier: Apache-2.0
"""Killed at any moment and resumed, a run has the losses of one that was not; damaged checkpoints are found."""

import os
import random
import signal
import subprocess
import time

import pytest
from lm_program import (
    MULTIPLIER,
    PROGRAM,
    checkpoint,
    config_file,
    lines,
    losses,
    read_tensors,
    run,
    train,
    write_tensors,
)

STEPS = 40
KILLS = max(1, round(3 * MULTIPLIER)) if MULTIPLIER < 2 else 20


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing disturbs: its configuration and folder."""
    folder = tmp_path_factory.mktemp("whole")
    options = {"checkpoint_every": 3, "evaluate_every": 7, "evaluate_sequences": 4}
    config = config_file(folder, model="dropout = 0.1", steps=STEPS, **options)
    train(config, folder / "out")
    return config, folder / "out"


def started(config, out, *arguments):
    command = [PROGRAM, "train", config, "--out", out, "--threads", "1", *arguments]
    return subprocess.Popen(list(map(str, command)), stderr=subprocess.DEVNULL)


def killed(process, delay=None, seen=None):
    """Ends it with kill -9 after a delay, or once a file whose name holds `seen` is there. True if it was running."""
    begin = time.monotonic()
    while process.poll() is None:
        if delay is not None and time.monotonic() - begin >= delay:
            break
        if seen is not None and any(seen(name) for name in os.listdir(process.args[4])):
            break
        time.sleep(0)
    running = process.poll() is None
    process.kill()
    process.wait()
    return running


def assert_same_run(out, whole_out):
    assert losses(out) == losses(whole_out)
    assert lines(out, "evaluation") == lines(whole_out, "evaluation")
    ours, _ = read_tensors(checkpoint(out, STEPS))
    theirs, _ = read_tensors(checkpoint(whole_out, STEPS))
    assert list(ours) == list(theirs)
    for name, tensor in theirs.items():
        assert (ours[name] == tensor).all(), name


def test_killed_at_random_moments(whole, tmp_path):
    config, whole_out = whole
    generator = random.Random(int(os.environ.get("NWIDTH_TEST_SEED", "1")))
    out = tmp_path / "out"
    begin = time.monotonic()
    train(config, tmp_path / "timed")
    seconds = time.monotonic() - begin
    hits = 0
    for _ in range(KILLS):
        hits += killed(started(config, out, *(["--resume"] if out.exists() else [])), generator.uniform(0, seconds))
    train(config, out, "--resume")
    assert hits > 0
    assert_same_run(out, whole_out)


def test_killed_while_it_writes_checkpoints(whole, tmp_path):
    config, whole_out = whole
    out = tmp_path / "out"
    out.mkdir()
    hits = 0
    for _ in range(KILLS):
        process = started(config, out, "--resume")
        hits += killed(process, seen=lambda name: name.startswith(".checkpoint-"))
    assert hits > 0
    train(config, out, "--resume")
    assert not any(name.endswith(".tmp") for name in os.listdir(out))
    assert_same_run(out, whole_out)


def test_terminated_it_writes_a_checkpoint_first(tmp_path):
    config = config_file(tmp_path, steps=100000, checkpoint_every=0)
    out = tmp_path / "out"
    process = started(config, out)
    while not (out / "log.jsonl").exists() or len(lines(out, "step")) < 3:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 128 + signal.SIGTERM
    last = lines(out, "step")[-1]["step"]
    assert checkpoint(out, last).exists()


def test_the_newest_good_checkpoint_is_used_and_the_bad_one_named(whole, tmp_path):
    config, whole_out = whole
    out = tmp_path / "out"
    process = started(config, out)
    while not checkpoint(out, 12).exists():
        time.sleep(0.001)
    process.kill()
    process.wait()
    newest, older = sorted(out.glob("checkpoint-*"), reverse=True)[:2]
    data = newest.read_bytes()
    damages = {
        "damaged": data[:-10] + bytes([data[-10] ^ 1]) + data[-9:],
        "truncated": data[: len(data) // 2],
    }
    for word, damage in damages.items():
        newest.write_bytes(damage)
        done = run("evaluate", out, "--data", config.parent / "text.txt", "--threads", 1)
        assert done.returncode == 0, done.stderr
        assert word in done.stderr
        assert str(newest) in done.stderr
        assert str(older.name) in done.stdout
    done = train(config, out, "--resume")
    assert done.stderr.count("truncated") == 1
    assert_same_run(out, whole_out)
    assert lines(out, "run")[-1]["bad_checkpoints"]


def assert_refused(done, *parts):
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert done.stderr.startswith("nwidth-lm: ")
    assert done.stderr.count("\n") == 1, done.stderr
    for part in parts:
        assert part in done.stderr, (part, done.stderr)


def test_what_cannot_be_resumed_is_one_line(tmp_path):
    config = config_file(tmp_path, steps=4, checkpoint_every=2)
    out = tmp_path / "out"
    train(config, out)
    assert_refused(train(config, out, code=2), "holds a run", "--resume")
    other = config_file(tmp_path, "other.toml", steps=4, checkpoint_every=2, rate=1e-2)
    assert_refused(train(other, out, "--resume", code=2), "rate = 0.01", "rate = 0.003")
    text = (tmp_path / "text.txt").read_text()
    (tmp_path / "text.txt").write_text(text[:-100] + "!" * 100)
    assert_refused(train(config, out, "--resume", code=2), "data are not those of the checkpoint")
    (tmp_path / "text.txt").write_text(text)
    for path in out.glob("checkpoint-*"):
        path.write_bytes(path.read_bytes()[:100])
    assert_refused(train(config, out, "--resume", code=2), "truncated", "no other checkpoint")
    assert_refused(run("train", "--resume", "--out", tmp_path / "none"), "no checkpoint")


def test_resume_needs_no_configuration_and_keeps_as_many_as_asked(tmp_path):
    config = config_file(tmp_path, steps=9, checkpoint_every=1, keep=3)
    out = tmp_path / "out"
    train(config, out)
    assert [p.name for p in sorted(out.glob("checkpoint-*"))] == [checkpoint(out, s).name for s in (7, 8, 9)]
    before = losses(out)
    checkpoint(out, 9).unlink()
    done = run("train", "--resume", "--out", out, "--threads", 1)
    assert done.returncode == 0, done.stderr
    assert losses(out) == before


def test_resume_without_a_configuration_ignores_no_option(tmp_path):
    config = config_file(tmp_path, steps=6, checkpoint_every=3, schedule="constant")
    out, data = tmp_path / "out", tmp_path / "text.txt"
    train(config, out)
    resume = ("train", "--resume", "--out", out, "--threads", 1)
    for option, value, says in [
        ("--seed", 6, "seed = 6: the checkpoint has seed = 5"),
        ("--activation", "relu", "activation = 'relu': the checkpoint has activation = 'polynorm'"),
        ("--activation", "mish", 'activation = "mish": allowed are relu, '),
        ("--data", config, f"train = ['{config}']: the checkpoint has train = ['{data}']"),
        ("--steps", 0, "--steps = 0: allowed are 1 to "),
        ("--steps", 5, "steps = 5: the checkpoint has done 6, allowed are these and more"),
    ]:
        assert_refused(run(*resume, option, value), says)
    assert len(lines(out, "run")) == 1
    # what the checkpoint has may be said again, and a constant rate goes on for as long as is asked
    same = ("--seed", 5, "--activation", "polynorm", "--data", data)
    done = run(*resume, *same, "--steps", 9)
    assert done.returncode == 0, done.stderr
    assert len(losses(out)) == 9
    train(config_file(tmp_path, "nine.toml", steps=9, schedule="constant"), tmp_path / "nine")
    assert losses(out) == losses(tmp_path / "nine")


def test_another_rate_schedule_keeps_its_steps(tmp_path):
    config = config_file(tmp_path, steps=4)
    train(config, tmp_path / "out")
    done = run("train", "--resume", "--out", tmp_path / "out", "--steps", 5)
    assert_refused(done, "steps = 5: the checkpoint has steps = 4")


def test_evaluating_the_stream_takes_no_files(tmp_path):
    config = tmp_path / "run.toml"
    config.write_text(
        "[model]\nvocabulary = 6\ncontext = 15\nlayers = 1\nwidth = 16\nheads = 2\n[data]\nstream = 'ifs'\n"
        "[data.ifs]\nmemory = 3\n[training]\nsteps = 1\n"
    )
    train(config, tmp_path / "out")
    assert_refused(run("evaluate", tmp_path / "out", "--data", config), 'stream = "ifs": allowed with bytes and shards')


def test_a_checkpoint_under_another_name_is_not_taken_for_that_step(tmp_path):
    config = config_file(tmp_path, steps=6, checkpoint_every=2, keep=2)
    out = tmp_path / "out"
    train(config, out)
    before = losses(out)
    (out / "checkpoint-9.safetensors").write_bytes(checkpoint(out, 6).read_bytes())  # a copy that someone keeps
    checkpoint(out, 6).rename(checkpoint(out, 5))
    done = train(config, out, "--resume")
    assert "checkpoint-00000005.safetensors': it is of step 6; an older checkpoint is used" in done.stderr
    assert losses(out) == before
    assert (out / "checkpoint-9.safetensors").exists()
    assert checkpoint(out, 6).exists()


def test_weights_that_are_not_finite_drive_out_no_checkpoint(tmp_path):
    """The row of a byte that the text does not have takes no part in the loss, but decays: here beyond all floats."""
    options = {"rate": 100.0, "weight_decay": 10.0, "warmup_tokens": 192 * 400, "schedule": "constant", "keep": 1}
    config = config_file(tmp_path, model="tied = false", steps=1, checkpoint_every=1, **options)
    out = tmp_path / "out"
    train(config, out)
    tensors, metadata = read_tensors(checkpoint(out, 1))
    tensors["embedding.weight"][255] = 3e38
    write_tensors(checkpoint(out, 1), tensors, metadata)
    done = run("train", "--resume", "--steps", 3, "--out", out, "--threads", 1)
    assert done.returncode == 3, done.stderr
    said = done.stderr.splitlines()[-1]
    assert "stopped after step 2: its weights or moments are not finite" in said
    assert "parameter embedding.weight is not finite" in said
    assert [p.name for p in out.glob("checkpoint-*")] == [checkpoint(out, 1).name]
    assert lines(out, "end")[-1]["stopped"] in said


def test_a_finished_run_resumed_says_no_loss_that_it_did_not_see(tmp_path):
    config = config_file(tmp_path, steps=3)
    train(config, tmp_path / "out")
    train(config, tmp_path / "out", "--resume")
    first, second = lines(tmp_path / "out", "end")
    assert first["loss"] == losses(tmp_path / "out")[-1]
    assert second == {"kind": "end", "step": 3}


def test_resuming_nothing_says_so(tmp_path):
    done = train(config_file(tmp_path, steps=1), tmp_path / "out", "--resume")
    assert f"no checkpoint in '{tmp_path / 'out'}': starts from the first step" in done.stderr


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    config = config_file(tmp_path)
    assert_refused(run("train", config, "--data", pipe, "--out", tmp_path / "out"), "cannot read", "pipe")
    assert_refused(run("evaluate", pipe), "cannot read", "pipe")


def test_python_reads_the_weights(whole):
    safetensors = pytest.importorskip("safetensors", reason="safetensors is not installed")
    _, out = whole
    with safetensors.safe_open(checkpoint(out, STEPS), framework="pt") as file:
        names, metadata = set(file.keys()), file.metadata()
        weight = file.get_tensor("layers.1.qkv.weight")
    assert weight.shape == (96, 32)
    assert metadata["step"] == str(STEPS)
    assert "optimizer.second.embedding.weight" in names
