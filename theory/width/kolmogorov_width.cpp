// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <stdexcept>

#include "theory/number/error.hpp"
#include "theory/width/closed_form.hpp"
#include "theory/width/interval_newton.hpp"
#include "theory/width/newton_remez.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::width {
namespace {

/// Both halves of numbers symmetric about 0, ascending, from the positive ones; with 0 in the middle if `count` is odd.
std::vector<Ball> mirrored(std::vector<Ball> const& positive, int count) {
  std::vector<Ball> all;
  for (std::size_t i = positive.size(); i-- > 0;) all.push_back(-positive[i]);
  if (count % 2 != 0) all.emplace_back(0);
  all.insert(all.end(), positive.begin(), positive.end());
  return all;
}

bool accurate(std::vector<Ball> const& v, long bits) {
  for (Ball const& b : v)
    if (!arb_is_zero(b.get()) && arb_rel_accuracy_bits(b.get()) < bits) return false;
  return true;
}

Ball unknown() {
  Ball b;
  arb_zero_pm_inf(b.get());
  return b;
}

}  // namespace

Width kolmogorov_width(int n, int N, int digits) {
  if (n < 1 || n > 6) throw InvalidInput("n = " + std::to_string(n) + " must be 1..6");
  if (N < n || N > largest_solved)
    throw InvalidInput("N = " + std::to_string(N) + " must be " + std::to_string(n) + ".." +
                       std::to_string(largest_solved));
  if (digits < 1 || digits > 60) throw InvalidInput("digits = " + std::to_string(digits) + " must be 1..60");
  long const wanted = static_cast<long>(std::ceil(digits * 3.3219280949)) + 2;
  if (n <= 3) {
    PrecisionScope const precision(wanted + 64);
    return closed_form_width(n, N);
  }
  Width w;
  w.n = n;
  w.N = N;
  w.value = unknown();
  w.method = "interval Newton";
  Alternating<Real> const* near = nullptr;
  try {
    near = &least_norm_spline(n, N);
  } catch (std::runtime_error const& e) {
    w.reason = e.what();
    return w;
  }
  // the system's condition costs about 2 n log2 N bits
  long bits = wanted + 48 + static_cast<long>(2 * n * std::log2(N));
  for (int attempt = 0; attempt < 4; ++attempt, bits += bits / 2) {
    EnclosedSpline e = interval_newton(*near, bits);
    if (!e.proved) {
      w.reason = e.reason;
      continue;
    }
    if (!accurate({e.level}, wanted) || !accurate(e.spline.knots, wanted) || !accurate(e.points, wanted) ||
        !accurate(e.zeros, wanted)) {
      w.reason = "the enclosure is wider than asked for";
      continue;
    }
    w.value = e.level;
    w.knots = mirrored(e.spline.knots, N - n);
    w.zeros = mirrored(e.zeros, N);
    if (N % 2 == 0) e.points.erase(e.points.begin());  // 0, put back in the middle
    w.extrema = mirrored(e.points, N + 1);
    w.proved = true;
    w.reason.clear();
    break;
  }
  return w;
}

}  // namespace nwidth::width
