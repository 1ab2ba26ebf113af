# SPDX-License-Identifier: Apache-2.0
"""Training in C++ against a loop of plain PyTorch over the twin: to the bit."""

import tomllib

import pytest
from lm_program import (
    LIBRARY,
    checkpoint,
    config_file,
    learning_rate,
    lines,
    losses,
    read_tensors,
    run,
    torch,
    train,
)
from nwidth.lm import Transformer, read_toml

torch.ops.load_library(str(LIBRARY))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def twin_losses(text):
    """The run of a canonical configuration by torch.optim.AdamW and clip_grad_norm_."""
    config = tomllib.loads(text)
    t, context = config["training"], config["model"]["context"]
    twin = Transformer(read_toml(text), seed=t["seed"])
    groups = {"decay": [], "no_decay": [], "coefficients": []}
    for name, weight in twin.weights.items():
        coefficient = ".activation." in name
        plain = name.endswith(".bias") or "norm" in name or name.startswith("positions")
        groups["coefficients" if coefficient else "no_decay" if plain else "decay"].append(weight)
    scale = {"decay": 1, "no_decay": 1, "coefficients": t["coefficient_rate"]}
    optimizer = torch.optim.AdamW(
        [
            {"params": weights, "weight_decay": t["weight_decay"] if group == "decay" else 0.0, "group": group}
            for group, weights in groups.items()
            if weights
        ],
        betas=(t["beta1"], t["beta2"]),
        eps=t["eps"],
        fused=True,
    )
    parts, found = t["batch"] // t["micro_batch"], []
    for step in range(t["steps"]):
        rate = learning_rate(t, context, step)
        for group in optimizer.param_groups:
            group["lr"] = rate * scale[group["group"]]
        optimizer.zero_grad(set_to_none=True)
        total = None
        for k in range(parts):
            first = step * t["batch"] + k * t["micro_batch"]
            tokens = torch.ops.nwidth_lm.batch(text, False, first, t["micro_batch"])
            with torch.autocast("cpu", torch.bfloat16, enabled=t["bfloat16"]):
                loss = twin.loss(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous())
            if parts > 1:
                loss = loss / parts
            loss.backward()
            total = loss.detach() if total is None else total + loss.detach()
        if t["clip"] > 0:
            torch.nn.utils.clip_grad_norm_(twin.weights.values(), t["clip"])
        optimizer.step()
        found.append(total.item())
    return found, {name: w.detach() for name, w in twin.weights.items()}


CASES = {
    "fp32": ("", {}),
    "bf16": ("", {"bfloat16": True}),
    "swiglu, gpt2": ('activation = "swiglu"\npositions = "learned"\nnorm = "layer"\nbiases = true', {}),
    "rates": ("", {"coefficient_rate": 0.3, "weight_decay": 0.5, "clip": 0.4}),
    "accumulation": ("", {"micro_batch": 2}),
    "dropout": ("dropout = 0.1", {}),
    "no clip, recompute": ("", {"clip": 0, "recompute": True}),
}


@pytest.mark.parametrize("case", CASES)
def test_fifty_steps_equal_the_twin_to_the_bit(case, tmp_path):
    model, training = CASES[case]
    steps = 50 if case in ("fp32", "bf16") else 20
    out = tmp_path / "out"
    train(config_file(tmp_path, model=model, steps=steps, **training), out, "--backend", "torch")
    ours = losses(out)
    tensors, metadata = read_tensors(checkpoint(out, steps))
    expected, weights = twin_losses(metadata["config"])
    assert ours == expected
    assert ours[-1] < ours[0] - 0.2  # it learns
    own = {n: t for n, t in tensors.items() if not n.startswith(("optimizer.", "random."))}
    assert list(own) == list(weights)
    for name, weight in weights.items():
        assert torch.equal(own[name], weight), name


def test_accumulation_is_one_large_batch_up_to_rounding(tmp_path):
    train(config_file(tmp_path, "a.toml", micro_batch=6), tmp_path / "a")
    train(config_file(tmp_path, "b.toml", micro_batch=1), tmp_path / "b")
    a, b = losses(tmp_path / "a"), losses(tmp_path / "b")
    assert a != b
    assert max(abs(x - y) for x, y in zip(a, b, strict=True)) < 1e-4


def test_clipping_bounds_the_step(tmp_path):
    """Adam forgets the scale of gradients; with eps = 1 it does not, and the first step has the length of the clip."""
    norms = {}
    for clip in (0, 0.01):
        out = tmp_path / f"clip{clip}"
        options = {"clip": clip, "eps": 1.0, "weight_decay": 0, "steps": 1, "warmup_tokens": 0, "schedule": "constant"}
        train(config_file(tmp_path, f"{clip}.toml", **options), out)
        tensors, metadata = read_tensors(checkpoint(out, 1))
        start = Transformer(read_toml(metadata["config"]), seed=5).weights
        norms[clip] = torch.stack([(tensors[n] - w).norm() for n, w in start.items()]).norm().item()
        assert lines(out, "step")[0]["gradient_norm"] > 0.1  # before clipping
    assert norms[0.01] < 0.011 * 3e-3 < norms[0]


def test_evaluation_is_the_mean_over_held_out_sequences(tmp_path):
    out = tmp_path / "out"
    train(config_file(tmp_path, evaluate_every=10, evaluate_sequences=7, steps=20), out, "--backend", "torch")
    evaluations = lines(out, "evaluation")
    assert [e["step"] for e in evaluations] == [10, 20]
    tensors, metadata = read_tensors(checkpoint(out, 20))
    twin = Transformer(read_toml(metadata["config"]))
    with torch.no_grad():
        for name, weight in twin.weights.items():
            weight.copy_(tensors[name])
        tokens = torch.ops.nwidth_lm.batch(metadata["config"], True, 0, 7)
        expected = twin.loss(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()).item()
    assert abs(evaluations[-1]["loss"] - expected) < 1e-5
    assert abs(evaluations[-1]["bits_per_byte"] - expected / torch.log(torch.tensor(2.0)).item()) < 2e-5
    done = run("evaluate", out, "--threads", 1, "--backend", "torch")
    assert done.returncode == 0, done.stderr
    assert f'"loss":{evaluations[-1]["loss"]}' in done.stdout


def test_the_log_says_what_ran(tmp_path):
    out = tmp_path / "out"
    train(config_file(tmp_path, steps=3), out)
    (start,) = lines(out, "run")
    for key in ("version", "commit", "compiler", "machine", "torch", "threads", "seed", "config", "device", "backend"):
        assert key in start, key
    assert start["threads"] == 1
    assert start["torch"] == torch.__version__.split("+")[0]
    steps = lines(out, "step")
    assert [s["tokens"] for s in steps] == [192, 384, 576]
    assert set(steps[0]["coefficients"]) == {
        f"layers.{i}.activation.{name}" for i in (0, 1) for name in ("weight", "bias")
    }
    t = tomllib.loads(start["config"])["training"]
    assert [s["rate"] for s in steps] == [learning_rate(t, 32, s) for s in range(3)]
    assert lines(out, "end")[0]["step"] == 3
