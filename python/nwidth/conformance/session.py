# SPDX-License-Identifier: Apache-2.0
"""One subject under test: its runs on the vectors, and the comparison that all checks share."""

import math
from dataclasses import asdict, dataclass, field

import torch

from . import bounds, formulas, vectors
from .subject import BadInput

QUANTITY = {"y": "y", "x": "gradient in x", "weight": "gradient in weight", "bias": "gradient in bias"}
GRADIENTS = ("x", "weight", "bias")
IDENTIFYING = {"polyrelu": ("generic",), "polynorm": ("generic", "small")}


@dataclass
class Check:
    """What one check found. worst is the largest |error| / allowed error; difference is the first, in numbers."""

    name: str
    result: str  # pass, differs or skipped
    detail: str = ""
    diagnosis: list = field(default_factory=list)
    difference: dict | None = None
    worst: float | None = None

    def record(self):
        found = asdict(self) | {"worst": None if self.worst is None else number(self.worst)}
        return {k: v for k, v in found.items() if v is not None}


def short(dtype):
    return str(dtype).removeprefix("torch.")


def number(value):
    """A value of a difference: exact for a reader of JSON, where inf and nan are words."""
    value = float(value)
    return value if math.isfinite(value) else str(value)


def difference(where, quantity, dtype, index, given, expected, got, low, high, count, total):
    return {
        "case": where,
        "quantity": QUANTITY.get(quantity, quantity),
        "dtype": short(dtype),
        "index": list(index),
        "input": None if given is None else number(given),
        "expected": number(expected),
        "got": number(got),
        "allowed": [number(low), number(high)],
        "differing": count,
        "of": total,
    }


def sentence(d):
    """A difference in words."""
    place = f"[{', '.join(map(str, d['index']))}]" if d["index"] else ""
    given = "" if d["input"] is None else f" at x = {d['input']!r}"
    low, high = d["allowed"]
    among = f" ({d['differing']} of {d['of']} entries differ)" if d["of"] > 1 else ""
    allowed = f"exactly {low!r}" if low == high else f"between {low!r} and {high!r}"
    return (
        f"case '{d['case']}', {d['dtype']}: {d['quantity']}{place}{given}: expected {d['expected']!r}, "
        f"got {d['got']!r}, allowed {allowed}{among}"
    )


def compare(where, quantity, dtype, got, exact, E, x):
    """(first difference or None, largest error / allowed error) of got against exact = (high, low) within E."""
    got = got.detach().double().cpu()
    if got.shape != exact[0].shape and got.numel() == exact[0].numel() and quantity in ("weight", "bias"):
        got = got.reshape(exact[0].shape)
    if got.shape != exact[0].shape:
        raise ShapeDiffers(f"{QUANTITY[quantity]} has shape {tuple(got.shape)}, not {tuple(exact[0].shape)}")
    low, high = bounds.interval(exact, E, dtype)
    wrong = ~((got >= low) & (got <= high))  # so that NaN is wrong
    error = ((got - exact[0]) - exact[1]).abs()
    half = (
        bounds.ROUNDOFF[dtype] * exact[0].abs() + bounds.TINIEST[dtype]
    )  # the last rounding, of subnormal results too
    ratio = torch.where(got == exact[0], 0.0, error / (E + half))
    worst = float(ratio.nan_to_num(nan=math.inf).max()) if got.numel() else 0.0
    if not wrong.any():
        return None, worst
    index = tuple(wrong.nonzero()[0].tolist())
    given = x[index] if quantity in ("y", "x") else None
    values = (exact[0][index], got[index], low[index], high[index])
    return difference(where, quantity, dtype, index, given, *values, int(wrong.sum()), got.numel()), worst


def own(run, quantity):
    """What the run gave, as a pair for compare."""
    value = getattr(run, quantity).detach().double().cpu()
    return value, torch.zeros_like(value)


