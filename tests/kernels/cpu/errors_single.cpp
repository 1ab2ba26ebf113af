// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/cpu/measure_rows.hpp"

namespace nwidth::kernels::cpu {

template std::vector<Line> measure<float>(Effort const&);
template std::vector<Line> measure<bf16>(Effort const&);

namespace {

/// The same formula in double and in 100 digits, beside the bounds of float.
template <class F>
void compare(int points, double& worst) {
  for (int set = 0; set < F::sets; ++set) {
    F const f(set);
    Points<float> const draw(f);
    Stream s{test::mix(test::seed() + static_cast<std::uint64_t>(set))};
    for (int i = 0; i < points / F::sets + 1; ++i) {
      double const x = value(draw(s));
      auto const e = f.template at<double>(x);
      auto const exact = f.template at<Real>(Real(x));
      auto const part = [&](double got, Real const& want, Real const& size, ErrorBound const& b, Real const& growth) {
        if (size < 0x1p-300 || size > 0x1p300) return;  // no floats
        Real const allowed = std::max(1.0, b.constant + b.growth * static_cast<double>(growth)) * 0x1p-24 * size;
        double const p = static_cast<double>(Real(size_of(Real(got - want)) / allowed));
        if (!(p <= worst)) worst = p == p ? p : HUGE_VAL;
      };
      part(e.value, exact.value, exact.size, f.bound(), exact.growth);
      part(e.slope, exact.slope, exact.slope_size, f.slope_bound(), exact.slope_growth);
      for (int k = 0; k < F::sums; ++k) part(e.term[k], exact.term[k], exact.term_size[k], {f.gradient_bound()}, 0);
    }
  }
}
template <class... F>
double compare_all(int points, std::tuple<F...> const*) {
  double worst = 0;
  (compare<F>(points, worst), ...);
  return worst;
}

/// PolyNorm's reference, of long rows.
double compare_rows() {
  double worst = 0;
  for (int chunk = 0; chunk < 40; ++chunk) {
    auto const b = MeasureNorm<float, false>::random_block(chunk, false);
    auto const c = MeasureNorm<float, false>::coefficients(chunk);
    auto const n = static_cast<std::size_t>(b.width);
    std::vector<double> x, g;
    for (std::size_t j = 0; j < n; ++j) x.push_back(value(b.x[j])), g.push_back(value(b.g[j]));
    auto const row = polynorm_reference<double>(by_power<float, double>(c, false), c.eps, x, g);
    auto const exact = polynorm_reference<Real>(by_power<float, Real>(c, false), Real(c.eps), {x.begin(), x.end()},
                                                {g.begin(), g.end()});
    auto const part = [&](Sum<double> const& got, Sum<Real> const& want, double bound) {
      double const p = static_cast<double>(Real(size_of(Real(got.value - want.value)) / (bound * 0x1p-24 * want.size)));
      if (want.size > 0x1p-60 && !(p <= worst)) worst = p == p ? p : HUGE_VAL;
    };
    for (std::size_t j = 0; j < n; ++j) {
      part(row.elements[j].y, exact.elements[j].y, polynorm_bound);
      if (b.backward) part(row.elements[j].dx, exact.elements[j].dx, polynorm_slope_bound);
    }
  }
  return worst;
}

}  // namespace

double reference_error(int points) {
  return std::max(compare_rows(), compare_all(points, static_cast<AllFamilies<float> const*>(nullptr)));
}

}  // namespace nwidth::kernels::cpu
