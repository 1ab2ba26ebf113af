# SPDX-License-Identifier: Apache-2.0
"""Steps compiled ahead of time: eager's losses, the same bits again, and no package that is wrong is trained with."""

import hashlib
import zipfile

import pytest
from lm_models import ACTIVATIONS, VARIANTS, batch, config, distance, torch, twin_step
from lm_program import checkpoint, config_file, launch, lines, losses, read_tensors, run, train
from nwidth.lm import compile_step, model
from nwidth.lm.compile_step import KEY, joint_graph

STEPS = 12


def small(folder, name="run.toml", **training):
    """One layer; two micro batches a step."""
    options = {"micro_batch": 3, "steps": STEPS, "rate": 1e-3, "warmup_tokens": 0} | training
    extra = {key: options.pop(key) for key in ("model", "stream") if key in options}
    path = config_file(folder, name, extra.get("model", ""), **options)
    text = path.read_text().replace("layers = 2", "layers = 1")
    if "stream" in extra:
        text = text[: text.index("[data]")] + extra["stream"] + "[training]" + text.split("[training]")[1]
    path.write_text(text)
    return path


def resolved(path, *arguments):
    done = run("describe", "--toml", path, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture(scope="module")
def package(folder):
    """float32, one thread."""
    compile_step.compile_step(resolved(small(folder)), 1, folder / "step.pt2")
    return folder / "step.pt2"


@pytest.fixture(scope="module")
def half(folder):
    """bfloat16, two threads."""
    text = resolved(small(folder, "half.toml", bfloat16=True))
    compile_step.compile_step(text, 2, folder / "half.pt2")
    return folder / "half.pt2"


def compiled(package, path, out, *arguments, threads=1, code=0):
    done = run("train", path, "--out", out, "--threads", threads, "--compiled", package, *arguments)
    assert done.returncode == code, (done.returncode, done.stderr)
    return done


def assert_one_line(done, *parts):
    assert done.stderr.startswith("nwidth-lm: "), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    for part in parts:
        assert part in done.stderr, (part, done.stderr)


def largest_difference(a, b):
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def assert_same_bits(one, other, steps=STEPS):
    assert losses(one) == losses(other)
    ours, theirs = (read_tensors(checkpoint(out, steps))[0] for out in (one, other))
    assert list(ours) == list(theirs)
    for name, tensor in theirs.items():
        assert torch.equal(ours[name], tensor), name


IFS = '[data]\nstream = "ifs"\n[data.ifs]\ndimension = 1\nsymbols = 2\nmemory = 3\nfrequencies = 4\n'


@pytest.mark.parametrize("stream", ["bytes", "ifs"])
def test_losses_are_those_of_eager_steps(stream, package, tmp_path):
    path = small(tmp_path, **({"stream": IFS} if stream == "ifs" else {}))
    train(path, tmp_path / "eager")
    compiled(package, path, tmp_path / "ours")
    ours, eager = losses(tmp_path / "ours"), losses(tmp_path / "eager")
    assert largest_difference(ours, eager) < 2e-6
    assert ours[-1] < ours[0] - 0.03
    (start,), (plain,) = lines(tmp_path / "ours", "run"), lines(tmp_path / "eager", "run")
    assert start["compiled"]["sha256"] == hashlib.sha256(package.read_bytes()).hexdigest()
    assert start["compiled"]["key"] == compile_step.step_key(resolved(path), 1)
    assert start["compiled"]["deviation"] < 1e-5
    assert "compiled" not in plain


def test_half_precision_on_two_threads_repeats_to_the_bit(half, tmp_path):
    path = small(tmp_path, bfloat16=True)
    for name in ("a", "b"):
        compiled(half, path, tmp_path / name, threads=2)
    assert_same_bits(tmp_path / "a", tmp_path / "b")
    assert run("train", path, "--out", tmp_path / "eager", "--threads", 2).returncode == 0
    ours, eager = losses(tmp_path / "a"), losses(tmp_path / "eager")
    assert ours != eager
    assert largest_difference(ours, eager) < 5e-3
    assert 0 < lines(tmp_path / "a", "run")[0]["compiled"]["deviation"] < 0.1


def test_resumes_to_the_bit(package, tmp_path):
    path, whole, out = small(tmp_path, checkpoint_every=5), tmp_path / "whole", tmp_path / "out"
    compiled(package, path, whole)
    compiled(package, path, out)
    checkpoint(out, STEPS).unlink()
    done = run("train", "--resume", "--out", out, "--threads", 1, "--compiled", package)
    assert done.returncode == 0, done.stderr
    assert "resumes after step 10" in done.stderr
    assert_same_bits(out, whole)


def test_eager_and_compiled_runs_do_not_change_into_each_other(package, tmp_path):
    path = small(tmp_path, steps=2)
    compiled(package, path, tmp_path / "ours")
    train(path, tmp_path / "eager")
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    assert_one_line(train(path, tmp_path / "ours", "--resume", code=2), "compiled", digest)
    assert_one_line(compiled(package, path, tmp_path / "eager", "--resume", code=2), "eager")
    again = rewritten(package, tmp_path / "again.pt2", lambda name, data: data)
    assert "another file" in compiled(again, path, tmp_path / "ours", "--resume").stderr


def test_two_ranks_train_what_one_does(package, tmp_path):
    path = small(tmp_path)
    compiled(package, path, tmp_path / "one")
    done = launch(2, path, tmp_path / "two", "--compiled", package)
    assert done.returncode == 0, done.stderr
    assert largest_difference(losses(tmp_path / "one"), losses(tmp_path / "two")) < 1e-5


def rewritten(package, path, change):
    """A package whose files are changed, with sums that fit."""
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    path.write_bytes(compile_step.sealed(path.read_bytes()))
    return path


def test_a_package_for_something_else_is_refused(package, tmp_path):
    path, out = small(tmp_path), tmp_path / "out"
    cases = [
        (small(tmp_path, "a.toml", micro_batch=6), 1, "micro_batch = 3", "micro_batch = 6"),
        (small(tmp_path, "b.toml", bfloat16=True), 1, "type = 'float32'", "type = 'bfloat16'"),
        (small(tmp_path, "c.toml", model="hidden = 40"), 1, "hidden = 48", "hidden = 40"),
        (small(tmp_path, "d.toml", model='norm = "layer"'), 1, "norm = 'rms'", "norm = 'layer'"),
        (path, 2, "threads = 1", "threads = 2"),
    ]
    for other, threads, made_for, now in cases:
        assert_one_line(compiled(package, other, out, threads=threads, code=2), str(package), made_for, now)
    done = compiled(package, path, out, "--activation", "polyrelu", code=2)
    assert_one_line(done, "activation = 'polynorm'", "activation = 'polyrelu'")

    def older(name, data):
        return data.replace(b"torch = '2.", b"torch = '1.") if name.endswith("metadata.json") else data

    done = compiled(rewritten(package, tmp_path / "older.pt2", older), path, out, code=2)
    assert_one_line(done, "torch = '1.", f"torch = '{torch.__version__.split('+')[0]}'")

    def foreign(name, data):
        return data.replace(KEY.encode(), b"theirs") if name.endswith("metadata.json") else data

    done = compiled(rewritten(package, tmp_path / "foreign.pt2", foreign), path, out, code=2)
    assert_one_line(done, "was made for nothing")
    assert not (out / "log.jsonl").exists()


def test_a_damaged_package_is_refused(package, tmp_path):
    data, path = package.read_bytes(), small(tmp_path)
    with zipfile.ZipFile(package) as archive:
        (library,) = (i for i in archive.infolist() if i.filename.endswith(".so"))
    at = library.header_offset + library.file_size // 2
    damages = {
        "flipped": data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :],
        "head": b"\0" * 64 + data[64:],
        "truncated": data[: len(data) // 2],
        "empty": b"",
        "text": b"step = 1\n" * 100,
    }
    for name, damage in damages.items():
        bad = tmp_path / f"{name}.pt2"
        bad.write_bytes(damage)
        assert_one_line(compiled(bad, path, tmp_path / name, code=2), str(bad))
    assert_one_line(compiled(tmp_path / "none.pt2", path, tmp_path / "none", code=2), "none.pt2")


def test_a_wrong_gradient_is_found_and_named(folder, tmp_path, monkeypatch):
    """The trap of a cast that does nothing: the forward pass is right, and no gradient comes through the activation."""
    path = small(folder)
    text = resolved(path)
    whole = model.activate
    with monkeypatch.context() as patch:
        patch.setattr(model, "activate", lambda *a: whole(*a).detach() + 0 * sum(t.sum() for t in (a[1], *a[2])))
        compile_step.compile_step(text, 1, folder / "planted.pt2")
    out = tmp_path / "out"
    done = compiled(folder / "planted.pt2", path, out, code=3)
    assert_one_line(done, "planted.pt2' is not used", "the gradient of layers.0.activation.bias differs")
    assert not (out / "log.jsonl").exists()
    train(path, out)  # nothing is in the way


# ---- the graph that is compiled


def graph_step(text, tokens, targets):
    """Loss and gradients by name, as accumulate() in experiments/lm/compiled_step.cpp puts them together."""
    twin = model.Transformer(model.read_toml(text), seed=5)
    graph, _ = joint_graph(text)
    tied = twin.model.tied
    names = [name for name in twin.weights if tied or name != "embedding.weight"]
    weights = [twin.weights[name].detach() for name in names]
    embedded = twin.embedded(tokens)
    loss, d_embedded, *gradients = graph(embedded.detach(), targets, *weights)
    found = dict(zip(names, gradients, strict=True))
    (through,) = torch.autograd.grad(embedded, twin.weights["embedding.weight"], d_embedded)
    found["embedding.weight"] = through + found["embedding.weight"] if tied else through
    return loss, found


CASES = [(a, "polycom", False) for a in ACTIVATIONS] + [
    (a, "polycom", True) for a in ("relu", "xielu", "polyrelu", "polynorm", "swiglu")
]
CASES += [("polynorm", variant, False) for variant in VARIANTS if variant not in ("polycom", "dropout")]


@pytest.mark.parametrize(("activation", "variant", "bf16"), CASES)
def test_the_graph_has_the_gradients_of_eager(activation, variant, bf16):
    text = config(activation, variant, layers=1)
    if bf16:
        text = text.replace("bfloat16 = false", "bfloat16 = true")
    vocabulary = model.read_toml(text).vocabulary
    tokens, targets = batch(vocabulary, sequences=8, length=24)
    loss, gradients = graph_step(text, tokens, targets)
    expected, _, _, eager = twin_step(text, tokens, targets, bf16=bf16)
    assert torch.equal(loss, expected)
    for name, gradient in eager.items():
        assert gradient.ne(0).any(), name
        assert distance(gradients[name], gradient) < 1e-6, name


# ---- the tool


def test_bad_input_of_the_tool_is_one_line(tmp_path, capfd):
    path = small(tmp_path)
    common = ["--threads", "1", "--out", str(tmp_path / "step.pt2")]
    dropout = small(tmp_path, "dropout.toml", model="dropout = 0.1")
    recompute = small(tmp_path, "recompute.toml", recompute=True)
    cases = [
        ([str(path), "--activation", "mish", *common], "mish"),
        ([str(tmp_path / "none.toml"), *common], "none.toml"),
        (common, "no configuration"),
        ([str(path), "--layers", "3", *common], "--layers"),
        ([str(path), "--threads", "0", *common[2:]], "--threads = 0"),
        ([str(path), "--threads", "1", "--out", str(tmp_path / "no" / "step.pt2")], "no"),
        ([str(path), "--program", str(tmp_path / "nwidth-lm"), *common], "nwidth-lm"),
        ([str(dropout), *common], "dropout = 0.1"),
        ([str(recompute), *common], "recompute = true"),
    ]
    for arguments, part in cases:
        assert compile_step.main(arguments) == 2
        said = capfd.readouterr()
        assert said.out == ""
        assert said.err.startswith("nwidth-lm: ")
        assert said.err.count("\n") == 1, said.err
        assert part in said.err, said.err
    assert not (tmp_path / "step.pt2").exists()


def test_the_tool_and_the_program_refuse_what_cannot_be_compiled(package, tmp_path):
    for name, options, said in (
        ("dropout", {"model": "dropout = 0.1"}, "dropout = 0.1"),
        ("recompute", {"recompute": True}, "recompute = true"),
    ):
        path = small(tmp_path, f"{name}.toml", **options)
        assert_one_line(compiled(package, path, tmp_path / name, code=2), said, "--compiled")
