# SPDX-License-Identifier: Apache-2.0
"""Loads torch.ops.nwidth and gives it shapes and derivatives; importing this module is what registers them."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

_OLDEST = (2, 11)
_TYPES = (torch.float32, torch.bfloat16, torch.float64)


def _load() -> None:
    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < _OLDEST:
        raise ImportError(f"nwidth.torch needs torch >= {_OLDEST[0]}.{_OLDEST[1]}, and this is {torch.__version__}")
    library = Path(__file__).resolve().parents[1] / "_torch.so"
    if not library.exists():
        raise ImportError(
            "nwidth.torch is not in this installation: torch was not found when nwidth was built. In the folder of "
            "nwidth's sources: pip install --force-reinstall --no-deps . where torch is installed already, or "
            "NWIDTH_TORCH=1 pip install '.[torch]', which fetches torch to build with"
        )
    torch.ops.load_library(str(library))


_load()


def _check(op: str, x: Tensor, weight: Tensor, bias: Tensor | None, rows: bool) -> None:
    """What the kernels refuse, refused with the same words where only shapes are known."""
    if rows and x.dim() == 0:
        raise ValueError(f"nwidth::{op}: x of shape [] has no rows; allowed is one dimension or more")
    if weight.shape != (3,):
        raise ValueError(f"nwidth::{op}: weight has shape {list(weight.shape)}; allowed is [3]")
    if bias is not None and bias.shape != (1,):
        raise ValueError(f"nwidth::{op}: bias has shape {list(bias.shape)}; allowed is [1]")
    for name, t in (("weight", weight), ("bias", bias), ("x", x)):
        if t is not None and t.dtype not in _TYPES:
            raise ValueError(
                f"nwidth::{op}: {name} of shape {list(t.shape)} has a type other than float32, bfloat16 and float64"
            )


def _contiguous_like(x: Tensor) -> Tensor:
    return x.new_empty(x.shape)


def _gradient_like(x: Tensor) -> Tensor:
    return x.new_empty(4, dtype=torch.float64)


@torch.library.register_fake("nwidth::polyrelu")
def _(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    _check("polyrelu", x, weight, bias, rows=False)
    return torch.empty_like(x)


@torch.library.register_fake("nwidth::polyrelu_backward")
def _(grad: Tensor, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    return torch.empty_like(x), _gradient_like(x)


@torch.library.register_fake("nwidth::polynorm")
def _(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    _check("polynorm", x, weight, bias, rows=True)
    kind = torch.float64 if x.dtype == torch.float64 else torch.float32
    return _contiguous_like(x), x.new_empty([*x.shape[:-1], 3], dtype=kind)


@torch.library.register_fake("nwidth::polynorm_backward")
def _(grad: Tensor, x: Tensor, rstd: Tensor, weight: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    return _contiguous_like(x), _gradient_like(x)


def _split(gradient: Tensor, ctx: Any) -> tuple[Tensor, Tensor]:
    """d weight and d bias from the kernel's four doubles."""
    return gradient[:3].to(ctx.weight_type), gradient[3:].to(ctx.bias_type)


def _keep_types(ctx: Any, weight: Tensor, bias: Tensor) -> None:
    ctx.weight_type, ctx.bias_type = weight.dtype, bias.dtype


def _polyrelu_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, weight, bias = inputs
    _keep_types(ctx, weight, bias)
    ctx.save_for_backward(x, weight)


def _polyrelu_backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    x, weight = ctx.saved_tensors
    dx, gradient = torch.ops.nwidth.polyrelu_backward(grad, x, weight)
    return dx, *_split(gradient, ctx)


def _polynorm_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    x, weight, bias, ctx.eps = inputs
    _keep_types(ctx, weight, bias)
    ctx.mark_non_differentiable(output[1])
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(x, output[1], weight)


def _polynorm_backward(ctx: Any, grad: Tensor | None, _: Tensor | None) -> tuple[Tensor | None, ...]:
    if grad is None:
        return None, None, None, None
    x, rstd, weight = ctx.saved_tensors
    dx, gradient = torch.ops.nwidth.polynorm_backward(grad, x, rstd, weight, ctx.eps)
    return dx, *_split(gradient, ctx), None


def _no_second_derivative(ctx: Any, *grads: Tensor | None) -> None:
    raise NotImplementedError("nwidth: the derivative of an activation's backward is not implemented")


torch.library.register_autograd("nwidth::polyrelu", _polyrelu_backward, setup_context=_polyrelu_context)
torch.library.register_autograd("nwidth::polynorm", _polynorm_backward, setup_context=_polynorm_context)
torch.library.register_autograd("nwidth::polyrelu_backward", _no_second_derivative)
torch.library.register_autograd("nwidth::polynorm_backward", _no_second_derivative)
