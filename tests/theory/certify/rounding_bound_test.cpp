// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/rounding_bound.hpp"

#include "tests/theory/certify/machine.hpp"
#include "tests/theory/certify/networks.hpp"
#include "theory/number/error.hpp"

namespace {

using namespace nwidth;
using namespace nwidth::certify;
using test::exact_value;
using test::for_random;

constexpr BinaryFormat f64 = BinaryFormat::float64(), f32 = BinaryFormat::float32(), b16 = BinaryFormat::bfloat16();

/// The bound over the worst seen, over all cases of a test.
struct Factor {
  double worst = 0, sum = 0;
  int cases = 0;
  void add(Rational const& bound, Rational const& seen) {
    if (seen == 0) return;
    double const f = to_double(bound / seen);
    worst = std::max(worst, f);
    sum += f;
    ++cases;
  }
  void report(char const* what, double most) const {
    std::printf("%s: the bound is at most %.3g times the worst seen, %.3g on average (%d cases)\n", what, worst,
                sum / cases, cases);
    if (test::environment("NWIDTH_TEST_CASE").empty() && test::multiplier() >= 1 && test::seed() == 1) {
      EXPECT_LT(worst, most) << what;
      EXPECT_GT(cases, 0) << what;
    }
  }
};

/// PolyReLU in T against exact arithmetic, over ranges of random sizes.
template <class T>
void check_polyrelu(bool fused, bool bfloat16, char const* what) {
  BinaryFormat const format = sizeof(T) == 4 ? f32 : f64;
  MachineArithmetic const m{format, bfloat16 ? b16 : format, fused};
  Factor factor;
  for_random(60, [&](std::mt19937_64& g) {
    int const r = static_cast<int>(test::uniform(g, 1, 4));
    std::vector<Rational> a;
    for (int i = 0; i <= r; ++i)
      a.push_back(round_to_nearest(exact(test::uniform_real(g, -1, 1)), bfloat16 ? b16 : format));
    double const lo = test::uniform_real(g, -1, 4),
                 hi = lo + std::ldexp(1.0, static_cast<int>(test::uniform(g, -8, -2)));
    Ball const range = Ball::from_bounds(exact(lo), exact(hi));
    Ball const bound = polyrelu_rounding(a, range, m);
    ASSERT_TRUE(bound.is_finite());
    Rational seen = 0;
    for (int k = 0; k < 400; ++k) {
      T x = static_cast<T>(test::uniform_real(g, lo, hi));
      if (exact_value(x) < exact(lo) || exact(hi) < exact_value(x)) continue;
      T const y = test::narrow(test::machine_polyrelu(a, x, fused), bfloat16);
      Rational const u = std::max(exact_value(x), Rational(0));
      Rational p = 0;
      for (std::size_t i = a.size(); i-- > 0;) p = p * u + a[i];
      seen = std::max<Rational>(seen, abs(exact_value(y) - p));
    }
    EXPECT_LE(seen, bound.lower()) << what;
    factor.add(bound.upper(), seen);
  });
  factor.report(what, 20);
}

TEST(RoundingBound, HoldsForPolyReluInDouble) {
  check_polyrelu<double>(true, false, "double, fused");
  check_polyrelu<double>(false, false, "double, not fused");
}
TEST(RoundingBound, HoldsForPolyReluInFloat) {
  check_polyrelu<float>(true, false, "float, fused");
  check_polyrelu<float>(false, false, "float, not fused");
}
TEST(RoundingBound, HoldsForPolyReluInBfloat16) { check_polyrelu<float>(true, true, "bfloat16, fused float inside"); }

TEST(RoundingBound, KnowsTheSizeOfPartialSumsAndTheFusion) {
  std::vector<Rational> const a{1, -2, 1};  // (t - 1)^2
  MachineArithmetic const fused{f32, f32, true}, apart{f32, f32, false};
  // at t = 1 the partial sums are 1, -1, 0: E_1 = u, E_0 = E_1 and its rounding, u E_1; never 4u
  Rational const u = f32.unit();
  Rational const at_one = polyrelu_rounding(a, Ball(1), fused).upper();
  EXPECT_GE(at_one, u);
  EXPECT_LE(at_one, u * Rational(1001) / 1000);
  EXPECT_GT(polyrelu_rounding(a, Ball(1), apart).upper(), at_one);
  EXPECT_EQ(polyrelu_rounding({3, 1}, Ball(-1), fused).upper(), polyrelu_rounding({3, 1}, Ball(0), fused).upper());
  EXPECT_EQ(polyrelu_rounding({3}, Ball(7), fused).upper(), 0);  // a constant needs no operation
  EXPECT_EQ(relu_power_rounding(1, Ball(7), fused).upper(), 0);
}

TEST(RoundingBound, IsInfiniteWhereSomethingMayOverflow) {
  MachineArithmetic const m{f32, f32, true};
  std::vector<Rational> const a{0, 0, 0, 1};
  EXPECT_TRUE(polyrelu_rounding(a, Ball(0x1p42), m).is_finite());
  EXPECT_FALSE(polyrelu_rounding(a, Ball(0x1p43), m).is_finite());
  EXPECT_FALSE(relu_power_rounding(3, Ball(0x1p43), m).is_finite());
  EXPECT_FALSE(dot_rounding(2, 2, Ball(0x1p128), f32).is_finite());
  EXPECT_FALSE(dot_rounding(1L << 24, 1L << 24, Ball(1), f32).is_finite());  // gamma has no value
  EXPECT_FALSE(polyrelu_rounding(a, Ball(std::nan("")), m).is_finite());
  EXPECT_THROW(polyrelu_rounding({}, Ball(1), m), InvalidInput);
  EXPECT_THROW(relu_power_rounding(0, Ball(1), m), InvalidInput);
}

TEST(RoundingBound, HoldsWhereResultsAreSubnormal) {
  MachineArithmetic const m{f32, f32, false};
  for_random(500, [&](std::mt19937_64& g) {
    float const x = std::ldexp(static_cast<float>(test::uniform01(g)), static_cast<int>(test::uniform(g, -75, -60)));
    std::vector<Rational> const a{0, 0, exact_value(static_cast<float>(test::uniform_real(g, -1, 1)))};
    float const y = test::machine_polyrelu(a, x, false);
    EXPECT_LE(abs(exact_value(y) - a[2] * exact_value(x) * exact_value(x)),
              polyrelu_rounding(a, Ball(static_cast<double>(x)), m).lower());
  });
}

TEST(RoundingBound, HoldsForDotProductsInAnyOrder) {
  for_random(200, [](std::mt19937_64& g) {
    long const n = test::uniform(g, 1, 40);
    std::vector<float> w, h;
    Rational truth = 0, size = 0;
    for (long j = 0; j < n; ++j) {
      w.push_back(static_cast<float>(test::uniform_real(g, -1, 1)));
      h.push_back(static_cast<float>(test::uniform_real(g, -1, 1)));
      Rational const term = exact_value(w.back()) * exact_value(h.back());
      truth += term;
      size += abs(term);
    }
    Rational const bound = dot_rounding(n, n, Ball(size), f32).lower();
    for (int k = 0; k < 20; ++k) {
      std::vector<std::size_t> order;
      for (std::size_t j = 0; j < w.size(); ++j) order.push_back(j);
      for (std::size_t j = order.size(); j > 1; --j) std::swap(order[j - 1], order[g() % j]);
      float s = 0;
      for (std::size_t j : order) s = test::multiply_add(w[j], h[j], s, test::coin(g));
      EXPECT_LE(abs(exact_value(s) - truth), bound);
    }
  });
  EXPECT_EQ(dot_rounding(0, 0, Ball(5), f32).upper(), 0);  // a bias alone
}

/// One hidden layer, weights of the size that fits have.
Network shallow(std::mt19937_64& g, int width, Activation activation) {
  std::vector<std::vector<Rational>> w(static_cast<std::size_t>(width)), out(1);
  std::vector<Rational> b;
  for (auto& row : w) {
    row.push_back(test::coin(g) ? 1 : -1);
    b.push_back(exact(test::uniform_real(g, -1, 1)));
    out[0].push_back(exact(test::uniform_real(g, -1, 1)));
  }
  return Network(1, {test::layer(w, b, std::move(activation)),
                     test::layer(out, {exact(test::uniform_real(g, -1, 1))}, Activation::identity())});
}

template <class T>
void check_network(Evaluation const& evaluation, Network const& exact_net, std::mt19937_64& g, Factor& factor) {
  bool const bfloat16 = evaluation.arithmetic.results == b16;
  Network const net = rounded_network(exact_net, evaluation.weights);
  Ball const bound = network_rounding(net, Rational(-1), Rational(1), evaluation.arithmetic);
  ASSERT_TRUE(bound.is_finite());
  Rational seen = 0;
  for (int k = 0; k < 1500; ++k) {
    T x = static_cast<T>(test::uniform_real(g, -1, 1));
    x = test::narrow(x, bfloat16);
    T const y = test::machine_network(net, x, g, bfloat16);
    Rational const error = abs(exact_value(y) - net(exact_value(x)));
    if (k % 10 == 0) {  // the bound at a point is smaller
      EXPECT_LE(error, network_rounding(net, Ball(exact_value(x)), evaluation.arithmetic).lower());
    }
    seen = std::max(seen, error);
  }
  EXPECT_LE(seen, bound.lower());
  factor.add(bound.upper(), seen);
}

template <class T>
void check_networks(char const* name, double most) {
  Evaluation const evaluation = Evaluation::of(name);
  Factor factor;
  for_random(12, [&](std::mt19937_64& g) {
    int const width = static_cast<int>(test::uniform(g, 1, 12));
    Activation const activation =
        test::pick(g, std::vector{Activation::relu(), Activation::relu_power(2), Activation::relu_power(3),
                                  Activation::polyrelu({0, Rational(1) / 3, Rational(1) / 3, Rational(1) / 3}),
                                  Activation::polyrelu({Rational(1) / 7, -1, Rational(1) / 2})});
    check_network<T>(evaluation, shallow(g, width, activation), g, factor);
  });
  factor.report(name, most);
}

TEST(RoundingBound, HoldsForShallowNetworksInDouble) { check_networks<double>("double", 20); }
TEST(RoundingBound, HoldsForShallowNetworksInFloat) { check_networks<float>("float32", 20); }
TEST(RoundingBound, HoldsForShallowNetworksOfBfloat16Weights) { check_networks<float>("bfloat16", 20); }
TEST(RoundingBound, HoldsForShallowNetworksInBfloat16) { check_networks<float>("bfloat16-values", 20); }

TEST(RoundingBound, HoldsForDeepNetworks) {
  Evaluation const evaluation = Evaluation::of("float32");
  for_random(20, [&](std::mt19937_64& g) {
    Network const net = rounded_network(test::random_network(g, 2 + test::below(g, 2), 4), evaluation.weights);
    for (int k = 0; k < 40; ++k) {
      float const x = static_cast<float>(test::uniform_real(g, -1, 1));
      Ball const bound = network_rounding(net, Ball(static_cast<double>(x)), evaluation.arithmetic);
      float const y = test::machine_network(net, x, g, false);
      ASSERT_TRUE(bound.is_finite());
      EXPECT_LE(abs(exact_value(y) - net(exact_value(x))), bound.lower());
    }
  });
}

TEST(RoundedNetwork, CountsWhatItRounds) {
  Network const net(1, {test::layer({{Rational(1) / 3}, {1}}, {0, Rational(257) / 256}, Activation::relu()),
                        test::layer({{1, 1}}, {0}, Activation::identity())});
  Rounding what;
  Network const rounded = rounded_network(net, b16, &what);
  EXPECT_EQ(what.numbers, 5U);
  EXPECT_EQ(what.rounded, 2U);
  EXPECT_LE(what.largest, b16.unit());
  EXPECT_EQ(rounded.layers()[0].bias[1], 1);
  EXPECT_THROW(rounded_network(Network(1, {test::layer({{power_of_two(200)}}, {0}, Activation::identity())}), f32),
               InvalidInput);
  EXPECT_THROW(Evaluation::of("half"), InvalidInput);
}

}  // namespace
