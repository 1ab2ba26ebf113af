# SPDX-License-Identifier: Apache-2.0
"""Every operator of nwidth.torch beside its formula in PyTorch, for the tests of all of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

F32, BF16, F64 = torch.float32, torch.bfloat16, torch.float64


@dataclass(frozen=True)
class Family:
    """eager(*inputs, *coefficients): the formula. bound(...): of the error in float32, in units of 2^-24: the bound of
    the headers of kernels/cpu, times the size that it counts in."""

    eager: Callable[..., Any]
    bound: Callable[..., Any]
    inputs: int = 1
    coefficients: tuple[tuple[float, ...], ...] = ()
    constants: tuple[Any, ...] = ()
    module: tuple[Any, ...] = ()  # class name and arguments of its constructor
    rows: bool = False
    kept: int = 0  # how many coefficients' tensors backward needs


CUBIC = ((0.3, -0.25, 0.5), (0.125,))


def powers(x):
    u = torch.relu(x)
    return [u**3, u**2, u]


def normalised(x, eps=1e-6):
    return [v * torch.rsqrt(v.pow(2).mean(-1, keepdim=True) + eps) for v in (x**3, x**2, x)]


def combine(terms, weight, bias):
    return sum(w * t for w, t in zip(weight, terms, strict=True)) + bias


def size(terms, weight, bias):
    return sum((w * t).abs() for w, t in zip(weight, terms, strict=True)) + bias.abs()


def prelu(x, w):
    return torch.where(x > 0, x, w * x)


def gelu(x):
    return 0.5 * x * torch.special.erfc(-x * math.sqrt(0.5))


def argument(x):
    return 2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)


def gelu_tanh(x):
    return x * torch.sigmoid(argument(x))


def silu(x):
    return x * torch.sigmoid(x)


def leaky(x, slope=0.25):
    return torch.where(x > 0, x, slope * x)


def xielu(x, alpha_p, alpha_n, beta=0.5, eps=-1e-6):
    p = torch.nn.functional.softplus(alpha_p)
    n = beta + torch.nn.functional.softplus(alpha_n)
    # min(x, eps) in the slope too, as the released code has it, but for the slope between eps and 0, where tests have
    # no points.
    left = n * (torch.expm1(torch.clamp(x, max=eps)) - x) + beta * x
    return torch.where(x > 0, p * x * x + beta * x, left)


def xielu_size(x, alpha_p, alpha_n):
    p = torch.nn.functional.softplus(alpha_p)
    n = 0.5 + torch.nn.functional.softplus(alpha_n)
    return torch.where(x > 0, p * x * x + 0.5 * x, -n * torch.expm1(x) + (n - 0.5).abs() * x.abs())


def left(x, growth):
    return torch.where(x < 0, growth, torch.zeros_like(growth))


FAMILIES = {
    "polyrelu": Family(
        lambda x, w, b: combine(powers(x), w, b),
        lambda x, w, b: 3 * size(powers(x), w, b),
        coefficients=CUBIC,
        module=("PolyReLU",),
        kept=1,
    ),
    "polynorm": Family(
        lambda x, w, b: combine(normalised(x), w, b),
        lambda x, w, b: 25 * size(normalised(x), w, b),
        coefficients=CUBIC,
        constants=(1e-6,),
        module=("PolyNorm",),
        rows=True,
        kept=1,
    ),
    "relu": Family(torch.relu, lambda x: 0 * x.abs(), module=("ReLU",)),
    "relu_power": Family(
        lambda x: torch.relu(x) ** 3, lambda x: 2 * torch.relu(x) ** 3, constants=(3,), module=("ReLUPower", 3)
    ),
    "leaky_relu": Family(leaky, lambda x: leaky(x).abs(), constants=(0.25,), module=("LeakyReLU", 0.25)),
    "gelu": Family(gelu, lambda x: (16 + left(x, 2 * x * x)) * gelu(x).abs(), module=("GELU",)),
    "gelu_tanh": Family(
        gelu_tanh,
        lambda x: (9 + left(x, 8 * argument(x).abs())) * gelu_tanh(x).abs(),
        module=("GELU", "tanh"),
    ),
    "silu": Family(silu, lambda x: 6 * silu(x).abs(), module=("SiLU",)),
    "prelu": Family(prelu, lambda x, w: prelu(x, w).abs(), coefficients=((0.25,),), module=("PReLU",), kept=1),
    "xielu": Family(
        xielu,
        lambda *a: 8 * xielu_size(*a),  # 6, and the rounding of p and n
        coefficients=((0.2,), (-1.1,)),
        constants=(0.5, -1e-6),
        module=("XIELU",),
        kept=2,
    ),
    "reglu": Family(
        lambda a, b: torch.relu(a) * b, lambda a, b: (torch.relu(a) * b).abs(), inputs=2, module=("ReGLU",)
    ),
    "geglu": Family(
        lambda a, b: gelu(a) * b,
        lambda a, b: (17 + left(a, 2 * a * a)) * (gelu(a) * b).abs(),
        inputs=2,
        module=("GeGLU",),
    ),
    "geglu_tanh": Family(
        lambda a, b: gelu_tanh(a) * b,
        lambda a, b: (10 + left(a, 8 * argument(a).abs())) * (gelu_tanh(a) * b).abs(),
        inputs=2,
        module=("GeGLU", "tanh"),
    ),
    "swiglu": Family(lambda a, b: silu(a) * b, lambda a, b: 7 * (silu(a) * b).abs(), inputs=2, module=("SwiGLU",)),
    "polyrelu_glu": Family(
        lambda a, u, w, b: combine(powers(a), w, b) * u,
        lambda a, u, w, b: 4 * size(powers(a), w, b) * u.abs(),
        inputs=2,
        coefficients=CUBIC,
        module=("PolyReLUGLU",),
        kept=2,
    ),
    "polynorm_glu": Family(
        lambda a, u, w, b: 0.5 * combine(normalised(a), w, b) * u,
        lambda a, u, w, b: 14 * size(normalised(a), w, b) * u.abs(),
        inputs=2,
        coefficients=CUBIC,
        constants=(1e-6, 0.5),
        module=("PolyNormGLU", 1e-6, 0.5),
        rows=True,
        kept=2,
    ),
}


# In bfloat16 these are computed from tables of short polynomials, which adds 2048 units (brief_units).
BRIEF = ("gelu", "gelu_tanh", "silu", "xielu", "geglu", "geglu_tanh", "swiglu")


def bound(name, dtype, *wide):
    """Of the error before the rounding to the type, at these inputs in float64."""
    units = FAMILIES[name].bound(*wide)
    if dtype == BF16 and name in BRIEF:
        units = units + 2048 * (xielu_size(*wide) if name == "xielu" else eager(name, *wide).abs())
    return 2**-24 * units


def operator(name, backward=False):
    return getattr(torch.ops.nwidth, name + ("_backward" if backward else ""))


def ours(name, *arguments):
    """Through the operator itself; statistics of rows are left out."""
    result = operator(name)(*arguments, *FAMILIES[name].constants)
    return result[0] if FAMILIES[name].rows else result


def eager(name, *arguments):
    return FAMILIES[name].eager(*arguments)


def inputs(name, shape, dtype=F64, seed=0, weight_type=None):
    """Inputs, then coefficients."""
    generator = torch.Generator().manual_seed(seed)
    family = FAMILIES[name]
    tensors = [torch.randn(shape, generator=generator, dtype=F64).to(dtype) for _ in range(family.inputs)]
    tensors += [torch.tensor(c, dtype=weight_type or dtype) for c in family.coefficients]
    return [t.requires_grad_() for t in tensors]


def split(name, arguments):
    n = FAMILIES[name].inputs
    return arguments[:n], arguments[n:]


def backward_arguments(name, arguments):
    """What the backward operator takes after grad, where the forward one takes these."""
    arguments = [t.detach() for t in arguments]
    family, (xs, coefficients) = FAMILIES[name], split(name, arguments)
    statistics = [operator(name)(*arguments, *family.constants)[1]] if family.rows else []
    return [*xs, *statistics, *coefficients[: family.kept], *family.constants]


def saved_bytes(f):
    """Bytes of the tensors kept for backward, each storage once."""
    kept = {}

    def keep(t):
        kept[t.untyped_storage().data_ptr()] = t.numel() * t.element_size()
        return t

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        result = f()
    return sum(kept.values()), result
