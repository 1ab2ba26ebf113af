# SPDX-License-Identifier: Apache-2.0
"""The operators against formulas in eager PyTorch: values, derivatives, layouts, errors, and what is kept."""

import re
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: ./dev torch installs it")
try:
    import nwidth.torch as nt
except ImportError as error:
    pytest.skip(f"the operators are not built: {error}", allow_module_level=True)
from torch_families import (  # noqa: E402
    BF16,
    F32,
    F64,
    FAMILIES,
    backward_arguments,
    bound,
    eager,
    inputs,
    operator,
    ours,
    saved_bytes,
    split,
)

OPS = list(FAMILIES)
LEARNED = [name for name in OPS if FAMILIES[name].coefficients]


def test_all_operators_are_here():
    """This table, the functions, and what the package registers are the same."""
    from nwidth.torch.operators import OPERATORS

    assert sorted(o.name for o in OPERATORS) == sorted(OPS)
    own = [s.name.removeprefix("nwidth::") for s in torch._C._jit_get_all_schemas() if s.name.startswith("nwidth::")]
    assert sorted(own) == sorted(OPS + [f"{name}_backward" for name in OPS])
    functions = {n for n in nt.__all__ if n.islower()} | {"gelu_tanh", "geglu_tanh"}
    assert functions == set(OPS)


def gradients(f, arguments, grad):
    return torch.autograd.grad(f(*arguments), arguments, grad)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("shape", [(7,), (3, 40), (2, 3, 33), (2, 1, 3, 5), (600, 16), (4, 8256)])
