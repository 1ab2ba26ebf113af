# SPDX-License-Identifier: Apache-2.0
"""Certified numbers from Python: right values, exact input, ValueError on bad input, and what an import costs."""

import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import nwidth
import pytest

ROOT = Path(__file__).resolve().parents[2]


def python(code, folder):
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def core(package):
    if not list((package / "nwidth").glob("_core.*.so")):
        pytest.skip(f"{package} has no extension: ./dev test builds it")


def test_version_is_the_projects():
    project = (ROOT / "CMakeLists.txt").read_text()
    assert f"project(nwidth VERSION {nwidth.__version__} " in project


def test_import_loads_nothing_else(package):
    code = "import sys, nwidth; print(sorted({'torch', 'numpy', 'nwidth._core'} & set(sys.modules)))"
    assert python(code, package).stdout == "[]\n"


def test_what_was_not_built_says_what_it_needs(package, tmp_path):
    """A copy of the package without its extensions, as a machine without the libraries installs it."""
    shutil.copytree(package / "nwidth", tmp_path / "nwidth", ignore=shutil.ignore_patterns("*.so"))
    run = python("import nwidth; nwidth.widths(2, 4)", tmp_path)
    assert run.returncode == 1 and "ImportError: nwidth.widths is not in this installation" in run.stderr
    assert "apt-get install libboost1.81-dev" in run.stderr
    run = python("import nwidth; nwidth.nothing", tmp_path)
    assert "AttributeError: module 'nwidth' has no attribute 'nothing'" in run.stderr


def test_stub_and_docstrings(core, package):
    stub = "".join((package / "nwidth" / f"{part}.pyi").read_text() for part in ("_core", "_kernels"))
    compile(stub, "stubs", "exec")
    for name in nwidth.__all__:
        assert re.search(rf"^(class|def) {name}\b", stub, re.MULTILINE), name
        assert getattr(nwidth, name).__doc__
    assert (package / "nwidth" / "py.typed").exists()


def test_widths(core):
    """d_N = 1/N for n = 1."""
    width = nwidth.widths(1, 3, digits=20)
    assert width.proved and Decimal(width.lower) < Decimal(width.upper)
    assert Fraction(width.lower) <= Fraction(1, 3) <= Fraction(width.upper)
    assert Fraction(width.upper) - Fraction(width.lower) < Fraction(1, 10**20)
    width = nwidth.widths(4, 9)
    assert len(width.knots) == 5 and len(width.nodes) == 9 and len(width.extrema) == 10
    assert all(Fraction(a) <= Fraction(b) for a, b in width.knots + width.nodes + width.extrema)
    assert re.fullmatch(r"Width\(lower='\S+', upper='\S+', proved=True\)", repr(width))


LINE = """{"schema": "nwidth.network/1", "inputs": 1, "layers": [
  {"weights": {"rows": 1, "cols": 1, "entries": [[0, 0, "1"]]}, "bias": ["1/10"], "activation": {"kind": "identity"}}]}
"""


def test_certify_takes_text_and_files(core, tmp_path):
    """x + 1/10 against x: the error is 1/10 everywhere, and sqrt(2)/10 in L2."""
    error = nwidth.certify(LINE, "x", rel="1e-9")
    assert error.proved and Fraction(error.lower) <= Fraction(1, 10) <= Fraction(error.upper)
    path = tmp_path / "line.json"
    path.write_text(LINE)
    for network in (path, str(path)):
        assert nwidth.certify(network, "x", rel="1e-9").upper == error.upper
    error = nwidth.certify(LINE, "x", norm="l2")
    assert Fraction(error.lower) ** 2 <= Fraction(2, 100) <= Fraction(error.upper) ** 2


def test_numbers_are_exact(core):
    """x + 1/10 against 0 on [0, b] has the error b + 1/10, for whatever way the number b is written."""
    for b in ("0.1", Fraction(1, 10), Decimal("0.1"), "1/10"):
        error = nwidth.certify(LINE, "0", domain=(0, b), rel="1e-12", digits=40)
        assert Fraction(error.lower) <= Fraction(1, 5) <= Fraction(error.upper), b
    exact = nwidth.certify(LINE, "0", domain=(0, "0.1"), rel="1e-12", digits=40)
    dyadic = nwidth.certify(LINE, "0", domain=(0, 0.5), rel="1e-12", digits=40)
    assert Fraction(dyadic.lower) <= Fraction(0.5) + Fraction(1, 10) <= Fraction(dyadic.upper)
    assert Fraction(exact.upper) < Fraction(dyadic.lower)


def test_networks_and_classes(core):
    width = nwidth.widths(3, 16)
    network = nwidth.optimal_spline_network("exp(x)/3", 3, 16)
    error = nwidth.certify(network, "exp(x)/3")
    of_class = nwidth.class_certificate("optimal-spline", 3, N=16)
    assert error.proved and of_class.proved
    assert Fraction(error.upper) <= Fraction(of_class.upper)  # |f'''| <= e/3 < 1
    assert Fraction(of_class.upper) >= Fraction(width.lower)  # a theorem
    assert Fraction(of_class.lower) <= Fraction(width.upper) * Fraction(1000001, 1000000)
    two_level = nwidth.class_certificate("two-level", 2, N1=4, N2=9)
    assert Fraction(two_level.lower) > Fraction(nwidth.widths(2, 36).lower)


