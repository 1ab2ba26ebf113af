# SPDX-License-Identifier: Apache-2.0
"""A decoder-only transformer: names, order of parameters and operations are those of experiments/lm/model.hpp.

With the same seed the weights are equal to the bit, and on a CPU so are logits, loss and gradients, in float32 and
under bfloat16 autocast, when the C++ side computes activations by torch's operators.
"""

import math
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nwidth.lm.activations import GATED, activate, coefficients
from nwidth.lm.loss import CHUNKED_VOCABULARY, NOT_SCORED, chunk_rows, chunked_cross_entropy, cross_entropy


@dataclass(frozen=True)
class Model:
    """[model] of a configuration."""

    vocabulary: int = 256
    context: int = 256
    layers: int = 4
    width: int = 256
    heads: int = 4
    activation: str = "polynorm"
    hidden: int = 1024
    positions: str = "rope"
    rope_base: float = 10000.0
    norm: str = "rms"
    norm_eps: float = 1e-5
    tied: bool = True
    biases: bool = False
    dropout: float = 0.0
    initialisation: str = "polycom"


def read_toml(text: str) -> Model:
    """[model] of the canonical configuration that nwidth-lm writes; hidden is a number there."""
    import tomllib  # Python >= 3.11

    table = tomllib.loads(text)["model"]
    known = {f.name for f in fields(Model)}
    if known != set(table):
        raise ValueError(f"nwidth: [model] has {sorted(table)}; a canonical one has {sorted(known)}")
    return Model(**table)


class Transformer(nn.Module):
    """Parameters are in `weights`, by the names that checkpoints have."""

    def __init__(self, model: Model, seed: int | None = None, dtype: torch.dtype = torch.float32) -> None:
        """seed: torch.manual_seed before weights are drawn; None: from where the default generator stands."""
        super().__init__()
        if seed is not None:
            torch.manual_seed(seed)
        self.model, m = model, model
        self.weights: dict[str, nn.Parameter] = {}
        gated = m.activation in GATED
        deviation = math.sqrt(2 / (5 * m.width)) if m.initialisation == "polycom" else 0.02
        residual = deviation / math.sqrt(2 * m.layers)

        def add(name: str, value: Tensor) -> None:
            self.weights[name] = nn.Parameter(value.to(dtype))
            self.register_parameter(name.replace(".", "_"), self.weights[name])

        def linear(name: str, rows: int, columns: int, std: float) -> None:
            add(name + ".weight", torch.normal(0.0, std, (rows, columns)))
            if m.biases:
                add(name + ".bias", torch.zeros(rows))

        def norm(name: str, kind: str) -> None:
            if kind != "none":
                add(name + ".weight", torch.ones(m.width))
            if kind == "layer":
                add(name + ".bias", torch.zeros(m.width))

        add("embedding.weight", torch.normal(0.0, deviation, (m.vocabulary, m.width)))
        if m.positions == "learned":
            add("positions.weight", torch.normal(0.0, deviation, (m.context, m.width)))
        for i in range(m.layers):
            at = f"layers.{i}."
            norm(at + "attention_norm", m.norm)
            linear(at + "qkv", 3 * m.width, m.width, deviation)
            linear(at + "attention", m.width, m.width, residual)
            norm(at + "feed_forward_norm", m.norm)
            linear(at + "up", (2 if gated else 1) * m.hidden, m.width, deviation)
            for name, initial in coefficients(m.activation):
                add(at + "activation." + name, torch.tensor(initial, dtype=torch.float64).to(torch.float32))
            linear(at + "down", m.width, m.hidden, residual)
        self.final_norm = "layer" if m.norm == "none" else m.norm
        norm("norm", self.final_norm)
        if not m.tied:
            add("output.weight", torch.normal(0.0, deviation, (m.vocabulary, m.width)))

        if m.positions == "rope":
            d = m.width // m.heads
            frequencies = torch.pow(m.rope_base, -torch.arange(0, d, 2, dtype=torch.float64) / float(d))
            angles = torch.outer(torch.arange(m.context, dtype=torch.float64), frequencies)
            self.register_buffer("cosines", angles.cos(), persistent=False)
            self.register_buffer("sines", angles.sin(), persistent=False)

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return F.linear(x, self.weights[name + ".weight"], self.weights.get(name + ".bias"))

    def _norm(self, name: str, x: Tensor, kind: str) -> Tensor:
        shape, eps = (self.model.width,), self.model.norm_eps
        if kind == "rms":
            return F.rms_norm(x, shape, self.weights[name + ".weight"], eps)
        if kind == "layer":
            return F.layer_norm(x, shape, self.weights[name + ".weight"], self.weights[name + ".bias"], eps)
        return x

    def _dropped(self, x: Tensor) -> Tensor:
        return torch.dropout(x, self.model.dropout, self.training) if self.model.dropout > 0 else x

    def _block(self, at: str, x: Tensor) -> Tensor:
        m = self.model
        sequences, tokens, _ = x.shape
        h = self._linear(at + "qkv", self._norm(at + "attention_norm", x, m.norm))
        q, k, v = (t.view(sequences, tokens, m.heads, -1).transpose(1, 2) for t in h.split(m.width, -1))
        if m.positions == "rope":
            c, s = self.cosines[:tokens].to(q.dtype), self.sines[:tokens].to(q.dtype)
            q, k = _rotated(q, c, s), _rotated(k, c, s)
        h = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self._dropped(self._linear(at + "attention", h.transpose(1, 2).reshape(sequences, tokens, m.width)))

        h = self._linear(at + "up", self._norm(at + "feed_forward_norm", x, m.norm))
        learned = [self.weights[f"{at}activation.{name}"] for name, _ in coefficients(m.activation)]
        return x + self._dropped(self._linear(at + "down", activate(m.activation, h, learned)))

    def embedded(self, tokens: Tensor) -> Tensor:
        """[B, T] -> [B, T, width], positions not among it."""
        return F.embedding(tokens, self.weights["embedding.weight"])

    def hidden(self, embedded: Tensor) -> Tensor:
        """[B, T, width] -> [B, T, width], behind the last norm."""
        m, x = self.model, embedded
        if m.positions == "learned":
            x = x + self.weights["positions.weight"].narrow(0, 0, x.shape[1])
        x = self._dropped(x)
        for i in range(m.layers):
            x = self._block(f"layers.{i}.", x)
        return self._norm("norm", x, self.final_norm)

    def _output(self) -> Tensor:
        return self.weights["embedding.weight" if self.model.tied else "output.weight"]

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits."""
        return F.linear(self.hidden(self.embedded(tokens)), self._output())

    def loss(self, tokens: Tensor, targets: Tensor, scored: Tensor | None = None) -> Tensor:
        """Mean cross entropy in nats over the targets at positions that are scored, [T] bool; None: all."""
        t = targets if scored is None else torch.where(scored, targets, NOT_SCORED)
        return self.loss_of(self.embedded(tokens), t)

    def loss_of(self, embedded: Tensor, targets: Tensor) -> Tensor:
        """The same from what embedded() gives; targets that are not scored are NOT_SCORED."""
        h, t = self.hidden(embedded).reshape(-1, self.model.width), targets.reshape(-1)
        if self.model.vocabulary >= CHUNKED_VOCABULARY:
            return chunked_cross_entropy(h, self._output(), t, chunk_rows(self.model.vocabulary))
        return cross_entropy(h, self._output(), t)


def _rotated(x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat([a * cosines - b * sines, b * cosines + a * sines], -1)
