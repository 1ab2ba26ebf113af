# SPDX-License-Identifier: Apache-2.0
"""The activations of nwidth-lm in torch's operators, in the order of experiments/lm/activation_ops.cpp."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

SLOPE, NORM_EPS, BETA, XIELU_EPS = 0.01, 1e-6, 0.5, -1e-6
GATED = {
    "reglu": "relu",
    "geglu": "gelu",
    "geglu-tanh": "gelu-tanh",
    "swiglu": "silu",
    "polyrelu-glu": "polyrelu",
    "polynorm-glu": "polynorm",
}


def coefficients(activation: str) -> list[tuple[str, list[float]]]:
    """Names of what is learned, and where it starts."""
    if activation.startswith("poly"):
        return [("weight", [1 / 3, 1 / 3, 1 / 3]), ("bias", [0.0])]
    if activation == "xielu":
        return [("alpha_p", [math.log(math.expm1(0.8))]), ("alpha_n", [math.log(math.expm1(0.8 - BETA))])]
    return []


def _widened(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.to(torch.float32)


def relu2(x: Tensor) -> Tensor:
    u = torch.relu(x)
    return u * u


def polyrelu(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    w = weight.unbind(0)
    u = torch.relu(_widened(x))
    return (((u * w[0] + w[1]) * u + w[2]) * u + bias).to(x.dtype)


def polynorm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    def scale(v: Tensor) -> Tensor:
        return torch.rsqrt((v * v).mean(-1, keepdim=True) + NORM_EPS)

    w = weight.unbind(0)
    u = _widened(x)
    u2 = u * u
    u3 = u2 * u
    y = u3 * (scale(u3) * w[0]) + u2 * (scale(u2) * w[1]) + u * (scale(u) * w[2]) + bias
    return y.to(x.dtype)


def xielu(x: Tensor, alpha_p: Tensor, alpha_n: Tensor) -> Tensor:
    u, p, n = _widened(x), F.softplus(alpha_p), F.softplus(alpha_n) + BETA
    right, left = u * u * p, (torch.expm1(u.clamp_max(XIELU_EPS)) - u) * n
    return (torch.where(u > 0, right, left) + u * BETA).to(x.dtype)


_PLAIN: dict[str, Callable[..., Tensor]] = {
    "identity": lambda x: x,
    "relu": torch.relu,
    "relu2": relu2,
    "leaky-relu": lambda x: F.leaky_relu(x, SLOPE),
    "gelu": F.gelu,
    "gelu-tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "xielu": xielu,
    "polyrelu": polyrelu,
    "polynorm": polynorm,
}


def activate(activation: str, h: Tensor, learned: list[Tensor]) -> Tensor:
    """act(h), or act(gate) up with h = (gate, up) along the last dimension."""
    if activation not in GATED:
        return _PLAIN[activation](h, *learned)
    gate, up = h.chunk(2, -1)
    return _PLAIN[GATED[activation]](gate, *learned) * up