def ran(session, check, where, run, needs=("y",)):
    """Whether the run gave what is needed; else the check fails and says why."""
    words = run.error
    for q in needs:
        if not words and getattr(run, q) is None:
            words = f"there is no {QUANTITY[q]}"
    if words:
        session.fail(check, f"case '{where}': {words}")
    return not words


class ShapeDiffers(Exception):
    """A result has a shape that cannot be compared; the message says so."""


class Session:
    """Runs and remembers. device names where the subject runs; comparisons are made on the CPU in float64."""

    def __init__(self, subject, dtypes):
        self.subject, self.kind, self.dtypes = subject, subject.kind, dtypes
        self.cases = vectors.cases(subject.kind)
        self._runs = {}
        first = self.run("generic", torch.float32)
        if first.error:
            raise BadInput(f"on a plain float32 tensor on {subject.device} {first.error}")
        self.variant, self.other_eps = self._identify()

    def run(self, name, dtype):
        """Forward and backward on the case of that name."""
        key = name, dtype
        if key not in self._runs:
            case = self.cases[name]
            eps = case.eps if name == "other eps" else None
            self._runs[key] = self.subject.run(case.x, case.w, case.b, case.g, dtype=dtype, eps=eps)
        return self._runs[key]

    def _identify(self):
        """The formula of the catalogue that fits, and for PolyNorm its eps where that is none of the catalogue."""
        samples = []
        for name in IDENTIFYING[self.kind]:
            case, run = self.cases[name], self.run(name, torch.float32)
            if run.error or run.y.shape != case.x.shape:
                return None, None
            samples.append((run.y.double().cpu(), case.x, case.w, case.b, case.eps))
        found = formulas.identify(self.kind, samples)
        if found is not None or self.kind == "polyrelu":
            return found, None
        eps = self._measured_eps()
        found = formulas.identify(self.kind, [(*s[:-1], eps) for s in samples], most=1) if eps else None
        return found, eps if found else None

    def _measured_eps(self):
        """eps = (x/y)^2 - mean x^2 on the row with the smallest numbers, with weight (0, 0, 1) and bias 0; or None."""
        x = self.cases["small"].x[-1:]
        w, b = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
        run = self.subject.run(x, w, b)
        if run.error or run.y.shape != x.shape:
            return None
        eps = float((x / run.y.double().cpu()).square().median() - x.square().mean())
        return eps if math.isfinite(eps) and eps > 0 else None

    def errors(self, case, dtype, loose=False):
        return bounds.errors(self.kind, case.x, case.g, case.w, case.b, case.eps, dtype, loose)

    def against_vectors(self, check, names, quantities, dtypes, loose=False):
        """Sets result, worst and the first difference of the check; returns the check."""
        check.result, check.worst = "pass", 0.0
        for dtype in dtypes:
            for name in names:
                case, run = self.cases[name], self.run(name, dtype)
                E = None if run.error else self.errors(case, dtype, loose)
                for quantity in quantities:
                    if quantity not in case.exact:
                        continue
                    got = None if run.error else getattr(run, quantity)
                    words = run.error or (f"there is no {QUANTITY[quantity]}" if got is None else "")
                    if not words:
                        try:
                            found, worst = compare(
                                name, quantity, dtype, got, case.exact[quantity], E[quantity], case.x
                            )
                        except ShapeDiffers as wrong:
                            words = str(wrong)
                    if words:
                        return self.fail(check, f"case '{name}', {short(dtype)}: {words}")
                    check.worst = max(check.worst, worst)
                    if found and not check.difference:
                        self.fail(check, sentence(found), found)
        return check

    @staticmethod
    def fail(check, detail, found=None, diagnosis=()):
        check.result = "differs"
        check.detail = detail
        check.difference = found
        check.diagnosis += list(diagnosis)
        return check

    def words_on_eps(self):
        return f"eps looks like {self.other_eps:.2g}, not 1e-6"

    def cause(self):
        """What the forward was found to be, where it is not the definition."""
        if self.variant is None:
            return []
        return ([self.words_on_eps()] if self.other_eps else []) + self.variant.deviations()
