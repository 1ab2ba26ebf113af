# SPDX-License-Identifier: Apache-2.0
"""liger-kernel's PolyNorm for the suite: on a GPU, or in Triton's interpreter, which has no sound bfloat16.

`PolyNorm` is what LigerPolyNorm() makes; `PolyNormNotInPlace` the same with in_place=False, whose backward leaves the
gradient that arrives alone.
"""

import os

import torch

from .subject import Unavailable


def _made(eps, **options):
    try:
        from liger_kernel.transformers.poly_norm import LigerPolyNorm
    except ImportError as error:
        raise Unavailable(f"liger-kernel cannot be imported ({error})") from error
    if not torch.cuda.is_available() and os.environ.get("TRITON_INTERPRET") != "1":
        raise Unavailable("liger-kernel needs a GPU, or TRITON_INTERPRET=1 and --dtypes float32")
    return LigerPolyNorm(eps=eps, **options)


def PolyNorm(eps=1e-6):
    return _made(eps)


def PolyNormNotInPlace(eps=1e-6):
    return _made(eps, in_place=False)
