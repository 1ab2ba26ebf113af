# SPDX-License-Identifier: Apache-2.0
"""What the commands say: one JSON object, enclosures as decimal strings that hold the truth, exit codes."""

import hashlib
import json
import math
import re
from fractions import Fraction

import pytest
from conftest import run

COUNTS = {"size", "neurons", "depth", "width", "coefficients"}
DECIMAL = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?")


def assert_encloses(answer, truth, relative=None):
    assert DECIMAL.fullmatch(answer["lower"]) and DECIMAL.fullmatch(answer["upper"])
    lower, upper = Fraction(answer["lower"]), Fraction(answer["upper"])
    assert lower <= truth <= upper
    if relative is not None:
        assert upper - lower <= relative * upper


def sqrt_2(digits):
    return Fraction(math.isqrt(2 * 100**digits), 10**digits)


def test_widths_of_closed_form():
    for N in (3, 4, 7, 16, 64):
        answer = run("widths", "--n", 3, "--N", N, "--json").json
        assert_encloses(answer, Fraction(1, 3 * (N - 1) ** 3), Fraction(1, 10**30))
        assert answer["status"] == "proved" and answer["seconds"] >= 0
        assert [len(answer[k]) for k in ("knots", "nodes", "extrema")] == [N - 3, N, N + 1]
    answer = run("widths", "--n", 2, "--N", 10, "--json").json
    truth = 1 / (2 * (8 + sqrt_2(60)) ** 2)
    assert_encloses(answer, truth, Fraction(1, 10**25))


def test_widths_far_beyond_the_spline():
    answer = run("widths", "--n", 3, "--N", 5000, "--json").json
    assert_encloses(answer, Fraction(1, 3 * 4999**3), Fraction(1, 10**9))
    assert "knots" not in answer


def test_widths_that_are_not_reached_say_so():
    result = run("widths", "--n", 4, "--N", 5000, "--digits", 60, "--json")
    assert result.code == 3 and result.json["status"] == "not_proved" and result.json["reason"]
    assert Fraction(result.json["lower"]) <= Fraction(result.json["upper"])


def test_widths_for_people():
    result = run("widths", "--n", 3, "--N", 6)
    assert result.code == 0 and result.err == ""
    assert "2.666666666666666666666666666666" in result.out and "proved" in result.out


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_class_of_the_optimal_spline_is_the_width(n):
    result = run("class", "--method", "optimal-spline", "--n", n, "--N", 9, "--json")
    answer = result.json
    assert result.code == 0 and set(answer) >= COUNTS
    assert Fraction(answer["ratio_lower"]) >= 1 and Fraction(answer["ratio_upper"]) <= Fraction(100001, 100000)
    assert answer["dimension"] == 9


@pytest.mark.parametrize("method", [["two-level", "--N1", 3, "--N2", 6], ["local-taylor", "--N", 8]])
def test_class_of_the_others_is_above_the_width(method):
    result = run("class", "--method", *method, "--n", 2, "--json")
    assert result.code == 0
    assert Fraction(result.json["ratio_lower"]) > 1
    assert Fraction(result.json["lower"]) <= Fraction(result.json["upper"])


METHODS = [
    ("optimal-spline", "--N", 8),
    ("two-level", "--N1", 3, "--N2", 6),
    ("local-taylor", "--N", 4),
    ("yarotsky-relu", "--N", 3, "--levels", 4),
    ("log-free-relu", "--N1", 3, "--N2", 6, "--levels", 5),
]


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m[0])
@pytest.mark.parametrize("n", [1, 3])
def test_construct_then_certify(method, n, tmp_path):
    name, *parameters = method
    of = ["--target", "exp(x)*sin(2*x)/8"]
    built = run("construct", name, *parameters, *of, "--n", n, "--out", "net.json", "--json", cwd=tmp_path)
    assert built.code == 0, built.err
    text = (tmp_path / "net.json").read_bytes()
    assert built.json["network_sha256"] == hashlib.sha256(text).hexdigest()
    assert json.loads(text)["schema"] == "nwidth.network/1"
    again = run("certify", "--network", "net.json", *of, "--json", cwd=tmp_path)
    assert again.code == 0
    for field in ("lower", "upper", "status", *COUNTS):
        assert again.json[field] == built.json[field]
    size = sum(
        len(layer["weights"]["entries"]) + sum(b != "0" for b in layer["bias"]) for layer in json.loads(text)["layers"]
    )
    assert built.json["size"] == size


