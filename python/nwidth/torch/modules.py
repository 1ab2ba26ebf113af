# SPDX-License-Identifier: Apache-2.0
"""The activations as modules, whose state_dict is that of PolyCom's code."""

from typing import Any

import torch
from torch import Tensor, nn

from nwidth.torch.functional import polynorm, polyrelu


class _Polynomial(nn.Module):
    """weight: (3,), cubic first, all 1/3 at first; bias: (1,), 0 at first."""

    weight: nn.Parameter
    bias: nn.Parameter

    def __init__(self, device: Any = None, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(3, device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(1, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.constant_(self.weight, 1 / 3)
        nn.init.zeros_(self.bias)


class PolyReLU(_Polynomial):
    """PolyReLU of degree 3 with coefficients that are learned: see nwidth.torch.polyrelu."""

    def forward(self, x: Tensor) -> Tensor:
        return polyrelu(x, self.weight, self.bias)


class PolyNorm(_Polynomial):
    """PolyNorm of degree 3 with coefficients that are learned, over the last dimension: see nwidth.torch.polynorm."""

    def __init__(self, eps: float = 1e-6, device: Any = None, dtype: torch.dtype | None = None) -> None:
        super().__init__(device, dtype)
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return polynorm(x, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"eps={self.eps}"
