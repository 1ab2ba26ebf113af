# SPDX-License-Identifier: Apache-2.0
"""nwidth fit: what it prints is what the written file is, and bad input leaves nothing behind."""

import hashlib
import importlib.util
import json
import math
import os
import shutil
import subprocess
import sys
from fractions import Fraction

import pytest
from program import ROOT, assert_refused, binary, run

RUNGE = "1/(1+25*x^2)"
FIT = ["fit", "--target", "exp(x)", "--activation", "relu2", "--knots", "4", "--out", "net.json"]


def fit(*rest, cwd, target="exp(x)", activation="relu", knots=4, out="net.json", code=0):
    words = ["fit", "--target", target, "--activation", activation, "--knots", knots, "--out", out, *rest, "--json"]
    result = run(*words, cwd=cwd)
    assert result.code == code, (result.out, result.err)
    assert result.err == ""
    return result.json


def without_seconds(answer):
    return {key: value for key, value in answer.items() if key != "seconds"}


@pytest.mark.parametrize(
    ("activation", "neurons"), [("relu", 5), ("relu2", 6), ("relu3", 7), ("polyrelu", 5), ("polyrelu-shared", 7)]
)
def test_answer_and_file(activation, neurons, tmp_path):
    shared = activation == "polyrelu-shared"
    words = ["fit", "--target", "exp(x)", "--activation", activation, "--knots", "4", "--out", "net.json", "--json"]
    result = run(*words, cwd=tmp_path)
    answer = result.json
    assert result.code in ((0, 3) if shared else (0,)), result
    assert answer["command"] == "fit" and answer["target"] == "exp(x)" and answer["domain"] == ["-1", "1"]
    assert answer["norm"] == ("l2" if shared else "sup") and answer["knots"] == 4 and answer["bits"] == 53
    assert answer["neurons"] == answer["width"] == neurons and answer["depth"] == 1
    assert (answer["format"], answer["rounded"], answer["out"]) == ("json", 0, "net.json")
    text = (tmp_path / "net.json").read_bytes()
    assert answer["network_sha256"] == hashlib.sha256(text).hexdigest()
    # the certificate is that of the file
    certified = run("certify", "--network", "net.json", "--target", "exp(x)", "--json", cwd=tmp_path).json
    assert (certified["lower"], certified["upper"]) == (answer["sup"]["lower"], answer["sup"]["upper"])
    for key in ("size", "neurons", "depth", "width", "coefficients", "network_sha256"):
        assert certified[key] == answer[key], key
    for bounds in [answer["sup"], *([answer["l2"]] if "l2" in answer else [])]:
        if bounds["status"] == "proved":
            assert Fraction(bounds["lower"]) <= Fraction(bounds["upper"])
        else:
            assert bounds["reason"]
    if not shared:
        bound = answer["bound"]
        assert bound["kind"] in ("A", "B", "C") and bound["knots"] == 4
        assert Fraction(answer["factor"]) * Fraction(bound["lower"]) >= Fraction(answer["sup"]["upper"])
        assert 1 <= float(answer["factor"]) == float(bound["factor"]) <= 1.01
        every = answer["bound_all_networks"]
        assert every["knots"] == neurons and Fraction(every["lower"]) < Fraction(bound["lower"])
        assert answer["status"] == "proved"


def test_l2(tmp_path):
    words = ["fit", "--target", "exp(x)", "--activation", "relu2", "--knots", "6", "--norm", "l2", "--out", "n.json"]
    result = run(*words, "--json", cwd=tmp_path)
    answer = result.json
    assert answer["fit"]["status"] in ("converged", "flat") and answer["norm"] == "l2"
    if answer["l2"]["status"] == "proved":
        assert result.code == 0
        assert Fraction(answer["l2"]["lower"]) <= Fraction(answer["fit"]["error"]) * Fraction(1001, 1000)
        assert Fraction(answer["l2"]["upper"]) >= Fraction(answer["fit"]["error"]) * Fraction(999, 1000)
        # not above sqrt(b - a) times the sup norm
        assert Fraction(answer["l2"]["lower"]) ** 2 <= 2 * Fraction(answer["sup"]["upper"]) ** 2
    else:
        assert result.code == 3 and answer["reason"]


