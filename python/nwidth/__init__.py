# SPDX-License-Identifier: Apache-2.0
"""Approximation theory of PolyReLU and ReLU networks with verified numerics.

    >>> nwidth.widths(3, 16).upper              # Kolmogorov widths, enclosed
    >>> nwidth.certify("net.json", "exp(x)")    # the error of a network, proved
    >>> nwidth.fit("1/(1+25*x^2)", knots=8)     # a fitted network and how near it is to the best
    >>> nwidth.matched_width(nwidth.FeedForward(2048, 5504, gated=True), nwidth.FeedForward(2048)).width  # 8256

`nwidth.torch` holds the activations as operators of PyTorch. Importing nwidth loads none of this until it is used.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "Enclosure",
    "FeedForward",
    "Fit",
    "MatchedWidth",
    "Width",
    "certify",
    "class_certificate",
    "fit",
    "matched_width",
    "optimal_spline_network",
    "widths",
]
_KERNELS = ("FeedForward", "MatchedWidth", "matched_width")

if TYPE_CHECKING:
    from nwidth._core import (
        Enclosure,
        Fit,
        Width,
        certify,
        class_certificate,
        fit,
        optimal_spline_network,
        widths,
    )
    from nwidth._kernels import FeedForward, MatchedWidth, matched_width

_MISSING = (
    "nwidth.{name} is not in this installation: nwidth was built where {what} was not found. On Debian 12: apt-get "
    "install {packages}; then install nwidth again"
)
_THEORY = "libboost1.81-dev libgmp-dev libmpfr-dev libmpfi-dev libflint-dev libflint-arb-dev nlohmann-json3-dev"


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'nwidth' has no attribute {name!r}")
    if name in _KERNELS:
        return getattr(importlib.import_module("nwidth._kernels"), name)
    try:
        core = importlib.import_module("nwidth._core")
    except ModuleNotFoundError:
        what = "GMP, MPFR, MPFI, FLINT with Arb, Boost or nlohmann-json"
        raise ImportError(_MISSING.format(name=name, what=what, packages=_THEORY)) from None
    if not hasattr(core, name):
        what, packages = "Eigen or Ceres Solver", "libeigen3-dev libceres-dev"
        raise ImportError(_MISSING.format(name=name, what=what, packages=packages))
    return getattr(core, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
