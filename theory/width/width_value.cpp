// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include "theory/number/error.hpp"
#include "theory/width/closed_form.hpp"
#include "theory/width/perfect_spline.hpp"
#include "theory/width/two_sided_bound.hpp"

namespace nwidth::width {
namespace {

/// The width of a small space, proved by interval Newton once and kept.
Ball small_width(int n, int N) {
  static std::mutex guard;
  static std::map<std::pair<int, int>, Ball> known;
  std::lock_guard<std::mutex> const lock(guard);
  if (auto const it = known.find({n, N}); it != known.end()) return it->second;
  return known.emplace(std::pair(n, N), kolmogorov_width(n, N, 30).value).first->second;
}

}  // namespace

Ball width_value(int n, int N) {
  if (n < 1 || n > 6) throw InvalidInput("n = " + std::to_string(n) + " must be 1..6");
  if (N < n) throw InvalidInput("N = " + std::to_string(N) + " must be at least n = " + std::to_string(n));
  PrecisionScope const precision(std::max(128L, working_precision()));
  if (n <= 3) return closed_form_norm(n, N);
  if (N <= 64) return small_width(n, N);
  TwoSidedBound const& bound = two_sided_bound(n, N);
  Ball unknown;
  arb_zero_pm_inf(unknown.get());
  if (!bound.proved || N < bound.from) return unknown;
  return Ball::from_bounds(bound.lower, bound.upper) *
         power(Ball(Rational(2 / (N - bound.offset))), static_cast<unsigned>(n));
}

Ball continuous_selection_limit(int n, int W) {
  if (n < 1 || n > 6) throw InvalidInput("n = " + std::to_string(n) + " must be 1..6");
  if (W < 0 || W > std::numeric_limits<int>::max() - n)
    throw InvalidInput("W = " + std::to_string(W) + " must be 0.." +
                       std::to_string(std::numeric_limits<int>::max() - n));
  return width_value(n, W + n);
}

}  // namespace nwidth::width
