// SPDX-License-Identifier: Apache-2.0
/// Errors against the formulas in 113 bits (double: 100 digits) stay below the bounds that rows.hpp states.
#include <bit>

#include "tests/kernels/cpu/reference.hpp"
#include "tests/random.hpp"

namespace nwidth::kernels::cpu {
namespace {

using test::uniform;
using test::uniform_real;

template <class E>
using Wide = std::conditional_t<std::is_same_v<E, double>, Real, Quad>;

template <class E>
class Accuracy : public ::testing::Test {};
TYPED_TEST_SUITE(Accuracy, Elements, ElementNames);

std::vector<Coefficients> const& some_coefficients() {
  static std::vector<Coefficients> const all{{{1.0 / 3, 1.0 / 3, 1.0 / 3}, 0},
                                             {{-0.4, 1.3, -0.7}, 0.1},
                                             {{1, 0, 0}, 0},
                                             {{0, 0, 1}, 0},
                                             {{0.5, -1.5, 1}, -0.0625},
                                             {{1e-8, 3e4, -2e-5}, 1e-3},
                                             {{0.33333333, -0.25, 0.125}, -1e-7}};
  return all;
}

/// Any sign, sizes from 2^-60 to 2^30; neighbours of powers of two, of zeros of the cubics, short and long
/// significands.
double structured(std::mt19937_64& g) {
  switch (g() % 6) {
    case 0: return std::ldexp(uniform_real(g, -1, 1), static_cast<int>(uniform(g, -60, 30)));
    case 1: return uniform_real(g, -4, 4);
    case 2: {
      float const x = std::ldexp(1.0F, static_cast<int>(uniform(g, -30, 20)));
      return static_cast<double>(
          std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) + static_cast<std::uint32_t>(uniform(g, -3, 3))));
    }
    case 3: return static_cast<double>(uniform(g, -64, 64)) / 32;
    case 4: return 0.25 + static_cast<double>(uniform(g, -9, 9)) * 0x1p-20;
    default: return 0.5 + static_cast<double>(uniform(g, -9, 9)) * 0x1p-24;
  }
}

TYPED_TEST(Accuracy, PolyReluAtEachElement) {
  using E = TypeParam;
  using Q = Wide<E>;
  Worst y_worst, dx_worst, w_worst;
  test::for_random(std::is_same_v<E, double> ? 6 : 60, [&](std::mt19937_64& r) {
    constexpr std::int64_t n = 700;
    Coefficients c = test::pick(r, some_coefficients());
    if (r() % 2 == 0)
      c = {{uniform_real(r, -2, 2), uniform_real(r, -2, 2), uniform_real(r, -2, 2)}, uniform_real(r, -1, 1)};
    std::vector<E> x, g, y(n), dx(n);
    for (int i = 0; i < n; ++i) {
      x.push_back(element<E>(structured(r)));
      g.push_back(element<E>(uniform_real(r, -3, 3)));
    }
    auto const a = by_power<E, Q>(c, true);
    std::vector<Element<Q>> exact;
    Sum<Q> sums[4];
    for (int i = 0; i < n; ++i) exact.push_back(polyrelu_reference<Q>(a, value(x[i]), value(g[i]), sums));
    for (Isa isa : isas()) {
      SCOPED_TRACE(name(isa));
      double gradient[4];
      polyrelu_forward(c, {x.data(), 1, n, n}, Rows<E>{y.data(), 1, n, n}, on(isa));
      polyrelu_backward(c, {x.data(), 1, n, n}, {g.data(), 1, n, n}, Rows<E>{dx.data(), 1, n, n}, gradient, on(isa));
      double const tiny = std::is_same_v<E, double> ? 0x1p-1074 : 0x1p-149;
      for (int i = 0; i < n; ++i) {
        double const u = std::max(value(x[i]), 1.0), size = std::max(std::abs(value(g[i])), 1.0);
        Worst* const fused = isa == Isa::baseline ? nullptr : &y_worst;
        expect_within<E>(value(y[i]), exact[i].y, slack(isa) * polyrelu_bound, tiny * u * u, fused);
        expect_within<E>(value(dx[i]), exact[i].dx, slack(isa) * polyrelu_slope_bound, tiny * u * u * size,
                         fused == nullptr ? nullptr : &dx_worst);
      }
      for (int q = 0; q < 4; ++q) {
        double const bound = slack(isa) * polyrelu_gradient_bound<E> * width_factor<E>(n);
        expect_within<double>(gradient[q], sums[q], bound * unit_roundoff<E> / 0x1p-53, 1e-30, nullptr);
        w_worst.seen = std::max(w_worst.seen, static_cast<double>(size_of(Q(Q(gradient[q]) - sums[q].value)) /
                                                                  (sums[q].size * unit_roundoff<E>)));
      }
    }
  });
  report("polyrelu y", y_worst.seen);
  report("polyrelu dx", dx_worst.seen);
  report("polyrelu dw", w_worst.seen);
}

