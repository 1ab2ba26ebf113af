# SPDX-License-Identifier: Apache-2.0
"""The conformance suite passes what is right, and catches and names every planted defect."""

import json
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "python"))  # last: a package that is built comes first

from nwidth.conformance import Subject, check, reference  # noqa: E402

F32, BF16, F64 = torch.float32, torch.bfloat16, torch.float64


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def report_of(target, kind="polynorm", dtypes=(F32, BF16), **options):
    return check(Subject(target, kind, **options), name="planted", dtypes=dtypes)


def assert_named(report, name, *words):
    """The check of that name differs, shows a difference in words, and its diagnosis holds these words."""
    found = report[name]
    assert found.result == "differs" and not report.conforms, report.table()
    assert found.detail, report.table()
    diagnosis = " | ".join(found.diagnosis)
    for word in words:
        assert word in diagnosis, report.table()


def assert_only(report, *names):
    """Exactly these checks differ: a defect is not smeared over checks that have nothing to do with it."""
    assert [c.name for c in report.checks if c.result == "differs"] == list(names), report.table()


def wide(x, w, b):
    dtype = torch.promote_types(x.dtype, F32)
    return x.to(dtype), w.to(dtype), b.to(dtype)


def polynorm_with(norm, power=lambda v, p: v**p):
    """PolyNorm with its own norm(v, eps), or its own powers, and the rest right."""

    class Planted(reference.PolyNorm):
        def forward(self, x):
            v, w, b = wide(x, self.weight, self.bias)
            y = sum(w[k] * norm(power(v, p), self.eps) for k, p in enumerate((3, 2, 1))) + b
            return y.to(x.dtype)

    return Planted


# What is right passes


@pytest.mark.parametrize("kind, name", [("polyrelu", "PolyReLU"), ("polynorm", "PolyNorm")])
def test_the_reference_conforms_as_module_and_as_function(kind, name):
    for target in (getattr(reference, name), getattr(reference, kind)):
        report = report_of(target, kind, (F32, BF16, F64))
        assert report.conforms, report.table()
        skipped = [c.name for c in report.checks if c.result == "skipped"]
        takes_eps = kind == "polynorm"
        assert skipped == ([] if target is not getattr(reference, kind) else ["start"]), (skipped, takes_eps)
        for found in report.checks:
            assert found.worst is None or 0 <= found.worst <= 1, report.table()


@pytest.mark.parametrize("name", ["PolyReLU", "PolyNorm", "polyrelu", "polynorm"])
def test_our_own_operators_conform(name):
    try:
        from nwidth import torch as ours
    except ImportError as error:
        pytest.skip(f"the operators are not built: {error}")
    report = report_of(getattr(ours, name), name.lower(), (F32, BF16, F64))
    assert report.conforms, report.table()


def test_other_right_ways_to_compute_conform():
    class Horner(reference.PolyReLU):
        def forward(self, x):
            v, w, b = wide(x, self.weight, self.bias)
            u = torch.relu(v)
            return (((w[0] * u + w[1]) * u + w[2]) * u + b).to(x.dtype)

    def division(v, eps):
        return v / torch.sqrt(v.square().sum(-1, keepdim=True) / v.shape[-1] + eps)

    class ClosedBackward(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, weight, bias, eps):
            ctx.save_for_backward(x, weight)
            ctx.eps = eps
            return reference.polynorm(x, weight, bias, eps)

        @staticmethod
        def backward(ctx, grad):
            x, weight = ctx.saved_tensors
            v, w, g = wide(x, weight, grad)
            dx, dw, n = torch.zeros_like(v), [], v.shape[-1]
            for c, p in zip(w, (3, 2, 1), strict=True):
                R = (v.pow(2 * p).mean(-1, keepdim=True) + ctx.eps).rsqrt()
                S = (g * v**p).sum(-1, keepdim=True)
                dx += c * (p * v ** (p - 1) * R * g - p / n * v ** (2 * p - 1) * R**3 * S)
                dw.append((R * S).sum())
            return dx.to(x.dtype), torch.stack(dw).to(x.dtype), g.sum().reshape(1).to(x.dtype), None

    def closed(x, weight, bias, eps=1e-6):
        return ClosedBackward.apply(x, weight, bias, eps)

    def in_double(x, weight, bias):
        return reference.polynorm(x.double(), weight.double(), bias.double()).to(x.dtype)

    for target, kind in [
        (Horner, "polyrelu"),
        (polynorm_with(division), "polynorm"),
        (closed, "polynorm"),
        (in_double, "polynorm"),
    ]:
        report = report_of(target, kind, (F32, BF16, F64))
        assert report.conforms, report.table()


