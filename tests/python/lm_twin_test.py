# SPDX-License-Identifier: Apache-2.0
"""The C++ model against its twin: to the bit with torch's operators, to rounding with our kernels."""

import pytest
from lm_models import (
    ACTIVATIONS,
    VARIANTS,
    batch,
    config,
    cpp_step,
    distance,
    double_step,
    ops,
    sums_of_coefficients,
    torch,
    twin_step,
)
from nwidth.lm import read_toml
from nwidth.lm.loss import chunked_cross_entropy

CASES = [(a, "polycom") for a in ACTIVATIONS] + [(a, v) for v in VARIANTS for a in ("polynorm", "swiglu")][2:]


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pair(activation, variant, bf16=False, scored=None, seed=5, **options):
    text = config(activation, variant)
    tokens, targets = batch(read_toml(text).vocabulary)
    a = cpp_step(text, tokens, targets, scored=scored, seed=seed, bf16=bf16, **options)
    b = twin_step(text, tokens, targets, scored=scored, seed=seed, bf16=bf16)
    assert list(a[2]) == list(b[2])
    return a, b


def assert_equal(a, b):
    assert torch.equal(a[0], b[0])
    assert torch.equal(a[1], b[1])
    for i in (2, 3):
        for name in a[i]:
            assert torch.equal(a[i][name], b[i][name]), f"{name}: {distance(a[i][name], b[i][name])}"


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize(("activation", "variant"), CASES)
def test_equals_its_twin_to_the_bit(activation, variant, bf16):
    a, b = pair(activation, variant, bf16)
    assert torch.isfinite(a[0])
    assert a[1].dtype == (torch.bfloat16 if bf16 else torch.float32)
    assert_equal(a, b)


@pytest.mark.parametrize(("activation", "variant"), CASES)
def test_kernels_change_roundings_only(activation, variant):
    """Against the twin in float64, since in float32 it is itself off by up to 1.2e-6."""
    a, b = pair(activation, variant, backend="fused")
    assert abs(a[0] - b[0]) <= 1e-6 * b[0]
    assert distance(a[1], b[1]) <= 1e-6
    text = config(activation, variant)
    if variant == "dropout":  # its masks would be others in double
        exact = b[3]
    else:
        exact, _ = double_step(text, *batch(read_toml(text).vocabulary))
    for name in a[3]:
        if ".activation." in name:  # the next test's
            continue
        # gradients of vectors are sums over all tokens with cancellation, off by up to 6e-6 with either backend
        allowed = 1.5e-6 if a[3][name].dim() == 2 else 1e-5
        assert distance(a[3][name], exact[name]) <= allowed, name


LEARNED = ["xielu", "polyrelu", "polynorm", "polyrelu-glu", "polynorm-glu"]


def test_gradients_of_coefficients_are_those_of_double_up_to_roundings_of_their_terms(record_property):
    """They are sums that cancel, 10 to 10^4 times, so that float with either backend is off by up to 3e-5 of the sum.
    That is 2^-22 of the terms' absolute values, and the kernels are as close to double as torch's operators are."""
    errors = {"fused": [], "torch": []}
    relative = {"fused": [], "torch": []}
    for activation in LEARNED:
        for variant in VARIANTS:
            if variant == "dropout":  # drawn in another type it is another
                continue
            text = config(activation, variant)
            data = batch(read_toml(text).vocabulary)
            exact, sums = double_step(text, *data)
            assert len(sums) == 4
            for backend in errors:
                _, _, _, gradients = cpp_step(text, *data, backend=backend)
                for name, terms in sums.items():
                    off = (gradients[name].double() - exact[name]).abs()
                    assert (off <= 2**-22 * terms).all(), (activation, variant, backend, name, off / terms)
                    errors[backend] += (off / terms).tolist()
                    relative[backend].append(distance(gradients[name], exact[name]))
    assert len(relative["fused"]) == 4 * 5 * 6
    mean = {backend: torch.tensor(e).square().mean().sqrt().item() for backend, e in errors.items()}
    assert mean["fused"] <= 1.25 * mean["torch"]
    for backend in errors:
        record_property(
            backend, f"largest {max(errors[backend]):.1e} of the terms, {max(relative[backend]):.1e} of the sum"
        )
        print(f"{backend}: root mean square {mean[backend]:.1e}, largest {max(errors[backend]):.1e} of the terms'")
        print(f"absolute values; largest {max(relative[backend]):.1e} relative to the largest entry")


