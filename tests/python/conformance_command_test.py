# SPDX-License-Identifier: Apache-2.0
"""python -m nwidth.conformance: exit codes, table, JSON, bad input, and the adapter of liger-kernel."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "python"))  # last: a package that is built comes first

from nwidth.conformance import __main__ as command  # noqa: E402
from nwidth.conformance import reference  # noqa: E402


def run_command(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["conformance", *arguments])
    try:
        code = command.main()
    except SystemExit as stopped:
        code = stopped.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_command_passes_and_writes_json(monkeypatch, capsys):
    code, out, err = run_command(monkeypatch, capsys, "nwidth.conformance.reference:PolyNorm", "--json")
    record = json.loads(out)
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert record["conforms"] is True and record["kind"] == "polynorm"
    assert {c["result"] for c in record["checks"]} == {"pass"}


def test_command_shows_the_first_difference(monkeypatch, capsys, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from nwidth.conformance import reference\n"
        "def activation(x, weight, bias):\n    return reference.polyrelu(x, weight.flip(0), bias)\n"
    )
    code, out, _ = run_command(monkeypatch, capsys, f"{file}:activation", "--kind", "polyrelu", "--dtypes", "float32")
    assert code == 1 and "coefficients look reversed" in out and "expected" in out and "got" in out
    code, out, _ = run_command(monkeypatch, capsys, f"{file}:activation", "--kind", "polyrelu", "--json")
    found = next(c for c in json.loads(out)["checks"] if c["name"] == "values")
    assert code == 1 and found["difference"]["got"] != found["difference"]["expected"]
    low, high = found["difference"]["allowed"]
    assert low <= found["difference"]["expected"] <= high and not low <= found["difference"]["got"] <= high


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["nwidth.conformance.reference"], "is not MODULE:CALLABLE"),
        (["no_such_module:PolyNorm"], "importing 'no_such_module' failed"),
        (["nwidth.conformance.reference:PolyNomr"], "has no 'PolyNomr'"),
        (["nwidth.conformance.reference:normalised", "--kind", "polynorm"], "on a plain float32 tensor"),
        (["json:dumps"], "give --kind"),
        (["torch.nn:ReLU", "--kind", "polyrelu"], "the module's 'weight' is to hold 3 numbers"),
        (["torch.nn:Linear", "--kind", "polyrelu", "--as", "module"], "calling it without arguments failed"),
        (["nwidth.conformance.reference:PolyNorm", "--dtypes", "float8"], "the type 'float8' is not one of"),
        (["nwidth.conformance.reference:PolyNorm", "--device", "abacus"], "the device 'abacus' is unknown"),
        (["nwidth.conformance.reference:PolyNorm", "--kind", "polymer"], "invalid choice"),
        (["missing.py:PolyNorm"], "there is no file"),
        ([], "required"),
    ],
)
def test_bad_input_is_one_line(monkeypatch, capsys, arguments, words):
    code, out, err = run_command(monkeypatch, capsys, *arguments)
    assert code == 2 and out == ""
    assert err.startswith("nwidth.conformance: ") and err.count("\n") == 1 and words in err, err


def test_liger_is_skipped_with_a_reason_where_it_is_not_installed(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "liger_kernel", None)
    monkeypatch.setitem(sys.modules, "liger_kernel.transformers.poly_norm", None)
    code, out, _ = run_command(monkeypatch, capsys, "nwidth.conformance.liger:PolyNorm")
    assert code == 77 and "skipped: liger-kernel cannot be imported" in out


def test_liger_is_run_where_it_is_installed(monkeypatch, capsys):
    """With a stand-in that has its name, its arguments and its two known differences."""

    class Backward(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, weight, bias, eps, in_place):
            ctx.save_for_backward(x, weight, bias)
            ctx.eps, ctx.in_place = eps, in_place
            return reference.polynorm(x, weight, bias, eps)

        @staticmethod
        def backward(ctx, grad):
            leaves = [t.detach().requires_grad_() for t in ctx.saved_tensors]
            with torch.enable_grad():
                dx, dw, db = torch.autograd.grad(reference.polynorm(*leaves, ctx.eps), leaves, grad)
            return (grad.contiguous().copy_(dx) if ctx.in_place else dx), dw, db, None, None

    class Stand(reference.PolyNorm):
        def __init__(self, eps=1e-6, in_place=True):
            super().__init__(eps)
            torch.nn.init.ones_(self.bias)
            self.in_place = in_place

        def forward(self, x):
            return Backward.apply(x, self.weight, self.bias, self.eps, self.in_place)

    module = type(sys)("liger_kernel.transformers.poly_norm")
    module.LigerPolyNorm = Stand
    for name in ("liger_kernel", "liger_kernel.transformers"):
        monkeypatch.setitem(sys.modules, name, type(sys)(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    for name, differing in (
        ("PolyNorm", {"start", "arguments untouched"}),
        ("PolyNormNotInPlace", {"start"}),
    ):
        code, out, _ = run_command(monkeypatch, capsys, f"nwidth.conformance.liger:{name}", "--json")
        found = {c["name"] for c in json.loads(out)["checks"] if c["result"] == "differs"}
        assert (code, found) == (1, differing), out
    monkeypatch.delenv("TRITON_INTERPRET")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    code, out, _ = run_command(monkeypatch, capsys, "nwidth.conformance.liger:PolyNorm")
    assert code == 77 and "needs a GPU" in out


def test_it_runs_as_a_module_of_the_source_tree():
    environment = os.environ | {"PYTHONPATH": str(ROOT / "python")}
    done = subprocess.run(
        [sys.executable, "-m", "nwidth.conformance", "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "example:" in done.stdout and "exit code: 0" in done.stdout
