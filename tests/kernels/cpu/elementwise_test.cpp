// SPDX-License-Identifier: Apache-2.0
/// The elementwise families: layouts, bits, special values. (Errors: errors_test.)
#include "kernels/cpu/elementwise.hpp"

#include <cmath>
#include <stdexcept>

#include "tests/kernels/cpu/families.hpp"

namespace nwidth::kernels::cpu {
namespace {

template <class E>
class Elementwise : public ::testing::Test {};
TYPED_TEST_SUITE(Elementwise, Elements, ElementNames);

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
TYPED_TEST(Elementwise, NeighboursDoNotMatter) { check_neighbours(elementwise_functions<TypeParam>()); }

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
