// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/minimax.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::rational {
namespace {

struct Row {
  int degree;
  char const* value;
};

/// The level, to as many digits as the table has (given as a relative tolerance).
void expect_level(Function const& f, int m, int n, Real const& value, double tolerance = 1e-18) {
  Minimax<Real> const r = minimax<Real>(f, m, n);
  EXPECT_EQ(r.outcome.status, Status::converged) << m << ", " << n << ": " << r.outcome.detail;
  EXPECT_LT(abs(Real(r.level / value - 1)), Real(tolerance))
      << f.target().name << " (" << m << ", " << n << "): " << r.level.str(24) << " not " << value.str(24);
  EXPECT_LT(abs(r.levelling()), Real(1e-29)) << m << ", " << n;
  EXPECT_GE(static_cast<int>(r.alternation.size()), r.needed) << m << ", " << n;
}

TEST(Minimax, rational_of_relu) {
  Row const table[] = {{3, "0.01387818865997323279805317"},   {4, "0.006156214396305625455714139"},
                       {5, "0.002991424991477231329782303"},  {6, "0.001552810007570929269747926"},
                       {8, "0.0004821555792537165979056918"}, {10, "0.0001713658705838476830267758"}};
  Function const f = Function::of("relu(x)");
  Real const root5 = sqrt(Real(5)), root3 = sqrt(Real(3));
  expect_level(f, 1, 1, Real((root5 - 2) / 2), 1e-40);
  expect_level(f, 2, 2, Real((7 - 4 * root3) / 2), 1e-40);
  for (auto const& [n, value] : table) expect_level(f, n, n, Real(value));
}

TEST(Minimax, rational_of_abs_and_of_sqrt_are_one) {
  Row const table[] = {{2, "0.04368901269207636157085597"},    {4, "0.008501484704073829490297411"},
                       {6, "0.002282106009725259487906311"},   {8, "0.0007365636140307030561624913"},
                       {10, "0.0002689570600851835099617875"}, {12, "0.0001074711622945128494860823"},
                       {16, "0.00002085158640633032717111036"}};
  Function const f = Function::of("abs(x)"), g = Function::of("sqrt(x)", 0, 1), h = Function::of("relu(x)");
  for (auto const& [n, value] : table) {
    expect_level(f, n, n, Real(value));
    expect_level(g, n / 2, n / 2, Real(value));
  }
  for (int n : {2, 4, 6}) expect_level(h, n + 1, n, Real(minimax<Real>(f, n, n).level / 2), 1e-28);
}

TEST(Minimax, rational_of_relu_of_large_type_alternates) {
  // no table: full alternation is the proof of optimality, the decay exp(-pi sqrt(2n)) or so the check of scale
  Function const f = Function::of("relu(x)");
  Real last = minimax<Real>(f, 10, 10).level;
  for (int n : {12, 16, 20}) {
    Minimax<Real> const r = minimax<Real>(f, n, n);
    EXPECT_EQ(r.outcome.status, Status::converged) << r.outcome.detail;
    EXPECT_EQ(r.alternation.size(), static_cast<std::size_t>(2 * n + 2));
    EXPECT_EQ(r.needed, 2 * n + 2);
    EXPECT_LT(r.level, last);
    // between the best of |x|/2 of the types that are contained and that contain: E(n+1,n) <= E(n,n) <= E(n-1,n-2)
    EXPECT_GT(r.level, minimax<Real>(Function::of("abs(x)"), n, n).level / 2);
    EXPECT_LT(r.level, minimax<Real>(Function::of("abs(x)"), n - 2, n - 2).level / 2);
    last = r.level;
  }
}

TEST(Minimax, polynomials_of_powers_of_abs) {
  struct Table {
    char const* text;
    std::vector<Row> rows;
  };
  Table const tables[] = {{"abs(x)",
                           {{2, "0.125"},
                            {4, "0.06762089927778427526930169"},
                            {8, "0.0346897280843815870584456"},
                            {16, "0.01746805234965671548233908"},
                            {40, "0.007001493619010578816363765"},
                            {64, "0.004376977924042686225631253"}}},
                          {"abs(x)^1.5",
                           {{2, "0.052734375"},
                            {4, "0.02104994136932078988118474"},
                            {10, "0.005582469198680911025079828"},
                            {20, "0.001988899433768184660506586"},
                            {64, "0.0003482701387346932780070921"}}},
                          {"abs(x)^2.5",
                           {{2, "0.04096"},
                            {6, "0.003011964480211402889269744"},
                            {16, "0.000267059025301719829007243"},
                            {48, "0.00001721500904034394534166109"}}},
                          {"exp(x)",
                           {{1, "0.2788015857955023404141"},
                            {2, "0.04501738840281901439579"},
                            {3, "0.00552837010868758853337"},
                            {5, "0.00004520551192611582586092"},
                            {8, "1.106428931175276209699e-8"},
                            {10, "2.502285309180806374516e-11"},
                            {12, "3.996347372267585668268e-14"}}},
                          {"sin(4*x)",
                           {{4, "0.2676529494258660203983"},
                            {8, "0.001880058966864321337681"},
                            {12, "0.000001972487208183732509802"},
                            {20, "6.840156557267572607328e-14"},
                            {30, "4.608443665867226349826e-25"}}}};
  for (Table const& t : tables)
    for (auto const& [n, value] : t.rows) expect_level(Function::of(t.text), n, 0, Real(value));
}

TEST(Minimax, polynomials_in_closed_form) {
  // 1/(a - x): (a - sqrt(a^2 - 1))^n / (a^2 - 1); here (1/2)^n 16/9
  Function const f = Function::of("1/(5/4-x)");
  for (int n : {0, 1, 2, 7, 10, 20, 40}) expect_level(f, n, 0, Real(ldexp(Real(16) / 9, -n)), 1e-29);
  for (int n : {1, 2, 3, 7, 12}) {  // x^n by lower degree: 2^{1-n}
    Function const g = Function::of("x^" + std::to_string(n));
    expect_level(g, n - 1, 0, Real(ldexp(Real(1), 1 - n)), 1e-29);
  }
}

TEST(Minimax, with_a_moebius_change_of_variable_is_the_same_for_diagonal_types) {
  test::for_random(4, [](std::mt19937_64& g) {
    Rational const c = test::random_in(g, Rational(-3, 4), Rational(3, 4), 64);
    // x -> (x + c)/(1 + c x) maps [-1, 1] onto itself
    std::string const s = "(" + numerator(c).str() + "/" + denominator(c).str() + ")";
    int const n = static_cast<int>(test::uniform(g, 1, 4));
    char const* const outer[] = {"exp", "abs", "sin"};
    std::string const name = outer[g() % 3];
    Function const f = Function::of(name + "(x+1/5)");
    Function const h = Function::of(name + "((x+" + s + ")/(1+" + s + "*x)+1/5)");
    expect_level(h, n, n, minimax<Real>(f, n, n).level, 1e-25);
  });
}

TEST(Minimax, scales_with_the_target_and_falls_with_the_type) {
  test::for_random(6, [](std::mt19937_64& g) {
    int const m = static_cast<int>(test::uniform(g, 0, 5)), n = static_cast<int>(test::uniform(g, 0, 4));
    Minimax<Real> const base = minimax<Real>(Function::of("exp(x)"), m, n);
    EXPECT_EQ(base.outcome.status, Status::converged) << m << ", " << n << ": " << base.outcome.detail;
    expect_level(Function::of("7/3*exp(x)"), m, n, Real(base.level * 7 / 3), 1e-28);
    expect_level(Function::of("exp(-x)"), m, n, base.level, 1e-28);
    expect_level(Function::of("exp(4*x-1)", 0, Rational(1, 2)), m, n, base.level, 1e-28);
    EXPECT_LT(minimax<Real>(Function::of("exp(x)"), m + 1, n).level, base.level);
    EXPECT_LT(minimax<Real>(Function::of("exp(x)"), m, n + 1).level, base.level);
  });
}

TEST(Minimax, in_doubles_agrees_with_that_in_100_digits) {
  struct Case {
    char const* text;
    int m, n;
  };
  for (Case const& c : {Case{"exp(x)", 3, 3}, Case{"exp(x)", 8, 0}, Case{"relu(x)", 10, 10}, Case{"relu(x)", 20, 20},
                        Case{"abs(x)", 20, 20}, Case{"abs(x-1/4)+abs(x+1/3)", 8, 8}, Case{"sqrt(abs(x-1/5))", 6, 6},
                        Case{"max(x,x^3,1/3-x)", 8, 8}, Case{"x*log(x+2)", 1, 3}, Case{"log(x+5/4)", 2, 3},
                        Case{"min(x^2,1/4)*x", 8, 8}, Case{"relu(x)", 0, 3}, Case{"sin(20*x+1)", 14, 14},
                        Case{"exp(-1000*(x-1/5)^2)", 8, 8}, Case{"abs(x)", 64, 0}}) {
    Function const f = Function::of(c.text);
    Minimax<double> const rough = minimax<double>(f, c.m, c.n);
    Minimax<Real> const fine = minimax<Real>(f, c.m, c.n);
    EXPECT_EQ(rough.outcome.status, Status::converged) << c.text << ": " << rough.outcome.detail;
    EXPECT_EQ(fine.outcome.status, Status::converged) << c.text << ": " << fine.outcome.detail;
    EXPECT_NEAR(rough.level / static_cast<double>(fine.level), 1, 1e-6) << c.text;
    EXPECT_GE(static_cast<int>(rough.alternation.size()), rough.needed) << c.text;
    for (int i = 0; i <= 100; ++i) {  // r is bounded by it everywhere, as far as a grid shows
      double const x = -0.999 + 0.01998 * i;
      EXPECT_LE(std::abs(f(x) - rough.r(x)), rough.level * (1 + 1e-5)) << c.text << " at " << x;
    }
  }
}

TEST(Minimax, names_degenerate_types) {
  Minimax<Real> const r = minimax<Real>(Function::of("abs(x)"), 3, 3);
  EXPECT_EQ(r.outcome.status, Status::converged);
  EXPECT_TRUE(r.is_degenerate());
  EXPECT_EQ(r.effective_m(), 2);
  EXPECT_EQ(r.effective_n(), 2);
  EXPECT_EQ(r.needed, 7);
  EXPECT_EQ(r.alternation.size(), 7u);
  EXPECT_NE(r.outcome.detail.find("the best approximation of type (3, 3) is of type (2, 2)"), std::string::npos)
      << r.outcome.detail;
  EXPECT_LT(abs(Real(r.level - minimax<Real>(Function::of("abs(x)"), 2, 2).level)), Real(1e-30));

  Minimax<Real> const zero = minimax<Real>(Function::of("sin(20*x)"), 9, 9);  // 12 alternations of 0, 11 needed
  EXPECT_EQ(zero.outcome.status, Status::converged);
  EXPECT_EQ(zero.level, 1);
  EXPECT_EQ(zero.needed, 11);
  EXPECT_EQ(zero.r(Real(0.3)), 0);
  EXPECT_LT(minimax<Real>(Function::of("sin(20*x)"), 16, 16).level, Real(0.5));

  Minimax<Real> const one = minimax<Real>(Function::of("1+sin(20*x+1)"), 4, 4);
  EXPECT_EQ(one.outcome.status, Status::converged) << one.outcome.detail;
  EXPECT_EQ(one.effective_m(), 0);
  EXPECT_EQ(one.effective_n(), 0);
  EXPECT_LT(abs(Real(one.level - 1)), Real(1e-29));
}

TEST(Minimax, names_what_it_did_not_reach) {
  EXPECT_EQ(minimax<Real>(Function::of("1"), 2, 2).outcome.status, Status::below_precision);
  EXPECT_EQ(minimax<double>(Function::of("1"), 3, 0).outcome.status, Status::below_precision);
  EXPECT_EQ(minimax<double>(Function::of("0"), 1, 1).outcome.status, Status::below_precision);
  EXPECT_EQ(minimax<double>(Function::of("exp(x)"), 16, 0).outcome.status, Status::below_precision);
  Minimax<Real> const runge = minimax<Real>(Function::of("1/(1+25*x^2)"), 4, 4);
  EXPECT_EQ(runge.outcome.status, Status::below_precision);
  EXPECT_LE(runge.effective_n(), 4);
  EXPECT_LT(runge.largest, Real(1e-97));

  MinimaxOptions one;
  one.most_iterations = 1;
  EXPECT_EQ(minimax<double>(Function::of("exp(x)"), 6, 0, one).outcome.status, Status::max_iterations);

  // close to the degenerate types of a fast sine: no start leads to the best approximation, which is near 0
  Minimax<double> const hard = minimax<double>(Function::of("sin(20*x+1)"), 12, 12);
  EXPECT_FALSE(is_usable(hard.outcome.status)) << hard.outcome.detail;
  EXPECT_LE(hard.largest, 1 + 1e-12);  // never worse than 0
  // a narrow peak by c/q: the levelled denominators that starts lead to change their sign
  Minimax<double> const pole = minimax<double>(Function::of("exp(-100*(x-1/5)^2)"), 0, 2);
  EXPECT_EQ(pole.outcome.status, Status::no_alternation);
  EXPECT_NE(pole.outcome.detail.find("denominator"), std::string::npos) << pole.outcome.detail;
  EXPECT_LT(static_cast<int>(pole.alternation.size()), pole.needed);

  EXPECT_THROW(minimax<double>(Function::of("x"), -1, 0), InvalidInput);
  EXPECT_THROW(minimax<double>(Function::of("x"), 0, 201), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting::rational
