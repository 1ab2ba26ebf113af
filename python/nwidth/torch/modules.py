# SPDX-License-Identifier: Apache-2.0
"""The activations as modules. The state_dict is that of the code that published the activation."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from nwidth.torch import functional
from nwidth.torch.functional import Approximate


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
        return functional.polyrelu(x, self.weight, self.bias)


class PolyNorm(_Polynomial):
    """PolyNorm of degree 3 with coefficients that are learned, over the last dimension: see nwidth.torch.polynorm."""

    def __init__(self, eps: float = 1e-6, device: Any = None, dtype: torch.dtype | None = None) -> None:
        super().__init__(device, dtype)
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return functional.polynorm(x, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"eps={self.eps}"


class ReLU(nn.Module):
    """max(x, 0)."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x)


class ReLUPower(nn.Module):
    """max(x, 0)^k."""

    def __init__(self, k: int = 2) -> None:
        super().__init__()
        self.k = k

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu_power(x, self.k)

    def extra_repr(self) -> str:
        return f"k={self.k}"


class LeakyReLU(nn.Module):
    """x where x > 0, slope x elsewhere, with a slope that is fixed."""

    def __init__(self, slope: float = 0.01) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(x, self.slope)

    def extra_repr(self) -> str:
        return f"slope={self.slope}"


class PReLU(nn.Module):
    """Leaky ReLU with one slope that is learned: weight (1,), 1/4 at first, as torch.nn.PReLU with one parameter."""

    weight: nn.Parameter

    def __init__(self, slope: float = 0.25, device: Any = None, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.slope = slope
        self.weight = nn.Parameter(torch.empty(1, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.constant_(self.weight, self.slope)

    def forward(self, x: Tensor) -> Tensor:
        return functional.prelu(x, self.weight)


class _WithForm(nn.Module):
    def __init__(self, approximate: Approximate = "none") -> None:
        super().__init__()
        functional._form(approximate)
        self.approximate: Approximate = approximate

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class GELU(_WithForm):
    """x Phi(x), or its form with tanh: see nwidth.torch.gelu."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.gelu(x, self.approximate)


class SiLU(nn.Module):
    """x sigmoid(x)."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.silu(x)


class XIELU(nn.Module):
    """xIELU with p and n that are learned: see nwidth.torch.xielu.

    alpha_p, alpha_n: (1,), from which p = softplus(alpha_p) and n = beta + softplus(alpha_n); p and n are where they
    start. Checkpoints of Hugging Face's module load: their beta and eps replace those of the constructor.
    """

    alpha_p: nn.Parameter
    alpha_n: nn.Parameter

    def __init__(
        self,
        p: float = 0.8,
        n: float = 0.8,
        beta: float = 0.5,
        eps: float = -1e-6,
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if not (p > 0 and n > beta):
            raise ValueError(f"nwidth: p = {p}, n = {n}, beta = {beta}; allowed are p > 0 and n > beta")
        self.p, self.n, self.beta, self.eps = p, n, beta, eps
        self.alpha_p = nn.Parameter(torch.empty(1, device=device, dtype=dtype))
        self.alpha_n = nn.Parameter(torch.empty(1, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.constant_(self.alpha_p, math.log(math.expm1(self.p)))
        nn.init.constant_(self.alpha_n, math.log(math.expm1(self.n - self.beta)))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        for name in ("beta", "eps"):
            if prefix + name in state_dict:
                setattr(self, name, float(state_dict.pop(prefix + name)))
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def forward(self, x: Tensor) -> Tensor:
        return functional.xielu(x, self.alpha_p, self.alpha_n, self.beta, self.eps)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, eps={self.eps}"


class ReGLU(nn.Module):
    """relu(gate) up."""

    def forward(self, gate: Tensor, up: Tensor) -> Tensor:
        return functional.reglu(gate, up)


class GeGLU(_WithForm):
    """gelu(gate) up, with either form of GELU."""

    def forward(self, gate: Tensor, up: Tensor) -> Tensor:
        return functional.geglu(gate, up, self.approximate)


class SwiGLU(nn.Module):
    """silu(gate) up."""

    def forward(self, gate: Tensor, up: Tensor) -> Tensor:
        return functional.swiglu(gate, up)


class PolyReLUGLU(_Polynomial):
    """PolyReLU(gate) up with coefficients that are learned."""

    def forward(self, gate: Tensor, up: Tensor) -> Tensor:
        return functional.polyrelu_glu(gate, up, self.weight, self.bias)


class PolyNormGLU(_Polynomial):
    """scale PolyNorm(gate) up with coefficients that are learned; scale = 1/2 is Motif's."""

    def __init__(
        self, eps: float = 1e-6, scale: float = 1.0, device: Any = None, dtype: torch.dtype | None = None
    ) -> None:
        super().__init__(device, dtype)
        self.eps, self.scale = eps, scale

    def forward(self, gate: Tensor, up: Tensor) -> Tensor:
        return functional.polynorm_glu(gate, up, self.weight, self.bias, self.eps, self.scale)

    def extra_repr(self) -> str:
        return f"eps={self.eps}, scale={self.scale}"
