# SPDX-License-Identifier: Apache-2.0
"""Each bad input: exit code 2, one line that names the value and what is allowed, no file written."""

import json

import pytest
from conftest import assert_refused, run

GOOD_NETWORK = {
    "schema": "nwidth.network/1",
    "inputs": 1,
    "layers": [
        {"weights": {"rows": 1, "cols": 1, "entries": [[0, 0, "1"]]}, "bias": ["0"], "activation": {"kind": "relu"}},
        {
            "weights": {"rows": 1, "cols": 1, "entries": [[0, 0, "1"]]},
            "bias": ["0"],
            "activation": {"kind": "identity"},
        },
    ],
}


def widths(*rest):
    return ["widths", *rest]


def construct(*rest):
    return ["construct", "optimal-spline", "--target", "exp(x)", "--out", "net.json", *rest]


def of_class(*rest):
    return ["class", "--method", *rest]


COMMAND_LINES = [
    ([], "no command", "rates"),
    (["frobnicate"], "frobnicate"),
    (["--frobnicate"], "--frobnicate"),
    (widths(), "--n"),
    (widths("--n", "3"), "--N"),
    (widths("--n", "0", "--N", "5"), "--n = '0'", "1 to 6"),
    (widths("--n", "-3", "--N", "5"), "--n = '-3'", "1 to 6"),
    (widths("--n", "7", "--N", "9"), "--n = '7'", "1 to 6"),
    (widths("--n", "2.5", "--N", "9"), "--n = '2.5'", "integer"),
    (widths("--n", "", "--N", "9"), "--n = ''", "not empty"),
    (widths("--n", "4", "--N", "3"), "--N = '3'", "from 4"),
    (widths("--n", "4", "--N", "1000000000"), "--N = '1000000000'", "to 1000000"),
    (widths("--n", "4", "--N", "99999999999999999999999"), "--N = '99999999999999999999999'"),
    (widths("--n", "4", "--N", "9", "--digits", "0"), "--digits = '0'", "1 to 60"),
    (widths("--n", "4", "--N", "9", "--digits", "1000000"), "--digits = '1000000'", "1 to 60"),
    (widths("--n", "4", "--N", "9", "--N", "10"), "--N"),
    (widths("--n", "4", "--N", "9", "extra"), "extra"),
    (of_class("spline", "--n", "2", "--N", "8"), "'spline'", "optimal-spline, two-level, local-taylor"),
    (of_class("yarotsky-relu", "--n", "2", "--N", "8"), "yarotsky-relu", "allowed are optimal-spline, two-level"),
    (of_class("optimal-spline", "--n", "2"), "--N", "from 2"),
    (of_class("optimal-spline", "--n", "2", "--N", "1000000000"), "--N = '1000000000'"),
    (of_class("optimal-spline", "--n", "2", "--N1", "8"), "--N1 = '8'", "allowed are --N"),
    (of_class("two-level", "--n", "2", "--N", "8"), "--N = '8'", "--N1, --N2, --overlap"),
    (of_class("two-level", "--n", "5", "--N1", "4", "--N2", "8"), "--n = '5'", "1 to 4"),
    (of_class("two-level", "--n", "2", "--N1", "4"), "--N2"),
    (of_class("two-level", "--n", "2", "--N1", "4", "--N2", "8", "--overlap", "1/2"), "--overlap = '1/2'", "1/4"),
    (of_class("two-level", "--n", "2", "--N1", "4", "--N2", "8", "--overlap", "0"), "--overlap = '0'"),
    (of_class("optimal-spline", "--n", "2", "--N", "8", "--rel", "0"), "--rel = '0'"),
    (construct("--n", "2"), "--N"),
    (construct("--N", "8"), "--n"),
    (construct("--n", "2", "--N", "eight"), "--N = 'eight'"),
    (construct("--n", "2", "--N", "1"), "--N = '1'", "from 2"),
    (construct("--n", "2", "--N", "8", "--eps", "0.1"), "--N = '8'", "--eps"),
    (construct("--n", "2", "--eps", "0"), "--eps = '0'"),
    (construct("--n", "2", "--eps", "-1"), "--eps = '-1'"),
    (construct("--n", "2", "--eps", "abc"), "'abc'", "exact number"),
    (construct("--n", "1", "--eps", "1e-40"), "out of reach"),
    (construct("--n", "2", "--N", "8", "--d", "2"), "--d = '2'"),
    (construct("--n", "2", "--N", "8", "--rel", "2"), "--rel = '2'"),
    (
        ["construct", "spline", "--target", "x", "--n", "2", "--N", "8", "--out", "net.json"],
        "'spline'",
        "log-free-relu",
    ),
    (["construct", "optimal-spline", "--n", "2", "--N", "8", "--out", "net.json"], "--target"),
    (["construct", "optimal-spline", "--target", "x", "--n", "2", "--N", "8"], "--out"),
    (["construct", "yarotsky-relu", "--target", "x", "--n", "2", "--N", "8", "--out", "net.json"], "--levels"),
    (["certify", "--network", "net.json"], "--target"),
    (["certify", "--target", "x"], "--network"),
    (["rates", "--threads", "0"], "--threads = '0'", "1 to 256"),
    (["rates", "--threads", "1000000"], "--threads = '1000000'"),
    (["rates", "a.toml", "b.toml"], "b.toml"),
]


