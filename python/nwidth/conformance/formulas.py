# SPDX-License-Identifier: Apache-2.0
"""What implementations are known or likely to compute instead: a catalogue, and the search for the entry that fits.

Every variant is a choice for each aspect; the first choice is the definition's. Nothing here decides whether an
implementation passes: that is left to the exact vectors and bounds.py. This names what went wrong.
"""

from dataclasses import dataclass, field
from itertools import combinations, permutations, product

import torch

FIT = 12 * 2.0**-8  # a variant fits if it is met up to 12 roundings to bfloat16, relative to the sum of absolute terms


def _over(*dims):
    return lambda v: v.mean(dims, keepdim=True)


def _halves(v):
    """Means over each half of the row (or of the part before the middle and the rest)."""
    n = v.shape[-1] // 2
    if n == 0:
        return v
    parts = (v[..., :n], v[..., n:])
    return torch.cat([p.mean(-1, keepdim=True).expand_as(p) for p in parts], -1)


AXIS = {
    "the last axis": _over(-1),
    "the last axis but one": _over(-2),
    "axis 0": _over(0),
    "axis 1": _over(1),
    "all axes": lambda v: v.mean().expand_as(v),
    "each element alone": lambda v: v,
    "half of the row, as a shard of a row that is split": _halves,
}


def _eps_of(value):
    return lambda v, mean, eps: v / (mean(v * v) + value).sqrt()


def _sum(v, mean):
    return mean(v * v) * v.shape[-1]


def _centred(v, mean, eps):
    c = v - mean(v)
    return c / (mean(c * c) + eps).sqrt()


EPS = {
    "inside the root, added to the mean": lambda v, mean, eps: v / (mean(v * v) + eps).sqrt(),
    "eps is outside the root: v / (sqrt(mean v^2) + eps)": lambda v, mean, eps: v / (mean(v * v).sqrt() + eps),
    "eps is missing: v / sqrt(mean v^2)": lambda v, mean, eps: v / mean(v * v).sqrt(),
    "eps is a lower limit of the root: v / max(sqrt(mean v^2), eps)": lambda v, mean, eps: (
        v / mean(v * v).sqrt().clamp(min=eps)
    ),
    "eps is a lower limit of the mean: v / sqrt(max(mean v^2, eps))": lambda v, mean, eps: (
        v / mean(v * v).clamp(min=eps).sqrt()
    ),
    "eps is added to the sum, not to the mean": lambda v, mean, eps: v / ((_sum(v, mean) + eps) / v.shape[-1]).sqrt(),
    "the norm is L2, not RMS: v / sqrt(sum v^2 + eps)": lambda v, mean, eps: v / (_sum(v, mean) + eps).sqrt(),
    "the norm is L2, not RMS, and eps its lower limit, as in torch.nn.functional.normalize": lambda v, mean, eps: (
        v / _sum(v, mean).sqrt().clamp(min=eps)
    ),
    "eps is 1e-3, not 1e-6": _eps_of(1e-3),
    "eps is 1e-5, not 1e-6": _eps_of(1e-5),
    "eps is 2^-23 (float32's epsilon), not 1e-6": _eps_of(2.0**-23),
    "eps is 1e-8, not 1e-6": _eps_of(1e-8),
    "the mean is subtracted first, as in LayerNorm": _centred,
}
ORDER = {
    p: f"the coefficients' order differs: weight[0] multiplies x^{p[0]}, weight[1] x^{p[1]}, weight[2] x^{p[2]}"
    for p in permutations((3, 2, 1))
}
ORDER[(3, 2, 1)] = "cubic first: weight[0] multiplies x^3, weight[2] multiplies x"
ORDER[(1, 2, 3)] = "coefficients look reversed: linear first (weight[0] multiplies x, weight[2] multiplies x^3)"
BIAS = {"the bias is added": 1.0, "the bias is not added": 0.0, "the bias is subtracted": -1.0}
STAGE = {
    "power, then norm": None,
    "the norm comes before the power: N(x)^p": None,
    "ReLU is applied first": lambda x, p: x.clamp(min=0) ** p,
    "odd powers lose their sign: |x|^p": lambda x, p: x.abs() ** p,
    "each power is one too high: x^(p+1)": lambda x, p: x ** (p + 1),
}
GATE = {
    "max(x, 0)": lambda x: x.clamp(min=0),
    "there is no ReLU: the polynomial of x itself": lambda x: x,
    "|x| stands where max(x, 0) should": lambda x: x.abs(),
    "a leaky ReLU of slope 0.01 stands where ReLU should": lambda x: torch.where(x > 0, x, 0.01 * x),
    "min(x, 0) stands where max(x, 0) should": lambda x: x.clamp(max=0),
}
ASPECTS = {
    "polyrelu": {"order": list(ORDER), "formula": list(product(GATE, BIAS))},
    "polynorm": {"order": list(ORDER), "eps": list(EPS), "axis": list(AXIS), "formula": list(product(STAGE, BIAS))},
}