def relu_network(tmp_path):
    """|x| as two neurons."""
    network = {
        "schema": "nwidth.network/1",
        "inputs": 1,
        "layers": [
            {
                "weights": {"rows": 2, "cols": 1, "entries": [[0, 0, "1"], [1, 0, "-1"]]},
                "bias": ["0", "0"],
                "activation": {"kind": "relu"},
            },
            {
                "weights": {"rows": 1, "cols": 2, "entries": [[0, 0, "1"], [0, 1, "1"]]},
                "bias": ["0"],
                "activation": {"kind": "identity"},
            },
        ],
    }
    path = tmp_path / "abs.json"
    path.write_text(json.dumps(network))
    return path


@pytest.mark.parametrize(
    ("target", "domain", "truth"),
    [
        ("x^2", None, Fraction(1, 4)),
        ("0", None, Fraction(1)),
        ("x^2", "-1,1", Fraction(1, 4)),
        ("x^2", "-3,-2", Fraction(6)),
        ("x^2", "-1/4,0.25", Fraction(3, 16)),
        ("x", "0,1", Fraction(0)),
        ("abs(x)", "-2,3", Fraction(0)),
        ("-x", "-1,0.5", Fraction(1)),
    ],
)
def test_certify_known_errors(target, domain, truth, tmp_path):
    path = relu_network(tmp_path)
    arguments = [] if domain is None else ["--domain", domain]
    result = run("certify", "--network", path, "--target", target, *arguments, "--json")
    assert result.code == 0, (result.out, result.err)
    assert_encloses(result.json, truth, Fraction(1, 10**6))
    assert (result.json["size"], result.json["neurons"], result.json["depth"], result.json["width"]) == (4, 2, 1, 2)


@pytest.mark.parametrize("machine", ["double", "float32", "bfloat16", "bfloat16-values"])
def test_certify_as_a_machine_evaluates(machine, tmp_path):
    """|x| by two ReLU neurons is exact in every format: x^2 - |x| stays, and the bound of rounding is what is added."""
    path = relu_network(tmp_path)
    arguments = ["certify", "--network", path, "--target", "x^2", "--evaluated-in", machine]
    result = run(*arguments, "--json")
    assert result.code == 0, (result.out, result.err)
    answer = result.json
    rounding = Fraction(answer["rounding_bound"])
    assert Fraction(answer["lower"]) <= Fraction(1, 4) <= Fraction(answer["upper"])
    assert Fraction(answer["rounded_network"]["upper"]) <= Fraction(answer["upper"])
    assert 0 <= rounding <= Fraction(answer["upper"]) - Fraction(answer["rounded_network"]["lower"])
    assert rounding < {"double": 1e-15, "float32": 1e-6, "bfloat16": 1e-6}.get(machine, 0.05)
    assert answer["evaluated_in"] == machine
    assert answer["weights_rounded"] == 0
    people = run(*arguments)
    assert people.code == 0 and "rounding" in people.out and machine in people.out


def test_certify_in_l2(tmp_path):
    """int (x^2 - |x|)^2 over [-1, 1] is 1/15; int 1 is 2 and its root irrational: compared by squares."""
    path = relu_network(tmp_path)
    result = run("certify", "--network", path, "--target", "x^2", "--norm", "l2", "--json")
    assert result.code == 0, (result.out, result.err)
    lower, upper = Fraction(result.json["lower"]), Fraction(result.json["upper"])
    assert lower**2 <= Fraction(1, 15) <= upper**2
    assert upper - lower <= upper / 10**6
    assert result.json["norm"] == "l2"
    assert "at" not in result.json


