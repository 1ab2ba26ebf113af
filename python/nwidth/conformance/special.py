# SPDX-License-Identifier: Apache-2.0
"""The checks at special values: 0, large, huge, subnormal, infinite, NaN."""

import math

import torch

from . import bounds, formulas
from .session import GRADIENTS, Check, difference, own, ran, sentence

FLUSHED = "subnormal numbers are flushed to zero"
POSITIVE = torch.tensor([0.5, 0.25, 0.75], dtype=torch.float64)
SLANTED = torch.tensor([0.625, -0.4375, 0.8125], dtype=torch.float64)
BIAS = torch.tensor([-0.1875], dtype=torch.float64)


def low_types(session):
    return [t for t in session.dtypes if t != torch.float64]


def _floats(*values):
    return torch.tensor(values, dtype=torch.float64)


def _expect(session, check, where, quantity, dtype, x, got, allowed):
    """Whether each element of got lies in one of its pairs (low, high) in allowed; (nan, nan) stands for NaN.

    If not, the check fails with the first element that does not.
    """
    flat_x, flat = x.flatten(), got.flatten()
    for i, pairs in enumerate(allowed):
        value = float(flat[i])
        if any(low <= value <= high or (math.isnan(low) and math.isnan(value)) for low, high in pairs):
            continue
        low, high = pairs[0]
        expected = low if low == high or math.isnan(low) else 0.5 * (low + high)
        index = torch.unravel_index(torch.tensor(i), x.shape)
        found = difference(where, quantity, dtype, map(int, index), flat_x[i], expected, value, low, high, 1, 1)
        session.fail(check, sentence(found), found)
        return False
    return True


def zero_polyrelu(session):
    """y = bias and dy/dx = 0 exactly for x <= 0, so H(0) = 0; 0 and -0 alike."""
    check = Check("zero: H(0) = 0", "pass")
    x = _floats(0.0, -0.0, -1.0, -(2.0**40), -(2.0**-130)).reshape(1, 5)
    g = torch.ones_like(x)
    for dtype in low_types(session):
        run = session.subject.run(x, SLANTED, BIAS, g, dtype=dtype)
        if not ran(session, check, "x <= 0", run, ("y", "x")):
            return check
        b = float(BIAS[0])
        ok = _expect(session, check, "x <= 0", "y", dtype, x, run.y.double().cpu(), [[(b, b)]] * 5)
        slope = run.x.double().cpu()
        ok = ok and _expect(session, check, "x <= 0", "x", dtype, x, slope, [[(0.0, 0.0)]] * 5)
        if not ok:
            at_zero, w2 = float(slope[0, 0]), float(SLANTED[2])
            for step in (1.0, 0.5):
                if at_zero == step * w2:
                    check.diagnosis.append(f"H(0) = {step:g}: the derivative at 0 is {step:g} x weight[2], not 0")
            check.diagnosis = check.diagnosis or session.cause()
            return check
    return check


def zero_polynorm(session):
    """A row of zeros gives the bias and a finite gradient: eps keeps 0/0 away."""
    check = Check("zero rows", "")
    session.against_vectors(check, ("zero row",), ("y", *GRADIENTS), low_types(session), loose=True)
    if check.result == "differs":
        y = session.run("zero row", torch.float32).y
        if y is not None and bool(torch.isnan(y).any()):
            check.diagnosis = ["0/0 in a row of zeros: eps is missing"]
        else:
            check.diagnosis = session.cause()
    return check


def large(session):
    """Large numbers whose powers float32 still holds: y and the gradients."""
    names = ("large",) if session.kind == "polyrelu" else ("large", "huge")
    check = session.against_vectors(Check("large", ""), names, ("y", *GRADIENTS), low_types(session), loose=True)
    if check.result == "differs":
        check.diagnosis = session.cause()
    return check


def _admissible_overflow(x, w, b, eps, dtype):
    """PolyNorm where powers overflow: what the formula gives in float32, or the true value; pairs per element.

    Where mean x^(2p) overflows, 1/sqrt of it is 0 and the term vanishes; if x^p overflows as well it is 0 times inf.
    """
    top = torch.finfo(torch.float32).max
    terms = formulas.definition("polynorm").terms(x, w, b, eps)
    mean_overflows = [bool((x.abs().max() ** (2 * p) / 1.0) > top) for p in (3, 2, 1)]
    E = bounds.errors("polynorm", x, torch.zeros_like(x), w, b, eps, dtype, loose=True)["y"]
    allowed = []
    for i in range(x.numel()):
        pairs = []
        for drop in range(8):
            gone = [bool(drop >> k & 1) for k in range(3)]
            if any(g and not m for g, m in zip(gone, mean_overflows, strict=True)):
                continue
            value = sum(t.flatten()[i] for t, g in zip(terms, [*gone, False], strict=True) if not g)
            low, high = bounds.interval((value, torch.zeros(())), E.flatten()[i], dtype)
            pairs.append((float(low), float(high)))
        if any(abs(float(x.flatten()[i])) ** p > top for p in (3, 2, 1)):
            pairs.append((math.nan, math.nan))
        allowed.append(pairs)
    return allowed


