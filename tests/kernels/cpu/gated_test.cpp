// SPDX-License-Identifier: Apache-2.0
/// The gated families: layouts, bits, special values. (Errors: errors_test.)
#include "kernels/cpu/gated.hpp"

#include <cmath>
#include <stdexcept>

#include "tests/kernels/cpu/families.hpp"

namespace nwidth::kernels::cpu {
namespace {

template <class E>
class Gated : public ::testing::Test {};
TYPED_TEST_SUITE(Gated, Elements, ElementNames);

TYPED_TEST(Gated, BitsAreTheSame) { check_bits(gated_functions<TypeParam>()); }
TYPED_TEST(Gated, LayoutsAreTheSame) { check_layout(gated_functions<TypeParam>()); }
TYPED_TEST(Gated, NeighboursDoNotMatter) { check_neighbours(gated_functions<TypeParam>()); }

/// A gate that is closed stops every finite up; NaN goes through on either side.
TYPED_TEST(Gated, SpecialValues) {
  using E = TypeParam;
  double const inf = HUGE_VAL, nan = std::nan("");
  for (auto const& f : gated_functions<E>()) {
    if (!is_forward(f.name) || family_of(f.name).starts_with("poly")) continue;
    for (Isa isa : isas()) {
      SCOPED_TRACE(f.name + ", " + std::string(name(isa)));
      struct Point {
        double gate, up, expected;
      };
      std::vector<Point> const points{{-inf, 3, 0},    {0, -3, 0},    {-inf, inf, nan}, {0, inf, nan}, {inf, 2, inf},
                                      {inf, -2, -inf}, {nan, 0, nan}, {1, nan, nan},    {inf, 0, nan}, {inf, inf, inf}};
      std::vector<E> gate, up, y(points.size());
      for (Point const& p : points) {
        gate.push_back(element<E>(p.gate));
        up.push_back(element<E>(p.up));
      }
      auto const n = static_cast<std::int64_t>(points.size());
      Rows<E const> const in[] = {{gate.data(), 1, n, n}, {up.data(), 1, n, n}};
      Rows<E> const out{y.data(), 1, n, n};
      f.run(in, &out, nullptr, on(isa));
      for (std::size_t i = 0; i < points.size(); ++i) {
        if (std::isnan(points[i].expected)) {
          EXPECT_TRUE(std::isnan(value(y[i]))) << i;
        } else {
          EXPECT_EQ(value(y[i]), points[i].expected) << i;
        }
      }
    }
  }
}

/// NaN in gate takes the whole row, in up its element of y, and no other row; an eps that is none is refused.
TYPED_TEST(Gated, PolyNormOfSpecialValues) {
  using E = TypeParam;
  constexpr std::int64_t rows = 3, n = 79;
  Coefficients const& c = poly_coefficients;
  for (Isa isa : isas()) {
    SCOPED_TRACE(name(isa));
    for (std::size_t at : {0, 15, 31, 32, 77, 78}) {
      std::vector<E> gate(rows * n, element<E>(0.5)), up(rows * n, element<E>(-2)), g(rows * n, element<E>(3)),
          y(rows * n), dgate(rows * n), dup(rows * n);
      auto in = [&](std::vector<E> const& v) { return Rows<E const>{v.data(), rows, n, n}; };
      auto out = [&](std::vector<E>& v) { return Rows<E>{v.data(), rows, n, n}; };
      double gradient[4];
      gate[at] = element<E>(std::nan(""));
      up[n + at] = element<E>(std::nan(""));
      up[2 * n + at] = element<E>(HUGE_VAL);
      polynorm_glu_forward(c, 1, in(gate), in(up), out(y), nullptr, on(isa));
      polynorm_glu_backward(c, 1, in(gate), in(up), in(g), out(dgate), out(dup), gradient, nullptr, on(isa));
      for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
        EXPECT_TRUE(std::isnan(value(y[i])) && std::isnan(value(dgate[i])) && std::isnan(value(dup[i])));
        EXPECT_EQ(std::isnan(value(y[n + i])), i == at);
        EXPECT_TRUE(std::isnan(value(dgate[n + i])));  // the sums of g up gate^p are NaN
        EXPECT_FALSE(std::isnan(value(dup[n + i])));
        double const all = value(y[2 * n + i]);
        EXPECT_TRUE(i == at ? std::isinf(all) : std::isfinite(all)) << all;
      }
      for (double d : gradient) EXPECT_TRUE(std::isnan(d));
    }
  }
  std::vector<E> v(4);
  Rows<E> const m{v.data(), 1, 4, 4};
  double gradient[4];
  for (double eps : {-1e-6, std::nan("")}) {
    EXPECT_THROW(polynorm_glu_forward({{1, 1, 1}, 0, eps}, 1, m, m, m), std::invalid_argument);
    EXPECT_THROW(polynorm_glu_backward({{1, 1, 1}, 0, eps}, 1, m, m, m, m, m, gradient), std::invalid_argument);
  }
}

TEST(GatedArguments, AreNamedWhenTheyAreWrong) {
  std::vector<float> v(8);
  Rows<float> const m{v.data(), 2, 4, 4}, narrow{v.data(), 2, 3, 4};
  try {
    swiglu_backward(m, m, m, m, narrow);
    ADD_FAILURE() << "a narrow dup is taken";
  } catch (std::invalid_argument const& e) {
    EXPECT_NE(std::string(e.what()).find("dup is 2 x 3, but gate is 2 x 4"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace nwidth::kernels::cpu
