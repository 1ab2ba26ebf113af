# SPDX-License-Identifier: Apache-2.0
"""The operators as functions. Derivatives at kinks are those of the left side."""

from typing import Literal

import torch
from torch import Tensor

import nwidth.torch.operators  # noqa: F401  registers torch.ops.nwidth

Approximate = Literal["none", "tanh"]


def _form(approximate: str) -> bool:
    """Whether GELU is the form with tanh."""
    if approximate not in ("none", "tanh"):
        raise ValueError(f"nwidth: approximate = {approximate!r}; allowed are 'none' and 'tanh'")
    return approximate == "tanh"


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


def relu(x: Tensor) -> Tensor:
    """max(x, 0)."""
    y: Tensor = torch.ops.nwidth.relu(x)
    return y


def relu_power(x: Tensor, k: int = 2) -> Tensor:
    """max(x, 0)^k for k = 1 ... 64; k = 2 is Primer's squared ReLU."""
    y: Tensor = torch.ops.nwidth.relu_power(x, k)
    return y


def leaky_relu(x: Tensor, slope: float = 0.01) -> Tensor:
    """x where x > 0, slope x elsewhere."""
    y: Tensor = torch.ops.nwidth.leaky_relu(x, slope)
    return y


def prelu(x: Tensor, weight: Tensor) -> Tensor:
    """x where x > 0, weight x elsewhere, with one slope for all elements. weight: (1,)."""
    y: Tensor = torch.ops.nwidth.prelu(x, weight)
    return y


def gelu(x: Tensor, approximate: Approximate = "none") -> Tensor:
    """x Phi(x), Phi the normal distribution; "tanh": x sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)).

    Without cancellation in the left tail, where 1 + erf and 1 + tanh lose every digit.
    """
    y: Tensor = (torch.ops.nwidth.gelu_tanh if _form(approximate) else torch.ops.nwidth.gelu)(x)
    return y


def silu(x: Tensor) -> Tensor:
    """x sigmoid(x)."""
    y: Tensor = torch.ops.nwidth.silu(x)
    return y


def xielu(x: Tensor, alpha_p: Tensor, alpha_n: Tensor, beta: float = 0.5, eps: float = -1e-6) -> Tensor:
    """p x^2 + beta x where x > 0, n (exp(min(x, eps)) - 1 - x) + beta x elsewhere.

    p = softplus(alpha_p), n = beta + softplus(alpha_n). alpha_p, alpha_n: (1,).
    """
    y: Tensor = torch.ops.nwidth.xielu(x, alpha_p, alpha_n, beta, eps)
    return y


def reglu(gate: Tensor, up: Tensor) -> Tensor:
    """relu(gate) up; a closed gate gives 0 for every finite up."""
    y: Tensor = torch.ops.nwidth.reglu(gate, up)
    return y


def geglu(gate: Tensor, up: Tensor, approximate: Approximate = "none") -> Tensor:
    """gelu(gate) up, with either form of GELU."""
    y: Tensor = (torch.ops.nwidth.geglu_tanh if _form(approximate) else torch.ops.nwidth.geglu)(gate, up)
    return y


def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """silu(gate) up."""
    y: Tensor = torch.ops.nwidth.swiglu(gate, up)
    return y


def polyrelu_glu(gate: Tensor, up: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """polyrelu(gate, weight, bias) up."""
    y: Tensor = torch.ops.nwidth.polyrelu_glu(gate, up, weight, bias)
    return y


def polynorm_glu(
    gate: Tensor, up: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-6, scale: float = 1.0
) -> Tensor:
    """scale polynorm(gate, weight, bias, eps) up, contiguous."""
    y: Tensor = torch.ops.nwidth.polynorm_glu(gate, up, weight, bias, eps, scale)[0]
    return y
