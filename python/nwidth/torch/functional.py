# SPDX-License-Identifier: Apache-2.0
"""The operators as functions."""

import torch
from torch import Tensor

import nwidth.torch.operators  # noqa: F401  registers torch.ops.nwidth


def polyrelu(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """weight[0] u^3 + weight[1] u^2 + weight[2] u + bias with u = relu(x), elementwise; the derivative at 0 is 0.

    weight: (3,), cubic first, as PolyCom stores it. bias: (1,). The result has the strides of torch.empty_like(x).
    """
    y: Tensor = torch.ops.nwidth.polyrelu(x, weight, bias)
    return y


def polynorm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-6) -> Tensor:
    """weight[0] N(x^3) + weight[1] N(x^2) + weight[2] N(x) + bias, N(v) = v / sqrt(mean(v^2) + eps).

    Means run over the last dimension. weight: (3,), cubic first, as PolyCom stores it. bias: (1,). The result is
    contiguous.
    """
    y: Tensor = torch.ops.nwidth.polynorm(x, weight, bias, eps)[0]
    return y
