# SPDX-License-Identifier: Apache-2.0
"""The implementation under test: found by name, built or called, and run forward and backward."""

import copy
import importlib
import importlib.util
import inspect
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

EPS = 1e-6
KINDS = ("polyrelu", "polynorm")


class BadInput(Exception):
    """The request makes no sense; the message is one line that names what was given and what is allowed."""


class Unavailable(Exception):
    """The implementation cannot run here, which says nothing about it."""


def one_line(error):
    words = " ".join(str(error).split()) or "no message"
    return f"{type(error).__name__}: {words if len(words) <= 200 else words[:200] + ' ...'}"


@dataclass
class Run:
    """What came out: y and the gradients (None where autograd had none), or error in words; what was overwritten."""

    y: torch.Tensor | None = None
    x: torch.Tensor | None = None
    weight: torch.Tensor | None = None
    bias: torch.Tensor | None = None
    error: str = ""
    overwritten: tuple = ()


def load(name):
    """The object that MODULE:CALLABLE names; MODULE may be a path to a .py file."""
    module_name, colon, attribute = name.rpartition(":")
    if not colon or not module_name or not attribute:
        raise BadInput(f"'{name}' is not MODULE:CALLABLE, as in my_package.activations:PolyNorm or my_file.py:PolyNorm")
    try:
        if module_name.endswith(".py"):
            if not Path(module_name).is_file():
                raise BadInput(f"there is no file '{module_name}'")
            spec = importlib.util.spec_from_file_location(Path(module_name).stem, module_name)
            module = importlib.util.module_from_spec(spec)
            sys.modules.setdefault(spec.name, module)
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(module_name)
    except BadInput:
        raise
    except Exception as error:  # whatever the module does when it is imported
        raise BadInput(f"importing '{module_name}' failed: {one_line(error)}") from error
    found = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise BadInput(f"'{module_name}' has no '{attribute}'")
        found = getattr(found, part)
    if not callable(found):
        raise BadInput(f"'{name}' is a {type(found).__name__}; a module class, a factory or a function is wanted")
    return found


def guess_kind(name):
    """polyrelu or polynorm, by the callable's name."""
    last = name.rpartition(":")[2].lower().replace("_", "")
    found = [kind for kind, mark in zip(KINDS, ("relu", "norm"), strict=True) if mark in last]
    if len(found) != 1:
        raise BadInput(
            f"the name '{name}' does not say which activation it is; give --kind polyrelu or --kind polynorm"
        )
    return found[0]


def _parameters(target):
    """The signature's parameters by name, or None if there is no telling (a builtin, or *args)."""
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):
        return None
    open_ended = any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters.values())
    return None if open_ended and not inspect.isclass(target) else parameters


class Subject:
    """A module class or factory (called without arguments; has `weight` and `bias`), a module, or a function.

    A function takes (x, weight, bias) or (x, weight, bias, eps) with weight of shape 3 and bias of shape 1. eps is
    passed only where a test sets it or where it has no default.
    """

    def __init__(self, target, kind, *, form=None, device="cpu"):
        if kind not in KINDS:
            raise BadInput(f"the kind '{kind}' is not one of {', '.join(KINDS)}")
        self.target, self.kind, self.device = target, kind, torch.device(device)
        parameters = _parameters(target)
        required = [p for p in (parameters or {}).values() if p.default is p.empty and p.kind != p.VAR_KEYWORD]
        if form is None:
            made = inspect.isclass(target) or isinstance(target, nn.Module)
            made = made or (parameters is not None and len(required) == 0)
            form = "module" if made else "function"
        self.is_module = form == "module"
        self.takes_eps = parameters is not None and "eps" in parameters
        self.needs_eps = not self.is_module and len(required) >= 4
        self.eps_by_name = self.takes_eps and parameters["eps"].kind != inspect.Parameter.POSITIONAL_ONLY
        self.takes_eps = self.takes_eps or self.needs_eps
        if self.is_module:
            self.starting = self._build()

    def _build(self, eps=None):
        if isinstance(self.target, nn.Module):
            made = copy.deepcopy(self.target)
        else:
            try:
                made = self.target() if eps is None else self.target(eps=eps)
            except Unavailable:
                raise
            except Exception as error:
                raise BadInput(f"calling it without arguments failed: {one_line(error)}") from error
        if not isinstance(made, nn.Module):
            raise BadInput(f"calling it gives a {type(made).__name__}, not a torch.nn.Module")
        for name, count in (("weight", 3), ("bias", 1)):
            parameter = getattr(made, name, None)
            if not isinstance(parameter, torch.Tensor) or parameter.numel() != count:
                got = "no such tensor" if not isinstance(parameter, torch.Tensor) else f"shape {tuple(parameter.shape)}"
                raise BadInput(f"the module's '{name}' is to hold {count} number{'s' * (count > 1)}; it has {got}")
        return made

    def run(self, x, w, b, g=None, *, dtype=torch.float32, eps=None, arrange=lambda t: t, arrange_g=lambda t: t):
        """Forward, and backward from g if given; all float64. arrange makes another layout of the same numbers."""

        def here(t):
            return t.detach().to(self.device, dtype, copy=True)

        x = arrange(here(x).contiguous()).requires_grad_()
        w, b = here(w).requires_grad_(), here(b).requires_grad_()
        g = None if g is None else arrange_g(here(g).contiguous())
        try:
            if self.is_module:
                module = self._build(eps).to(self.device, dtype)
                with torch.no_grad():
                    module.weight.copy_(w.reshape(module.weight.shape))
                    module.bias.copy_(b.reshape(module.bias.shape))
                weight, bias = module.weight, module.bias
            else:
                weight, bias = w, b
            arguments = [x, weight, bias, g]
            before = [None if t is None else t.detach().clone() for t in arguments]
            value = EPS if eps is None else eps
            if self.is_module:
                y = module(x)
            elif eps is None and not self.needs_eps:
                y = self.target(x, weight, bias)
            elif self.eps_by_name:
                y = self.target(x, weight, bias, eps=value)
            else:
                y = self.target(x, weight, bias, value)
            if not isinstance(y, torch.Tensor):
                return Run(error=f"it returned a {type(y).__name__}, not a tensor")
            result = Run(y=y.detach())
            if g is not None and y.requires_grad and y.shape == x.shape:
                leaves = [t for t in (x, weight, bias) if t.requires_grad]
                found = iter(torch.autograd.grad(y, leaves, g.to(y.dtype), allow_unused=True))
                result.x, result.weight, result.bias = (
                    next(found) if t.requires_grad else None for t in (x, weight, bias)
                )
            names = ("x", "weight", "bias", "the gradient that arrives")
            result.overwritten = tuple(
                name
                for name, old, new in zip(names, before, arguments, strict=True)
                if old is not None and not torch.equal(old.nan_to_num(7.0), new.detach().nan_to_num(7.0))
            )
            return result
        except (BadInput, Unavailable):
            raise
        except Exception as error:  # anything at all may be raised by what is tested
            return Run(error=f"it raised {one_line(error)}")
