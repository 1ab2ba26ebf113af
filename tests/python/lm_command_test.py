# SPDX-License-Identifier: Apache-2.0
"""nwidth-lm as a person meets it: help, presets, sizes, bad input, and runs that diverge."""

import re

import pytest
from lm_program import config_file, lines, read_tensors, run, train


def test_help_has_examples():
    for arguments in ([], ["train"], ["evaluate"]):
        done = run(*arguments, "--help")
        assert done.returncode == 0
        assert "Example" in done.stdout
        assert "nwidth-lm" in done.stdout
    assert run("--version").stdout.startswith("nwidth-lm ")


def test_presets_are_listed_and_printed():
    done = run("presets")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["tiny", "small", "gpt2-124m", "polycom-dense-1b"]
    assert "[model.match]" in run("presets", "tiny").stdout


def test_published_sizes():
    """GPT-2 small has 124,439,808 parameters; the dense model of PolyCom's paper about 1.3 billion."""
    done = run("describe", "--preset", "gpt2-124m")
    assert "124439808" in done.stdout
    count = int(re.search(r"\n  all +.* (\d+)\n", run("describe", "--preset", "polycom-dense-1b").stdout)[1])
    assert 1.2e9 < count < 1.5e9


@pytest.mark.parametrize(
    "model",
    [
        "",
        'activation = "swiglu"\ntied = false',
        'activation = "xielu"\nnorm = "none"\npositions = "learned"',
        'activation = "polynorm-glu"\nnorm = "layer"\nbiases = true',
    ],
)
def test_described_parameters_are_those_that_are_trained(model, tmp_path):
    config = config_file(tmp_path, model=model, steps=1)
    train(config, tmp_path / "out")
    count = int(re.search(r"\n  all +.* (\d+)\n", run("describe", config).stdout)[1])
    tensors, _ = read_tensors(next((tmp_path / "out").glob("checkpoint-*")))
    own = [t for name, t in tensors.items() if not name.startswith(("optimizer.", "random."))]
    assert count == sum(t.numel() for t in own) == lines(tmp_path / "out", "run")[0]["parameters"]


def test_bad_input_is_one_line(tmp_path):
    good = config_file(tmp_path)
    bad = tmp_path / "bad.toml"
    bad.write_text("[model]\nlayer = 3\n")
    truncated = tmp_path / "truncated.toml"
    truncated.write_text(good.read_text()[:-40] + '"')
    stream = tmp_path / "stream.toml"
    stream.write_text('preset = "tiny"\n[model]\nvocabulary = 6\n[data]\nstream = "ifs"\n')
    own = tmp_path / "own.toml"
    own.write_text(f'[data]\ntrain = ["{good}"]\nvalidation = ["{good}"]\n')
    out = ("--out", tmp_path / "out")
    cases = [
        ([], "no command"),
        (["tra1n"], "tra1n"),
        (["train", *out], "no configuration"),
        (["train", good, "--preset", "tiny", *out], "exclude"),
        (["train", "--preset", "huge", *out], "huge"),
        (["train", tmp_path / "none.toml", *out], "none.toml"),
        (["train", bad, *out], "layer"),
        (["train", truncated, *out], "truncated.toml"),
        (["train", good, "--activation", "mish", *out], "mish"),
        (["train", good, "--steps", "0", *out], "--steps = 0"),
        (["train", good, "--steps", "many", *out], "many"),
        (["train", good, "--threads", "0", *out], "--threads = 0"),
        (["train", good, "--device", "tpu", *out], "tpu"),
        (["train", good, "--backend", "jax", *out], "jax"),
        (["train", good, "--data", tmp_path / "nothing", *out], "nothing"),
        (["train", good, "--out", good], "run.toml"),
        (["evaluate", tmp_path / "none"], "none"),
        (["presets", "none"], "none"),
        (["presets", ""], "empty"),
        (["train", good, "--activation", "", *out], "--activation is empty"),
        (["train", good, "--seed", "1000000001", *out], "--seed = 1000000001: allowed are 0 to 1000000000"),
        (["train", good, "--steps", str(2**41), *out], f"--steps = {2**41}: allowed are 1 to {2**40}"),
        (["train", good, "--data", *[good] * 101, *out], "train has 101 entries: allowed are 100"),
        (["train", stream, "--data", good, *out], 'run.toml\' with stream = "ifs": allowed with bytes and shards'),
        (["describe", good, "--seed", "3"], "--seed"),
        (["describe", good, "--data", good], "--data"),
        (["text", good, "--activation", "relu"], "--activation"),
        (["text", good, "--steps", "3"], "--steps"),
        (["text", own, "--data", good], "run.toml': the configuration's validation = "),
    ]
    for arguments, part in cases:
        done = run(*arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert done.stdout == ""
        assert done.stderr.startswith("nwidth-lm: "), done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        assert part in done.stderr, (arguments, done.stderr)


def test_a_folder_is_for_one_run_at_a_time(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    import fcntl

    with open(out / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = train(config_file(tmp_path), out, code=2)
    assert "in use" in done.stderr


def test_a_run_that_diverges_is_stopped_and_the_tensor_named(tmp_path):
    """A rate of 100 without norms: something overflows, and the last good checkpoint stays."""
    options = {
        "rate": 100.0,
        "warmup_tokens": 0,
        "clip": 0,
        "steps": 100,
        "checkpoint_every": 1,
        "schedule": "constant",
    }
    done = train(
        config_file(tmp_path, model='norm = "none"\nactivation = "polyrelu"', **options), tmp_path / "out", code=3
    )
    said = done.stderr.splitlines()[-1]
    assert re.search(r"stopped in step \d+: loss", said), said
    assert re.search(r"(activation behind|gradient of|parameter) (layers\.[01]\.|embedding|norm)", said), said
    assert re.search(r"is not finite", said), said
    (end,) = lines(tmp_path / "out", "end")
    assert end["stopped"] in said
    assert list((tmp_path / "out").glob("checkpoint-*"))


def test_a_spike_is_stopped_and_the_largest_gradient_named(tmp_path):
    """Warm for 25 steps, then the rate jumps: the loss stays finite and exceeds its mean."""
    options = {
        "rate": 30.0, "warmup_tokens": 192 * 40, "clip": 0, "steps": 200, "spike": 1.2, "schedule": "constant",
    }  # fmt: skip
    done = train(config_file(tmp_path, **options), tmp_path / "out", code=3)
    said = done.stderr.splitlines()[-1]
    assert "times the running mean" in said, said
    assert re.search(r"the largest gradient is that of [a-z0-9_.]+, of norm", said), said