@pytest.mark.parametrize("activation", LEARNED)
def test_kernels_sum_gradients_of_coefficients_to_a_rounding_of_the_terms(activation):
    """The same x and dy for the kernel and double: what is left of the error is the terms' own roundings, which average
    out, and not the sum's."""
    for seed, (rows, width) in enumerate([(61, 96), (300, 384), (40, 1024)]):
        generator = torch.Generator().manual_seed(seed)
        h = torch.randn(rows, width, generator=generator)
        learned = [torch.tensor([0.3, 0.4, -0.2]), torch.tensor([0.1])]
        if activation == "xielu":
            learned = [torch.tensor([0.2]), torch.tensor([-0.3])]
        dy = torch.randn(rows, width // (2 if activation.endswith("-glu") else 1), generator=generator)
        found = []
        for backend, dtype in [("fused", torch.float32), ("torch", torch.float64)]:
            own = [t.detach().clone().to(dtype).requires_grad_() for t in learned]
            ops.activation(activation, h.to(dtype), own, backend).backward(dy.to(dtype))
            found.append([t.grad.double() for t in own])
        for ours, exact, terms in zip(*found, sums_of_coefficients(activation, h, learned, dy), strict=True):
            assert ((ours - exact).abs() <= 2**-24 * terms).all(), (seed, (ours - exact) / terms)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_kernels_in_bfloat16_are_as_close_as_torch_is(activation):
    """Both round each activation at least once, so that either stands as far from the other as from float: in the
    median of five models, since a rounding that takes one number over a kink of relu moves all gradients."""
    found = []
    for seed in range(5, 10):
        exact, _ = pair(activation, "polycom", seed=seed)
        steps = pair(activation, "polycom", True, backend="fused", seed=seed)
        found.append([max(distance(x[3][name], g) for name, g in exact[3].items()) for x in steps])
    ours, theirs = (sorted(d)[2] for d in zip(*found, strict=True))
    assert ours <= 1.5 * theirs + 0.01, (ours, theirs)


@pytest.mark.parametrize("backend", ["torch", "fused"])
@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_parameter_has_a_gradient(activation, bf16, backend):
    text = config(activation)
    _, _, _, gradients = cpp_step(text, *batch(61), bf16=bf16, backend=backend)
    for name, g in gradients.items():
        assert torch.isfinite(g).all(), name
        assert g.ne(0).double().mean() > 0.9, name


def test_every_kernel_runs():
    """A kernel and torch's operators do not agree to the bit for all entries, so the kernels were there."""
    h, g = torch.randn(64, 96, generator=torch.Generator().manual_seed(3)), torch.linspace(-1, 1, 96 * 64)
    exact = {"identity", "relu", "relu2", "leaky-relu", "reglu"}  # one rounding at most
    for name in ACTIVATIONS:
        learned = []
        if name.startswith("poly"):
            learned = [torch.tensor([0.3, 0.4, -0.2]), torch.tensor([0.1])]
        elif name == "xielu":
            learned = [torch.tensor([0.2]), torch.tensor([-0.3])]
        results = []
        for backend in ("torch", "fused"):
            x = h.clone().requires_grad_()
            y = ops.activation(name, x, learned, backend)
            (y * g[: y.numel()].view_as(y)).sum().backward()
            results.append((y.detach(), x.grad))
        for ours, theirs in zip(results[1], results[0], strict=True):
            assert distance(ours, theirs) < 2e-6, name
        assert name in exact or not torch.equal(results[0][0], results[1][0]), name


def test_every_kernel_of_a_layer_runs():
    """With the same activation, norms by kernels do not equal torch's to the bit, and rotation is of float's bits."""
    text = config("relu")
    fused, plain = (cpp_step(text, *batch(61), backend=backend) for backend in ("fused", "torch"))
    assert not torch.equal(fused[1], plain[1])
    text = config("relu", "without norms")  # a LayerNorm, and rotation alone
    fused, plain = (cpp_step(text, *batch(61), backend=backend) for backend in ("fused", "torch"))
    assert torch.equal(fused[1], plain[1])


def test_second_derivatives_raise():
    x = torch.randn(4, 8, requires_grad=True)
    with pytest.raises(RuntimeError, match="derivative of an activation's backward"):
        torch.autograd.grad(ops.activation("gelu", x, [], "fused").sum(), x, create_graph=True)


@pytest.mark.parametrize("variant", ["polycom", "large vocabulary"])
def test_only_scored_targets_count(variant):
    scored = torch.arange(20) % 3 == 1
    assert_equal(*pair("polynorm", variant, scored=scored))
    text = config("polynorm", variant)
    tokens, targets = batch(read_toml(text).vocabulary)
    loss, logits, _, _ = cpp_step(text, tokens, targets, scored=scored)
    by_hand = torch.nn.functional.cross_entropy(logits[:, scored].flatten(0, 1).double(), targets[:, scored].flatten())
    assert abs(loss - by_hand) < 1e-6 * by_hand


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("variant", ["polycom", "gpt2", "dropout"])
@pytest.mark.parametrize("backend", ["torch", "fused"])
def test_recomputed_blocks_change_no_bit(backend, variant, bf16):
    text = config("polynorm", variant)
    kept = cpp_step(text, *batch(61), backend=backend, bf16=bf16)
    assert_equal(cpp_step(text, *batch(61), backend=backend, bf16=bf16, recompute=True), kept)


@pytest.mark.parametrize("backend", ["torch", "fused"])
@pytest.mark.parametrize("rows", [1, 7, 64])
def test_loss_by_chunks_is_the_loss(rows, backend):
    generator = torch.Generator().manual_seed(11)
    hidden, weight = (torch.randn(n, 16, generator=generator, dtype=torch.double) for n in (50, 37))
    targets = torch.randint(0, 37, (50,), generator=generator)
    targets[::5] = -100
    for t in (hidden, weight):
        t.requires_grad_()
    expected = torch.nn.functional.cross_entropy(hidden @ weight.t(), targets)
    gradients = torch.autograd.grad(3 * expected, (hidden, weight))
    loss = ops.chunked_cross_entropy(hidden, weight, targets, rows, backend)
    assert abs(loss - expected) < 1e-13
    for ours, theirs in zip(torch.autograd.grad(3 * loss, (hidden, weight)), gradients, strict=True):
        assert distance(ours, theirs) < 1e-13
    with torch.no_grad():
        assert torch.equal(ops.chunked_cross_entropy(hidden, weight, targets, rows, backend), loss)


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("rows", [7, 64])
def test_chunks_equal_those_of_the_twin(rows, bf16):
    generator = torch.Generator().manual_seed(12)
    hidden, weight = (torch.randn(n, 16, generator=generator).requires_grad_() for n in (50, 37))
    targets = torch.randint(0, 37, (50,), generator=generator)
    results = []
    for function in (ops.chunked_cross_entropy, chunked_cross_entropy):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = function(hidden, weight, targets, rows)
        results.append((loss, *torch.autograd.grad(loss, (hidden, weight))))
    for ours, theirs in zip(*results, strict=True):
        assert ours.dtype == torch.float32
        assert torch.equal(ours, theirs)


def test_bad_input_is_one_line():
    text = config()
    tokens, targets = batch(61, length=25)
    with pytest.raises(ValueError, match="sequences of 25 tokens: allowed are context = 24"):
        cpp_step(text, tokens, targets)
    with pytest.raises(ValueError, match="backend = 'other': allowed are fused, torch"):
        cpp_step(text, *batch(61), backend="other")
