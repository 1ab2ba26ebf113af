# SPDX-License-Identifier: Apache-2.0
"""The C++ model as torch.ops.nwidth_lm, its twin, and small configurations for both. Skips where either is missing."""

import os
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", minversion="2.11")

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = Path(os.environ.get("NWIDTH_BIN", ROOT / "build" / "release" / "bin")).parent / "lib" / "nwidth_lm_ops.so"
if not LIBRARY.exists():
    pytest.skip(f"{LIBRARY} is not built: NWIDTH_LM is off", allow_module_level=True)
torch.ops.load_library(str(LIBRARY))
ops = torch.ops.nwidth_lm

import nwidth.lm.model  # noqa: E402
from nwidth.lm import Transformer, read_toml  # noqa: E402
from nwidth.lm.activations import activate, coefficients  # noqa: E402

ACTIVATIONS = [
    "identity", "relu", "relu2", "leaky-relu", "gelu", "gelu-tanh", "silu", "xielu", "polyrelu", "polynorm",
    "reglu", "geglu", "geglu-tanh", "swiglu", "polyrelu-glu", "polynorm-glu",
]  # fmt: skip
VARIANTS = {
    "polycom": "",
    "gpt2": 'positions = "learned"\nnorm = "layer"\nbiases = true\ninitialisation = "gpt2"',
    "untied": "tied = false",
    "without norms": 'norm = "none"',
    "dropout": "dropout = 0.1",
    "large vocabulary": "vocabulary = 5000",
    "large vocabulary, untied": "vocabulary = 5000\ntied = false",
}


def config(activation="polynorm", variant="polycom", layers=2):
    """The canonical text of a small model."""
    lines = [f'activation = "{activation}"', "context = 24", "width = 32", "heads = 4", "hidden = 48"]
    lines.append(f"layers = {layers}")
    extra = VARIANTS[variant]
    if "vocabulary" not in extra:
        lines.append("vocabulary = 61")
    return ops.canonical("[model]\n" + "\n".join([*lines, extra]) + "\n")


def batch(vocabulary, sequences=3, length=20):
    generator = torch.Generator().manual_seed(7)
    tokens = torch.randint(0, vocabulary, (sequences, length + 1), generator=generator)
    return tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()


def cpp_step(text, tokens, targets, *, scored=None, seed=5, backend="torch", bf16=False, recompute=False):
    """Loss, logits, and by names the weights and their gradients, of the C++ model."""
    names = ops.names(text)
    loss, logits, *rest = ops.step(text, tokens, targets, scored, seed, backend, bf16, recompute)
    weights, gradients = rest[: len(names)], rest[len(names) :]
    return loss, logits, dict(zip(names, weights, strict=True)), dict(zip(names, gradients, strict=True))


def twin_step(text, tokens, targets, *, scored=None, seed=5, bf16=False, run=None):
    """The same of the twin; run: what stands for twin.loss."""
    twin = Transformer(read_toml(text), seed=seed)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        loss = (run(twin) if run else twin.loss)(tokens, targets, scored)
    loss.backward()
    twin.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        logits = twin(tokens)
    weights = {name: w.detach() for name, w in twin.weights.items()}
    return loss.detach(), logits, weights, {name: w.grad for name, w in twin.weights.items()}


def sums_of_coefficients(activation, h, learned, dy):
    """For each coefficient c the sum over all elements of |dy dy/dc|, at double: what rounding its gradient goes by."""
    h, dy, learned = h.double(), dy.double(), [t.detach().double() for t in learned]
    sums = []
    for k, values in enumerate(learned):
        one = torch.empty_like(values)
        for j in range(values.numel()):
            unit = torch.zeros_like(values)
            unit[j] = 1
            _, d = torch.func.jvp(
                lambda c, k=k: activate(activation, h, [*learned[:k], c, *learned[k + 1 :]]), (values,), (unit,)
            )
            one[j] = (d * dy).abs().sum()
        sums.append(one)
    return sums


def double_step(text, tokens, targets, *, seed=5):
    """By names, in double at the weights that float has: the gradients, and sums_of_coefficients."""
    twin = Transformer(read_toml(text), seed=seed, dtype=torch.float64)
    seen = []

    def watched(activation, h, learned):
        y = activate(activation, h, learned)
        y.retain_grad()
        seen.append((h.detach(), learned, y))
        return y

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nwidth.lm.model, "activate", watched)
        twin.loss(tokens, targets).backward()
    activation, sums = twin.model.activation, {}
    for layer, (h, learned, y) in enumerate(seen):
        for (name, _), one in zip(
            coefficients(activation), sums_of_coefficients(activation, h, learned, y.grad), strict=True
        ):
            sums[f"layers.{layer}.activation.{name}"] = one
    return {name: w.grad for name, w in twin.weights.items()}, sums


def distance(a, b):
    """Largest difference relative to the largest entry."""
    a, b = a.double(), b.double()
    return ((a - b).abs().max() / b.abs().max().clamp_min(1e-30)).item()
