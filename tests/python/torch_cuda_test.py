# SPDX-License-Identifier: Apache-2.0
"""The operators on CUDA: what a call meets without a GPU; and on one, values, derivatives, layouts, streams, graphs.

With NWIDTH_TORCH_ON_HOST=1 and the package of tests/kernels/torch, the host stands in for the GPU: the CUDA operators
take tensors of the CPU, and what needs a GPU itself is left out.
"""

import os
import re
import shutil
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: ./dev torch installs it")
try:
    import nwidth.torch as nt
except ImportError as error:
    pytest.skip(f"the operators are not built: {error}", allow_module_level=True)
from nwidth.torch import operators  # noqa: E402
from torch_families import (  # noqa: E402
    BF16,
    F32,
    F64,
    FAMILIES,
    backward_arguments,
    eager,
    inputs,
    operator,
    ours,
    saved_bytes,
    split,
    xielu,
)

ON_HOST = os.environ.get("NWIDTH_TORCH_ON_HOST") == "1"
DEVICE = "cpu" if ON_HOST else "cuda"
OPS = list(FAMILIES)
GATED = [name for name in OPS if FAMILIES[name].inputs == 2]
if ON_HOST:
    operators._on_cuda = lambda t: True


def built_with_cuda(package):
    """Read off the library itself: it holds code for a GPU."""
    return b".nv_fatbin" in (package / "nwidth" / "_torch.so").read_bytes()


@pytest.fixture
def device(package):
    """Where the operators have a device to work on."""
    if ON_HOST:
        return DEVICE
    if not built_with_cuda(package):
        pytest.skip("the operators were built without CUDA")
    if not torch.cuda.is_available():
        pytest.skip("no GPU, so the operators on CUDA have not run")
    return DEVICE


@pytest.fixture
def gpu(device):
    if ON_HOST:
        pytest.skip("the host has no streams, graphs and allocator of a GPU")
    return device


@pytest.fixture
def real(package):
    if ON_HOST:
        pytest.skip("this is not the package that is installed")
    return package


def on_device(name, shape, dtype=F32, seed=0, weight_type=None):
    tensors = inputs(name, shape, dtype, seed, weight_type)
    return [t.detach().to(DEVICE).requires_grad_() for t in tensors]


# Without a GPU.


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("name", OPS)
def test_without_a_cuda_tensor_there_is_one_line(real, name, backward):
    """What the key CUDA leads to, reached with tensors of the CPU."""
    arguments = inputs(name, (2, 3), F32)
    xs, coefficients = split(name, [t.detach() for t in arguments])
    kept = coefficients[: FAMILIES[name].kept] if backward else coefficients
    statistics = [torch.empty(2, 3)] if backward and FAMILIES[name].rows else []
    arguments = [*([xs[0]] if backward else []), *xs, *statistics, *kept, *FAMILIES[name].constants]
    key = torch._C.DispatchKeySet(torch._C.DispatchKey.CUDA)
    with pytest.raises(RuntimeError) as refusal:
        operator(name, backward).default.redispatch(key, *arguments)
    first = "gate" if len(xs) == 2 else "x"
    if built_with_cuda(real):
        op = name + ("_backward" if backward else "")
        assert str(refusal.value) == f"nwidth::{op}: {first} of shape [2, 3] is not on a CUDA device"
    else:
        assert str(refusal.value).startswith("nwidth: the operators were built without CUDA")
        assert "\n" not in str(refusal.value)


def test_the_library_needs_no_cuda_to_load(real):
    """It names no library of CUDA and no symbol that a torch without CUDA lacks; importing it touches no GPU."""
    tool = shutil.which("readelf")
    if tool is None:
        pytest.skip("no readelf")
    library = real / "nwidth" / "_torch.so"
    needed = subprocess.run([tool, "-d", library], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"NEEDED.*\[(.*)\]", needed)
    assert "libtorch_cpu.so" in names and not [n for n in names if "cuda" in n or "libcu" in n]
    symbols = subprocess.run([tool, "--dyn-syms", "-W", library], capture_output=True, text=True, check=True).stdout
    wanted = re.findall(r"UND (\S+)", symbols)
    assert len(wanted) > 10
    assert not [s for s in wanted if re.match(r"cu[A-Z]|cuda|__cuda|.*_cuda_(stream|guard)", s)]
    code = "import torch, nwidth.torch; raise SystemExit(torch.cuda.is_initialized())"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(real)}, check=True)


