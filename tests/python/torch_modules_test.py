# SPDX-License-Identifier: Apache-2.0
"""The modules in models: checkpoints of PolyCom's names, autocast, torch.compile and torch.export."""

import copy
import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: ./dev torch installs it")
from torch import nn  # noqa: E402

try:
    import nwidth.torch as nt
except ImportError as error:
    pytest.skip(f"the operators are not built: {error}", allow_module_level=True)

MODULES = ["PolyReLU", "PolyNorm"]


class PolyCom(nn.Module):
    """Either activation, written as PolyCom's code writes it."""

    def __init__(self, name):
        super().__init__()
        self.name = name
        self.weight = nn.Parameter(torch.ones(3) / 3)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        if self.name == "PolyReLU":
            x = torch.relu(x)
            terms = [x**3, x**2, x]
        else:
            terms = [v * torch.rsqrt(v.pow(2).mean(-1, keepdim=True) + 1e-6) for v in (x**3, x**2, x)]
        return self.weight[0] * terms[0] + self.weight[1] * terms[1] + self.weight[2] * terms[2] + self.bias


def network(activation):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(12, 48), activation, nn.Linear(48, 5))


@pytest.mark.parametrize("name", MODULES)
def test_checkpoints_of_polycom(name):
    theirs = network(PolyCom(name))
    with torch.no_grad():
        theirs[1].weight.copy_(torch.tensor([0.7, -0.2, 0.4]))
        theirs[1].bias.fill_(0.3)
    mine = network(getattr(nt, name)())
    assert {k: v.shape for k, v in mine.state_dict().items()} == {k: v.shape for k, v in theirs.state_dict().items()}
    mine.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.randn(9, 12)
    torch.testing.assert_close(mine(x), theirs(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", MODULES)
def test_starts_as_polycom(name):
    module = getattr(nt, name)()
    assert torch.equal(module.weight, torch.full((3,), 1 / 3)) and torch.equal(module.bias, torch.zeros(1))
    module = getattr(nt, name)(dtype=torch.bfloat16, device="meta")
    assert module.weight.dtype == torch.bfloat16 and module.bias.device.type == "meta"
    assert copy.deepcopy(nt.PolyNorm(eps=1e-5)).eps == 1e-5 and repr(nt.PolyNorm(eps=1e-5)) == "PolyNorm(eps=1e-05)"


@pytest.mark.parametrize("name", MODULES)
def test_autocast(name):
    """The activation computes in the type that arrives, bfloat16, and its float32 weights get float32 gradients."""
    model = network(getattr(nt, name)())
    seen = []
    model[1].register_forward_hook(lambda module, inputs, output: seen.append((inputs[0].dtype, output.dtype)))
    x = torch.randn(9, 12)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = model(x)
    y.float().square().sum().backward()
    assert seen == [(torch.bfloat16, torch.bfloat16)] and y.dtype == torch.bfloat16
    assert model[1].weight.grad.dtype == torch.float32 and model[1].bias.grad.dtype == torch.float32
    plain = copy.deepcopy(model)
    plain.zero_grad()
    plain(x).square().sum().backward()
    torch.testing.assert_close(model[1].weight.grad, plain[1].weight.grad, rtol=0.05, atol=0.05)


def step(model, x):
    model.zero_grad()
    loss = model(x).square().mean()
    loss.backward()
    return [loss.detach(), *(p.grad.clone() for p in model.parameters())]


@pytest.mark.parametrize("name", MODULES)
def test_compile(name):
    """One graph forward and backward, of a shape that varies, with the same numbers as without."""
    if not any(os.access(os.path.join(p, c), os.X_OK) for p in os.get_exec_path() for c in ("g++", "clang++")):
        pytest.skip("torch.compile needs a C++ compiler")
    model = network(getattr(nt, name)())
    compiled = torch.compile(model, fullgraph=True, dynamic=True)
    for rows in (9, 14):
        x = torch.randn(rows, 12)
        want, got = step(model, x), step(compiled, x)
        torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", MODULES)
def test_export(name):
    model = network(getattr(nt, name)())
    rows = torch.export.Dim("rows", min=2)
    program = torch.export.export(model, (torch.randn(9, 12),), dynamic_shapes=({0: rows},))
    targets = [str(n.target) for n in program.graph.nodes if n.op == "call_function"]
    assert f"nwidth.{name.lower()}.default" in targets
    x = torch.randn(20, 12)
    assert torch.equal(program.module()(x), model(x))


def test_training_lowers_the_loss():
    """PolyNorm's coefficients learn: a network fits x -> sin 3x better after a hundred steps."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(1, 32), nt.PolyNorm(), nn.Linear(32, 1))
    start = model[1].weight.detach().clone()
    x = torch.linspace(-1, 1, 256)[:, None]
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(100):
        optimiser.zero_grad()
        loss = (model(x) - torch.sin(3 * x)).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]
    assert (model[1].weight - start).abs().min() > 1e-4


def test_import_registers_once(package):
    """Reimporting and importing the parts in any order is harmless; nwidth alone does not load torch."""
    code = "import nwidth.torch.modules, nwidth.torch, nwidth.torch.operators, torch; torch.ops.nwidth.polynorm"
    environment = {**os.environ, "PYTHONPATH": str(package)}
    subprocess.run([sys.executable, "-W", "error", "-c", code], env=environment, check=True)