def test_width_is_neurons(tmp_path):
    for activation, extra in (("relu", 1), ("relu2", 2), ("relu3", 3), ("polyrelu", 1)):
        words = ["fit", "--target", "exp(x)", "--activation", activation, "--width", 5, "--out", "w.json", "--json"]
        answer = run(*words, cwd=tmp_path).json
        assert answer["knots"] == 5 - extra and answer["neurons"] == 5


def test_blocks_bound_what_does_not_alternate_in_full(tmp_path):
    answer = fit(target=RUNGE, activation="relu2", knots=8, cwd=tmp_path)
    assert answer["bound"]["kind"] == "C" and float(answer["factor"]) <= 1.06
    assert answer["fit"]["status"] == "no alternation" and answer["status"] == "proved"


def test_near_the_best_is_done_without_alternation(tmp_path):
    answer = fit(target="sin(4*pi*x)", activation="polyrelu", knots=8, cwd=tmp_path)
    assert answer["fit"]["status"] == "optimal by bound" and float(answer["factor"]) < 1.00001
    assert answer["fit"]["optimiser"] == "no alternation"  # which is kept
    # without a bound nothing says how near it is
    answer = fit("--no-bound", target="sin(4*pi*x)", activation="polyrelu", knots=8, cwd=tmp_path, code=3)
    assert answer["status"] == "proved" and "factor" not in answer


def test_every_status_that_can_be_had():
    cases = {
        "converged": ["--target", "exp(x)", "--activation", "relu2", "--knots", "4"],
        "no alternation": ["--target", RUNGE, "--activation", "relu2", "--knots", "8", "--no-bound"],
        "optimal by bound": ["--target", "abs(x)^1.5", "--activation", "polyrelu", "--knots", "4"],
        "below precision": ["--target", "1/3", "--activation", "relu", "--knots", "4"],
        "max iterations": ["--target", "exp(x)", "--activation", "polyrelu-shared", "--knots", "4"],
    }
    for status, words in cases.items():
        result = run("fit", *words, "--out", "/dev/null", "--json")
        assert result.code in (0, 3) and result.json["fit"]["status"] == status, (status, result.out)


def test_rounding_of_weights_and_formats(tmp_path):
    fine = fit("--bits", 80, cwd=tmp_path, out="fine.json", activation="relu2")
    coarse = fit("--bits", 8, cwd=tmp_path, out="coarse.json", activation="relu2")
    assert Fraction(coarse["sup"]["lower"]) > Fraction(fine["sup"]["upper"])
    for ending in ("onnx", "safetensors"):
        assert fit(cwd=tmp_path, out=f"net.{ending}")["format"] == ending
        answer = fit("--format", ending, cwd=tmp_path, out="net.bin")
        assert answer["format"] == ending and answer["rounded"] == 0
        assert (tmp_path / "net.bin").read_bytes() == (tmp_path / f"net.{ending}").read_bytes()
        assert fit("--bits", 80, cwd=tmp_path, out=f"long.{ending}")["rounded"] > 0
        people = run(*FIT[:-1], f"p.{ending}", "--bits", 80, cwd=tmp_path).out
        assert "numbers rounded" in people and "the network before that" in people
    assert b"nwidth.network/1" in (tmp_path / "fine.json").read_bytes()
    assert fit("--format", "json", cwd=tmp_path, out="odd.onnx")["format"] == "json"


def test_same_again(tmp_path):
    for words in (
        ["--target", "sin(4*pi*x)", "--activation", "relu", "--knots", "5", "--norm", "l2", "--seed", "7"],
        ["--target", RUNGE, "--activation", "polyrelu", "--knots", "4"],
    ):
        answers, files = [], []
        for _ in range(2):
            answers.append(without_seconds(run("fit", *words, "--out", "net.json", "--json", cwd=tmp_path).json))
            files.append((tmp_path / "net.json").read_bytes())
        assert answers[0] == answers[1] and files[0] == files[1]