def test_certify_what_cannot_be_proved(tmp_path):
    """1/x is unbounded: inf with a reason, and what holds is printed."""
    result = run("certify", "--network", relu_network(tmp_path), "--target", "1/x", "--json")
    assert result.code == 3
    assert result.json["upper"] == "inf" and result.json["status"] == "not_proved" and result.json["reason"]
    assert Fraction(result.json["lower"]) >= 0
    people = run("certify", "--network", relu_network(tmp_path), "--target", "1/x")
    assert people.code == 3 and "not proved" in people.out and "inf" in people.out


def test_digits_are_printed_outward(tmp_path):
    path = relu_network(tmp_path)
    for digits in (1, 3, 25):
        answer = run("certify", "--network", path, "--target", "x/3", "--domain=0,1", "--digits", digits, "--json").json
        assert_encloses(answer, Fraction(2, 3))
        assert len(answer["lower"].split("e")[0].replace(".", "").lstrip("0")) <= digits


@pytest.mark.parametrize("method", [["optimal-spline"], ["two-level"], ["local-taylor"]])
def test_eps_is_reached_on_the_class(method, tmp_path):
    result = run(
        "construct",
        *method,
        "--target",
        "sin(x)",
        "--n",
        2,
        "--eps",
        "1e-3",
        "--out",
        "net.json",
        "--json",
        cwd=tmp_path,
    )
    assert result.code == 0 and result.json["reached_eps"] is True
    assert Fraction(result.json["upper"]) <= Fraction(1, 1000)


def test_eps_that_the_target_does_not_allow(tmp_path):
    """|f''| is 100: the class bound does not speak of this target, and the certificate says so."""
    of = ["--target", "50*x^2", "--n", 2, "--eps", "1e-2"]
    result = run("construct", "optimal-spline", *of, "--out", "net.json", "--json", cwd=tmp_path)
    assert result.code == 3 and result.json["reached_eps"] is False and result.json["reason"]
    assert Fraction(result.json["lower"]) > Fraction(1, 100)
    assert (tmp_path / "net.json").exists()


def test_targets_can_be_used():
    families = run("targets", "--json").json["targets"]
    assert families
    text = run("targets").out
    for family in families:
        assert set(family) == {"name", "parameters", "norm", "description"}
        assert family["name"] in text


def test_every_named_target_builds(tmp_path):
    for family in run("targets", "--json").json["targets"]:
        of = ["--target", family["name"], "--n", 2, "--N", 8]
        result = run("construct", "optimal-spline", *of, "--no-certify", "--out", "net.json", "--json", cwd=tmp_path)
        assert result.code == 0, (family, result.err)


def test_version():
    answer = run("version", "--json").json
    assert re.fullmatch(r"[0-9a-f]{40}|unknown", answer["commit"])
    assert isinstance(answer["dirty"], bool)
    assert {"arb", "boost", "flint", "gmp", "mpfr", "toml++"} <= set(answer["libraries"])
    assert answer["compiler"] and answer["machine"]["cpu"] and answer["machine"]["cores"] >= 1
    for value in answer["libraries"].values():
        assert value in run("version").out
    assert run("--version").out == f"nwidth {answer['version']}\n"


def test_out_of_memory_is_one_line(tmp_path):
    """Whatever the limit, an answer or one line; never a crash."""
    path = relu_network(tmp_path)
    for megabytes in (30, 60, 120):
        result = run("certify", "--network", path, "--target", "exp(x)", preexec_fn=limit_memory(megabytes))
        assert result.code in (0, 2, 127), (megabytes, result)  # 127: the loader has no room for the libraries


def limit_memory(megabytes):
    import resource

    def apply():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    return apply