@pytest.mark.parametrize("case", COMMAND_LINES, ids=lambda case: " ".join(case[0]) or "nothing")
def test_command_line(case, tmp_path):
    arguments, *parts = case
    assert_refused(run(*arguments, cwd=tmp_path), *parts)
    assert list(tmp_path.iterdir()) == []


EXPRESSIONS = [
    "",
    "exp(",
    "exp(x))",
    "x y",
    "foo(x)",
    "1/",
    "x^",
    "2..3",
    "x2",
    "nan",
    "inf",
    "sin",
    "x\n+",
    "é",
    "\x01",
    "(" * 5000,
]


@pytest.mark.parametrize("text", EXPRESSIONS, ids=range(len(EXPRESSIONS)))
def test_expression(text, tmp_path):
    assert_refused(
        run("construct", "optimal-spline", "--target", text, "--n", "2", "--N", "8", "--out", "net.json", cwd=tmp_path)
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["plane-wave:q=1", "plane-wave:w=x", "plane-wave:w=-1", "plane-wave:n=99", "no-such:n=2"]
)
def test_named_target(name, tmp_path):
    assert_refused(
        run("construct", "optimal-spline", "--target", name, "--n", "2", "--N", "8", "--out", "net.json", cwd=tmp_path)
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["1/x", "log(x)", "sqrt(x)", "1/(x-x)"])
def test_target_without_values(target, tmp_path):
    arguments = ["construct", "optimal-spline", "--target", target, "--n", "2", "--N", "9", "--out", "net.json"]
    assert_refused(run(*arguments, cwd=tmp_path))
    assert list(tmp_path.iterdir()) == []


DOMAINS = [
    "",
    "1",
    "1,0",
    "0,0",
    "a,b",
    "0,1,2",
    "-1;1",
    ",",
    "0,",
    "nan,1",
    "0,inf",
    "0,1e7",
    "-1e100,1",
    "-",
    "-.5,x",
]


@pytest.mark.parametrize("domain", DOMAINS)
def test_domain(domain, tmp_path):
    (tmp_path / "net.json").write_text(json.dumps(GOOD_NETWORK))
    assert_refused(
        run("certify", "--network", "net.json", "--target", "x", "--domain", domain, cwd=tmp_path), "--domain"
    )