# Planted defects


def test_reversed_coefficients():
    for kind, name in (("polyrelu", "PolyReLU"), ("polynorm", "PolyNorm")):

        class Planted(getattr(reference, name)):
            function = staticmethod(getattr(reference, kind))

            def forward(self, x):
                return self.function(x, self.weight.flip(0), self.bias)

        report = report_of(Planted, kind)
        assert_named(report, "coefficient order", "coefficients look reversed: linear first")
        assert_named(report, "gradient in weight", "coefficients look reversed")
        assert report["formula"].result == "pass" and report["start"].result == "pass", report.table()


def test_coefficients_in_another_wrong_order():
    report = report_of(lambda x, w, b: reference.polyrelu(x, w[[1, 0, 2]], b), "polyrelu")
    assert_named(report, "coefficient order", "weight[0] multiplies x^2, weight[1] x^3, weight[2] x^1")


def test_bias_that_starts_at_one():
    class Planted(reference.PolyNorm):
        def __init__(self, eps=1e-6):
            super().__init__(eps)
            torch.nn.init.ones_(self.bias)

    report = report_of(Planted)
    assert_named(report, "start", "bias starts at 1")
    assert_only(report, "start")


def test_weights_that_start_elsewhere():
    class Planted(reference.PolyReLU):
        def __init__(self):
            super().__init__()
            torch.nn.init.ones_(self.weight)

    report = report_of(Planted, "polyrelu")
    assert_only(report, "start")
    assert "expected 1/3, 1/3, 1/3, got 1.0" in report["start"].detail


@pytest.mark.parametrize(
    "norm, words",
    [
        (lambda v, eps: v / (v.square().mean(-1, keepdim=True).sqrt() + eps), "eps is outside the root"),
        (lambda v, eps: v / v.square().mean(-1, keepdim=True).sqrt(), "eps is missing"),
        (lambda v, eps: v / (v.square().sum(-1, keepdim=True) + eps).sqrt(), "L2, not RMS"),
        (lambda v, eps: v * (v.square().mean(-1, keepdim=True) + 1e-5).rsqrt(), "eps is 1e-5"),
        (lambda v, eps: v * ((v.square().sum(-1, keepdim=True) + eps) / v.shape[-1]).rsqrt(), "added to the sum"),
        (lambda v, eps: v * v.square().mean(-1, keepdim=True).clamp(min=eps).rsqrt(), "lower limit of the mean"),
    ],
)
def test_eps_in_another_place(norm, words):
    report = report_of(polynorm_with(norm))
    assert_named(report, "place of eps", words)
    assert_named(report, "values", words)
    assert report["coefficient order"].result == "pass" and report["axis of the mean"].result == "pass", report.table()


def test_eps_that_nobody_thought_of_is_measured():
    report = report_of(polynorm_with(lambda v, eps: v * (v.square().mean(-1, keepdim=True) + 3e-6).rsqrt()))
    assert_named(report, "place of eps", "eps looks like 3e-06")
    assert_named(report, "values", "eps looks like 3e-06")
    assert report["coefficient order"].result == "pass" and report["axis of the mean"].result == "pass", report.table()


def test_no_eps_fails_on_a_row_of_zeros():
    report = report_of(polynorm_with(lambda v, eps: v / v.square().mean(-1, keepdim=True).sqrt()))
    assert_named(report, "zero rows", "0/0 in a row of zeros")