template <class E>
void norm_case(std::mt19937_64& r, int width, int kind, Worst (&worst)[4]) {
  using Q = Wide<E>;
  constexpr int rows = 3;
  std::int64_t const n = width, count = rows * n;
  Coefficients const c = test::pick(r, some_coefficients());
  std::vector<E> x, g, y(count), dx(count), dx_saved(count);
  for (int row = 0; row < rows; ++row) {
    for (double v : norm_row(r, width, kind)) x.push_back(element<E>(v));
    for (double v : norm_row(r, width, kind == 1 ? 1 : 0)) g.push_back(element<E>(v));
  }
  auto const a = by_power<E, Q>(c, false);
  std::vector<NormRow<Q>> exact;
  Sum<Q> sums[4];
  for (int row = 0; row < rows; ++row) {
    std::vector<Q> xr, gr;
    for (std::int64_t j = row * n; j < (row + 1) * n; ++j) {
      xr.push_back(value(x[j]));
      gr.push_back(value(g[j]));
    }
    exact.push_back(polynorm_reference<Q>(a, Q(c.eps), xr, gr, sums));
  }
  for (Isa isa : isas()) {
    SCOPED_TRACE(name(isa));
    double const factor = slack(isa) * width_factor<E>(n), tiny = std::is_same_v<E, double> ? 0x1p-970 : 0x1p-88;
    std::vector<Statistic<E>> statistics(3 * rows);
    double gradient[2][4];
    polynorm_forward(c, {x.data(), rows, n, n}, Rows<E>{y.data(), rows, n, n}, statistics.data(), on(isa));
    polynorm_backward(c, {x.data(), rows, n, n}, {g.data(), rows, n, n}, Rows<E>{dx.data(), rows, n, n}, gradient[0],
                      nullptr, on(isa));
    polynorm_backward(c, {x.data(), rows, n, n}, {g.data(), rows, n, n}, Rows<E>{dx_saved.data(), rows, n, n},
                      gradient[1], statistics.data(), on(isa));
    bool const fused = isa != Isa::baseline;
    for (int row = 0; row < rows; ++row) {
      for (int p = 1; p < 4; ++p) {
        Sum<Q> R;
        R.add(exact[row].R[p]);
        expect_within<double>(static_cast<double>(statistics[3 * row + p - 1]), R,
                              factor * polynorm_statistic_bound * unit_roundoff<E> / 0x1p-53, 0, nullptr);
      }
      for (std::int64_t j = 0; j < n; ++j) {
        Element<Q> const& e = exact[row].elements[j];
        std::int64_t const i = row * n + j;
        expect_within<E>(value(y[i]), e.y, factor * polynorm_bound, tiny, fused ? &worst[0] : nullptr);
        if (kind == forward_only) continue;
        expect_within<E>(value(dx[i]), e.dx, factor * polynorm_slope_bound, tiny, fused ? &worst[1] : nullptr);
        expect_within<E>(value(dx_saved[i]), e.dx, factor * polynorm_slope_bound, tiny, fused ? &worst[2] : nullptr);
      }
    }
    for (int q = 0; q < 4 && kind != forward_only; ++q) {
      for (auto const& one : gradient) {
        expect_within<double>(one[q], sums[q], factor * polynorm_gradient_bound<E> * unit_roundoff<E> / 0x1p-53, 1e-30);
        if (sums[q].size > 0) {
          double const seen =
              static_cast<double>(size_of(Q(Q(one[q]) - sums[q].value)) / (sums[q].size * unit_roundoff<E>));
          worst[3].seen = std::max(worst[3].seen, seen);
        }
      }
    }
  }
}

TYPED_TEST(Accuracy, PolyNormOfRows) {
  using E = TypeParam;
  Worst worst[4];
  for (int kind = 0; kind < norm_kinds; ++kind) {
    test::for_random(std::is_same_v<E, double> ? 1 : 3, [&](std::mt19937_64& r) {
      for (int width : {1, 2, 17, 64, 150, std::is_same_v<E, double> ? 700 : 1100}) norm_case<E>(r, width, kind, worst);
    });
  }
  if (!std::is_same_v<E, double>) {
    test::for_random(1, [&](std::mt19937_64& r) { norm_case<E>(r, 8256, static_cast<int>(r() % 2), worst); });
  }
  report("polynorm y", worst[0].seen);
  report("polynorm dx", worst[1].seen);
  report("polynorm dx, saved statistics", worst[2].seen);
  report("polynorm dw", worst[3].seen);
}

/// A long row of one number whose squares all round the same way: the worst for sums, and near their bound.
TEST(LongRows, SumsStayShort) {
  constexpr std::int64_t n = 100000;
  std::vector<float> const x(n, 1.0F + 0x1p-12F), g(n, 1.0F + 0x1p-23F);
  std::vector<float> dx(n);
  Coefficients const c{{1.0 / 3, 1.0 / 3, 1.0 / 3}, 0};
  Quad const v = static_cast<double>(x[0]), w = static_cast<double>(g[0]);
  for (Isa isa : isas()) {
    double relu[4], norm[4];
    polyrelu_backward(c, {x.data(), 1, n, n}, {g.data(), 1, n, n}, Rows<float>{dx.data(), 1, n, n}, relu, on(isa));
    polynorm_backward(c, {x.data(), 1, n, n}, {g.data(), 1, n, n}, Rows<float>{dx.data(), 1, n, n}, norm, nullptr,
                      on(isa));
    Quad power = 1;
    for (int p = 0; p < 4; ++p) {
      Sum<Quad> s, t;
      s.add(power * w * n);
      t.add(p == 0 ? power * w * n : power * w * n / square_root(Quad(power * power + c.eps)));
      expect_within<double>(relu[3 - p], s, slack(isa) * polyrelu_gradient_bound<float> * 0x1p29, 0);
      expect_within<double>(norm[3 - p], t, slack(isa) * polynorm_gradient_bound<float> * 0x1p29, 0);
      power *= v;
    }
  }
}

}  // namespace
}  // namespace nwidth::kernels::cpu
