# SPDX-License-Identifier: Apache-2.0
"""Activations as operators of PyTorch, `torch.ops.nwidth.*`, and as modules.

    >>> from nwidth.torch import PolyNorm
    >>> ffn = torch.nn.Sequential(torch.nn.Linear(64, 256), PolyNorm(), torch.nn.Linear(256, 64))

x is float32, bfloat16 or float64 of any strides, on the CPU; coefficients may be of another of these types. The
result has the type of x; arithmetic is in float32 at least and rounded once. Backward keeps x and the weights, and for
PolyNorm three numbers a row. Works under autograd, autocast, torch.compile(fullgraph=True) and torch.export;
derivatives of derivatives raise. Errors are exceptions that name the shape. Needs torch >= 2.11.
"""

from nwidth.torch.functional import polynorm, polyrelu
from nwidth.torch.modules import PolyNorm, PolyReLU

__all__ = ["PolyNorm", "PolyReLU", "polynorm", "polyrelu"]
