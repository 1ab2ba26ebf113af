# SPDX-License-Identifier: Apache-2.0
"""Mean cross entropy, whole and by chunks of rows, as experiments/lm/loss.cpp computes it."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

NOT_SCORED = -100
CHUNKED_VOCABULARY = 4096


def chunk_rows(vocabulary: int) -> int:
    """128 MiB of float logits, at least 16 rows."""
    return max(16, (1 << 25) // vocabulary)


def _wide(dtype: torch.dtype) -> torch.dtype:
    return torch.float64 if dtype == torch.float64 else torch.float32


def cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    logits = F.linear(hidden, weight)
    return F.cross_entropy(logits.to(_wide(logits.dtype)), targets, ignore_index=NOT_SCORED)


@torch.compiler.disable  # Dynamo of torch 2.11 traces the function below and gives gradients that are all 0
def chunked_cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor, rows: int) -> Tensor:
    """Logits of one chunk exist at a time; the forward pass computes the gradient."""
    kind, dtype = hidden.device.type, hidden.dtype
    if dtype != torch.float64 and torch.is_autocast_enabled(kind):
        dtype = torch.get_autocast_dtype(kind)
    if torch.is_grad_enabled() and (hidden.requires_grad or weight.requires_grad):
        loss: Tensor = _Chunked.apply(hidden, weight, targets, rows, dtype)
        return loss
    with torch.autocast(kind, enabled=False):
        return _by_chunks(hidden, weight, targets, rows, dtype, False)[0]


def _by_chunks(
    hidden: Tensor, weight: Tensor, targets: Tensor, rows: int, dtype: torch.dtype, gradients: bool
) -> tuple[Tensor, Tensor, Tensor]:
    sums = _wide(hidden.dtype)
    matrix, scored = weight.to(dtype), targets.ne(NOT_SCORED)
    index = torch.where(scored, targets, 0).unsqueeze(1)
    scale = scored.to(sums).unsqueeze(1)
    each = scale / scale.sum()
    loss = torch.zeros((), dtype=sums, device=hidden.device)
    d_hidden = torch.empty_like(hidden) if gradients else hidden
    d_weight = torch.zeros(weight.shape, dtype=sums, device=weight.device) if gradients else weight
    for begin in range(0, hidden.shape[0], rows):
        part = slice(begin, min(begin + rows, hidden.shape[0]))
        h, at, weights = hidden[part].to(dtype), index[part], each[part]
        logits = torch.mm(h, matrix.t()).to(sums)
        normaliser = torch.logsumexp(logits, 1, True)
        loss.add_(((normaliser - logits.gather(1, at)) * weights).sum())
        if not gradients:
            continue
        logits.sub_(normaliser).exp_().mul_(weights).scatter_add_(1, at, -weights)
        g = logits.to(dtype)
        d_hidden[part].copy_(torch.mm(g, matrix))
        if dtype == sums:
            d_weight.addmm_(g.t(), h)
        else:
            d_weight.add_(torch.mm(g.t(), h))
    return loss, d_hidden, d_weight


class _Chunked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, rows: int, dtype: torch.dtype) -> Tensor:
        with torch.autocast(hidden.device.type, enabled=False):
            loss, d_hidden, d_weight = _by_chunks(hidden, weight, targets, rows, dtype, True)
        ctx.save_for_backward(d_hidden, d_weight)
        return loss

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        d_hidden, d_weight = ctx.saved_tensors
        return d_hidden * g.to(d_hidden.dtype), d_weight * g.to(d_weight.dtype), None, None, None