@pytest.mark.parametrize("norm", ["L2", "w1inf", "SUP"])
def test_norm(norm, tmp_path):
    (tmp_path / "net.json").write_text(json.dumps(GOOD_NETWORK))
    result = run("certify", "--network", "net.json", "--target", "x", f"--norm={norm}", cwd=tmp_path)
    assert_refused(result, "--norm", "allowed are sup and l2")


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [(["--evaluated-in", "half"], "allowed are double, float32"), (["--evaluated-in=double", "--norm=l2"], "sup")],
)
def test_evaluated_in(arguments, allowed, tmp_path):
    (tmp_path / "net.json").write_text(json.dumps(GOOD_NETWORK))
    result = run("certify", "--network", "net.json", "--target", "x", *arguments, cwd=tmp_path)
    assert_refused(result, "--evaluated-in", allowed)


def changed(path, value):
    network = json.loads(json.dumps(GOOD_NETWORK))
    place = network
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(network)


MALFORMED = [
    "",
    "{",
    "[]",
    "null",
    "42",
    '"text"',
    "{}",
    "\x00\x01\x02",
    json.dumps(GOOD_NETWORK)[:-5],
    json.dumps(GOOD_NETWORK) + "x",
    changed(["schema"], "nwidth.network/2"),
    changed(["schema"], None),
    changed(["inputs"], 0),
    changed(["inputs"], -1),
    changed(["inputs"], 2),
    changed(["inputs"], 10**12),
    changed(["layers"], []),
    changed(["layers"], {}),
    changed(["more"], 1),
    changed(["layers", 0, "bias"], []),
    changed(["layers", 0, "bias"], ["nan"]),
    changed(["layers", 0, "bias"], ["inf"]),
    changed(["layers", 0, "bias"], [0.5]),
    changed(["layers", 0, "bias"], ["1e999999999"]),
    changed(["layers", 0, "bias"], ["1/0"]),
    changed(["layers", 0, "weights", "rows"], 10**9),
    changed(["layers", 0, "weights", "entries"], [[0, 0, "1"], [0, 0, "1"]]),
    changed(["layers", 0, "weights", "entries"], [[0, 1, "1"]]),
    changed(["layers", 0, "activation"], {"kind": "swish"}),
    changed(["layers", 0, "activation"], {"kind": "relu_power", "k": -1}),
    changed(["layers", 0, "activation", "extra"], 1),
    "[" * 100000,
]


@pytest.mark.parametrize("text", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_network(text, tmp_path):
    (tmp_path / "net.json").write_text(text)
    assert_refused(run("certify", "--network", "net.json", "--target", "x", cwd=tmp_path), "net.json")


def test_network_of_two_inputs_or_outputs(tmp_path):
    network = json.loads(json.dumps(GOOD_NETWORK))
    network["layers"][1] = {
        "weights": {"rows": 2, "cols": 1, "entries": [[0, 0, "1"]]},
        "bias": ["0", "0"],
        "activation": {"kind": "identity"},
    }
    (tmp_path / "net.json").write_text(json.dumps(network))
    assert_refused(run("certify", "--network", "net.json", "--target", "x", cwd=tmp_path), "2 outputs")


CONFIGS = [
    ("n = [1", "bad.toml:1"),
    ("n = [9]\n", "bad.toml:1", "n = 9"),
    ("[sizes]\nsmalest = 3\n", "bad.toml:2", "'smalest'", "smallest"),
    ("", "[[series]]"),
    ('[[series]]\nmethod = "spline"\n', "bad.toml:2", "'spline'", "optimal-spline"),
    ('targets = ["foo("]\n[[series]]\nmethod = "optimal-spline"\n', "foo("),
    (
        'targets = ["exp(x)"]\n[[series]]\nmethod = "optimal-spline"\n[series.sizes]\nlargest = 1000000000\n',
        "bad.toml:5",
    ),
    ("\x00", "bad.toml:1"),
]


@pytest.mark.parametrize("case", CONFIGS, ids=range(len(CONFIGS)))
def test_config(case, tmp_path):
    text, *parts = case
    (tmp_path / "bad.toml").write_text(text)
    assert_refused(run("rates", "bad.toml", "--out", "out", cwd=tmp_path), *parts)
    assert not (tmp_path / "out").exists()