def test_values_and_gradients_in_float64(name, shape):
    arguments = inputs(name, shape)
    grad = torch.randn(shape, dtype=F64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(ours(name, *arguments), eager(name, *arguments), rtol=1e-13, atol=1e-13)
    got = gradients(lambda *a: ours(name, *a), arguments, grad)
    want = gradients(lambda *a: eager(name, *a), arguments, grad)
    torch.testing.assert_close(got, want, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("dtype", [F32, BF16])
def test_rounding(name, dtype):
    """Against float64 at the same inputs: arithmetic within its bound, then one rounding to the type of x."""
    arguments = inputs(name, (32, 1000), dtype, weight_type=F32)
    wide = [t.detach().double() for t in arguments]
    want = eager(name, *wide)
    half_ulp = 2**-9 if dtype == BF16 else 0
    y = ours(name, *arguments)
    assert y.dtype == dtype
    error, allowed = (y.double() - want).abs(), bound(name, dtype, *wide)
    assert bool((error <= allowed + half_ulp * (2 * want.abs() + allowed)).all()), (error - allowed).max()
    if dtype == BF16 and name not in ("relu", "leaky_relu", "prelu", "reglu"):
        # and so it is nearer than the same formula in bfloat16 throughout
        plain = eager(name, *(t.detach().bfloat16() for t in arguments)).double()
        assert error.mean() < 0.9 * (plain - want).abs().mean()


@pytest.mark.parametrize("name", OPS)
def test_gradcheck(name):
    assert torch.autograd.gradcheck(lambda *a: ours(name, *a), inputs(name, (3, 2, 5)))


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("dtype", [F32, BF16, F64])
def test_opcheck(name, dtype):
    xs, coefficients = split(name, inputs(name, (4, 3, 8), dtype))
    views = [lambda t: t, lambda t: t.detach().transpose(0, 1), lambda t: t.detach()[:, :, 1:6]]
    if dtype == F32:
        views.append(lambda t: t.detach().transpose(1, 2))
    for view in views:
        seen = [view(x).requires_grad_() for x in xs]
        torch.library.opcheck(operator(name).default, (*seen, *coefficients, *FAMILIES[name].constants))


@pytest.mark.parametrize("name", OPS)
def test_opcheck_of_backward(name):
    arguments = backward_arguments(name, inputs(name, (4, 3, 8)))
    torch.library.opcheck(operator(name, backward=True).default, (arguments[0], *arguments))


VIEWS = {  # view, and whether rows can be walked over without a copy, elementwise and by rows of the last dimension
    "contiguous": (lambda t: t, True, True),
    "columns": (lambda t: t[..., 3:29], True, True),
    "rows": (lambda t: t[:, 1:4:2], False, False),
    "one row of each": (lambda t: t[:, 1], True, True),
    "transposed leading": (lambda t: t.transpose(0, 1), True, False),
    "transposed": (lambda t: t.transpose(1, 2), True, False),
    "every other": (lambda t: t[..., ::2], False, False),
    "expanded": (lambda t: t[:1].expand(6, -1, -1), False, False),
    "flat": (lambda t: t.flatten(), True, True),
    "one wide": (lambda t: t[..., :1], False, True),
    "channels last": (lambda t: t.unsqueeze(0).contiguous(memory_format=torch.channels_last), True, False),
}


def copies(f):
    """How many times the call copies elements of a matrix (more than the coefficients' gradients)."""
    with torch.profiler.profile(record_shapes=True) as profile:
        result = f()
    shapes = [e.input_shapes[0] for e in profile.events() if e.name == "aten::copy_"]
    return result, sum(1 for s in shapes if s not in ([3], [1]))


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("view", VIEWS)
def test_layouts(name, view):
    """The same bits whatever the strides; a copy of each input only where there is no matrix to walk over."""
    look, elementwise, by_rows = VIEWS[view]
    xs, coefficients = split(name, inputs(name, (6, 5, 32), F32, seed=3))
    xs = [look(x.detach()).requires_grad_() for x in xs]
    fits = by_rows if FAMILIES[name].rows else elementwise
    y, count = copies(lambda: ours(name, *xs, *coefficients))
    dense = [x.detach().contiguous().requires_grad_() for x in xs]
    same = ours(name, *dense, *coefficients)
    assert torch.equal(y, same)
    assert count == (0 if fits else len(xs))
    assert y.stride() == (dense[0] if FAMILIES[name].rows else torch.empty_like(xs[0])).stride()
    grad = torch.randn(y.shape, generator=torch.Generator().manual_seed(4))
    got, want = (torch.autograd.grad(v, (*u, *coefficients), grad) for v, u in ((y, xs), (same, dense)))
    assert all(torch.equal(p, q) for p, q in zip(got[: len(xs)], want[: len(xs)], strict=True))
    torch.testing.assert_close(got[len(xs) :], want[len(xs) :], rtol=1e-5, atol=1e-5)
    sum_got, sum_want = (torch.autograd.grad(ours(name, *u, *coefficients).sum(), u) for u in (xs, dense))
    # the gradient that arrives has strides 0
    assert all(torch.equal(p, q) for p, q in zip(sum_got, sum_want, strict=True))


@pytest.mark.parametrize("name", [name for name in OPS if FAMILIES[name].inputs == 2])
def test_gate_and_up_of_different_strides(name):
    """Halves of a joint projection are read where they lie; strides that do not agree cost a copy and change no bit."""
    xs, coefficients = split(name, inputs(name, (6, 32), F32))
    want = ours(name, *xs, *coefficients)
    joint = torch.cat([x.detach() for x in xs], dim=-1)
    got, count = copies(lambda: ours(name, *joint.chunk(2, dim=-1), *coefficients))
    assert torch.equal(got, want) and count == 0
    turned = xs[1].detach().t().contiguous().t()
    got, count = copies(lambda: ours(name, xs[0], turned, *coefficients))
    assert torch.equal(got, want) and count == 1
    grads = []
    for up in (xs[1].detach(), turned):
        pair = [xs[0].detach().requires_grad_(), up.requires_grad_()]
        grads.append(torch.autograd.grad(ours(name, *pair, *coefficients).square().sum(), pair))
    assert all(torch.equal(p, q) for p, q in zip(*grads, strict=True))


@pytest.mark.parametrize("name", OPS)
def test_threads_do_not_change_bits(name):
    arguments = inputs(name, (67, 513), F32)
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            y = ours(name, *arguments)
            results.append([y, *torch.autograd.grad(y.square().sum(), arguments)])
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(p, q) for p, q in zip(results[0], other, strict=True))


def test_one_thread_is_one_thread(package):
    """With torch.set_num_threads(1) a call starts no thread."""
    code = """if True:
        import os, sys
        sys.path.insert(0, sys.argv[1])
        import torch, nwidth.torch as nt
        torch.set_num_threads(1)
        x, module = torch.randn(512, 512), nt.PolyNorm()
        before = len(os.listdir("/proc/self/task"))
        module(x)
        print(len(os.listdir("/proc/self/task")) - before)
    """
    run = subprocess.run([sys.executable, "-c", code, str(package)], capture_output=True, text=True, check=True)
    assert run.stdout == "0\n"


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("dtype", [F32, BF16, F64])
@pytest.mark.parametrize("shape", [(0,), (0, 5), (5, 0), (2, 0, 3)])
def test_empty(name, dtype, shape):
    arguments = inputs(name, shape, dtype)
    y = ours(name, *arguments)
    assert y.shape == shape and y.dtype == dtype
    for t, d in zip(arguments, torch.autograd.grad(y.sum(), arguments), strict=True):
        assert torch.equal(d, torch.zeros_like(t))


@pytest.mark.parametrize("name", OPS)
def test_one_number(name):
    xs, coefficients = split(name, inputs(name, (), F64))
    if FAMILIES[name].rows:
        with pytest.raises(ValueError, match=re.escape(f"nwidth::{name}: ") + r"\w+ of shape \[\] has no rows"):
            ours(name, *xs, *coefficients)
    else:
        assert torch.equal(ours(name, *xs, *coefficients), ours(name, *(x.reshape(1) for x in xs), *coefficients)[0])


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_errors_name_the_shape(name, device):
    xs, coefficients = split(name, [t.detach().to(device) for t in inputs(name, (2, 3), F32)])
    first = "gate" if len(xs) == 2 else "x"

    def refused(message, *arguments):
        with pytest.raises(ValueError, match=re.escape(f"nwidth::{name}: {message}")):
            ours(name, *arguments)

    for bad in (torch.float16, torch.int32, torch.complex64):
        wrong = "has a type other than float32, bfloat16 and float64"
        refused(f"{first} of shape [2, 3] {wrong}", *(x.to(bad) for x in xs), *coefficients)
        for i, c in enumerate(coefficients):
            changed = [*coefficients[:i], c.to(bad), *coefficients[i + 1 :]]
            with pytest.raises(ValueError, match=re.escape(f"of shape [{len(c)}] {wrong}")):
                ours(name, *xs, *changed)
    for i, c in enumerate(coefficients):
        for wrong in (c[None], torch.cat([c, c]), c[0]):
            with pytest.raises(
                ValueError,
                match=rf"nwidth::{name}: \w+ has shape {re.escape(str(list(wrong.shape)))}; allowed is \[{len(c)}\]",
            ):
                ours(name, *xs, *coefficients[:i], wrong, *coefficients[i + 1 :])
    if len(xs) == 2:
        words = "differs from gate of shape [2, 3] in shape or type"
        refused(f"up of shape [3, 2] {words}", xs[0], xs[1].T, *coefficients)
        refused(f"up of shape [2, 3] {words}", xs[0], xs[1].double(), *coefficients)


@pytest.mark.parametrize("name", OPS)
def test_errors_of_backward(name):
    arguments = backward_arguments(name, inputs(name, (2, 3), F32))
    first, x = "gate" if FAMILIES[name].inputs == 2 else "x", arguments[0]
    op = operator(name, backward=True)
    with pytest.raises(ValueError, match=re.escape(f"grad of shape [3, 2] differs from {first} of shape [2, 3]")):
        op(x.T, *arguments)
    with pytest.raises(ValueError, match="in shape or type"):
        op(x.double(), *arguments)
    if FAMILIES[name].inputs == 2:
        with pytest.raises(ValueError, match=re.escape("up of shape [3, 2] differs from gate of shape [2, 3]")):
            op(x, x, arguments[1].T, *arguments[2:])
    if FAMILIES[name].rows:
        i = FAMILIES[name].inputs
        with pytest.raises(ValueError, match=re.escape("rstd of shape [1, 3] is not what the forward pass gave")):
            op(x, *arguments[:i], arguments[i][:1], *arguments[i + 1 :])


def test_bad_constants():
    x, w, b = inputs("polynorm", (2, 3))
    for eps in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="eps"):
            nt.polynorm(x, w, b, eps)
    for k in (0, 65, -(2**40), 2**40):
        with pytest.raises(ValueError, match=f"k = {k}; allowed is 1 to 64"):
            nt.relu_power(x, k)
    for f in (nt.gelu, nt.GELU):
        with pytest.raises(ValueError, match="approximate = 'erf'; allowed are 'none' and 'tanh'"):
            f(*([x] if f is nt.gelu else []), "erf")