def target_words(*rest, out="net.json"):
    return ["fit", "--target", "exp(x)", "--activation", "relu", "--out", out, *rest]


def sample_words(*rest):
    return ["fit", "--samples", "data.csv", "--activation", "relu", "--knots", "1", "--out", "net.json", *rest]


REFUSED = [
    (target_words(), "--knots and --width"),
    (target_words("--knots", "4", "--width", "5"), "--knots and --width"),
    (target_words("--knots", "-1"), "--knots = '-1'", "0 to 512"),
    (target_words("--knots", "513"), "--knots = '513'", "0 to 512"),
    (target_words("--knots", "4.5"), "--knots = '4.5'"),
    (target_words("--width", "0"), "--width = '0'", "1 to 513"),
    (target_words("--knots", "4", "--depth", "2"), "--depth = '2'"),
    (target_words("--knots", "4", "--norm", "w1inf"), "--norm = 'w1inf'", "sup and l2"),
    (target_words("--knots", "4", "--domain", "1,1"), "--domain"),
    (target_words("--knots", "4", "--bits", "1"), "--bits = '1'", "2 to 1000"),
    (target_words("--knots", "4", "--bits", "1e3"), "--bits = '1e3'"),
    (target_words("--knots", "4", "--seed", "-1"), "--seed = '-1'"),
    (target_words("--knots", "4", "--rel", "1"), "--rel = '1'"),
    (target_words("--knots", "4", "--digits", "61"), "--digits = '61'"),
    (target_words("--knots", "4", "--format", "h5"), "--format = 'h5'", "json, onnx and safetensors"),
    (target_words("--knots", "4", "--loss", "huber"), "--loss = 'huber'", "--samples"),
    (target_words("--knots", "4", "--samples", "data.csv"), "--target and --samples"),
    (["fit", "--activation", "relu", "--knots", "4", "--out", "net.json"], "--target and --samples"),
    (["fit", "--target", "exp(x)", "--knots", "4", "--out", "net.json"], "--activation"),
    (["fit", "--target", "exp(x)", "--activation", "relu", "--knots", "4"], "--out"),
    (["fit", "--target", "exp(x)", "--activation", "gelu", "--knots", "4", "--out", "n"], "'gelu'", "polyrelu-shared"),
    (["fit", "--target", "1/x", "--activation", "relu", "--knots", "4", "--out", "net.json"], "x"),
    (["fit", "--target", "foo(", "--activation", "relu", "--knots", "4", "--out", "net.json"], "foo"),
    (
        ["fit", "--target", "x", "--activation", "polyrelu-shared", "--knots", "4", "--norm", "sup", "--out", "n"],
        "--norm = 'sup'",
        "allowed is l2",
    ),
    (["fit", "--target", "x", "--activation", "polyrelu-shared", "--knots", "0", "--out", "n"], "--knots", "1 to 64"),
    (target_words("--knots", "4", out="missing/net.json"), "cannot write", "missing/net.json"),
    (target_words("--knots", "4", "--figure", "missing/figure"), "cannot write", "missing/figure.json"),
    (target_words("--knots", "4", "--figure", "./net"), "--figure = './net'", "--out"),
    ([*sample_words()[:-2], "--out", "./data.csv"], "--out = './data.csv'", "--samples"),
    (sample_words(), "cannot read", "data.csv"),
    (sample_words("--norm", "sup"), "--norm = 'sup'", "allowed is l2"),
    (sample_words("--loss", "l1"), "--loss = 'l1'", "l2, huber and cauchy"),
    (sample_words("--no-bound"), "--no-bound"),
    (["fit", "--samples", "d", "--activation", "polyrelu-shared", "--knots", "1", "--out", "n"], "polyrelu-shared"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: " ".join(case[0][1:]))
def test_refused(case, tmp_path):
    arguments, *parts = case
    assert_refused(run(*arguments, cwd=tmp_path), *parts)
    assert list(tmp_path.iterdir()) == []


BAD_SAMPLES = [
    ("", "no sample"),
    ("# nothing\nx,y\n", "no sample"),
    ("x,y\n0,1\n1,2\n", "samples of positive weight"),
    ("x,y\n0,1\n1,two\n", "line 3", "'two'"),
    ("0,1\n\n1;2\n", "line 3", "1 columns"),
    ("0,1\n1,2,3\n", "line 2", "3 columns"),
    ("0,1,1,1\n", "line 1", "4 columns"),
    ("0,nan\n", "line 1", "'nan'", "not finite"),
    ("0,1\n1,-inf\n", "line 2", "not finite"),
    ("0,1\n1e999,2\n", "line 2", "not finite"),
    ("0,1,1\n1,2,-1\n", "line 2", "weight '-1'"),
    ("0,1\n1,\n", "line 2", "''"),
    ("0,1\nx,y\n", "line 2", "'x'"),
    ("3,1\n3,2\n3,4\n3,5\n3,6\n", "one place"),
    ("\x00\x01,2\n1,2\n", "line 1"),
]


@pytest.mark.parametrize("case", BAD_SAMPLES, ids=range(len(BAD_SAMPLES)))
def test_bad_samples(case, tmp_path):
    text, *parts = case
    (tmp_path / "data.csv").write_text(text)
    assert_refused(run(*sample_words(), cwd=tmp_path), "data.csv" if "positive" not in parts[0] else "", *parts)
    assert [p.name for p in tmp_path.iterdir()] == ["data.csv"]


def noise(i):
    return ((i * 7919 + 13) % 101 - 50) / 50


def write_samples(path, weight="", outliers=False, header="x,y"):
    """A hat with its kink at 0.2 and noise of size 0.01 at 81 places that are not in order."""
    lines = ["# measured", header]
    for i in range(81):
        x = ((i * 31) % 81 - 40) / 40
        y = abs(x - 0.2) + 0.01 * noise(i) + (5 if outliers and i % 16 == 3 else 0)
        lines.append(f"{x!r}, {y!r}{weight}  # {i}")
    path.write_text("\n".join(lines) + "\n")


def test_samples(tmp_path):
    write_samples(tmp_path / "data.csv")
    result = run(*sample_words("--json"), cwd=tmp_path)
    assert result.code == 0 and result.err == "", result
    answer = result.json
    assert answer["status"] == "fitted" and answer["reason"] == "samples, no function to certify against"
    assert "sup" not in answer and "bound" not in answer and "upper" not in answer
    assert answer["fit"]["samples"] == 81 and answer["fit"]["parameters"] == 4
    (knot,), (error,) = answer["interior_knots"], answer["knot_errors"]
    assert abs(knot - 0.2) < 5 * error < 0.05
    assert len(answer["coefficients_of_b_splines"]) == len(answer["coefficient_errors"]) == 3
    for value, spread, truth in zip(
        answer["coefficients_of_b_splines"], answer["coefficient_errors"], (1.2, 0, 0.8), strict=True
    ):
        assert abs(value - truth) < 5 * spread < 0.05
    residuals = answer["residuals"]
    assert math.isclose(residuals["l2"], 9 * residuals["rms"]) and residuals["rms"] < residuals["sup"] < 0.02
    assert 0.003 < answer["fit"]["sigma"] < 0.01
    # the file is the fit: the certified distance to it is what rounding did
    certified = run("certify", "--network", "net.json", "--target", "abs(x-0.2)", "--json", cwd=tmp_path).json
    assert certified["network_sha256"] == answer["network_sha256"] and float(certified["upper"]) < 0.03
    assert float(answer["rounding_effect"]) < 1e-14
    people = run(*sample_words(), cwd=tmp_path)
    assert people.code == 0 and "+-" in people.out and "no function to certify against" in people.out


def test_weights_of_one_change_nothing_and_order_neither(tmp_path):
    answers = []
    for weight, header in (("", "x,y"), (",1", "x,y,weight"), (",1.0", "# none")):
        write_samples(tmp_path / "data.csv", weight, header=header)
        answers.append(without_seconds(run(*sample_words("--json"), cwd=tmp_path).json))
    assert answers[0] == answers[1] == answers[2]


def test_losses(tmp_path):
    write_samples(tmp_path / "data.csv", outliers=True)
    fits = {loss: run(*sample_words("--loss", loss, "--json"), cwd=tmp_path).json for loss in ("l2", "huber", "cauchy")}
    off = {loss: abs(a["coefficients_of_b_splines"][0] - 1.2) for loss, a in fits.items()}
    assert off["huber"] < 0.1 * off["l2"] and off["cauchy"] < 0.02
    assert fits["l2"]["fit"]["loss_scale"] == 0 < fits["cauchy"]["fit"]["loss_scale"]


def test_samples_outside_the_domain(tmp_path):
    write_samples(tmp_path / "data.csv")
    result = run(*sample_words("--domain", "-1,0.5"), cwd=tmp_path)
    assert_refused(result, "line ", "outside the domain -1,0.5")
    assert run(*sample_words("--domain", "-2,2", "--json"), cwd=tmp_path).json["domain"] == ["-2", "2"]


HAS_MATPLOTLIB = importlib.util.find_spec("matplotlib") is not None
PLOTTER = ROOT / "experiments" / "plot" / "fit.py"


@pytest.mark.skipif(not HAS_MATPLOTLIB, reason="no matplotlib")
@pytest.mark.parametrize("of", ["target", "samples"])
def test_figure_is_the_same_when_redrawn(of, tmp_path):
    write_samples(tmp_path / "data.csv")
    words = sample_words() if of == "samples" else FIT
    environment = {**os.environ, "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]}
    result = run(*words, "--figure", "f", cwd=tmp_path, env=environment)
    assert result.code == 0 and result.err == "", result
    subprocess.run(
        [sys.executable, str(PLOTTER), "f.json", "--out", "g"], cwd=tmp_path, check=True, capture_output=True
    )
    for ending in ("svg", "pdf", "png"):
        assert (tmp_path / f"f.{ending}").read_bytes() == (tmp_path / f"g.{ending}").read_bytes(), ending
    curves = json.loads((tmp_path / "f.json").read_text())
    assert curves["schema"] == "nwidth.fit/1" and curves["x"] == sorted(curves["x"])
    if of == "target":  # the drawn error stays below the line that is called certified
        assert max(map(abs, curves["error"])) <= curves["sup_upper"]["at"] * (1 + 1e-12)
        assert Fraction(curves["sup_upper"]["text"]) >= Fraction(curves["sup_upper"]["at"]) * (1 - Fraction(1, 10**15))
        assert Fraction(curves["bound"]["text"]) <= Fraction(curves["bound"]["at"]) * (1 + Fraction(1, 10**15))


def test_figure_without_python_is_a_line(tmp_path):
    result = run(*FIT, "--figure", "f", cwd=tmp_path, env={"PATH": str(tmp_path)})
    assert result.code == 0 and result.err.count("\n") == 1 and "figure not drawn" in result.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.json", "net.json"]


def test_closed_stdout_leaves_nothing(tmp_path):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [binary(), *FIT], stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False
        )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("script") is None, reason="no script(1)")
def test_a_terminal_sees_progress_and_is_left_clean(tmp_path):
    words = " ".join(f"'{w}'" for w in [binary(), *FIT])
    inner = f"{words} >/dev/null"
    done = subprocess.run(["script", "-qec", inner, "/dev/null"], cwd=tmp_path, capture_output=True, check=False)
    if b"pseudo-terminal" in done.stderr:
        pytest.skip("this system gives no pseudo-terminal")
    assert b"\r\x1b[Kfitting ... 0 s" in done.stdout
    assert done.stdout.rstrip(b"\n").endswith(b"\r\x1b[K")
