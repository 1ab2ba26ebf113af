# SPDX-License-Identifier: Apache-2.0
"""What describe says of memory against what autograd keeps, and rotary positions."""

import pytest
from lm_models import Transformer, cpp_step, ops, read_toml, torch


def kept_bytes(text, sequences, bf16, backend):
    """Bytes of the storages that a training pass saves, of the twin (torch) or of the C++ model (fused).

    Weights and the loss's logits, or their gradient in the output matrix, are not among them.
    """
    m = read_toml(text)
    tokens = torch.randint(0, m.vocabulary, (sequences, m.context))
    storages = {}

    def keep(t):
        s = t.untyped_storage()
        if t.shape[-1:] != (m.vocabulary,) and t.shape != (m.vocabulary, m.width):
            storages[s.data_ptr()] = (s.nbytes(), t)  # t stays, so that no address comes twice
        return t

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        if backend == "torch":
            twin = Transformer(m, seed=1)
            weights = twin.weights
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                twin.loss(tokens, tokens)
        else:
            _, _, weights, _ = cpp_step(text, tokens, tokens, backend=backend, bf16=bf16)
    skipped = {t.untyped_storage().data_ptr() for t in [*weights.values(), tokens]}
    return sum(size for at, (size, _) in storages.items() if at not in skipped)


@pytest.mark.parametrize("backend", ["torch", "fused"])
@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize(
    "lines",
    [
        [],
        ['norm = "layer"', 'positions = "learned"', "biases = true"],
        ['norm = "none"'],
        ["dropout = 0.1", "layers = 5"],
    ],
)
def test_activation_memory_is_within_15_percent(lines, bf16, backend):
    base = ['activation = "gelu"', "vocabulary = 251", "context = 64", "width = 64", "heads = 4", "hidden = 200"]
    if "layers = 5" not in lines:
        base.append("layers = 3")
    training = f"[training]\nbatch = 8\nmicro_batch = 8\nbfloat16 = {'true' if bf16 else 'false'}\n"
    text = ops.canonical("[model]\n" + "\n".join([*base, *lines]) + "\n" + training)
    estimate, kept = ops.activation_bytes(text, backend), kept_bytes(text, 8, bf16, backend)
    assert abs(estimate - kept) <= 0.15 * kept, (estimate, kept)


def test_rotary_positions_show_differences_alone():
    text = ops.canonical('[model]\nwidth = 32\nheads = 2\nlayers = 1\ncontext = 40\nactivation = "relu"\n')
    twin = Transformer(read_toml(text), dtype=torch.float64)
    from nwidth.lm.model import _rotated

    q, k = torch.randn(2, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    rotated_q, rotated_k = (_rotated(t.expand(40, 16), twin.cosines, twin.sines) for t in (q, k))
    scores = rotated_q @ rotated_k.t()
    for shift in range(-39, 40):
        diagonal = scores.diagonal(shift)
        assert (diagonal - diagonal[0]).abs().max() < 1e-12
    assert (scores[0, 0] - q @ k).abs() < 1e-12
    assert (scores[0] - scores[0, 0]).abs().max() > 0.1
