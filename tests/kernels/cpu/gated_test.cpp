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
    if (family == "polynorm_glu") break;  // of rows: below
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

/// Rows of gate, some unkind (reference.hpp). PolyNorm's reference gives dgate and the gradients for g up in place of
/// g, and of the scaled coefficients.
template <class E>
void polynorm_glu_case(std::mt19937_64& r, std::int64_t n, int kind, Worst (&worst)[4]) {
  constexpr std::int64_t rows = 2;
  auto const count = static_cast<std::size_t>(rows * n);
  Coefficients const c{{test::uniform_real(r, -2, 2), test::uniform_real(r, -2, 2), test::uniform_real(r, -2, 2)},
                       test::uniform_real(r, -1, 1)};
  double const scale = test::pick(r, std::vector<double>{1, 0.5, -1.7, 0});
  std::vector<E> gate, up, g, y(count), dgate(count), dup(count), saved_dgate(count), saved_dup(count);
  std::vector<Real> a;
  for (Real const& w : by_power<E, Real>(c, false)) a.push_back(scale * w);
  std::vector<NormRow<Real>> exact;
  Sum<Real> sums[4];
  for (std::int64_t row = 0; row < rows; ++row) {
    std::vector<Real> x, arriving;
    for (double v : norm_row(r, static_cast<int>(n), kind)) {
      gate.push_back(element<E>(v));
      up.push_back(element<E>(test::uniform_real(r, -3, 3)));
      g.push_back(element<E>(test::uniform_real(r, -3, 3)));
      x.emplace_back(value(gate.back()));
      arriving.push_back(Real(value(g.back())) * value(up.back()));
    }
    exact.push_back(polynorm_reference<Real>(a, Real(c.eps), x, arriving, sums));
  }
  for (Isa isa : isas()) {
    SCOPED_TRACE(std::string(name(isa)) + ", kind " + std::to_string(kind) + ", width " + std::to_string(n));
    auto in = [&](std::vector<E> const& v) { return Rows<E const>{v.data(), rows, n, n}; };
    auto out = [&](std::vector<E>& v) { return Rows<E>{v.data(), rows, n, n}; };
    double gradient[2][4];
    std::vector<Statistic<E>> statistics(3 * rows);
    polynorm_glu_forward(c, scale, in(gate), in(up), out(y), statistics.data(), on(isa));
    polynorm_glu_backward(c, scale, in(gate), in(up), in(g), out(dgate), out(dup), gradient[0], nullptr, on(isa));
    polynorm_glu_backward(c, scale, in(gate), in(up), in(g), out(saved_dgate), out(saved_dup), gradient[1],
                          statistics.data(), on(isa));
    double const factor = slack(isa) * width_factor<E>(n), tiny = std::is_same_v<E, double> ? 0x1p-970 : 0x1p-88;
    bool const fused = isa != Isa::baseline;
    for (std::size_t i = 0; i < count; ++i) {
      Element<Real> const& e = exact[i / static_cast<std::size_t>(n)].elements[i % static_cast<std::size_t>(n)];
      Real const u = value(up[i]), s = value(g[i]);
      double const room = tiny * (1 + std::abs(value(g[i]))) * (1 + std::abs(value(up[i])));
      auto check = [&](E got, Sum<Real> const& f, Real const& by, double bound, Worst& w) {
        expect_within<E>(value(got), Sum<Real>{f.value * by, f.size * size_of(by)}, factor * (bound + 2 * glu_extra),
                         room, fused ? &w : nullptr);
      };
      check(y[i], e.y, u, polynorm_bound, worst[0]);
      check(dup[i], e.y, s, polynorm_bound, worst[2]);
      check(saved_dup[i], e.y, s, polynorm_bound, worst[2]);
      if (kind == forward_only) continue;
      check(dgate[i], e.dx, 1, polynorm_slope_bound, worst[1]);
      check(saved_dgate[i], e.dx, 1, polynorm_slope_bound, worst[1]);
    }
    for (int q = 0; q < 4 && kind != forward_only; ++q) {
      for (auto const& one : gradient) {
        Sum<Real> const scaled{sums[q].value * scale, sums[q].size * std::abs(scale)};
        expect_within<double>(
            one[q], scaled, factor * (polynorm_gradient_bound<E> + 2 * glu_extra) * unit_roundoff<E> / 0x1p-53, 1e-30);
        if (scaled.size > 0) {
          Real const seen = size_of(Real(one[q] - scaled.value)) / (scaled.size * unit_roundoff<E>);
          worst[3].seen = std::max(worst[3].seen, static_cast<double>(seen));
        }
      }
    }
  }
}

TYPED_TEST(Gated, PolyNormStaysWithinItsBounds) {
  using E = TypeParam;
  Worst worst[4];
  for (int kind = 0; kind < norm_kinds; ++kind) {
    test::for_random(1, [&](std::mt19937_64& r) {
      for (int width : {1, 2, 17, 64, 150, 600}) polynorm_glu_case<E>(r, width, kind, worst);
    });
  }
  if (std::is_same_v<E, bf16>) return;
  report("polynorm_glu y", worst[0].seen);
  report("polynorm_glu dgate", worst[1].seen);
  report("polynorm_glu dup", worst[2].seen);
  report("polynorm_glu dw", worst[3].seen);
}

TYPED_TEST(Gated, BitsAreTheSame) { check_bits(gated_functions<TypeParam>()); }
TYPED_TEST(Gated, LayoutsAreTheSame) { check_layout(gated_functions<TypeParam>()); }

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
