# SPDX-License-Identifier: Apache-2.0
"""nwidth constants: proved digits against values from elsewhere, closed forms, and what is not claimed."""

import json
from fractions import Fraction

import pytest
from program import assert_refused, run

# From Remez' and Newton's methods in 50 to 70 digits, elsewhere; right to some units of the last digit shown.
SUP = {
    ("relu", 1): "0.068376764039903695919",
    ("relu", 3): "0.017002906682408389036",
    ("relu", 4): "0.0108746230763740708508596372218864",
    ("relu", 7): "0.0042448116478426425491",
    ("relu", 15): "0.0010608292807246040779",
    ("relu2", 1): "0.006828002726044708561418",
    ("relu2", 2): "0.002167427038943759658098",
    ("relu2", 4): "0.00049572861065146364794638191160882",
    ("relu2", 8): "0.0000884107270043451374514220186486636",
    ("relu2", 16): "0.00001343212147635637984492",
    ("relu3", 2): "0.0001604122119214401071123",
    ("relu3", 6): "0.000007192968855184603053801",
    # polynomials
    ("relu", 0): "0.2788015857955023404141",
    ("relu2", 0): "0.04501738840281901439579",
    ("polyrelu", 0): "0.00552837010868758853337",
}
L2 = {
    ("relu", 1): "0.056594365850319913679",
    ("relu", 3): "0.014097114174510042114",
    ("relu", 4): "0.0090181232353797467494128463391704",
    ("relu", 7): "0.003520991026652984169007",
    ("relu", 15): "0.0008800410572478063186",
}


def constants(*rest, target="exp(x)", activation="relu", knots=1, code=0):
    result = run("constants", "--target", target, "--activation", activation, "--knots", knots, *rest, "--json")
    assert result.code == code, (result.out, result.err)
    answer = result.json
    assert (answer["status"] == "proved") == (code == 0)
    return answer


def ends(enclosure):
    return Fraction(enclosure["lower"]), Fraction(enclosure["upper"])


def assert_digits(answer, digits, length=2):
    lower, upper = ends(answer)
    assert 0 < lower <= upper <= lower * (1 + Fraction(3, 10**digits))
    for knot in answer["knots"]:
        low, high = ends(knot)
        assert low <= high <= low + length * Fraction(3, 10**digits)


def assert_near(answer, text):
    """The enclosure holds the value, which is right to five units of its last digit."""
    unit = Fraction(5, 10 ** len(text.split(".")[1]))
    lower, upper = ends(answer)
    assert lower - unit <= Fraction(text) <= upper + unit


@pytest.mark.parametrize(("activation", "knots"), SUP)
def test_best_sup_errors_of_exp(activation, knots):
    answer = constants("--digits", 50, activation=activation, knots=knots)
    assert answer["claim"] == "least error" and answer["contraction"] < 1
    assert len(answer["knots"]) == knots
    assert_near(answer, SUP[activation, knots])
    assert_digits(answer, 50)


@pytest.mark.parametrize(("activation", "knots"), L2)
def test_minima_in_l2_of_exp(activation, knots):
    answer = constants("--norm", "l2", "--digits", 50, activation=activation, knots=knots)
    assert answer["claim"] == "local minimum" and "others may be better" in answer["statement"]
    assert_near(answer, L2[activation, knots])
    assert_digits(answer, 50)


def test_parabolas_have_rational_constants():
    for k in (1, 2, 5):
        h = Fraction(1, k + 1)  # on [0, 1]
        answer = constants("--domain", "0,1", "--digits", 40, target="x^2", knots=k)
        lower, upper = ends(answer)
        assert lower <= h * h / 8 <= upper
        for i, knot in enumerate(answer["knots"], 1):
            low, high = ends(knot)
            assert low <= i * h <= high
        lower, upper = ends(constants("--domain", "0,1", "--norm", "l2", "--digits", 40, target="x^2", knots=k))
        assert lower**2 <= h**4 / 180 <= upper**2


