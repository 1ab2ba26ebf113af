# SPDX-License-Identifier: Apache-2.0
"""The operators against PolyCom's formulas in eager PyTorch: values, derivatives, layouts, errors, and what is kept."""

import re
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: ./dev torch installs it")
try:
    import nwidth.torch as nt
except ImportError as error:
    pytest.skip(f"the operators are not built: {error}", allow_module_level=True)

F32, BF16, F64 = torch.float32, torch.bfloat16, torch.float64
OPS = ["polyrelu", "polynorm"]
# Error of float32 arithmetic in units of 2^-24 of the sum of absolute terms: kernels/cpu/rows.hpp.
BOUND = {"polyrelu": 3, "polynorm": 25}


def powers(name, x, eps=1e-6):
    """The three terms without their weights, cubic first: as PolyCom's code."""
    if name == "polyrelu":
        u = torch.relu(x)
        return [u**3, u**2, u]
    return [v * torch.rsqrt(v.pow(2).mean(-1, keepdim=True) + eps) for v in (x**3, x**2, x)]


def eager(name, x, weight, bias):
    return sum(w * p for w, p in zip(weight, powers(name, x), strict=True)) + bias


def ours(name, x, weight, bias):
    return getattr(nt, name)(x, weight, bias)


def inputs(shape, dtype=F64, seed=0, weight_type=None):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator, dtype=F64).to(dtype)
    weight = torch.tensor([0.3, -0.25, 0.5], dtype=weight_type or dtype)
    bias = torch.tensor([0.125], dtype=weight_type or dtype)
    return [t.requires_grad_() for t in (x, weight, bias)]


def gradients(f, arguments, grad):
    return torch.autograd.grad(f(*arguments), arguments, grad)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("shape", [(7,), (3, 40), (2, 3, 33), (2, 1, 3, 5), (600, 16), (4, 8256)])
