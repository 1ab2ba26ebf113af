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

/// A gate that is closed stops every finite up; NaN goes through on either side.
TYPED_TEST(Gated, SpecialValues) {
  using E = TypeParam;
  double const inf = HUGE_VAL, nan = std::nan("");
  for (auto const& f : gated_functions<E>()) {
    if (!is_forward(f.name) || family_of(f.name) == "polyrelu_glu") continue;
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
