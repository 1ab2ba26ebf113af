// SPDX-License-Identifier: Apache-2.0
/// The gated families against their formulas in 100 digits, layouts, bits, special values.
#include "kernels/cpu/gated.hpp"

#include <cmath>
#include <stdexcept>

#include "tests/kernels/cpu/families.hpp"

namespace nwidth::kernels::cpu {
namespace {

template <class E>
class Gated : public ::testing::Test {};
TYPED_TEST_SUITE(Gated, Elements, ElementNames);

template <class E>
Formula<Real> gate_formula(std::string const& family, Real const& x, Real* power) {
  if (family == "swiglu") return formula<E, Real>("silu", x);
  if (family == "geglu") return formula<E, Real>("gelu", x);
  if (family == "geglu_tanh") return formula<E, Real>("gelu_tanh", x);
  if (family == "reglu") return formula<E, Real>("relu", x);
  auto const a = by_power<E, Real>(poly_coefficients, true);
  Element<Real> const e = polyrelu_reference<Real>(a, x, Real(1));
  power[0] = 1;
  for (int i = 1; i < 4; ++i) power[i] = power[i - 1] * (x > 0 ? x : Real(0));
  Formula<Real> f;
  f.value = e.y.value, f.size = e.y.size, f.slope = e.dx.value, f.slope_size = e.dx.size;
  f.bound = {polyrelu_bound}, f.slope_bound = {polyrelu_slope_bound};
  return f;
}

TYPED_TEST(Gated, StaysWithinItsBounds) {
  using E = TypeParam;
  auto const functions = gated_functions<E>();
  for (std::size_t k = 0; k < functions.size(); k += 2) {
    std::string const family = family_of(functions[k].name);
    bool const poly = family == "polyrelu_glu";
    Worst worst[3];
    test::for_random(3, [&](std::mt19937_64& r) {
      constexpr std::int64_t n = 150;
      std::vector<E> gate, up, g;
      std::vector<Formula<Real>> exact;
      Sum<Real> sums[4];
      for (int i = 0; i < n; ++i) {
        double const wide = poly ? 4 : std::is_same_v<E, double> ? 60 : 14;
        gate.push_back(element<E>(i % 3 == 0 ? test::uniform_real(r, -wide, wide) : test::uniform_real(r, -4, 4)));
        up.push_back(element<E>(test::uniform_real(r, -3, 3)));
        g.push_back(element<E>(test::uniform_real(r, -3, 3)));
        Real power[4];
        exact.push_back(gate_formula<E>(family, Real(value(gate.back())), power));
        for (int q = 0; q < 4 && poly; ++q) sums[3 - q].add(Real(value(g.back())) * value(up.back()) * power[q]);
      }
      for (Isa isa : isas()) {
        SCOPED_TRACE(family + ", " + std::string(name(isa)));
        std::vector<E> y(n), dgate(n), dup(n);
        Rows<E const> const in[] = {{gate.data(), 1, n, n}, {up.data(), 1, n, n}, {g.data(), 1, n, n}};
        Rows<E> const out[] = {{dgate.data(), 1, n, n}, {dup.data(), 1, n, n}}, forward{y.data(), 1, n, n};
        double gradient[4] = {};
        functions[k].run(in, &forward, nullptr, on(isa));
        functions[k + 1].run(in, out, gradient, on(isa));
        bool const fused = isa != Isa::baseline;
        for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
          auto const& e = exact[i];
          Real const u = value(up[i]), s = value(g[i]), x = value(gate[i]);
          Real const room = elementwise_tiny * (1 + size_of(x)) * (1 + size_of(s)) * (1 + size_of(u));
          ErrorBound bound = e.bound, slope_bound = e.slope_bound;
          bound.constant += glu_extra;
          slope_bound.constant += glu_extra;
          auto check = [&](E got, Real const& by, bool slope, Worst& w) {
            expect_formula<E, Real>(
                value(got), Real(by * (slope ? e.slope : e.value)), Real(size_of(by) * (slope ? e.slope_size : e.size)),
                slope ? e.slope_growth : e.growth, slope ? slope_bound : bound, slack(isa), room, fused ? &w : nullptr);
          };
          check(y[i], u, false, worst[0]);
          check(dgate[i], Real(s * u), true, worst[1]);
          check(dup[i], s, false, worst[2]);
          if (::testing::Test::HasFailure()) {
            ADD_FAILURE() << "at gate = " << x << ", up = " << u << ", g = " << s;
            return;
          }
        }
        for (int q = 0; q < 4 && poly; ++q) {
          Real const unit = slack(isa) * (polyrelu_gradient_bound<E> + glu_extra) * unit_roundoff<E>;
          EXPECT_TRUE(size_of(Real(gradient[q] - sums[q].value)) <= unit * sums[q].size) << q;
        }
      }
    });
    if (std::is_same_v<E, bf16>) continue;
    report(family + " y, of its bound", worst[0].seen);
    report(family + " dgate, of its bound", worst[1].seen);
    report(family + " dup, of its bound", worst[2].seen);
  }
}

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
