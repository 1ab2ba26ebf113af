# SPDX-License-Identifier: Apache-2.0
"""nwidth-lm on a GPU: activations by our kernels, and whole runs beside those on the CPU. Waits for a GPU."""

import pytest
from lm_models import ACTIVATIONS, LIBRARY, activate, coefficients, ops, sums_of_coefficients, torch
from lm_program import config_file, losses, run, train

if not torch.cuda.is_available():
    pytest.skip("no GPU, so nwidth-lm has not run on one", allow_module_level=True)
BUILT_WITH_CUDA = b".nv_fatbin" in LIBRARY.read_bytes()


def inputs(activation, dtype, width=1032):
    generator = torch.Generator("cuda").manual_seed(3)
    h = torch.randn(6, 5, width, device="cuda", generator=generator).to(dtype).requires_grad_()
    learned = [torch.tensor(values, device="cuda").requires_grad_() for _, values in coefficients(activation)]
    return h, learned


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_are_their_formulas(activation, dtype):
    h, learned = inputs(activation, dtype)
    wide = [t.detach().double().requires_grad_() for t in (h, *learned)]
    truth = activate(activation, wide[0], wide[1:])
    g = torch.randn(truth.shape, device="cuda", generator=torch.Generator("cuda").manual_seed(4)).to(dtype)
    wanted = torch.autograd.grad(truth, wide, g.double())
    tolerance = {torch.float32: 2**-19, torch.bfloat16: 2**-6}[dtype]
    sizes = [truth.abs().max(), wanted[0].abs().max(), *sums_of_coefficients(activation, wide[0].detach(), learned, g)]
    for backend in ("fused", "torch"):
        y = ops.activation(activation, h, learned, backend)
        assert y.dtype == dtype and y.is_cuda
        results = [y, *torch.autograd.grad(y, (h, *learned), g)]
        for got, want, size in zip(results, (truth, *wanted), sizes, strict=True):
            assert bool(((got.double() - want).abs() <= tolerance * size).all()), backend


@pytest.mark.skipif(not BUILT_WITH_CUDA, reason="nwidth-lm was built without CUDA")
@pytest.mark.parametrize("activation", ACTIVATIONS[1:])
def test_a_kernel_keeps_its_input_alone(activation):
    h, learned = inputs(activation, torch.bfloat16)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.nbytes) or t, lambda t: t):
        ops.activation(activation, h, learned, "fused")
    assert sum(kept) == h.nbytes + sum(t.nbytes for t in learned)


@pytest.mark.parametrize("activation", ["polynorm", "polyrelu", "xielu", "swiglu", "polynorm-glu"])
def test_a_run_is_that_of_the_cpu(tmp_path, activation):
    config = config_file(tmp_path, model=f'activation = "{activation}"')
    runs = {}
    for name, arguments in {
        "cpu": [],
        "cuda": ["--device", "cuda"],
        "torch's operators": ["--device", "cuda", "--backend", "torch"],
    }.items():
        out = tmp_path / name
        train(config, out, *arguments)
        runs[name] = losses(out)
    for name, found in runs.items():
        assert found == pytest.approx(runs["cpu"], rel=1e-4), name


def test_a_run_goes_on_from_its_checkpoint(tmp_path):
    config = config_file(tmp_path, model='activation = "polynorm"', schedule="constant", steps=8, checkpoint_every=4)
    train(config, tmp_path / "parts", "--device", "cuda")
    done = run("train", "--resume", "--out", tmp_path / "parts", "--device", "cuda", "--steps", 14)
    assert done.returncode == 0, done.stderr
    whole = config_file(tmp_path, "whole.toml", model='activation = "polynorm"', schedule="constant", steps=14)
    train(whole, tmp_path / "whole", "--device", "cuda")
    assert losses(tmp_path / "parts") == pytest.approx(losses(tmp_path / "whole"), rel=1e-4)