class Hollow(torch.Tensor):
    """What says that it lies on a GPU, where there is none: the kernel sees its shape and type, and no memory."""

    @staticmethod
    def __new__(cls, *shape, dtype=F32):
        return torch.Tensor._make_wrapper_subclass(cls, shape, dtype=dtype, device="cuda:0")

    @classmethod
    def __torch_dispatch__(cls, function, types, arguments=(), keywords=None):
        raise NotImplementedError


def test_without_a_gpu_there_is_one_line(real):
    """As far as a call gets without a device: torch's stream is looked up, and CUDA's refusal arrives as it is."""
    if not built_with_cuda(real) or torch.version.cuda is None:
        pytest.skip("the operators or torch were built without CUDA")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    key = torch._C.DispatchKeySet(torch._C.DispatchKey.CUDA)
    x, w, b = Hollow(2, 3), Hollow(3), Hollow(1)
    for name, *arguments in (("relu", x), ("polyrelu", x, w, b), ("polynorm", x, w, b, 1e-6), ("swiglu", x, x)):
        with pytest.raises(RuntimeError) as refusal:
            operator(name).default.redispatch(key, *arguments)
        assert re.fullmatch(rf"nwidth::{name}: CUDA: [^\n]+", str(refusal.value))
    with pytest.raises(RuntimeError, match=r"nwidth::polyrelu: weight of shape \[3\] is not on the device of x"):
        operator("polyrelu").default.redispatch(key, x, torch.ones(3), b)
    with pytest.raises(ValueError, match=r"nwidth::relu: x of shape \[2, 3\] is float64; allowed on CUDA"):
        operator("relu").default.redispatch(key, Hollow(2, 3, dtype=F64))


