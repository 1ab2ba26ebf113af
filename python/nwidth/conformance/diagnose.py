# SPDX-License-Identifier: Apache-2.0
"""Likely causes, in words, of a gradient or of an accuracy that differs. Like formulas.py it decides nothing."""

import math

import torch

from . import bounds, formulas

FIT = formulas.FIT


def near(got, candidate):
    """Whether got is candidate up to a few roundings to bfloat16, relative to the largest entry."""
    scale = candidate.abs().max()
    return bool(((got - candidate).abs().max() <= FIT * scale) & torch.isfinite(scale) & (scale > 0))


def _slope(variant, case, g):
    x, w, b = (t.clone().requires_grad_() for t in (case.x, case.w, case.b))
    with torch.enable_grad():
        return torch.autograd.grad(variant(x, w, b, case.eps), (x, w, b), g, allow_unused=True)


def _polynorm_parts(case, g):
    """The two halves of dx: with the statistics as constants, and through them without the factor p."""
    x, n = case.x, case.x.shape[-1]
    direct, through, plain = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x)
    for c, p in zip(case.w, (3, 2, 1), strict=True):
        R = (x.pow(2 * p).mean(-1, keepdim=True) + case.eps).rsqrt()
        S = (g * x**p).sum(-1, keepdim=True)
        part = c / n * x ** (2 * p - 1) * R**3 * S
        direct += c * p * x ** (p - 1) * R * g
        through += p * part
        plain += part
    return direct, through, plain


def candidates_x(case, variant):
    g, ones = case.g, torch.ones_like(case.g)
    yield "the gradient in x ignores the gradient that arrives (it is taken as 1)", _slope(variant, case, ones)[0]
    if case.kind == "polynorm":
        direct, through, plain = _polynorm_parts(case, g)
        n = case.x.shape[-1]
        yield "the norm's statistics are detached: the gradient in x lacks the term through the mean", direct
        yield "the term through the mean has the wrong sign", direct + through
        yield "the term through the mean lacks its factor p", direct - plain
        yield "the term through the mean is a sum where it should be a mean", direct - n * through
        yield "the gradient in x has only the term through the mean", -through
    else:
        x, w = case.x, case.w
        yield (
            "the gradient in x is not gated: it does not vanish for x < 0",
            g * (3 * w[0] * x**2 + 2 * w[1] * x + w[2]),
        )
        u = x.clamp(min=0)
        yield (
            "the gradient in x lacks the factors 3 and 2 of the powers",
            torch.where(x > 0, g * (w[0] * u**2 + w[1] * u + w[2]), 0.0),
        )


def candidates_weight(case, variant):
    exact = case.exact["weight"][0]
    yield "the gradient in weight is in reverse order", exact.flip(0)
    yield "the gradient in weight is a mean where it should be a sum", exact / case.x.numel()
    if case.x.dim() > 1:
        rows = case.x.numel() // case.x.shape[-1]
        yield "the gradient in weight is a mean over the rows where it should be a sum", exact / rows
        for where in (0, -1):
            g = torch.zeros_like(case.g)
            g.reshape(-1, g.shape[-1])[where] = case.g.reshape(-1, g.shape[-1])[where]
            yield "the gradient in weight is that of one row, not the sum over rows", _slope(variant, case, g)[1]
    yield "the gradient in weight ignores the gradient that arrives", _slope(variant, case, torch.ones_like(case.g))[1]


def candidates_bias(case, variant):
    g = case.g
    yield "the gradient in bias is a mean where it should be a sum", g.mean().reshape(1)
    yield "the gradient in bias ignores the gradient that arrives", torch.full((1,), float(g.numel()), dtype=g.dtype)
    for where in (0, -1):
        yield "the gradient in bias is that of one row", g.reshape(-1, g.shape[-1])[where].sum().reshape(1)


CANDIDATES = {"x": candidates_x, "weight": candidates_weight, "bias": candidates_bias}


def gradient(name, runs, variant):
    """Causes for the gradient in name (x, weight or bias); runs are (case, got or None)."""
    if all(got is None for _, got in runs):
        return [f"missing gradient: autograd gets none in {name}"]
    runs = [(case, got) for case, got in runs if got is not None and got.numel() == case.exact[name][0].numel()]
    runs = [(case, got.double().cpu().reshape(case.exact[name][0].shape)) for case, got in runs]
    if not runs:
        return [f"the gradient in {name} has the wrong shape"]
    if all(not got.any() for _, got in runs):
        return [f"missing gradient: the gradient in {name} is zero everywhere"]
    if variant is not None and variant.deviations():
        own = [_slope(variant, case, case.g)[("x", "weight", "bias").index(name)] for case, _ in runs]
        if all(o is not None and near(got, o) for o, (_, got) in zip(own, runs, strict=True)):
            return ["it is the gradient of the formula found: " + "; ".join(variant.deviations())]
    proper = formulas.definition(runs[0][0].kind)
    fitting = None
    for case, got in runs:
        words = {w for w, candidate in CANDIDATES[name](case, proper) if near(got, candidate)}
        fitting = words if fitting is None else fitting & words
    return sorted(fitting or [])


