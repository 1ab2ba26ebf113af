# SPDX-License-Identifier: Apache-2.0
"""liger-kernel's PolyNorm for the suite: on a GPU, or on the CPU with TRITON_INTERPRET=1 in the environment.

`PolyNorm` is what LigerPolyNorm() makes; `PolyNormNotInPlace` the same with in_place=False, whose backward leaves the
gradient that arrives alone.
"""

from .subject import Unavailable


def _made(eps, **options):
    try:
        from liger_kernel.transformers.poly_norm import LigerPolyNorm
    except ImportError as error:
        raise Unavailable(f"liger-kernel cannot be imported ({error})") from error
    return LigerPolyNorm(eps=eps, **options)


def PolyNorm(eps=1e-6):
    return _made(eps)


def PolyNormNotInPlace(eps=1e-6):
    return _made(eps, in_place=False)