def test_fakes_know_the_device():
    """Shapes and words for CUDA tensors that do not exist."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode(allow_non_fake_inputs=True):
        x = torch.empty(4, 5, 8, device="cuda", dtype=BF16)
        w, b = torch.empty(3, device="cuda"), torch.empty(1, device="cuda")
        y, rstd = torch.ops.nwidth.polynorm(x, w, b, 1e-6)
        assert y.shape == x.shape and y.dtype == BF16 and y.device.type == "cuda"
        assert rstd.shape == (4, 5, 0) and rstd.dtype == F32 and rstd.device.type == "cuda"
        dx, gradient = torch.ops.nwidth.polynorm_backward(x, x, rstd, w, 1e-6)
        assert dx.shape == x.shape and gradient.shape == (4,) and gradient.dtype == F64
        with pytest.raises(
            ValueError, match=re.escape("nwidth::relu: x of shape [4, 5, 8] is float64; allowed on CUDA")
        ):
            torch.ops.nwidth.relu(x.double())


# On a GPU, or on the host in its place.


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("dtype", [F32, BF16])
@pytest.mark.parametrize("shape", [(7,), (3, 40), (2, 3, 33), (5, 1032), (2, 8256)])
def test_values_and_gradients(device, name, dtype, shape):
    """Against float64: values within twice the bound (the device has an exp and a root of its own), then one rounding;
    gradients in units of the largest entry, those of coefficients in units of the sums of absolute terms."""
    arguments = on_device(name, shape, dtype, weight_type=F32)
    wide = [t.detach().double().requires_grad_() for t in arguments]
    want = eager(name, *wide)
    half_ulp = 2**-9 if dtype == BF16 else 0
    y = ours(name, *arguments)
    assert y.dtype == dtype and y.shape == shape
    error, allowed = (y.double() - want).abs(), 2**-23 * FAMILIES[name].bound(*(t.detach() for t in wide))
    assert bool((error <= allowed + half_ulp * (2 * want.abs() + allowed)).all()), (error - allowed).max()
    grad = torch.randn(shape, generator=torch.Generator().manual_seed(1)).to(DEVICE, dtype)
    got = torch.autograd.grad(y, arguments, grad)
    truth = torch.autograd.grad(want, wide, grad.double())
    n = FAMILIES[name].inputs
    for a, d, t in zip(arguments[:n], got, truth, strict=False):
        assert d.dtype == dtype
        error = (d.double() - t).abs().max()
        assert bool(error <= (2**-18 + 2 * half_ulp) * t.abs().max()), error / t.abs().max()
        assert d.stride() == (a if FAMILIES[name].rows else torch.empty_like(a)).stride()
    # each term of a sum is the gradient that arrives times a function of one element
    ups = arguments[1].detach().double().abs() if n == 2 else 1.0
    size = (grad.double().abs() * ups * (1 + arguments[0].detach().double().abs() ** 3)).sum()
    for c, d, t in zip(arguments[n:], got[n:], truth[n:], strict=True):
        assert d.dtype == c.dtype and d.shape == c.shape
        assert bool(((d.double() - t).abs() <= 2**-20 * size).all()), (d, t)


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "silu"])
def test_every_number_of_bfloat16(device, name):
    """Within half an ulp and what kernels/cuda/quick.hpp allows itself before the rounding."""
    x = torch.arange(-(2**15), 2**15, device=DEVICE).to(torch.int16).view(BF16)
    x = x[x.abs() < 1e18].clone().requires_grad_()  # not NaN; beyond nothing changes but the exponent
    wide = x.detach().double().requires_grad_()
    want = eager(name, wide)
    y = ours(name, x)
    (dx,) = torch.autograd.grad(y.sum(), x)
    (slope,) = torch.autograd.grad(want.sum(), wide)
    allowed = 2**-13 + wide.detach() ** 2 * 2**-22
    for got, truth, size in ((y, want, want.abs()), (dx, slope, torch.full_like(want, 2.0))):
        assert bool(((got.double() - truth).abs() <= 2**-8 * truth.abs() + allowed * size + 1e-38).all())


@pytest.mark.parametrize("name", [name for name in OPS if FAMILIES[name].coefficients])
@pytest.mark.parametrize("dtype", [F32, BF16, F64])
def test_coefficients_of_any_type_and_stride(device, name, dtype):
    """bfloat16 and float64 coefficients, and one of a strided view, give what the same numbers in float32 give."""
    xs, coefficients = split(name, on_device(name, (4, 40), F32, weight_type=dtype))
    twice = [torch.stack([c.detach(), c.detach() + 1], dim=1)[:, 0].requires_grad_() for c in coefficients]
    plain = [c.detach().float().requires_grad_() for c in coefficients]
    want = ours(name, *xs, *plain)
    wanted = torch.autograd.grad(want.sum(), (*xs, *plain))
    for given in (coefficients, twice):
        y = ours(name, *xs, *given)
        assert torch.equal(y, want)
        for t, d, w in zip((*xs, *given), torch.autograd.grad(y.sum(), (*xs, *given)), wanted, strict=True):
            assert d.dtype == t.dtype and torch.equal(d, w.to(d.dtype))


def test_constants_reach_the_kernel(device):
    x, alpha_p, alpha_n = on_device("xielu", (4, 50), F32)
    wide = [t.detach().double().requires_grad_() for t in (x, alpha_p, alpha_n)]
    for beta, eps in ((0.5, -1e-6), (0.25, -0.5)):
        y, want = nt.xielu(x, alpha_p, alpha_n, beta, eps), xielu(*wide, beta, eps)
        torch.testing.assert_close(y.double(), want, rtol=1e-5, atol=1e-5)
        outside = (x.detach() > 0) | (x.detach() < eps)  # see xielu in torch_families.py
        got = torch.autograd.grad(y, (x, alpha_p, alpha_n), outside.float())
        truth = torch.autograd.grad(want, wide, outside.double())
        for d, t in zip(got, truth, strict=True):
            torch.testing.assert_close(d.double(), t, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(nt.leaky_relu(x, -0.5), torch.where(x > 0, x, -0.5 * x))
    torch.testing.assert_close(nt.relu_power(x, 5), torch.relu(x) ** 5)
    for k in (0, 65, -(2**40), 2**40):
        with pytest.raises(ValueError, match=f"k = {k}; allowed is 1 to 64"):
            nt.relu_power(x, k)
    w, b = torch.ones(3, device=DEVICE), torch.zeros(1, device=DEVICE)
    flat = nt.polynorm(x, w, b, 10.0).double()
    torch.testing.assert_close(flat, polynorm_of(x.double(), 10.0), rtol=1e-5, atol=1e-5)
    for eps in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="nwidth::polynorm: eps"):
            nt.polynorm(x, w, b, eps)


def polynorm_of(x, eps):
    return sum(v * torch.rsqrt(v.pow(2).mean(-1, keepdim=True) + eps) for v in (x**3, x**2, x))


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("dtype", [F32, BF16])
def test_opcheck(device, name, dtype):
    xs, coefficients = split(name, on_device(name, (4, 3, 8), dtype))
    views = [lambda t: t, lambda t: t.detach().transpose(0, 1), lambda t: t.detach()[:, :, 1:6]]
    for view in views:
        seen = [view(x).requires_grad_() for x in xs]
        torch.library.opcheck(operator(name).default, (*seen, *coefficients, *FAMILIES[name].constants))
    arguments = backward_arguments(name, [*xs, *coefficients])
    torch.library.opcheck(operator(name, backward=True).default, (arguments[0], *arguments))


VIEWS = {  # view, and whether it is dense: elementwise in any order, by rows in the order of its dimensions
    "contiguous": (lambda t: t, True, True),
    "columns": (lambda t: t[..., 3:29], False, False),
    "rows": (lambda t: t[:, 1:4:2], False, False),
    "one row of each": (lambda t: t[:, 1], False, False),
    "transposed leading": (lambda t: t.transpose(0, 1), True, False),
    "transposed": (lambda t: t.transpose(1, 2), True, False),
    "every other": (lambda t: t[..., ::2], False, False),
    "expanded": (lambda t: t[:1].expand(6, -1, -1), False, False),
    "flat": (lambda t: t.flatten(), True, True),
    "not aligned": (lambda t: t.flatten()[1:], True, True),
    "one wide": (lambda t: t[..., :1], False, False),
    "channels last": (lambda t: t.unsqueeze(0).contiguous(memory_format=torch.channels_last), True, False),
}


def copies(f):
    """How many times the call copies elements of an input."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        result = f()
    return result, sum(1 for e in profile.events() if e.name == "aten::copy_")


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("view", VIEWS)
def test_layouts(device, name, view):
    """The same numbers whatever the strides, and the strides of empty_like; copies only where there are gaps."""
    look, elementwise, by_rows = VIEWS[view]
    xs, coefficients = split(name, on_device(name, (6, 5, 32), F32, seed=3))
    xs = [look(x.detach()).requires_grad_() for x in xs]
    y, count = copies(lambda: ours(name, *xs, *coefficients))
    assert count == (0 if (by_rows if FAMILIES[name].rows else elementwise) else len(xs))
    dense = [x.detach().clone(memory_format=torch.contiguous_format).requires_grad_() for x in xs]
    same = ours(name, *dense, *coefficients)
    assert y.stride() == (dense[0] if FAMILIES[name].rows else torch.empty_like(xs[0])).stride()
    grad = torch.randn(y.shape, generator=torch.Generator().manual_seed(4)).to(DEVICE)
    got, want = (torch.autograd.grad(v, (*u, *coefficients), grad) for v, u in ((y, xs), (same, dense)))
    sums = [torch.autograd.grad(ours(name, *u, *coefficients).sum(), u) for u in (xs, dense)]  # grad has strides 0
    if FAMILIES[name].rows:  # other kernels where rows are not aligned
        torch.testing.assert_close((y, got, sums[0]), (same, want, sums[1]), rtol=1e-5, atol=1e-5)
        return
    assert torch.equal(y, same)
    for p, q in ((got[: len(xs)], want[: len(xs)]), sums):
        assert all(torch.equal(s, t) for s, t in zip(p, q, strict=True))
    torch.testing.assert_close(got[len(xs) :], want[len(xs) :], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", GATED)
def test_gate_and_up_of_different_strides(device, name):
    xs, coefficients = split(name, on_device(name, (6, 32), F32))
    want = ours(name, *xs, *coefficients)
    turned = xs[1].detach().t().contiguous().t()
    got, count = copies(lambda: ours(name, xs[0], turned, *coefficients))
    assert torch.equal(got, want) and count == 1
    joint = torch.cat([x.detach() for x in xs], dim=-1)
    got, count = copies(lambda: ours(name, *joint.chunk(2, dim=-1), *coefficients))
    assert torch.equal(got, want) and count == 2


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("dtype", [F32, BF16])
@pytest.mark.parametrize("shape", [(0,), (0, 5), (5, 0), (2, 0, 3)])
def test_empty(device, name, dtype, shape):
    arguments = on_device(name, shape, dtype)
    y = ours(name, *arguments)
    assert y.shape == shape and y.dtype == dtype
    for t, d in zip(arguments, torch.autograd.grad(y.sum(), arguments), strict=True):
        assert torch.equal(d, torch.zeros_like(t))


@pytest.mark.parametrize("name", OPS)
def test_one_number(device, name):
    xs, coefficients = split(name, on_device(name, ()))
    if FAMILIES[name].rows:
        with pytest.raises(ValueError, match=re.escape(f"nwidth::{name}: ") + r"\w+ of shape \[\] has no rows"):
            ours(name, *xs, *coefficients)
    else:
        assert torch.equal(ours(name, *xs, *coefficients), ours(name, *(x.reshape(1) for x in xs), *coefficients)[0])


@pytest.mark.parametrize("name", OPS)
def test_errors_name_the_shape(device, name):
    xs, coefficients = split(name, [t.detach() for t in on_device(name, (2, 3))])
    first = "gate" if len(xs) == 2 else "x"

    def refused(message, *arguments):
        with pytest.raises(ValueError, match=re.escape(f"nwidth::{name}: {message}")):
            ours(name, *arguments)

    words = f"{first} of shape [2, 3] is float64; allowed on CUDA are float32 and bfloat16"
    refused(words, *(x.double() for x in xs), *coefficients)
    for bad in (torch.float16, torch.int32):
        wrong = "has a type other than float32, bfloat16 and float64"
        refused(f"{first} of shape [2, 3] {wrong}", *(x.to(bad) for x in xs), *coefficients)
        for i, c in enumerate(coefficients):
            with pytest.raises(ValueError, match=re.escape(f"of shape [{len(c)}] {wrong}")):
                ours(name, *xs, *coefficients[:i], c.to(bad), *coefficients[i + 1 :])
    for i, c in enumerate(coefficients):
        for wrong in (c[None], torch.cat([c, c]), c[0]):
            with pytest.raises(
                ValueError, match=rf"has shape {re.escape(str(list(wrong.shape)))}; allowed is \[{len(c)}\]"
            ):
                ours(name, *xs, *coefficients[:i], wrong, *coefficients[i + 1 :])
    arguments = backward_arguments(name, [*xs, *coefficients])
    op = operator(name, backward=True)
    with pytest.raises(ValueError, match=re.escape(f"grad of shape [3, 2] differs from {first} of shape [2, 3]")):
        op(xs[0].T, *arguments)
    if len(xs) == 2:
        refused("up of shape [3, 2] differs from gate of shape [2, 3] in shape or type", xs[0], xs[1].T, *coefficients)
        refused("up of shape [2, 3] differs", xs[0], xs[1].bfloat16(), *coefficients)
    if FAMILIES[name].rows:
        i = FAMILIES[name].inputs
        with pytest.raises(ValueError, match=re.escape("rstd of shape [2, 3] is not what the forward pass gave")):
            op(xs[0], *arguments[:i], torch.zeros(2, 3, device=DEVICE), *arguments[i + 1 :])


@pytest.mark.parametrize("name", OPS)
def test_what_is_kept_for_backward(device, name):
    """The inputs and the coefficients that are needed, and no statistics."""
    arguments = on_device(name, (64, 50), BF16)
    xs, coefficients = split(name, arguments)
    kept, _y = saved_bytes(lambda: ours(name, *arguments))
    assert kept == sum(t.nbytes for t in (*xs, *coefficients[: FAMILIES[name].kept]))


@pytest.mark.parametrize("name", OPS)
def test_equal_bits_every_time(device, name):
    arguments = on_device(name, (67, 513), F32)
    results = []
    for _ in range(3):
        y = ours(name, *arguments)
        results.append([y, *torch.autograd.grad(y.square().sum(), arguments)])
    for other in results[1:]:
        assert all(torch.equal(p, q) for p, q in zip(results[0], other, strict=True))


# On a GPU only.


@pytest.mark.parametrize("name", OPS)
def test_coefficients_elsewhere_are_refused(gpu, name):
    xs, coefficients = split(name, [t.detach() for t in on_device(name, (2, 3))])
    first = "gate" if len(xs) == 2 else "x"
    for i in range(len(coefficients)):
        moved = [c.cpu() if i == j else c for j, c in enumerate(coefficients)]
        with pytest.raises(RuntimeError, match=rf"nwidth::{name}: \w+ of shape .* is not on the device of {first}"):
            ours(name, *xs, *moved)
    if coefficients:
        with pytest.raises(RuntimeError, match=rf"nwidth::{name}: {first} of shape .* is not on a CUDA device"):
            ours(name, *(x.cpu() for x in xs), *coefficients)


def step(name, arguments, grad):
    y = ours(name, *arguments)
    return [y, *torch.autograd.grad(y, arguments, grad)]


@pytest.mark.parametrize("name", OPS)
def test_a_side_stream_is_obeyed(gpu, name):
    """The input is written late on a side stream: a kernel on another stream would read what stood there before."""
    arguments = on_device(name, (256, 1024))
    xs, coefficients = split(name, arguments)
    grad = torch.ones_like(xs[0])
    want = step(name, arguments, grad)
    late = [torch.full_like(x, 7.0).requires_grad_() for x in xs]
    step(name, [*late, *coefficients], grad)  # kernels are loaded by now
    torch.cuda.synchronize()
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        torch.cuda._sleep(20_000_000)
        with torch.no_grad():
            for t, x in zip(late, xs, strict=True):
                t.copy_(x)
        got = step(name, [*late, *coefficients], grad)
    side.synchronize()
    assert all(torch.equal(p, q) for p, q in zip(got, want, strict=True))


@pytest.mark.parametrize("name", OPS)
def test_nothing_waits_and_nothing_is_left_allocated(gpu, name):
    """torch's own calls that wait raise; memory is that of the results, 8 MiB each, and as much as the allocator may
    leave unsplit of a block."""
    slack = 2**21
    arguments = [t.detach() for t in on_device(name, (512, 4096))]
    xs, _ = split(name, arguments)
    backward = backward_arguments(name, arguments)
    grad = torch.ones_like(xs[0])
    operator(name, backward=True)(grad, *backward)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        y = ours(name, *arguments)
        assert torch.cuda.memory_allocated() - before <= y.nbytes + slack
        assert torch.cuda.max_memory_allocated() - before <= y.nbytes + slack
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        result = operator(name, backward=True)(grad, *backward)
        assert torch.cuda.memory_allocated() - before <= len(xs) * (y.nbytes + slack)
        assert torch.cuda.max_memory_allocated() - before <= len(xs) * (y.nbytes + slack)
        del result
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("name", OPS)
def test_cuda_graph(gpu, name):
    """Forward and backward are captured, which nothing that waits survives, and replayed on other numbers."""
    arguments = on_device(name, (64, 1032))
    grad = torch.randn(64, 1032, device=DEVICE)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step(name, arguments, grad)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = step(name, arguments, grad)
    with torch.no_grad():
        for t, other in zip(arguments, on_device(name, (64, 1032), seed=5), strict=True):
            t.copy_(other * 1.5)
    graph.replay()
    torch.cuda.synchronize()
    want = step(name, arguments, grad)
    assert all(torch.equal(p, q) for p, q in zip(captured, want, strict=True))


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("mode", [None, "reduce-overhead"])
def test_compile(gpu, name, mode):
    """One graph forward and backward, with the same numbers as without; reduce-overhead captures CUDA graphs."""
    arguments = on_device(name, (32, 520))
    scale = torch.tensor(1.25, device=DEVICE)

    def f(*a):
        return ours(name, *a) * scale

    torch._dynamo.reset()
    compiled = torch.compile(f, fullgraph=True, mode=mode)
    grad = torch.randn(32, 520, device=DEVICE)
    want = torch.autograd.grad(f(*arguments), arguments, grad)
    for _ in range(3):
        torch.compiler.cudagraph_mark_step_begin()
        y = compiled(*arguments)
        torch.testing.assert_close(y, f(*arguments), rtol=1e-5, atol=1e-6)
        got = torch.autograd.grad(y, arguments, grad)
        torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", OPS)
def test_another_device_than_the_current_one(gpu, name):
    if torch.cuda.device_count() < 2:
        pytest.skip("one GPU only")
    arguments = on_device(name, (64, 1032))
    grad = torch.randn(64, 1032, device=DEVICE)
    want = step(name, arguments, grad)
    moved = [t.detach().to("cuda:1").requires_grad_() for t in arguments]
    got = step(name, moved, grad.to("cuda:1"))
    assert torch.cuda.current_device() == 0
    assert all(t.device == torch.device("cuda:1") for t in got)
    assert all(torch.equal(p, q.to("cuda:0")) for p, q in zip(want, got, strict=True))


@pytest.mark.parametrize("name", OPS)
def test_autocast(gpu, name):
    """The type that arrives decides; float32 coefficients get float32 gradients."""
    xs, coefficients = split(name, on_device(name, (16, 64), BF16, weight_type=F32))
    with torch.autocast("cuda", dtype=BF16):
        y = ours(name, *xs, *coefficients)
    assert y.dtype == BF16
    for c, d in zip(
        coefficients, torch.autograd.grad(y.float().sum(), coefficients) if coefficients else (), strict=True
    ):
        assert d.dtype == c.dtype == F32
