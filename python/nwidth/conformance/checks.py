# SPDX-License-Identifier: Apache-2.0
"""The checks that compare with the reference vectors: start, structure, accuracy, gradients, bfloat16, float64, eps."""

import math

import torch

from . import diagnose, formulas
from .session import GRADIENTS, IDENTIFYING, Check, short

ACCURATE = {
    "polyrelu": ("generic", "cancelling", "wide"),
    "polynorm": ("generic", "small", "cancelling", "width 1", "width 43", "wide"),
}
LEFT_OUT = "this type was not asked for"
PARTICULAR = {"polyrelu": ("generic", "cancelling"), "polynorm": ("generic", "small", "cancelling")}


def result_type(session):
    """y has the shape and type of x."""
    check = Check("shape and type", "pass")
    for dtype in session.dtypes:
        run = session.run("generic", dtype)
        if run.error:  # said by the checks of that type
            continue
        x = session.cases["generic"].x
        if run.y.shape != x.shape or run.y.dtype != dtype:
            got = f"{short(run.y.dtype)} of shape {tuple(run.y.shape)}"
            return session.fail(check, f"x is {short(dtype)} of shape {tuple(x.shape)}, but y is {got}")
    return check


def start(session):
    """weight starts at 1/3, 1/3, 1/3 and bias at 0, to one ulp of their type."""
    check = Check("start", "skipped", "a function has no starting values")
    subject = session.subject
    if not subject.is_module:
        return check
    check.result, check.detail = "pass", "weight 1/3, 1/3, 1/3; bias 0"
    weight, bias = (getattr(subject.starting, n).detach() for n in ("weight", "bias"))
    w, b = weight.double().cpu().flatten(), bias.double().cpu().flatten()
    ulp = torch.finfo(weight.dtype).eps / 2  # at 1/3, within a factor of two
    if not bool(((w - 1 / 3).abs() <= ulp).all()):
        return session.fail(check, f"weight: expected 1/3, 1/3, 1/3, got {', '.join(map(str, w.tolist()))}")
    if float(b[0]) != 0:
        starts = f"bias starts at {float(b[0]):g}"
        return session.fail(check, f"bias: expected 0, got {float(b[0])!r}", None, [f"{starts}; PolyCom's starts at 0"])
    return check


def structure(aspect, name):
    """The nearest formula of the catalogue has the definition's choice in this aspect."""

    def check_of(session):
        check, variant = Check(name, "pass"), session.variant
        other_eps = aspect == "eps" and session.other_eps
        if variant is not None and not variant.deviates(aspect) and not other_eps:
            check.detail = variant.words(aspect)
            return check
        session.against_vectors(check, IDENTIFYING[session.kind], ("y",), (torch.float32,))
        check.result = "differs"
        if variant is None:
            check.diagnosis = ["no formula of the catalogue is near"]
        else:
            check.diagnosis = [session.words_on_eps()] if other_eps else []
            check.diagnosis += [variant.words(aspect)] if variant.deviates(aspect) else []
        return check

    return check_of


def _root(session):
    """For PolyNorm, words on R found from y = x R: weight (0, 0, 1) and bias 0."""
    if session.kind != "polynorm" or session.cause():
        return []
    ratios = []
    for name in ("generic", "small", "width 43"):
        case = session.cases[name]
        w, b = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
        run = session.subject.run(case.x, w, b)
        if run.error or run.y.shape != case.x.shape:
            return []
        exact = case.x * (case.x.square().mean(-1, keepdim=True) + case.eps).rsqrt()
        ratios += list((run.y.double().cpu() / exact).flatten(0, -2))
    return diagnose.root(ratios, 2.0**-24)


def _samples(session, dtype):
    for name in PARTICULAR[session.kind]:
        case, run = session.cases[name], session.run(name, dtype)
        if run.error or run.y.shape != case.x.shape:
            return
        yield run.y.double().cpu(), case.x, case.w, case.b, case.eps, case.exact["y"][0]


def _bfloat16_errors(session, dtype):
    """(what fits better than float32 powers, or ""; the errors measured against both hypotheses, in words)."""
    samples = list(_samples(session, dtype))
    if len(samples) < len(PARTICULAR[session.kind]):
        return "", ""
    ours, others = diagnose.precision(session.kind, samples, dtype)
    nearest = min(others, key=others.get)
    powers = min((w for w in others if w != diagnose.CUT), key=others.get)
    if not math.isfinite(ours + others[powers]):
        return "", ""
    measured = (
        f"mean error {ours:.2g} u from float32 powers rounded once, {others[powers]:.2g} u from '{powers}'; u = 2^-8"
    )
    return (nearest if others[nearest] < ours / 2 else ""), measured