def test_values_and_gradients_in_float64(name, shape):
    x, w, b = inputs(shape)
    grad = torch.randn(shape, dtype=F64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(ours(name, x, w, b), eager(name, x, w, b), rtol=1e-13, atol=1e-13)
    got = gradients(lambda *a: ours(name, *a), (x, w, b), grad)
    want = gradients(lambda *a: eager(name, *a), (x, w, b), grad)
    torch.testing.assert_close(got, want, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("dtype", [F32, BF16])
def test_rounding(name, dtype):
    """Against float64 at the same inputs: arithmetic within its bound, then one rounding to the type of x."""
    x, w, b = inputs((32, 1000), dtype, weight_type=F32)
    wide = [t.detach().double() for t in (x, w, b)]
    want = eager(name, *wide)
    terms = sum((v * p).abs() for v, p in zip(wide[1], powers(name, wide[0]), strict=True)) + wide[2].abs()
    half_ulp = 2**-9 if dtype == BF16 else 0
    y = ours(name, x, w, b)
    assert y.dtype == dtype
    error, allowed = (y.double() - want).abs(), BOUND[name] * 2**-24 * terms
    assert bool((error <= allowed + half_ulp * (2 * want.abs() + allowed)).all()), (error - allowed).max()
    if dtype == BF16:  # and so it is nearer than the same formula in bfloat16 throughout
        plain = eager(name, x, w.bfloat16(), b.bfloat16()).double()
        assert error.mean() < 0.7 * (plain - want).abs().mean()


@pytest.mark.parametrize("name", OPS)
def test_gradcheck(name):
    x, w, b = inputs((3, 2, 5))
    assert torch.autograd.gradcheck(lambda *a: ours(name, *a), (x, w, b))


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("dtype", [F32, BF16, F64])
def test_opcheck(name, dtype):
    extra = (1e-6,) if name == "polynorm" else ()
    x, w, b = inputs((4, 3, 8), dtype)
    views = [x, x.detach().transpose(0, 1).requires_grad_(), x.detach()[:, :, 1:6].requires_grad_()]
    if dtype == F32:
        views.append(x.detach().transpose(1, 2).requires_grad_())
    for view in views:
        torch.library.opcheck(getattr(torch.ops.nwidth, name).default, (view, w, b, *extra))


@pytest.mark.parametrize("name", OPS)
def test_opcheck_of_backward(name):
    x, w, b = (t.detach() for t in inputs((4, 3, 8)))
    if name == "polyrelu":
        torch.library.opcheck(torch.ops.nwidth.polyrelu_backward.default, (x, x, w))
    else:
        rstd = torch.ops.nwidth.polynorm(x, w, b, 1e-6)[1]
        torch.library.opcheck(torch.ops.nwidth.polynorm_backward.default, (x, x, rstd, w, 1e-6))


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
    """The same bits whatever the strides; a copy only where there is no matrix to walk over."""
    look, elementwise, by_rows = VIEWS[view]
    x = look(torch.randn(6, 5, 32, generator=torch.Generator().manual_seed(3))).detach().requires_grad_()
    _, w, b = inputs((1,), F32)
    fits = elementwise if name == "polyrelu" else by_rows
    y, count = copies(lambda: ours(name, x, w, b))
    dense = x.detach().contiguous().requires_grad_()
    same = ours(name, dense, w, b)
    assert torch.equal(y, same)
    assert count == (0 if fits else 1)
    assert y.stride() == (torch.empty_like(x) if name == "polyrelu" else dense).stride()
    grad = torch.randn(y.shape, generator=torch.Generator().manual_seed(4))
    got, want = (torch.autograd.grad(v, (u, w, b), grad) for v, u in ((y, x), (same, dense)))
    assert torch.equal(got[0], want[0])
    torch.testing.assert_close(got[1:], want[1:], rtol=1e-5, atol=1e-5)
    sum_got, sum_want = (
        torch.autograd.grad(ours(name, x, w, b).sum(), x),
        torch.autograd.grad(ours(name, dense, w, b).sum(), dense),
    )
    assert torch.equal(sum_got[0], sum_want[0])  # the gradient that arrives has strides 0


@pytest.mark.parametrize("name", OPS)
def test_threads_do_not_change_bits(name):
    x, w, b = inputs((67, 513), F32)
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            y = ours(name, x, w, b)
            results.append([y, *torch.autograd.grad(y.square().sum(), (x, w, b))])
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
    x, w, b = inputs(shape, dtype)
    y = ours(name, x, w, b)
    assert y.shape == shape and y.dtype == dtype
    dx, dw, db = torch.autograd.grad(y.sum(), (x, w, b))
    assert dx.shape == shape and torch.equal(dw, torch.zeros_like(w)) and torch.equal(db, torch.zeros_like(b))


def test_one_number():
    x, w, b = inputs((), F64)
    assert torch.equal(nt.polyrelu(x, w, b), nt.polyrelu(x.reshape(1), w, b)[0])
    with pytest.raises(ValueError, match=re.escape("nwidth::polynorm: x of shape [] has no rows")):
        nt.polynorm(x, w, b)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_errors_name_the_shape(name, device):
    x, w, b = (t.detach().to(device) for t in inputs((2, 3), F32))
    op = re.escape(f"nwidth::{name}: ")
    for bad in (torch.float16, torch.int32, torch.complex64):
        with pytest.raises(ValueError, match=op + re.escape("x of shape [2, 3] has a type other than float32")):
            ours(name, x.to(bad), w, b)
        with pytest.raises(ValueError, match=op + re.escape("weight of shape [3] has a type other than float32")):
            ours(name, x, w.to(bad), b)
        with pytest.raises(ValueError, match=op + re.escape("bias of shape [1] has a type other than float32")):
            ours(name, x, w, b.to(bad))
    with pytest.raises(ValueError, match=op + re.escape("weight has shape [2]; allowed is [3]")):
        ours(name, x, w[:2], b)
    with pytest.raises(ValueError, match=op + re.escape("weight has shape [3, 1]; allowed is [3]")):
        ours(name, x, w[:, None], b)
    with pytest.raises(ValueError, match=op + re.escape("bias has shape []; allowed is [1]")):
        ours(name, x, w, b[0])


@pytest.mark.parametrize("name", OPS)
def test_errors_of_backward(name):
    x, w, b = (t.detach() for t in inputs((2, 3), F32))
    rest = (torch.ops.nwidth.polynorm(x, w, b, 1e-6)[1], w, 1e-6) if name == "polynorm" else (w,)
    op = getattr(torch.ops.nwidth, name + "_backward")
    with pytest.raises(ValueError, match=re.escape("grad of shape [3, 2] differs from x of shape [2, 3]")):
        op(x.T, x, *rest)
    with pytest.raises(ValueError, match="in shape or type"):
        op(x.double(), x, *rest)
    if name == "polynorm":
        with pytest.raises(ValueError, match=re.escape("rstd of shape [1, 3] is not what polynorm gave")):
            op(x, x, rest[0][:1], w, 1e-6)


def test_bad_eps():
    x, w, b = inputs((2, 3))
    for eps in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="eps"):
            nt.polynorm(x, w, b, eps)


@pytest.mark.parametrize("name", OPS)
def test_second_derivatives_are_refused(name):
    x, w, b = inputs((2, 3))
    (dx,) = torch.autograd.grad(ours(name, x, w, b).sum(), x, create_graph=True)
    with pytest.raises(NotImplementedError, match="derivative"):
        dx.sum().backward()


@pytest.mark.parametrize("name", OPS)
def test_cuda_tensors_are_refused(name):
    """What a CUDA tensor meets, reached here with tensors of the CPU."""
    x, w, b = (t.detach() for t in inputs((2, 3)))
    extra = (1e-6,) if name == "polynorm" else ()
    key = torch._C.DispatchKeySet(torch._C.DispatchKey.CUDA)
    with pytest.raises(RuntimeError, match="the operators were built without CUDA"):
        getattr(torch.ops.nwidth, name).default.redispatch(key, x, w, b, *extra)


def saved_bytes(f):
    """Bytes of the tensors kept for backward, each storage once."""
    kept = {}

    def keep(t):
        kept[t.untyped_storage().data_ptr()] = t.numel() * t.element_size()
        return t

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        result = f()
    return sum(kept.values()), result


@pytest.mark.parametrize("dtype", [F32, BF16])
@pytest.mark.parametrize("name", OPS)
def test_what_is_kept_for_backward(name, dtype):
    """x and the three weights, and for PolyNorm three float32 a row; PolyCom's formula keeps powers of x besides."""
    rows, width = 64, 500
    x, w, b = inputs((rows, width), dtype)
    own, _y = saved_bytes(lambda: ours(name, x, w, b))
    assert own == x.nbytes + w.nbytes + (12 * rows if name == "polynorm" else 0)
    plain, _y = saved_bytes(lambda: eager(name, x, w, b))
    print(f"{name} {dtype}: {own} bytes, eager {plain}: {plain / own:.1f} times as many")
    assert plain > 2 * own