def overflow(session):
    """Beyond: what IEEE arithmetic makes of the formula, or better; never another finite number."""
    check = Check("overflow", "pass")
    g = torch.ones(1, 4, dtype=torch.float64)
    for dtype in low_types(session):
        if session.kind == "polyrelu":
            x = _floats(2.0**44, 2.0**60, 2.0**100, 1.0).reshape(1, 4)
            run = session.subject.run(x, POSITIVE, BIAS, g, dtype=dtype)
            inf = [(math.inf, math.inf)]
            if not ran(session, check, "overflow", run):
                return check
            y = run.y.double().cpu()[..., :3]
            if not _expect(session, check, "overflow", "y", dtype, x[..., :3], y, [inf] * 3):
                return check
            continue
        for x in (_floats(2.0**23, -(2.0**22), 2.0**21, 1.5 * 2.0**22), _floats(2.0**45, -(2.0**44), 2.0**43, 2.0**20)):
            x = x.reshape(1, 4)
            run = session.subject.run(x, SLANTED, BIAS, dtype=dtype)
            if not ran(session, check, "overflow", run):
                return check
            allowed = _admissible_overflow(x, SLANTED, BIAS, 1e-6, dtype)
            if not _expect(session, check, "overflow", "y", dtype, x, run.y.double().cpu(), allowed):
                check.diagnosis = session.cause()
                return check
    return check


def subnormal(session):
    """Subnormal inputs (and for PolyReLU outputs) are numbers, not zeros."""
    check = session.against_vectors(
        Check("subnormal", ""), ("subnormal",), ("y", *GRADIENTS), low_types(session), loose=True
    )
    if check.result == "differs":
        found = check.difference
        flushed = found is not None and found["got"] == 0 and found["expected"] != 0
        check.diagnosis = [FLUSHED + " (fast-math?)"] if flushed else session.cause()
    return check


def _dropped(check, run, at, words):
    if run.y is not None and bool(torch.isfinite(run.y.flatten()[at])):
        check.diagnosis.append(words)


def infinite(session):
    """PolyReLU: inf -> inf, -inf -> bias. PolyNorm: NaN at an infinite entry, the bias (or NaN) beside it."""
    check = Check("infinity", "pass")
    b = float(BIAS[0])
    nan, inf, bias = (math.nan, math.nan), (math.inf, math.inf), (b, b)
    for dtype in low_types(session):
        if session.kind == "polyrelu":
            x = _floats(math.inf, -math.inf, 0.5).reshape(1, 3)
            run = session.subject.run(x, POSITIVE, BIAS, torch.ones_like(x), dtype=dtype)
            allowed = {"y": [[inf], [bias]], "x": [[inf], [(0.0, 0.0)]]}
            needs = ("y", "x")
        else:
            x = _floats(1.0, math.inf, -2.0, 0.5).reshape(1, 4)
            run = session.subject.run(x, SLANTED, BIAS, dtype=dtype)
            beside = [bias, nan]
            allowed, needs = {"y": [beside, [nan], beside, beside]}, ("y",)
        if not ran(session, check, "infinity", run, needs):
            return check
        for quantity, pairs in allowed.items():
            got = getattr(run, quantity).double().cpu()
            if not _expect(session, check, "infinity", quantity, dtype, x, got, pairs):
                _dropped(
                    check, run, 0 if session.kind == "polyrelu" else 1, "an infinity is replaced by a finite number"
                )
                return check
    return check


def not_a_number(session):
    """NaN in x shows in y and in the gradient in x: at its place (PolyReLU), in its row and no other (PolyNorm)."""
    check = Check("NaN", "pass")
    nan = [(math.nan, math.nan)]
    case = session.cases["generic"]
    x = case.x.clone()
    x.reshape(-1, x.shape[-1])[1, 2] = math.nan
    rows = torch.arange(x.numel() // x.shape[-1]).reshape(*x.shape[:-1], 1).expand(x.shape)
    lost = torch.isnan(x) if session.kind == "polyrelu" else rows == 1
    for dtype in low_types(session):
        run = session.subject.run(x, case.w, case.b, case.g, dtype=dtype)
        if not ran(session, check, "NaN", run, ("y", "x")):
            return check
        plain, E = session.run("generic", dtype), session.errors(case, dtype)
        if not ran(session, check, "generic", plain, ("y", "x")):
            return check
        for quantity in ("y", "x"):  # beside the NaN: what came out without it
            low, high = bounds.interval(own(plain, quantity), 2 * E[quantity], dtype)
            pairs = [
                nan if gone else [(a, b)]
                for gone, a, b in zip(
                    lost.flatten().tolist(), low.flatten().tolist(), high.flatten().tolist(), strict=True
                )
            ]
            if not _expect(session, check, "NaN", quantity, dtype, x, getattr(run, quantity).double().cpu(), pairs):
                at = int(torch.isnan(x.flatten()).nonzero()[0])
                _dropped(check, run, at, "NaN is dropped: a finite number comes out")
                check.diagnosis = check.diagnosis or session.cause()
                return check
    return check
