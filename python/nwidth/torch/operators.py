# SPDX-License-Identifier: Apache-2.0
"""Loads torch.ops.nwidth and gives it shapes and derivatives; importing this module is what registers them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

_OLDEST = (2, 11)
_TYPES = (torch.float32, torch.bfloat16, torch.float64)


def _on_cuda(t: Tensor) -> bool:
    return t.device.type == "cuda"


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


@dataclass(frozen=True)
class _Operator:
    """name(inputs..., coefficients..., constants...) -> y, or (y, rstd) if by rows.

    name_backward(grad, inputs..., rstd if by rows, coefficients..., constants...) -> derivatives in the inputs, and, if
    there are coefficients, one vector of float64 with theirs. Of the coefficients it takes those in `kept`.
    """

    name: str
    inputs: tuple[str, ...] = ("x",)
    sizes: tuple[tuple[str, int], ...] = ()  # of the coefficients
    kept: int = 0
    rows: bool = False

    def check(self, inputs: tuple[Tensor, ...], coefficients: tuple[Tensor, ...]) -> None:
        """What the kernels refuse, refused with the same words where only shapes are known."""

        def refuse(message: str) -> None:
            raise ValueError(f"nwidth::{self.name}: {message}")

        first, name = inputs[0], self.inputs[0]
        if self.rows and first.dim() == 0:
            refuse(f"{name} of shape [] has no rows; allowed is one dimension or more")
        for other, t in zip(self.inputs[1:], inputs[1:], strict=True):
            if t.shape != first.shape or t.dtype != first.dtype:
                like = f"{name} of shape {list(first.shape)}"
                refuse(f"{other} of shape {list(t.shape)} differs from {like} in shape or type")
        for (what, size), t in zip(self.sizes, coefficients, strict=False):
            if t.shape != (size,):
                refuse(f"{what} has shape {list(t.shape)}; allowed is [{size}]")
        for what, t in zip((*(s[0] for s in self.sizes), name), (*coefficients, first), strict=False):
            if t.dtype not in _TYPES:
                refuse(f"{what} of shape {list(t.shape)} has a type other than float32, bfloat16 and float64")
        if _on_cuda(first) and first.dtype == torch.float64:
            allowed = "is float64; allowed on CUDA are float32 and bfloat16"
            refuse(f"{name} of shape {list(first.shape)} {allowed}")

    def output(self, t: Tensor) -> Tensor:
        return t.new_empty(t.shape) if self.rows else torch.empty_like(t)

    def split(self, arguments: tuple[Any, ...], kept: int) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
        """Inputs, coefficients, constants."""
        n = len(self.inputs)
        return arguments[:n], arguments[n : n + kept], arguments[n + kept :]

    def fake(self, *arguments: Any) -> Tensor | tuple[Tensor, Tensor]:
        inputs, coefficients, _ = self.split(arguments, len(self.sizes))
        self.check(inputs, coefficients)
        y = self.output(inputs[0])
        if not self.rows:
            return y
        kind = torch.float64 if y.dtype == torch.float64 else torch.float32
        # CUDA's backward computes the statistics of a row again from x, which it reads anyway
        return y, y.new_empty([*y.shape[:-1], 0 if _on_cuda(y) else 3], dtype=kind)

    def fake_backward(self, grad: Tensor, *arguments: Any) -> Tensor | tuple[Tensor, ...]:
        inputs = self.split(arguments, 0)[0]
        derivatives = [self.output(inputs[0])]
        derivatives += [torch.empty_like(derivatives[0]) for _ in inputs[1:]]
        if self.sizes:
            derivatives.append(grad.new_empty(sum(size for _, size in self.sizes), dtype=torch.float64))
        return tuple(derivatives) if len(derivatives) > 1 else derivatives[0]

    def setup_context(self, ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        tensors, coefficients, ctx.constants = self.split(inputs, len(self.sizes))
        ctx.types = [t.dtype for t in coefficients]
        statistics = ()
        if self.rows:
            statistics = (output[1],)
            ctx.mark_non_differentiable(output[1])
            ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors, *statistics, *coefficients[: self.kept])

    def backward(self, ctx: Any, grad: Tensor | None, *_: Any) -> tuple[Tensor | None, ...]:
        nothing = (None,) * len(ctx.constants)
        if grad is None:
            return (None,) * (len(self.inputs) + len(self.sizes)) + nothing
        operator = getattr(torch.ops.nwidth, self.name + "_backward")
        result = operator(grad, *ctx.saved_tensors, *ctx.constants)
        derivatives = result if isinstance(result, tuple | list) else (result,)
        if not self.sizes:
            return *derivatives, *nothing
        parts = derivatives[-1].split([size for _, size in self.sizes])
        return *derivatives[:-1], *(p.to(t) for p, t in zip(parts, ctx.types, strict=True)), *nothing

    def register(self) -> None:
        name = f"nwidth::{self.name}"
        torch.library.register_fake(name, self.fake)
        torch.library.register_fake(name + "_backward", self.fake_backward)
        torch.library.register_autograd(name, self.backward, setup_context=self.setup_context)
        torch.library.register_autograd(name + "_backward", _no_second_derivative)


def _no_second_derivative(ctx: Any, *grads: Tensor | None) -> None:
    raise NotImplementedError("nwidth: the derivative of an activation's backward is not implemented")


_GATED = ("gate", "up")
_CUBIC = (("weight", 3), ("bias", 1))
OPERATORS = (
    _Operator("polyrelu", sizes=_CUBIC, kept=1),
    _Operator("polynorm", sizes=_CUBIC, kept=1, rows=True),
    *(_Operator(name) for name in ("relu", "gelu", "gelu_tanh", "silu", "relu_power", "leaky_relu")),
    _Operator("prelu", sizes=(("weight", 1),), kept=1),
    _Operator("xielu", sizes=(("alpha_p", 1), ("alpha_n", 1)), kept=2),
    *(_Operator(name, inputs=_GATED) for name in ("reglu", "geglu", "geglu_tanh", "swiglu")),
    _Operator("polyrelu_glu", inputs=_GATED, sizes=_CUBIC, kept=2),
    _Operator("polynorm_glu", inputs=_GATED, sizes=_CUBIC, kept=2, rows=True),
)
for _operator in OPERATORS:
    _operator.register()