@pytest.mark.parametrize("name", OPS)
def test_second_derivatives_are_refused(name):
    arguments = inputs(name, (2, 3))
    (dx,) = torch.autograd.grad(ours(name, *arguments).sum(), arguments[0], create_graph=True)
    with pytest.raises(NotImplementedError, match="derivative"):
        dx.sum().backward()


@pytest.mark.parametrize("dtype", [F32, BF16])
@pytest.mark.parametrize("name", OPS)
def test_what_is_kept_for_backward(name, dtype):
    """The inputs and the coefficients that are needed, and for PolyNorm three float32 a row; never more than PyTorch's
    own formula keeps."""
    rows, width = 64, 500
    arguments = inputs(name, (rows, width), dtype)
    xs, coefficients = split(name, arguments)
    own, _y = saved_bytes(lambda: ours(name, *arguments))
    needed = sum(t.nbytes for t in (*xs, *coefficients[: FAMILIES[name].kept]))
    assert own == needed + (12 * rows if FAMILIES[name].rows else 0)
    plain, _y = saved_bytes(lambda: eager(name, *arguments))
    print(f"{name} {dtype}: {own} bytes, eager {plain}: {plain / own:.1f} times as many")
    assert plain > 2 * own or name not in ("polyrelu", "polynorm")
