// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/derivatives.hpp"

namespace nwidth::fitting {
namespace {

/// f^(order)/order! over [l, r]: dyadic.
bool derivative_on(target::Expression const& f, Rational const& l, Rational const& r, int order, Ball& value) {
  target::Expansion const e = f.expand(l, r, order);
  if (e.status != target::Expansion::Status::smooth) return false;
  value = e.c.back();
  return value.is_finite();
}

bool no_zero(target::Expression const& f, Rational const& l, Rational const& r, int order, int depth, int& sign) {
  Ball value;
  if (derivative_on(f, l, r, order, value) && !value.contains_zero()) {
    int const here = value.certainly_positive() ? 1 : -1;
    if (sign == 0) sign = here;
    return sign == here;
  }
  if (depth == 0) return false;
  Rational const mid = (l + r) / 2, overlap = (r - l) / 16;  // a kink at mid would show in neither half alone
  return no_zero(f, l, mid + overlap, order, depth - 1, sign) && no_zero(f, mid - overlap, r, order, depth - 1, sign);
}

}  // namespace

bool taylor_over(target::Expression const& f, Ball const& x, int count, std::vector<Ball>& c) {
  c.clear();
  if (!x.is_finite()) return false;
  Rational const l = x.lower(), r = x.upper();
  if (l == r) {
    c = f.taylor(l, count);
  } else {
    c.push_back(f(x));
    for (int j = 1; j < count; ++j) {
      c.emplace_back();
      if (!derivative_on(f, l, r, j, c.back())) return false;
    }
  }
  for (Ball const& b : c)
    if (!b.is_finite()) return false;
  return true;
}

bool derivative_has_no_zero(target::Expression const& f, Rational const& a, Rational const& b, int order) {
  // dyadic ends around those that are not
  auto const outward = [](Rational const& x, int direction) {
    return is_dyadic(x) ? x : round_to_dyadic(x, 60) + direction * power_of_two(-59);
  };
  int sign = 0;
  return no_zero(f, outward(a, -1), outward(b, 1), order, 12, sign);
}

}  // namespace nwidth::fitting
