// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/evaluated_error.hpp"

#include "tests/theory/certify/machine.hpp"
#include "tests/theory/certify/networks.hpp"
#include "theory/certify/sup_norm.hpp"

namespace {

using namespace nwidth;
using namespace nwidth::certify;
using test::for_random;

/// The interpolant of x^2 at k/n on [0, 1], by relu: largest error 1/(4 n^2).
Network interpolant(int n, Activation const& activation = Activation::relu()) {
  std::vector<std::vector<Rational>> w, out(1);
  std::vector<Rational> b;
  for (int k = 0; k < n; ++k) {
    w.push_back({1});
    b.push_back(-Rational(k) / n);
    out[0].push_back(k == 0 ? Rational(1) / n : Rational(2) / n);
  }
  return Network(1, {test::layer(w, b, activation), test::layer(out, {0}, Activation::identity())});
}

template <class T>
void check(char const* name, int n) {
  Evaluation const evaluation = Evaluation::of(name);
  bool const bfloat16 = evaluation.arithmetic.results == BinaryFormat::bfloat16();
  Network const net = interpolant(n);
  target::Target const f = target::resolve("x^2");
  EvaluatedEnclosure const e = evaluated_sup_error(net, f, 0, 1, evaluation);
  ASSERT_TRUE(e.error.bounded && e.error.proved) << e.error.reason;
  EXPECT_GT(e.rounding, 0);
  EXPECT_LE(e.error.lower, e.error.upper);
  EXPECT_GE(e.error.lower, e.exact.lower - 3 * e.rounding) << name;  // near the worst point of the real function
  EXPECT_EQ(e.error.upper, e.exact.upper + e.rounding);
  Network const rounded = rounded_network(net, evaluation.weights);
  Rational seen = 0;
  for_random(2000, [&](std::mt19937_64& g) {
    T const x = test::narrow(static_cast<T>(test::uniform01(g)), bfloat16);
    Rational const at = test::exact_value(x);
    Rational const error = abs(at * at - test::exact_value(test::machine_network(rounded, x, g, bfloat16)));
    EXPECT_LE(error, e.error.upper);
    seen = std::max(seen, error);
  });
  std::mt19937_64 g(test::seed());
  T const worst = test::machine_number<T>(e.error.at);
  Rational const there =
      abs(e.error.at * e.error.at - test::exact_value(test::machine_network(rounded, worst, g, bfloat16)));
  EXPECT_GE(there, e.error.lower);
  EXPECT_GE(std::max(seen, there) * 3, e.error.upper) << name << ": the enclosure is idle";
}

TEST(EvaluatedError, HoldsInDouble) { check<double>("double", 16); }
TEST(EvaluatedError, HoldsInFloat) { check<float>("float32", 16); }
TEST(EvaluatedError, HoldsForBfloat16Weights) { check<float>("bfloat16", 8); }
TEST(EvaluatedError, HoldsInBfloat16) { check<float>("bfloat16-values", 4); }

TEST(EvaluatedError, WeightsThatAFormatHoldsAreNotRounded) {
  EvaluatedEnclosure const e =
      evaluated_sup_error(interpolant(8), target::resolve("x^2"), 0, 1, Evaluation::of("bfloat16"));
  EXPECT_TRUE(e.weights.exact());
  EXPECT_LE(e.exact.lower, Rational(1) / 256);
  EXPECT_GE(e.exact.upper, Rational(1) / 256);
  EvaluatedEnclosure const third =
      evaluated_sup_error(interpolant(6), target::resolve("x^2"), 0, 1, Evaluation::of("bfloat16"));
  EXPECT_FALSE(third.weights.exact());
  EXPECT_GT(third.exact.lower, Rational(1) / 144);  // what rounding the weights costs is part of A
}

TEST(EvaluatedError, SaysWhyThereIsNoBound) {
  EvaluatedEnclosure const gelu =
      evaluated_sup_error(interpolant(2, Activation::gelu()), target::resolve("x^2"), 0, 1, Evaluation::of("double"));
  EXPECT_FALSE(gelu.error.bounded || gelu.error.proved);
  EXPECT_NE(gelu.error.reason.find("gelu"), std::string::npos);
  Network const huge(1, {test::layer({{power_of_two(100)}}, {0}, Activation::relu_power(2)),
                         test::layer({{power_of_two(-120)}}, {0}, Activation::identity())});
  EvaluatedEnclosure const overflow =
      evaluated_sup_error(huge, target::resolve("x^2"), 0, 1, Evaluation::of("float32"));
  EXPECT_FALSE(overflow.error.bounded || overflow.error.proved);
  EXPECT_NE(overflow.error.reason.find("overflow"), std::string::npos);
}

}  // namespace