def test_fit(core):
    fit = nwidth.fit("exp(x)", "relu", knots=3)
    assert fit.knots == 3 and fit.status == "converged" and fit.sup.proved
    assert fit.factor == 1 or 1 < fit.factor < 1.01
    assert (
        Fraction(fit.bound)
        <= Fraction(fit.sup.upper)
        <= Fraction(fit.bound) * Fraction(fit.factor) * Fraction(1000001, 1000000)
    )
    again = nwidth.certify(fit.network, "exp(x)")
    assert Fraction(again.lower) <= Fraction(fit.sup.upper) and Fraction(fit.sup.lower) <= Fraction(again.upper)
    without = nwidth.fit("exp(x)", "relu", knots=3, bounds=False)
    assert without.bound is None and without.factor is None and without.network == fit.network


def test_matched_width(core):
    """The published pairs: LLaMA's, and PolyCom's 5504 -> 8256 with four coefficients more."""
    F = nwidth.FeedForward
    llama = nwidth.matched_width(F(4096, 16384), F(4096, gated=True), multiple=256, rounding="up")
    assert llama.width == 11008 and not llama.exact and 0 < llama.excess < 0.01
    dense = nwidth.matched_width(F(2048, 5504, gated=True), F(2048, coefficients=4), multiple=64)
    assert (dense.width, dense.count - dense.target) == (8256, 4)
    assert repr(dense) == f"MatchedWidth(width=8256, count={dense.count}, target={dense.target})"
    assert F(2048, 8256, coefficients=4).parameters == dense.count
    flops = nwidth.matched_width(F(2048, 5504, gated=True, activation_flops=6), F(2048, activation_flops=14), "flops")
    assert flops.count == F(2048, flops.width, activation_flops=14).forward_flops
    assert abs(flops.width * (4 * 2048 + 14) - 5504 * (6 * 2048 + 6)) <= (4 * 2048 + 14) // 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nwidth.matched_width(nwidth.FeedForward(0, 4), nwidth.FeedForward(4)), "model = 0: allowed is >= 1"),
        (lambda: nwidth.matched_width(nwidth.FeedForward(4, 4), nwidth.FeedForward(4), "size"), "match = 'size'"),
        (
            lambda: nwidth.matched_width(nwidth.FeedForward(4, 4), nwidth.FeedForward(4), rounding="even"),
            "rounding = 'even': allowed is 'nearest', 'up' or 'down'",
        ),
        (lambda: nwidth.widths(0, 4), "n = 0: allowed is an integer from 1 to 6"),
        (lambda: nwidth.widths(2, 129), "N = 129: allowed is an integer from 2 to 128"),
        (lambda: nwidth.widths(2, 4, digits=61), "digits = 61"),
        (lambda: nwidth.certify(LINE, "y"), "unknown target 'y'"),
        (lambda: nwidth.certify(LINE, "x", domain=(1, 0)), "domain = (1, 0)"),
        (lambda: nwidth.certify(LINE, "x", domain="-1,1"), "a pair of numbers"),
        (lambda: nwidth.certify(LINE, "x", domain=(0, float("nan"))), "domain: "),
        (lambda: nwidth.certify(LINE, "x", rel=0), "rel = 0"),
        (lambda: nwidth.certify(LINE, "x", norm="w1"), "norm = 'w1'"),
        (lambda: nwidth.certify("no/such.json", "x"), "network 'no/such.json': the file cannot be read"),
        (lambda: nwidth.certify("{}", "x"), 'the key "schema" is missing'),
        (lambda: nwidth.class_certificate("two-level", 2, N=4), "takes N1 and N2, not N"),
        (lambda: nwidth.class_certificate("optimal-spline", 2, N1=4, N2=4), "takes N, not N1 or N2"),
        (lambda: nwidth.class_certificate("taylor", 2, N=4), "method = 'taylor'"),
        (lambda: nwidth.class_certificate("two-level", 2, N1=4, N2=9, overlap="1/3"), "overlap = 1/3"),
        (lambda: nwidth.optimal_spline_network("exp(x)", 2, 1), "N = 1"),
        (lambda: nwidth.fit("exp(x)", "gelu", knots=2), "activation = 'gelu'"),
        (lambda: nwidth.fit("exp(x)", knots=-1), "knots = -1"),
        (lambda: nwidth.fit("exp(x)", "polyrelu-shared", knots=2), "norm = 'sup': allowed is 'l2'"),
        (lambda: nwidth.fit("exp(x)", knots=2, seed=-1), "seed = -1"),
    ],
)
def test_bad_input(core, call, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_types(core):
    with pytest.raises(TypeError, match="widths"):
        nwidth.widths(2.5, 4)
    with pytest.raises(TypeError):
        nwidth.certify(3, "x")