def test_broken_lines_by_other_arithmetic():
    """exp on two and three pieces: errors and knots by bisection and Newton's method in 80 digits of mpmath."""
    mp = pytest.importorskip("mpmath")
    mp.mp.dps = 80

    def sup(left, right):  # half the largest distance of the chord
        slope = (mp.exp(right) - mp.exp(left)) / (right - left)
        at = mp.log(slope)
        return (mp.exp(left) + slope * (at - left) - mp.exp(at)) / 2

    def line(left, right):  # the projection in L2: value at the middle, slope; and the square of its error
        middle, half = (left + right) / 2, (right - left) / 2
        mean = (mp.exp(right) - mp.exp(left)) / (2 * half)
        first = mp.quad(lambda x: mp.exp(x) * (x - middle), [left, right])
        slope = first * 3 / (2 * half**3)
        square = (mp.exp(2 * right) - mp.exp(2 * left)) / 2 - 2 * half * mean**2 - first * slope
        return mean - slope * half, mean + slope * half, square

    t, u = mp.findroot(lambda t, u: [sup(-1, t) - sup(t, u), sup(t, u) - sup(u, 1)], (-0.2, 0.5))
    answer = constants("--digits", 50, knots=2)
    for enclosure, value in ((answer, sup(-1, t)), (answer["knots"][0], t), (answer["knots"][1], u)):
        low, high = ends(enclosure)
        assert low - Fraction(1, 10**60) <= Fraction(mp.nstr(value, 70)) <= high + Fraction(1, 10**60)
    t = mp.findroot(lambda t: line(-1, t)[1] - line(t, 1)[0], 0.3)
    answer = constants("--digits", 50, "--norm", "l2")
    error = mp.sqrt(line(-1, t)[2] + line(t, 1)[2])
    for enclosure, value in ((answer, error), (answer["knots"][0], t)):
        low, high = ends(enclosure)
        assert low - Fraction(1, 10**60) <= Fraction(mp.nstr(value, 70)) <= high + Fraction(1, 10**60)


def test_singular_targets():
    answer = constants("--digits", 45, target="abs(x)^1.5", knots=2)
    assert answer["claim"] == "least error"
    assert_digits(answer, 45)
    answer = constants("--digits", 30, "--norm", "l2", target="abs(x)^1.5", activation="polyrelu", knots=2)
    assert answer["claim"] == "local minimum" and answer["smooth_knots"] == [1]
    assert_digits(answer, 30)


@pytest.mark.parametrize(
    ("activation", "knots", "word"),
    [("relu", 1, "singular"), ("relu", 4, "alternates at"), ("polyrelu", 2, "fewer than 5 points")],
)
def test_what_has_no_constants_says_so(activation, knots, word):
    answer = constants(target="sin(4*pi*x)", activation=activation, knots=knots, code=3)
    assert answer["claim"] == "nothing" and answer["upper"] == "inf" and answer["knots"] == []
    assert word in answer["reason"]


def test_for_people():
    result = run("constants", "--target", "exp(x)", "--activation", "relu2", "--knots", 1)
    assert result.code == 0 and result.err == ""
    for word in ("least error", "6.82800272604470856141772204642", "proved", "knots", "C^1 piecewise quadratics"):
        assert word in result.out


def test_nothing_depends_on_the_run():
    first, second = (constants("--norm", "l2", knots=3) for _ in range(2))
    for answer in (first, second):
        del answer["seconds"]
    assert json.dumps(first) == json.dumps(second)


def test_bad_input():
    base = ["constants", "--target", "exp(x)", "--activation", "relu", "--knots", "2"]
    assert_refused(run(*base[:3]), "--activation")
    assert_refused(run(*base[:-1], "65"), "--knots = '65'", "0 to 64")
    assert_refused(run(*base, "--digits", "61"), "--digits = '61'", "1 to 60")
    assert_refused(run(*base, "--norm", "l1"), "--norm = 'l1'", "sup and l2")
    assert_refused(run(*base, "--domain", "1,0"), "--domain = '1,0'")
    base[4] = "polyrelu-shared"
    assert_refused(run(*base), "polyrelu-shared", "polyrelu")
    base[4] = "relu"
    base[2] = "wild-spline:n=2"
    assert_refused(run(*base), "expression")