def values(session):
    """y in float32, within the bound of rounding errors."""
    check = session.against_vectors(Check("values", "pass"), ACCURATE[session.kind], ("y",), (torch.float32,))
    if check.result == "differs":
        check.diagnosis = session.cause() or _root(session)
        if not check.diagnosis:
            words, _ = _bfloat16_errors(session, torch.float32)
            check.diagnosis = [f"{words} though x is float32"] if words else []
    return check


def gradient(quantity):
    """A gradient in float32."""

    def check_of(session):
        names = ACCURATE[session.kind]
        check = session.against_vectors(Check(f"gradient in {quantity}", ""), names, (quantity,), (torch.float32,))
        if check.result == "differs":
            runs = [
                (session.cases[n], getattr(session.run(n, torch.float32), quantity)) for n in PARTICULAR[session.kind]
            ]
            check.diagnosis = diagnose.gradient(quantity, runs, session.variant)
        return check

    return check_of


def bfloat16_powers(session):
    """bfloat16 in, bfloat16 out, float32 between: one rounding, at the end."""
    if torch.bfloat16 not in session.dtypes:
        return Check("bfloat16 powers", "skipped", LEFT_OUT)
    check = session.against_vectors(Check("bfloat16 powers", ""), ACCURATE[session.kind], ("y",), (torch.bfloat16,))
    words, measured = _bfloat16_errors(session, torch.bfloat16)
    if check.result == "pass":
        check.detail = measured
        return check
    check.diagnosis = session.cause() or ([words] if words else [])
    if not check.diagnosis and measured and values(session).result == "pass":
        check.diagnosis = ["numbers are rounded to bfloat16 on the way, in no way of the catalogue: float32 is right"]
    if measured and not session.cause():
        check.diagnosis.append(measured)
    return check


def bfloat16_gradients(session):
    """The gradients with bfloat16 in and out and float32 between."""
    if torch.bfloat16 not in session.dtypes:
        return Check("bfloat16 gradients", "skipped", LEFT_OUT)
    names = ACCURATE[session.kind]
    check = session.against_vectors(Check("bfloat16 gradients", ""), names, GRADIENTS, (torch.bfloat16,))
    if check.result == "differs":
        failing = [q for q in GRADIENTS if check.difference and check.difference["quantity"].endswith(" " + q)]
        for q in failing or GRADIENTS:
            runs = [(session.cases[n], getattr(session.run(n, torch.bfloat16), q)) for n in PARTICULAR[session.kind]]
            check.diagnosis += diagnose.gradient(q, runs, session.variant)
        if not check.diagnosis and _bfloat16_errors(session, torch.bfloat16)[0]:
            check.diagnosis = ["powers or products rounded to bfloat16 in the backward pass too"]
    return check


def float64(session):
    """y and gradients in float64, or an honest refusal of that type."""
    check = Check("float64", "skipped", LEFT_OUT)
    if torch.float64 not in session.dtypes:
        return check
    run = session.run("generic", torch.float64)
    if run.error:
        check.detail = f"float64 is refused: {run.error}"
        return check
    check.detail = ""
    session.against_vectors(check, ACCURATE[session.kind], ("y", *GRADIENTS), (torch.float64,))
    if check.result == "differs":
        check.diagnosis = session.cause()
        single = Check("", "")
        if not check.diagnosis and check.difference:
            for name in ACCURATE[session.kind]:  # the same numbers against the wider bounds of float32
                case, got = session.cases[name], session.run(name, torch.float64)
                E = session.errors(case, torch.float32)["y"]
                if got.y is None or bool(((got.y.double().cpu() - case.exact["y"][0]).abs() > 2 * E).any()):
                    single.result = "differs"
            check.diagnosis = [] if single.result else ["computed in float32 though x is float64"]
    return check


def eps_argument(session):
    """Another eps than 1e-6 is used where it can be given."""
    check = Check("eps argument", "skipped", "it takes no eps")
    if not session.subject.takes_eps:
        return check
    check.detail = ""
    session.against_vectors(check, ("other eps",), ("y", *GRADIENTS), (torch.float32,))
    if check.result == "differs":
        case, run = session.cases["other eps"], session.run("other eps", torch.float32)
        if not run.error and run.y.shape == case.x.shape:
            plain = formulas.distance(
                run.y.double().cpu(), formulas.definition("polynorm"), case.x, case.w, case.b, 1e-6
            )
            check.diagnosis = (
                ["the eps that is given is ignored: 1e-6 is used"] if plain < formulas.FIT else session.cause()
            )
    return check
