// SPDX-License-Identifier: Apache-2.0
/// The elementwise families against their formulas in 100 digits, all of bf16, layouts, bits, special values.
#include "kernels/cpu/elementwise.hpp"

#include <cmath>
#include <stdexcept>

#include "tests/kernels/cpu/families.hpp"

namespace nwidth::kernels::cpu {
namespace {

template <class E>
class Elementwise : public ::testing::Test {};
TYPED_TEST_SUITE(Elementwise, Elements, ElementNames);

/// Both tails until they underflow, neighbours of 0, zeros of the derivatives, kinks.
double point(std::mt19937_64& g, bool wide) {
  switch (g() % 5) {
    case 0: return std::ldexp(test::uniform_real(g, -1, 1), static_cast<int>(test::uniform(g, -40, 3)));
    case 1: return test::uniform_real(g, -2, 2);
    case 2: return static_cast<double>(test::uniform(g, -16, 16)) / 4;
    case 3: return test::uniform_real(g, wide ? -40 : -15, 10);
    default: return test::uniform_real(g, wide ? -740 : -105, 90);
  }
}

/// Compares a family's two functions with its formula.
template <class E, class Q>
void check_values(std::string const& family, std::vector<E> const& x, std::vector<E> const& g, Worst* worst) {
  auto const n = static_cast<std::int64_t>(x.size());
  std::vector<Formula<Q>> exact;
  for (E const& one : x) {
    double const at = value(one);
    exact.push_back(std::isfinite(at) ? formula<E, Q>(family, Q(at)) : Formula<Q>{});
  }
  for (auto const& f : elementwise_functions<E>()) {
    if (family_of(f.name) != family) continue;
    for (Isa isa : isas()) {
      SCOPED_TRACE(f.name + ", " + std::string(name(isa)));
      std::vector<E> y(x.size());
      Rows<E const> const in[] = {{x.data(), 1, n, n}, {g.data(), 1, n, n}};
      Rows<E> const out{y.data(), 1, n, n};
      double gradient[2];
      f.run(in, &out, gradient, on(isa));
      for (std::size_t i = 0; i < x.size(); ++i) {
        double const at = value(x[i]), got = value(y[i]);
        if (std::isnan(at)) {
          ASSERT_TRUE(std::isnan(got)) << i;
          continue;
        }
        if (!std::isfinite(at)) continue;  // below
        auto const& e = exact[i];
        bool const fused = isa != Isa::baseline;
        Q const room = elementwise_tiny * (1 + std::abs(at));
        if (is_forward(f.name)) {
          expect_formula<E, Q>(got, e.value, e.size, e.growth, e.bound, slack(isa), room, fused ? &worst[0] : nullptr);
        } else {
          Q const s = value(g[i]), size = size_of(s);
          expect_formula<E, Q>(got, s * e.slope, size * e.slope_size, e.slope_growth, e.slope_bound, slack(isa),
                               room * (1 + size), fused ? &worst[1] : nullptr);
        }
        if (::testing::Test::HasFailure()) {
          ADD_FAILURE() << "at x = " << at;
          return;
        }
      }
    }
  }
}

std::vector<std::string> families() {
  return {"gelu", "gelu_tanh", "silu", "relu", "relu^1", "relu^2", "relu^5", "leaky_relu", "prelu", "xielu"};
}

TYPED_TEST(Elementwise, StaysWithinItsBounds) {
  using E = TypeParam;
  for (std::string const& family : families()) {
    Worst worst[2];
    test::for_random(6, [&](std::mt19937_64& r) {
      std::vector<E> x, g;
      for (int i = 0; i < 250; ++i) {
        x.push_back(element<E>(point(r, std::is_same_v<E, double>)));
        g.push_back(element<E>(test::uniform_real(r, -3, 3)));
      }
      check_values<E, Real>(family, x, g, worst);
    });
    if (std::is_same_v<E, bf16>) continue;
    report(family + " y, of its bound", worst[0].seen);
    report(family + " dx, of its bound", worst[1].seen);
  }
}

TEST(ElementwiseBf16, AtEveryNumber) {
  std::vector<bf16> x, g;
  for (int i = 0; i < 65536; ++i) {
    x.push_back({static_cast<std::uint16_t>(i)});
    g.push_back(to_bf16(i % 3 == 0 ? 1.0F : i % 3 == 1 ? -0.75F : 1.5F));
  }
  for (std::string const& family : families()) {
    Worst worst[2];
    check_values<bf16, long double>(family, x, g, worst);
  }
}

TYPED_TEST(Elementwise, GradientsOfXielu) {
  using E = TypeParam;
  test::for_random(3, [&](std::mt19937_64& r) {
    constexpr std::int64_t rows = 3, width = 211;
    std::vector<E> x, g, dx(rows * width);
    XieluCoefficients const c{test::uniform_real(r, -1, 1), test::uniform_real(r, -1, 1)};
    Sum<Real> p, n;
    auto const eps = std::is_same_v<E, double> ? c.eps : static_cast<double>(static_cast<float>(c.eps));
    for (int i = 0; i < rows * width; ++i) {
      x.push_back(element<E>(test::uniform_real(r, -6, 6)));
      g.push_back(element<E>(test::uniform_real(r, -3, 3)));
      Real const t = value(x.back()), s = value(g.back());
      if (t > 0) {
        p.value += s * t * t;
        p.size += size_of(s) * t * t;
      } else {
        Real const term = wide_exp(Real(t < eps ? t : Real(eps))) - 1 - t;
        n.value += s * term;
        n.size += size_of(s) * (size_of(t) + std::abs(eps));
      }
    }
    auto sigmoid = [](double a) { return Real(1 / (1 + wide_exp(Real(-a)))); };
    for (Isa isa : isas()) {
      double gradient[2];
      xielu_backward(c, {x.data(), rows, width, width}, {g.data(), rows, width, width},
                     Rows<E>{dx.data(), rows, width, width}, gradient, on(isa));
      Real const unit = slack(isa) * xielu_gradient_bound<E> * unit_roundoff<E>;
      EXPECT_TRUE(size_of(Real(gradient[0] - p.value * sigmoid(c.alpha_p))) <= unit * p.size * sigmoid(c.alpha_p));
      EXPECT_TRUE(size_of(Real(gradient[1] - n.value * sigmoid(c.alpha_n))) <= unit * n.size * sigmoid(c.alpha_n));
    }
  });
}

TYPED_TEST(Elementwise, GradientOfPrelu) {
  using E = TypeParam;
  test::for_random(3, [&](std::mt19937_64& r) {
    std::int64_t const rows = test::uniform(r, 1, 90),
                       width = test::pick(r, std::vector<std::int64_t>{1, 33, 1024, 2500});
    std::vector<E> x, g, dx(static_cast<std::size_t>(rows * width));
    Sum<Real> sum;
    bool const one_way = test::coin(r);  // all roundings alike
    double const at = -1 - test::uniform_real(r, 0, 1);
    for (std::int64_t i = 0; i < rows * width; ++i) {
      x.push_back(element<E>(one_way ? at : test::uniform_real(r, -6, 6)));
      g.push_back(element<E>(one_way ? -at : test::uniform_real(r, -3, 3)));
      double const t = value(x.back());
      sum.add(Real(value(g.back())) * (t < 0 ? t : 0));
    }
    for (Isa isa : isas()) {
      double gradient = HUGE_VAL;
      prelu_backward(test::uniform_real(r, -1, 1), {x.data(), rows, width, width}, {g.data(), rows, width, width},
                     Rows<E>{dx.data(), rows, width, width}, &gradient, on(isa));
      Real const unit = slack(isa) * prelu_gradient_bound<E> * width_factor<E>(width) * unit_roundoff<E>;
      EXPECT_TRUE(size_of(Real(gradient - sum.value)) <= unit * sum.size)
          << gradient << " is not " << static_cast<double>(sum.value) << ", " << rows << " x " << width;
    }
  });
}

TYPED_TEST(Elementwise, BitsAreTheSame) { check_bits(elementwise_functions<TypeParam>()); }
TYPED_TEST(Elementwise, LayoutsAreTheSame) { check_layout(elementwise_functions<TypeParam>()); }

/// f(-inf), f(inf), f'(-inf), f'(inf), f(0), f'(0).
TYPED_TEST(Elementwise, SpecialValues) {
  using E = TypeParam;
  double const inf = HUGE_VAL;
  XieluCoefficients const& c = xielu_coefficients;
  double const n = c.beta + std::log1p(std::exp(c.alpha_n));
  double const jump = n * std::expm1(c.eps);
  std::vector<std::pair<std::string, std::vector<double>>> const expected{
      {"gelu", {0, inf, 0, 1, 0, 0.5}},
      {"gelu_tanh", {0, inf, 0, 1, 0, 0.5}},
      {"silu", {0, inf, 0, 1, 0, 0.5}},
      {"relu", {0, inf, 0, 1, 0, 0}},
      {"relu^1", {0, inf, 0, 1, 0, 0}},
      {"relu^2", {0, inf, 0, inf, 0, 0}},
      {"relu^5", {0, inf, 0, inf, 0, 0}},
      {"leaky_relu", {-inf, inf, slope_coefficient, 1, 0, slope_coefficient}},
      {"prelu", {-inf, inf, slope_coefficient, 1, 0, slope_coefficient}},
      {"xielu", {inf, inf, c.beta - n, inf, jump, c.beta + jump}}};
  for (auto const& [family, values] : expected) {
    for (auto const& f : elementwise_functions<E>()) {
      if (family_of(f.name) != family) continue;
      for (Isa isa : isas()) {
        SCOPED_TRACE(f.name + ", " + std::string(name(isa)));
        std::vector<E> const x{element<E>(-inf), element<E>(inf), element<E>(0), element<E>(-0.0),
                               element<E>(std::nan(""))};
        std::vector<E> const g(5, element<E>(1));
        std::vector<E> y(5);
        Rows<E const> const in[] = {{x.data(), 1, 5, 5}, {g.data(), 1, 5, 5}};
        Rows<E> const out{y.data(), 1, 5, 5};
        double gradient[2];
        f.run(in, &out, gradient, on(isa));
        double const* const v = values.data() + (is_forward(f.name) ? 0 : 2);
        double const zero = values[is_forward(f.name) ? 4 : 5];
        double const tolerance = std::is_same_v<E, double> ? 1e-15 : std::is_same_v<E, float> ? 1e-6 : 4e-3;
        auto near = [&](double got, double want) {
          if (std::isinf(want) || want == 0) {
            EXPECT_EQ(got, want);
          } else {
            EXPECT_NEAR(got, want, tolerance * std::abs(want) + (want == jump ? tolerance * 1e-3 : 0));
          }
        };
        near(value(y[0]), v[0]);
        near(value(y[1]), v[1]);
        near(value(y[2]), zero);
        near(value(y[3]), zero);
        EXPECT_TRUE(std::isnan(value(y[4])));
      }
    }
  }
}

TEST(ElementwiseArguments, AreNamedWhenTheyAreWrong) {
  std::vector<float> v(4);
  Rows<float> const m{v.data(), 1, 4, 4};
  for (int k : {-1, 0, 65}) {
    try {
      relu_power_forward(k, m, m);
      ADD_FAILURE() << k << " is taken";
    } catch (std::invalid_argument const& e) {
      EXPECT_NE(std::string(e.what()).find("k = " + std::to_string(k)), std::string::npos) << e.what();
    }
    EXPECT_THROW(relu_power_backward(k, m, m, m), std::invalid_argument);
  }
  EXPECT_THROW(gelu_forward(m, Rows<float>{v.data(), 2, 2, 2}), std::invalid_argument);
  EXPECT_THROW(silu_backward(m, {nullptr, 1, 4, 4}, m), std::invalid_argument);
}

}  // namespace
}  // namespace nwidth::kernels::cpu
