# SPDX-License-Identifier: Apache-2.0
"""Activations as operators of PyTorch, `torch.ops.nwidth.*`, and as modules.

    >>> from nwidth.torch import PolyNorm
    >>> ffn = torch.nn.Sequential(torch.nn.Linear(64, 256), PolyNorm(), torch.nn.Linear(256, 64))

x is float32, bfloat16 or float64 of any strides, on the CPU, or, where the operators were built with CUDA, float32 or
bfloat16 on a GPU; coefficients may be of another of these types. The result has the type of x; arithmetic is in float32
at least and rounded once. Backward keeps the inputs and the coefficients, and for PolyNorm on the CPU three numbers a
row. Works under autograd, autocast, torch.compile(fullgraph=True) and
torch.export; derivatives of derivatives raise. Errors are exceptions that name the shape. Needs torch >= 2.11.
"""

from nwidth.torch.functional import (
    geglu,
    gelu,
    leaky_relu,
    polynorm,
    polynorm_glu,
    polyrelu,
    polyrelu_glu,
    prelu,
    reglu,
    relu,
    relu_power,
    silu,
    swiglu,
    xielu,
)
from nwidth.torch.modules import (
    GELU,
    XIELU,
    GeGLU,
    LeakyReLU,
    PolyNorm,
    PolyNormGLU,
    PolyReLU,
    PolyReLUGLU,
    PReLU,
    ReGLU,
    ReLU,
    ReLUPower,
    SiLU,
    SwiGLU,
)

__all__ = [
    "GELU",
    "XIELU",
    "GeGLU",
    "LeakyReLU",
    "PReLU",
    "PolyNorm",
    "PolyNormGLU",
    "PolyReLU",
    "PolyReLUGLU",
    "ReGLU",
    "ReLU",
    "ReLUPower",
    "SiLU",
    "SwiGLU",
    "geglu",
    "gelu",
    "leaky_relu",
    "polynorm",
    "polynorm_glu",
    "polyrelu",
    "polyrelu_glu",
    "prelu",
    "reglu",
    "relu",
    "relu_power",
    "silu",
    "swiglu",
    "xielu",
]