@dataclass(frozen=True)
class Variant:
    """One choice for each aspect of a kind."""

    kind: str
    choice: dict = field(hash=False)

    def deviates(self, aspect):
        return self.choice[aspect] != ASPECTS[self.kind][aspect][0]

    def words(self, aspect):
        """The choice in words; for the definition's choice too."""
        chosen = self.choice[aspect]
        if aspect == "order":
            return ORDER[chosen]
        if aspect == "axis":
            return ("" if not self.deviates(aspect) else "the axis of the mean differs: it runs over ") + chosen
        if aspect == "formula":
            first = ASPECTS[self.kind][aspect][0]
            return "; ".join([c for c, d in zip(chosen, first, strict=True) if c != d] or first)
        return chosen

    def deviations(self):
        return [self.words(a) for a in self.choice if self.deviates(a)]

    def terms(self, x, w, b, eps):
        """The three powers' terms and the bias's, of x's shape; differentiable."""
        stage, bias = self.choice["formula"]
        last = BIAS[bias] * b + torch.zeros_like(x)
        if self.kind == "polyrelu":
            u = GATE[stage](x)
            return [c * u**p for c, p in zip(w, self.choice["order"], strict=True)] + [last]
        mean, norm = AXIS[self.choice["axis"]], EPS[self.choice["eps"]]

        def normal(p):
            if stage.startswith("the norm comes before"):
                return norm(x, mean, eps) ** p
            return norm((STAGE[stage] or torch.pow)(x, p), mean, eps)

        return [c * normal(p) for c, p in zip(w, self.choice["order"], strict=True)] + [last]

    def __call__(self, x, w, b, eps):
        return sum(self.terms(x, w, b, eps))


def definition(kind):
    return Variant(kind, {aspect: choices[0] for aspect, choices in ASPECTS[kind].items()})


def variants(kind, count):
    """All variants that deviate in exactly count aspects."""
    aspects = ASPECTS[kind]
    for chosen in combinations(aspects, count):
        for values in product(*(aspects[a][1:] for a in chosen)):
            yield Variant(kind, definition(kind).choice | dict(zip(chosen, values, strict=True)))


def distance(got, variant, x, w, b, eps):
    """max |got - variant| / sum of |terms|, all in float64; infinite where either is not finite."""
    try:
        terms = variant.terms(x, w, b, eps)
    except (IndexError, RuntimeError):  # the axis does not exist
        return float("inf")
    apart = (got - sum(terms)).abs() / (sum(t.abs() for t in terms) + 1e-300)
    return float(apart.max()) if bool(torch.isfinite(apart).all()) else float("inf")


def identify(kind, samples, most=2):
    """The variant with the fewest deviations that fits all samples (got, x, w, b, eps), nearest first, or None."""
    for count in range(most + 1):
        best, nearest = None, FIT
        for variant in variants(kind, count):
            worst = 0.0
            for sample in samples:
                worst = max(worst, distance(sample[0], variant, *sample[1:]))
                if worst > nearest:
                    break
            if worst <= nearest:
                best, nearest = variant, worst
        if best is not None:
            return best
    return None
