# SPDX-License-Identifier: Apache-2.0
"""PolyReLU and PolyNorm as PolyCom defines them (arXiv 2411.03884), in plain PyTorch.

The formulas, the order of the coefficients and the starting values are those of PolyCom's code; unlike it they work in
float32 when x is bfloat16 or float16, and round once, at the end.
"""

import torch
from torch import nn


def _widened(x, weight, bias):
    dtype = torch.promote_types(x.dtype, torch.float32)
    return x.to(dtype), weight.to(dtype), bias.to(dtype)


def polyrelu(x, weight, bias):
    """y = weight[0] u^3 + weight[1] u^2 + weight[2] u + bias, u = max(x, 0), for x of any shape; dy/dx = 0 at 0."""
    v, w, b = _widened(x, weight, bias)
    u = torch.relu(v)
    return (w[0] * u**3 + w[1] * u**2 + w[2] * u + b).to(x.dtype)


def normalised(v, eps):
    """v / sqrt(mean(v^2) + eps), the mean over the last axis."""
    return v * torch.rsqrt(v.square().mean(-1, keepdim=True) + eps)


def polynorm(x, weight, bias, eps=1e-6):
    """y = weight[0] N(x^3) + weight[1] N(x^2) + weight[2] N(x) + bias, N = normalised, for x of shape (..., n)."""
    v, w, b = _widened(x, weight, bias)
    y = w[0] * normalised(v**3, eps) + w[1] * normalised(v**2, eps) + w[2] * normalised(v, eps) + b
    return y.to(x.dtype)


class _Activation(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3) / 3)
        self.bias = nn.Parameter(torch.zeros(1))


class PolyReLU(_Activation):
    """polyrelu with learned coefficients, which start at 1/3, 1/3, 1/3 and 0."""

    def forward(self, x):
        return polyrelu(x, self.weight, self.bias)


class PolyNorm(_Activation):
    """polynorm with learned coefficients, which start at 1/3, 1/3, 1/3 and 0."""

    def __init__(self, eps=1e-6):
        super().__init__()
        self.eps = eps

    def forward(self, x):
        return polynorm(x, self.weight, self.bias, self.eps)