def _bf16(v):
    return v.float().bfloat16().float()


def rounded_powers(kind, x, w, b, eps, dtype):
    """Pairs (words, y in float64): what comes out in dtype when intermediate numbers are rounded to bfloat16."""
    x, w, b = x.float(), w.float(), b.float()
    v = x.clamp(min=0) if kind == "polyrelu" else x
    precise = [v**p for p in (3, 2, 1)]
    once = [_bf16(t) for t in precise]
    twice = [_bf16(_bf16(v * v) * v), *once[1:]]
    last = _bf16 if dtype == torch.bfloat16 else lambda t: t

    def norm(t, rounded=lambda t: t):
        return t * ((rounded(t * t)).mean(-1, keepdim=True) + eps).rsqrt()

    def total(parts, rounded=lambda t: t):
        y = 0
        for c, part in zip(w, parts, strict=True):
            y = rounded(y + rounded(c * part))
        return last(rounded(y + b)).double()

    everything = "powers rounded to bfloat16, and so is every number after them"
    t, c, d = v.bfloat16(), w.bfloat16(), b.bfloat16()
    if dtype == torch.bfloat16:
        parts = [t**3, t**2, t]
        if kind == "polynorm":
            parts = [p * torch.rsqrt(p.pow(2).mean(-1, keepdim=True) + eps) for p in parts]
        yield everything, (c[0] * parts[0] + c[1] * parts[1] + c[2] * parts[2] + d).double()
    for powers in (twice, once):
        if kind == "polyrelu":
            yield "powers rounded to bfloat16", total(powers)
            yield everything, total(powers, _bf16)
            continue
        yield "powers rounded to bfloat16", total([norm(t) for t in powers])
        yield (
            "powers rounded to bfloat16, and so are their squares in the mean",
            total([norm(t, _bf16) for t in powers]),
        )
    if kind == "polynorm":
        rounded = [_bf16(norm(t)) for t in precise]
        yield "the normalised powers are rounded to bfloat16 before they are weighted", total(rounded)


def truncated(y):
    """y in float64, with its float32 cut to bfloat16 instead of rounded."""
    return (y.float().view(torch.int32) & -65536).view(torch.float32).double()


CUT = "results are cut to bfloat16 instead of rounded to nearest"


def precision(kind, samples, dtype):
    """Mean errors of what was got against (float32 powers, {other hypothesis: error}), in roundings to bfloat16.

    samples are (got, x, w, b, eps, exact y); an error is |got - hypothesis| / (u sum |terms|), u = 2^-8. The mean
    and not the maximum: two ways to round the same number differ in few places, but there by as much as any.
    """
    u = bounds.ROUNDOFF[torch.bfloat16]
    samples, proper = list(samples), formulas.definition(kind)
    count = sum(sample[0].numel() for sample in samples)
    ours, others = 0.0, {}
    for got, x, w, b, eps, exact in samples:
        size = u * sum(t.abs() for t in proper.terms(x, w, b, eps)) + 1e-300

        def error(y, got=got, size=size):
            return float(((got - y).abs() / size).sum()) / count

        ours += error(exact.float().to(dtype).double())
        here = {}
        for words, y in [*rounded_powers(kind, x, w, b, eps, dtype), (CUT, truncated(exact))]:
            here[words] = min(here.get(words, math.inf), error(y))
        for words, value in here.items():
            others[words] = others.get(words, 0.0) + value
    return ours, others


def root(ratios, u):
    """Words on got/exact of rows whose output should be x R: constant on a row but not 1 is an inexact R = 1/RMS."""
    spread = max(float(r.max() - r.min()) for r in ratios)
    off = max(float((r - 1).abs().max()) for r in ratios)
    if not math.isfinite(off) or off <= 16 * u or spread > off / 4:
        return []
    return [
        f"1/RMS of a row is off by a factor 1 +- {off:.2g}, about {-math.log2(off):.0f} bits: "
        "an approximate reciprocal root (fast-math?) without refinement"
    ]