@pytest.mark.parametrize(
    "axis, words",
    [(-2, "the last axis but one"), (0, "axis 0"), ((0, 1, 2, 3), "all axes"), ("shard", "half of the row")],
)
def test_mean_over_another_axis(axis, words):
    def norm(v, eps):
        if axis == "shard":
            halves = v.split(max(v.shape[-1] // 2, 1), -1)
            return torch.cat([reference.normalised(h, eps) for h in halves], -1)
        axes = tuple(range(v.dim())) if isinstance(axis, tuple) else (axis if v.dim() > 1 else -1)
        return v * (v.square().mean(axes, keepdim=True) + eps).rsqrt()

    report = report_of(polynorm_with(norm))
    assert_named(report, "axis of the mean", "the axis of the mean differs", words)
    assert report["place of eps"].result == "pass" and report["coefficient order"].result == "pass", report.table()


def test_two_defects_at_once_are_both_named():
    def planted(x, w, b):
        v, w, b = wide(x, w, b)

        def norm(t):
            return t / (t.square().mean(-1, keepdim=True).sqrt() + 1e-6)

        return (w[2] * norm(v**3) + w[1] * norm(v**2) + w[0] * norm(v) + b).to(x.dtype)

    report = report_of(planted)
    assert_named(report, "coefficient order", "linear first")
    assert_named(report, "place of eps", "eps is outside the root")
    assert_named(report, "values", "linear first", "eps is outside the root")


def test_powers_in_bfloat16():
    def as_released(x, weight, bias, eps=1e-6):  # PolyCom's own code: everything in the type of x
        def norm(v):
            return v * torch.rsqrt(v.pow(2).mean(-1, keepdim=True) + eps)

        return weight[0] * norm(x**3) + weight[1] * norm(x**2) + weight[2] * norm(x) + bias

    def powers_only(x, weight, bias, eps=1e-6):  # as in a kernel that multiplies before it widens
        square = x * x
        norms = [reference.normalised(v.to(torch.promote_types(x.dtype, F32)), eps) for v in (square * x, square, x)]
        return (sum(w * n for w, n in zip(weight.to(norms[0].dtype), norms, strict=True)) + bias).to(x.dtype)

    def polyrelu(x, weight, bias):
        u = torch.relu(x)
        return weight[0] * u**3 + weight[1] * u**2 + weight[2] * u + bias

    for target, kind in ((as_released, "polynorm"), (powers_only, "polynorm"), (polyrelu, "polyrelu")):
        report = report_of(target, kind)
        assert_named(report, "bfloat16 powers", "powers rounded to bfloat16", "u from float32 powers")
        assert report["bfloat16 powers"].diagnosis[0].startswith("powers rounded to bfloat16"), report.table()
        assert {c.name for c in report.checks if c.result == "differs"} <= {"bfloat16 powers", "bfloat16 gradients"}


def test_powers_in_bfloat16_though_x_is_float32():
    report = report_of(lambda x, w, b: reference.polynorm(x.bfloat16(), w.bfloat16(), b.bfloat16()).to(x.dtype))
    assert report["values"].result == "differs" and report["coefficient order"].result == "pass", report.table()
    report = report_of(polynorm_with(reference.normalised, lambda v, p: (v**p).bfloat16().to(v.dtype)))
    assert_named(report, "values", "powers rounded to bfloat16", "though x is float32")


def test_bfloat16_by_truncation():
    def planted(x, w, b):
        y = reference.polyrelu(*wide(x, w, b))
        return y if x.dtype != BF16 else (y.view(torch.int32) & -65536).view(F32).to(BF16)

    report = report_of(planted, "polyrelu")
    assert_named(report, "bfloat16 powers", "cut to bfloat16 instead of rounded")


def test_reciprocal_root_of_12_bits():
    def norm(v, eps):
        R = torch.rsqrt(v.square().mean(-1, keepdim=True) + eps)
        mantissa, exponent = torch.frexp(R)
        return v * torch.ldexp(torch.round(mantissa * 2**12) / 2**12, exponent)

    report = report_of(polynorm_with(norm))
    assert_named(report, "values", "1/RMS of a row is off", "approximate reciprocal root")
    assert any(f"about {bits} bits" in report["values"].diagnosis[0] for bits in (12, 13, 14)), report.table()
    assert report["place of eps"].result == "pass", report.table()


def test_flush_to_zero():
    def flushed(v):
        return torch.where(v.abs() < torch.finfo(F32).tiny, v * (v == 0), v)

    for kind in ("polyrelu", "polynorm"):
        function = getattr(reference, kind)
        report = report_of(lambda x, w, b, function=function: flushed(function(flushed(x), w, b)), kind)
        assert_named(report, "subnormal", "flushed to zero")
        assert_only(report, "subnormal")


def test_dropped_infinities_and_nans():
    for kind in ("polyrelu", "polynorm"):
        function = getattr(reference, kind)
        report = report_of(lambda x, w, b, function=function: function(torch.nan_to_num(x), w, b), kind)
        assert_named(report, "NaN", "NaN is dropped")
        report = report_of(lambda x, w, b, function=function: torch.nan_to_num(function(x, w, b)), kind)
        assert_named(report, "infinity", "infinity is replaced by a finite number")
        assert_named(report, "NaN", "NaN is dropped")


def test_saturation_is_no_overflow():
    largest = torch.finfo(F32).max
    report = report_of(lambda x, w, b: reference.polyrelu(x, w, b).clamp(-largest, largest), "polyrelu")
    assert report["overflow"].result == "differs" and report["values"].result == "pass", report.table()


@pytest.mark.parametrize("missing", ["x", "weight", "bias"])
@pytest.mark.parametrize("how", ["absent", "zero"])
def test_missing_gradient(missing, how):
    def planted(x, weight, bias):
        given = {"x": x, "weight": weight, "bias": bias}
        lost = given[missing]
        given[missing] = lost.detach() + (0 * lost.nan_to_num() if how == "zero" else 0)
        return reference.polynorm(given["x"], given["weight"], given["bias"])

    report = report_of(planted)
    assert_named(report, f"gradient in {missing}", "missing gradient", f"in {missing}")
    for other in {"x", "weight", "bias"} - {missing}:
        assert report[f"gradient in {other}"].result == "pass", report.table()


def test_no_backward_at_all():
    report = report_of(lambda x, w, b: reference.polyrelu(x.detach(), w.detach(), b.detach()), "polyrelu")
    for name in ("x", "weight", "bias"):
        assert_named(report, f"gradient in {name}", "missing gradient")
    assert report["values"].result == "pass", report.table()


def test_detached_statistics():
    report = report_of(polynorm_with(lambda v, eps: v * torch.rsqrt(v.square().mean(-1, keepdim=True) + eps).detach()))
    assert_named(report, "gradient in x", "statistics are detached")
    for name in ("values", "gradient in weight", "gradient in bias"):
        assert report[name].result == "pass", report.table()


class WrongBackward(torch.autograd.Function):
    """Right forward; the gradients are those of the definition after `change` of them."""

    @staticmethod
    def forward(ctx, x, weight, bias, function, change):
        ctx.save_for_backward(x, weight, bias)
        ctx.function, ctx.change = function, change
        return function(x, weight, bias)

    @staticmethod
    def backward(ctx, grad):
        leaves = [t.detach().requires_grad_() for t in ctx.saved_tensors]
        with torch.enable_grad():
            slopes = torch.autograd.grad(ctx.function(*leaves), leaves, grad)
        return (*ctx.change(*slopes, leaves[0], grad), None, None)


@pytest.mark.parametrize(
    "change, name, words",
    [
        (lambda dx, dw, db, x, g: (dx, dw.flip(0), db), "gradient in weight", "reverse order"),
        (lambda dx, dw, db, x, g: (dx, dw / x.numel(), db), "gradient in weight", "mean where it should be a sum"),
        (lambda dx, dw, db, x, g: (dx, dw, db / x.numel()), "gradient in bias", "mean where it should be a sum"),
        (
            lambda dx, dw, db, x, g: (dx, dw, db * 0 + x.numel()),
            "gradient in bias",
            "ignores the gradient that arrives",
        ),
    ],
)
def test_wrong_sums_in_backward(change, name, words):
    report = report_of(lambda x, w, b: WrongBackward.apply(x, w, b, reference.polynorm, change))
    assert_named(report, name, words)
    assert report["gradient in x"].result == "pass" and report["values"].result == "pass", report.table()


def test_step_that_is_one_at_zero():
    def change(dx, dw, db, x, g):
        return torch.where(x == 0, g * 0.8125, dx), dw, db

    report = report_of(lambda x, w, b: WrongBackward.apply(x, w, b, reference.polyrelu, change), "polyrelu")
    assert_named(report, "zero: H(0) = 0", "H(0) = 1")


def test_forward_without_relu_and_norm_before_power():
    def cubic(x, w, b):
        v, w, b = wide(x, w, b)
        return (w[0] * v**3 + w[1] * v**2 + w[2] * v + b).to(x.dtype)

    assert_named(report_of(cubic, "polyrelu"), "formula", "there is no ReLU")

    def norm_first(x, w, b):
        v, w, b = wide(x, w, b)
        N = reference.normalised(v, 1e-6)
        return (w[0] * N**3 + w[1] * N**2 + w[2] * N + b).to(x.dtype)

    assert_named(report_of(norm_first), "formula", "the norm comes before the power")


def test_something_else_altogether():
    report = report_of(lambda x, w, b: torch.nn.functional.gelu(x) + 0 * (w.sum() + b), "polyrelu")
    assert_named(report, "coefficient order", "no formula of the catalogue is near")


def test_eps_argument_that_is_ignored():
    report = report_of(lambda x, w, b, eps=1e-6: reference.polynorm(x, w, b))
    assert_named(report, "eps argument", "is ignored")
    assert_only(report, "eps argument")


def test_float32_arithmetic_for_float64():
    report = report_of(
        lambda x, w, b: reference.polynorm(x.float(), w.float(), b.float()).to(x.dtype), dtypes=(F32, F64)
    )
    assert_named(report, "float64", "computed in float32")
    assert_only(report, "float64")

    def refuses(x, w, b):
        if x.dtype == F64:
            raise TypeError("float64 is not supported")
        return reference.polynorm(x, w, b)

    report = report_of(refuses, dtypes=(F32, F64))
    assert report.conforms and report["float64"].result == "skipped" and "refused" in report["float64"].detail


def test_strides_that_are_ignored():
    def planted(x, w, b):
        flat = torch.as_strided(x, x.shape, torch.empty(x.shape).stride())
        return reference.polyrelu(flat, w, b)

    assert_named(report_of(planted, "polyrelu"), "layouts", "strides of x are ignored")


def test_two_axes_only():
    def planted(x, w, b):
        if x.dim() != 3:
            return reference.polynorm(x.flatten(0, -2) if x.dim() > 2 else x, w, b)
        return reference.polynorm(x, w, b)

    report = report_of(planted)
    assert report["layouts"].result == "differs" and "one axis" not in report["layouts"].detail, report.table()


def test_empty_tensors_that_raise():
    def planted(x, w, b):
        if x.numel() == 0:
            raise RuntimeError("grid of size 0")
        return reference.polynorm(x, w, b)

    report = report_of(planted)
    assert_only(report, "empty")
    assert "grid of size 0" in report["empty"].detail


def test_arriving_gradient_that_is_overwritten():
    def change(dx, dw, db, x, g):
        g.copy_(dx)
        return g, dw, db

    report = report_of(lambda x, w, b: WrongBackward.apply(x, w, b, reference.polynorm, change))
    assert_named(report, "arguments untouched", "the gradient that arrives is overwritten in place")


def test_wrong_type_or_shape_of_the_result():
    report = report_of(lambda x, w, b: reference.polynorm(x, w, b).float())
    assert report["shape and type"].result == "differs" and "bfloat16" in report["shape and type"].detail
    report = report_of(lambda x, w, b: reference.polynorm(x, w, b).flatten(), dtypes=(F32,))
    assert report["shape and type"].result == "differs" and not report.conforms


def test_records_are_json_even_where_numbers_are_not_finite():
    report = report_of(lambda x, w, b: reference.polynorm(x, w, b) * float("nan"), dtypes=(F32,))
    assert {c.name for c in report.checks if c.result == "skipped"} >= {
        "bfloat16 powers",
        "bfloat16 gradients",
        "float64",
    }
    record = json.loads(json.dumps(report.record(), allow_nan=False))
    values = next(c for c in record["checks"] if c["name"] == "values")
    assert values["worst"] == "inf" and values["difference"]["got"] == "nan"


def test_a_module_that_is_given_stays_as_it_is():
    module = reference.PolyNorm()
    assert report_of(module).conforms
    assert module.weight.dtype == F32 and module.weight.tolist() == reference.PolyNorm().weight.tolist()
