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
from torch_families import FAMILIES, eager, inputs, split  # noqa: E402

POLYCOM = ["PolyReLU", "PolyNorm"]
NAMES = list(FAMILIES)


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


class Gated(nn.Module):
    """The two halves of what arrives as gate and up."""

    def __init__(self, activation):
        super().__init__()
        self.activation = activation

    def forward(self, x):
        return self.activation(*x.chunk(2, dim=-1))


def module(name):
    kind, *arguments = FAMILIES[name].module
    return getattr(nt, kind)(*arguments)


def network(activation, gated=False):
    torch.manual_seed(0)
    activation = Gated(activation) if gated else activation
    return nn.Sequential(nn.Linear(12, 48), activation, nn.Linear(24 if gated else 48, 5))


def model_of(name):
    return network(module(name), FAMILIES[name].inputs == 2)


@pytest.mark.parametrize("name", NAMES)
def test_module_computes_the_function(name):
    """With the module's own coefficients and constants, against the formula; the state_dict holds the coefficients."""
    arguments = inputs(name, (9, 14), torch.float64)
    xs, coefficients = split(name, arguments)
    m = module(name).double()
    assert [p.shape for p in m.parameters()] == [c.shape for c in coefficients]
    assert set(m.state_dict()) == {n for n, _ in m.named_parameters()}
    torch.testing.assert_close(m(*xs), eager(name, *xs, *m.parameters()), rtol=1e-12, atol=1e-12)
    m.load_state_dict(dict(zip(m.state_dict(), (c.detach() for c in coefficients), strict=True)))
    torch.testing.assert_close(m(*xs), eager(name, *arguments), rtol=1e-12, atol=1e-12)
    again = copy.deepcopy(m)
    assert torch.equal(again(*xs), m(*xs)) and repr(again) == repr(m)


def test_checkpoints_of_xielu():
    """Hugging Face's module keeps beta and eps as buffers; p and n start at 0.8."""
    m = nt.XIELU()
    torch.testing.assert_close(nn.functional.softplus(m.alpha_p), torch.full((1,), 0.8))
    torch.testing.assert_close(0.5 + nn.functional.softplus(m.alpha_n), torch.full((1,), 0.8))
    theirs = {"alpha_p": torch.full((1,), 0.3), "alpha_n": torch.full((1,), -0.2)}
    buffers = {"beta": torch.tensor(0.25), "eps": torch.tensor(-0.5)}
    holder = nn.Sequential(nt.XIELU())
    holder.load_state_dict({f"0.{k}": v for k, v in (theirs | buffers).items()}, strict=True)
    assert holder[0].beta == 0.25 and holder[0].eps == -0.5 and holder[0].alpha_n.item() == pytest.approx(-0.2)
    x = torch.linspace(-3, 3, 31)
    n = 0.25 + nn.functional.softplus(theirs["alpha_n"])
    p = nn.functional.softplus(theirs["alpha_p"])
    want = torch.where(x > 0, p * x * x, n * (torch.expm1(torch.clamp(x, max=-0.5)) - x)) + 0.25 * x
    torch.testing.assert_close(holder(x), want, rtol=1e-6, atol=1e-6)
    for bad in ({"p": 0.0}, {"n": 0.5}, {"p": float("nan")}):
        with pytest.raises(ValueError, match="allowed are p > 0 and n > beta"):
            nt.XIELU(**bad)


@pytest.mark.parametrize("name", POLYCOM)
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


@pytest.mark.parametrize("name", POLYCOM)
def test_starts_as_polycom(name):
    module = getattr(nt, name)()
    assert torch.equal(module.weight, torch.full((3,), 1 / 3)) and torch.equal(module.bias, torch.zeros(1))
    module = getattr(nt, name)(dtype=torch.bfloat16, device="meta")
    assert module.weight.dtype == torch.bfloat16 and module.bias.device.type == "meta"
    assert copy.deepcopy(nt.PolyNorm(eps=1e-5)).eps == 1e-5 and repr(nt.PolyNorm(eps=1e-5)) == "PolyNorm(eps=1e-05)"


@pytest.mark.parametrize("name", NAMES)
def test_autocast(name):
    """The activation computes in the type that arrives, bfloat16, and its float32 weights get float32 gradients."""
    model = model_of(name)
    seen = []
    model[1].register_forward_hook(lambda module, inputs, output: seen.append((inputs[0].dtype, output.dtype)))
    x = torch.randn(9, 12)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = model(x)
    y.float().square().sum().backward()
    assert seen == [(torch.bfloat16, torch.bfloat16)] and y.dtype == torch.bfloat16
    plain = copy.deepcopy(model)
    plain.zero_grad()
    plain(x).square().sum().backward()
    for mine, exact in zip(model[1].parameters(), plain[1].parameters(), strict=True):
        assert mine.grad.dtype == torch.float32
        torch.testing.assert_close(mine.grad, exact.grad, rtol=0.05, atol=0.05)


def step(model, x):
    model.zero_grad()
    loss = model(x).square().mean()
    loss.backward()
    return [loss.detach(), *(p.grad.clone() for p in model.parameters())]


@pytest.mark.parametrize("name", NAMES)
def test_compile(name):
    """One graph forward and backward, of a shape that varies, with the same numbers as without."""
    if not any(os.access(os.path.join(p, c), os.X_OK) for p in os.get_exec_path() for c in ("g++", "clang++")):
        pytest.skip("torch.compile needs a C++ compiler")
    model = model_of(name)
    torch._dynamo.reset()  # its limit of recompilations counts all networks of this file as one
    compiled = torch.compile(model, fullgraph=True, dynamic=True)
    for rows in (9, 14):
        x = torch.randn(rows, 12)
        want, got = step(model, x), step(compiled, x)
        torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_export(name):
    model = model_of(name)
    rows = torch.export.Dim("rows", min=2)
    program = torch.export.export(model, (torch.randn(9, 12),), dynamic_shapes=({0: rows},))
    targets = [str(n.target) for n in program.graph.nodes if n.op == "call_function"]
    assert f"nwidth.{name}.default" in targets
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
