# SPDX-License-Identifier: Apache-2.0
"""The checks of tensors rather than numbers: without rows, in other strides, of other ranks, and left as they were."""

import torch

from . import diagnose, formulas
from .session import GRADIENTS, Check, ShapeDiffers, compare, own, ran, sentence, short
from .special import BIAS, SLANTED


def empty(session):
    """Tensors without rows, as an expert without tokens gets: the same shape out, and gradients of 0."""
    check = Check("empty", "pass")
    for shape in ((0, 8), (2, 0, 5)):
        x = torch.zeros(shape, dtype=torch.float64)
        run = session.subject.run(x, SLANTED, BIAS, x)
        if not ran(session, check, f"shape {shape}", run, ("y", "x", "weight", "bias")):
            return check
        for quantity in ("y", "x"):
            got = tuple(getattr(run, quantity).shape)
            if got != shape:
                return session.fail(check, f"x has shape {shape}, {quantity} comes out in shape {got}")
        for quantity in ("weight", "bias"):
            sums = getattr(run, quantity).flatten().tolist()
            if any(s != 0 for s in sums):
                return session.fail(check, f"x has shape {shape}: the gradient in {quantity} is {sums}, not zeros")
    return check


def _padded(t):
    wide = t.new_full((*t.shape[:-1], t.shape[-1] + 3), 7.0)
    wide[..., 1:-2] = t
    return wide[..., 1:-2]


def _stretched(t):
    wide = t.new_full((*t.shape[:-1], 2 * t.shape[-1]), 7.0)
    wide[..., ::2] = t
    return wide[..., ::2]


def _shifted(t):
    flat = t.new_full((t.numel() + 1,), 7.0)
    flat[1:] = t.flatten()
    return flat[1:].reshape(t.shape)


def _expanded(t):
    """All entries are one number in memory; t must be constant."""
    return t.flatten()[:1].reshape([1] * t.dim()).expand(t.shape)


LAYOUTS = {
    "transposed": lambda t: t.transpose(0, -1).contiguous().transpose(0, -1),
    "every second number of a wider row": _stretched,
    "rows of a wider tensor": _padded,
    "storage that begins one number late": _shifted,
}


def _same(session, check, where, run, plain, E, x, quantities=("y", *GRADIENTS), view=lambda t: t):
    """Whether run gives what plain gave, up to what two correct computations may differ by; if not, the check fails."""
    quantities = [q for q in quantities if getattr(plain, q) is not None]
    if not ran(session, check, where, run, quantities):
        return False
    for quantity in quantities:
        shaped = view if quantity in ("y", "x") else (lambda t: t)
        exact = tuple(shaped(t) for t in own(plain, quantity))
        allowed = 2 * shaped(E[quantity])
        try:
            found, _ = compare(where, quantity, torch.float32, getattr(run, quantity), exact, allowed, x)
        except ShapeDiffers as wrong:
            session.fail(check, f"case '{where}': {wrong}")
            return False
        if found:
            session.fail(check, sentence(found), found, session.cause())
            return False
    return True


def layouts(session):
    """The same numbers in other strides, for x and the gradient that arrives, and in one and four axes.

    Results are compared with those of the plain tensor, so that this says nothing on their accuracy.
    """
    check = Check("layouts", "pass")
    case, subject = session.cases["generic"], session.subject
    plain, E = session.run("generic", torch.float32), session.errors(case, torch.float32)
    if plain.y.shape != case.x.shape:
        return session.fail(check, "not compared: y has not the shape of x")
    for name, arrange in LAYOUTS.items():
        run = subject.run(case.x, case.w, case.b, case.g, arrange=arrange)
        if not _same(session, check, f"generic, x {name}", run, plain, E, case.x):
            raw = arrange(case.x).as_strided(case.x.shape, case.x.contiguous().stride())
            y = formulas.definition(session.kind)(raw, case.w, case.b, case.eps)
            if run.y is not None and run.y.shape == y.shape and diagnose.near(run.y.double().cpu(), y):
                check.diagnosis.append("strides of x are ignored: it is read as if contiguous")
            return check
        run = subject.run(case.x, case.w, case.b, case.g, arrange_g=arrange)
        if not _same(session, check, f"generic, the gradient that arrives {name}", run, plain, E, case.x):
            return check
    ones = torch.ones_like(case.g)
    of_ones, expanded = (subject.run(case.x, case.w, case.b, ones, arrange_g=a) for a in (lambda t: t, _expanded))
    if not _same(session, check, "generic, the gradient that arrives is expanded", expanded, of_ones, E, case.x):
        return check
    n = case.x.shape[-1]

    def first(t):
        return t.reshape(-1, n)[0]

    def four(t):
        return t.reshape(2, -1, 1, n)

    run = subject.run(first(case.x), case.w, case.b)
    if not _same(session, check, "generic, one axis", run, plain, E, first(case.x), ("y",), first):
        return check
    run = subject.run(four(case.x), case.w, case.b, four(case.g))
    _same(session, check, "generic, four axes", run, plain, E, four(case.x), view=four)
    return check


def arguments(session):
    """x, weight, bias and the gradient that arrives are as they were."""
    check = Check("arguments untouched", "pass")
    for dtype in session.dtypes:
        run = session.run("generic", dtype)
        if run.overwritten:
            names = " and ".join(run.overwritten)
            why = [f"{names} is overwritten in place; autograd may still need it"]
            return session.fail(check, f"case 'generic', {short(dtype)}: {names} changed", None, why)
    return check
