// SPDX-License-Identifier: Apache-2.0
/// Series where a power, a quotient 0/0 or a kink needs care.
#include <arb_poly.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "theory/number/error.hpp"
#include "theory/number/series.hpp"

namespace nwidth {
namespace {

using Status = Series::Status;

Ball undefined_ball() {
  Ball r;
  arb_indeterminate(r.get());
  return r;
}

/// [0, M] with M >= |x|, and the end 0 exact.
Ball from_zero_to(Ball const& x) {
  if (!x.is_finite()) return undefined_ball();
  Ball r;
  mag_t half;
  mag_init(half);
  arb_get_mag(half, x.get());
  mag_mul_2exp_si(half, half, -1);
  arf_set_mag(arb_midref(r.get()), half);
  mag_set(arb_radref(r.get()), half);
  mag_clear(half);
  return r;
}

/// The index of the first coefficient that is not exactly 0, or length().
int valuation(Series const& u) {
  int v = 0;
  while (v < u.length() && arb_is_zero(u.data() + v)) ++v;
  return v;
}

void fill_undefined(Series& s, int from) {
  for (int k = std::max(from, 0); k < s.length(); ++k) arb_indeterminate(s.data() + k);
  s.note(Status::singular);
}

long degree_bound(Series const& u) {
  long n = u.length();
  while (n > 1 && arb_is_zero(u.data() + n - 1)) --n;
  return n;
}

/// u^p for an integer p >= 1, valid for every u.
Series natural_power(Series const& u, long p) {
  if (p == 1) return u;
  Series r = Series::of_shape(u, u);
  long const n = r.length(), nu = degree_bound(u), bits = working_precision();
  if (nu == 2) {  // binomial: u_0^{p-k} slope^k, highest k first so that each power of u_0 is made once
    long const most = std::min(n - 1, p);
    Ball base;
    arb_pow_ui(base.get(), u.data(), static_cast<ulong>(p - most), bits);
    for (long k = most; k >= 0; --k) {
      arb_set(r.data() + k, base.get());
      if (k > 0) arb_mul(base.get(), base.get(), u.data(), bits);
    }
    Ball factor(1);
    for (long k = 1; k <= most; ++k) {
      arb_mul_si(factor.get(), factor.get(), p - k + 1, bits);
      arb_div_ui(factor.get(), factor.get(), static_cast<ulong>(k), bits);
      if (!arb_is_one(u.data() + 1)) arb_mul(factor.get(), factor.get(), u.data() + 1, bits);
      arb_mul(r.data() + k, r.data() + k, factor.get(), bits);
    }
  } else {
    long const known = nu == 1 ? 1 : std::min(n, p < n ? (nu - 1) * p + 1 : n);
    _arb_poly_pow_ui_trunc_binexp(r.data(), u.data(), nu, static_cast<ulong>(p), known, bits);
  }
  if (p % 2 == 0 && u[0].contains_zero()) arb_set(r.data(), power(u[0], p, 1).get());
  return r;
}

/// u^(p/q) where u_0 is certainly not 0 (and positive if q > 1): k q u_0 w_k = sum_j (p j - q (k - j)) u_j w_{k-j}.
Series smooth_power(Series const& u, long p, long q) {
  Series r = Series::of_shape(u, u);
  long const n = r.length(), nu = degree_bound(u), bits = working_precision();
  arb_set(r.data(), power(u[0], p, q).get());
  if (nu == 1) return r;
  Ball inverse;
  arb_inv(inverse.get(), u.data(), bits);
  if (nu == 2) {
    Ball const ratio = u[1] * inverse;
    for (long k = 1; k < n; ++k) {
      arb_mul(r.data() + k, r.data() + k - 1, ratio.get(), bits);
      arb_mul_si(r.data() + k, r.data() + k, p - (k - 1) * q, bits);
      arb_div_ui(r.data() + k, r.data() + k, static_cast<ulong>(k * q), bits);
    }
    return r;
  }
  Series v = Series::of_shape(u, u);
  for (long k = 1; k < nu; ++k) arb_mul_ui(v.data() + k, u.data() + k, static_cast<ulong>(k), bits);
  Ball first, second;
  for (long k = 1; k < n; ++k) {
    long const terms = std::min(k, nu - 1);
    arb_dot(first.get(), nullptr, 0, v.data() + 1, 1, r.data() + k - 1, -1, terms, bits);
    arb_dot(second.get(), nullptr, 0, u.data() + 1, 1, r.data() + k - 1, -1, terms, bits);
    arb_mul_si(first.get(), first.get(), p + q, bits);
    arb_mul_si(second.get(), second.get(), q * k, bits);
    arb_sub(first.get(), first.get(), second.get(), bits);
    arb_mul(first.get(), first.get(), inverse.get(), bits);
    arb_div_ui(r.data() + k, first.get(), static_cast<ulong>(k * q), bits);
  }
  return r;
}

/// u^(p/q) to the right of a point where u_0 is exactly 0; not a natural power.
Series power_at_zero(Series const& u, long p, long q) {
  Series r = Series::of_shape(u, u);
  int const n = r.length(), v = valuation(u);
  if (p < 0) {
    fill_undefined(r, 0);
    return r;
  }
  if (u.is_constant()) return r;  // 0^(p/q) = 0
  // u^(p/q) = O(t^(v p/q)): the coefficients below that are 0
  long const lead = (static_cast<long>(v) * p + q - 1) / q;
  bool const integer = static_cast<long>(v) * p % q == 0;
  if (lead >= n && v < n) {
    r.note(u[v].certainly_positive() ? Status::kink : Status::singular);
    if (!u[v].certainly_positive()) fill_undefined(r, 1);
    return r;
  }
  if (v == n || !integer || !u[v].certainly_positive()) {
    fill_undefined(r, v < n && !u[v].certainly_positive() ? 1 : static_cast<int>(std::min<long>(lead, n)));
    return r;
  }
  std::vector<Ball> shifted;
  for (int k = v; k < n; ++k) shifted.push_back(u[k]);
  Series const w = smooth_power(Series::from(std::move(shifted)), p, q);
  r.note(Status::kink);
  for (int k = static_cast<int>(lead); k < n; ++k) {
    if (k - lead < w.length()) {
      arb_set(r.data() + k, w.data() + (k - lead));
    } else {
      arb_indeterminate(r.data() + k);
    }
  }
  return r;
}

}  // namespace

Ball power(Ball const& x, long p, long q) {
  if (q < 1) throw InvalidInput("the denominator of an exponent must be positive, not " + std::to_string(q));
  if (p == 0) return Ball(1);
  if (p < 0) {
    Ball r = power(x, -p, q);
    arb_inv(r.get(), r.get(), working_precision());
    return r;
  }
  Ball r;
  if (q == 1) {
    if (p % 2 == 0 && x.contains_zero() && x.is_finite() && !arb_is_zero(x.get())) {
      Ball const most = from_zero_to(x);
      Ball end;
      arb_get_ubound_arf(arb_midref(end.get()), most.get(), working_precision());
      return from_zero_to(power(end, p, 1));
    }
    arb_pow_ui(r.get(), x.get(), static_cast<ulong>(p), working_precision());
    return r;
  }
  if (!arb_is_nonnegative(x.get()) || !x.is_finite()) return undefined_ball();
  if (arb_is_zero(x.get())) return r;
  if (x.contains_zero()) {
    Ball end;
    arb_get_ubound_arf(arb_midref(end.get()), x.get(), working_precision());
    return from_zero_to(power(end, p, q));
  }
  if (q == 2) {
    arb_sqrt(r.get(), x.get(), working_precision());
  } else {
    arb_root_ui(r.get(), x.get(), static_cast<ulong>(q), working_precision());
  }
  arb_pow_ui(r.get(), r.get(), static_cast<ulong>(p), working_precision());
  return r;
}

Series power(Series const& u, long p, long q) {
  if (q < 1) throw InvalidInput("the denominator of an exponent must be positive, not " + std::to_string(q));
  if (long const common = std::gcd(p, q); common > 1) {
    p /= common;
    q /= common;
  }
  if (p == 0) {
    Series one(1);
    one.note(u.status());
    return one;
  }
  if (q == 1 && p > 0) return natural_power(u, p);
  if (arb_is_zero(u.data())) return power_at_zero(u, p, q);
  if (u[0].certainly_positive() || (q == 1 && u[0].certainly_negative())) return smooth_power(u, p, q);
  Series r = Series::of_shape(u, u);
  fill_undefined(r, 0);
  arb_set(r.data(), power(u[0], p, q).get());  // finite for a positive power of [0, M]
  return r;
}

Series sqrt(Series const& u) { return power(u, 1, 2); }

namespace {

using Function = Series (*)(Series const&);

/// M with |g^(k)(s)/k!| <= M for real |s| <= 1/2 and all k >= 1, where the recurrences over an interval lose too much:
/// Cauchy's bound on the unit circle around s. |tan| <= tan(3/2) < 15 there, its coefficients being positive;
/// |tanh(x+iy)| <= tan(1) < 2 for |y| <= 1; atan's coefficients are sin(k t)/(k (1+s^2)^(k/2)). 0 for entire functions.
int coefficient_bound(Function g) {
  return g == Function(tan) ? 15 : g == Function(tanh) ? 2 : g == Function(atan) ? 1 : 0;
}

/// The coefficients of h(s) = (g(s) - g(0))/s at s = u_0, |u_0| < 1/2 or u_0 a ball that contains 0.
std::vector<Ball> divided_coefficients(Function g, Ball const& u, long n, Status& status) {
  std::vector<Ball> h(static_cast<std::size_t>(n));
  double const size = u.magnitude();
  Ball reach;
  arb_union(reach.get(), reach.get(), u.get(), working_precision());
  if (u.contains_zero()) {  // h_k in g_{k+1}(hull(0, u))
    Series const wide = g(Series::variable(reach, static_cast<int>(n + 1)));
    for (long k = 0; k < n; ++k) h[static_cast<std::size_t>(k)] = wide[static_cast<int>(k + 1)];
    status = wide.status();
    return h;
  }
  // h s = g - g(0) read downwards: h_{k-1} = g_k - u h_k loses nothing while |u| <= 1/2 (upwards would lose a factor
  // 1/|u| each time). It starts so high that the width of the first h_k does not matter in the end.
  int const bound = size <= 0.5 ? coefficient_bound(g) : 0;
  long extra = 0;
  if (size < 1 && (bound > 0 || coefficient_bound(g) == 0)) {
    auto const wanted = static_cast<double>(std::clamp<long>(arb_rel_accuracy_bits(u.get()), 0, working_precision()));
    for (double won = bound > 0 ? -4 : 0; won < wanted && extra < working_precision(); ++extra)
      won += std::max(-std::log2(size), 0.01) + (bound > 0 ? 0 : std::log2(static_cast<double>(n + extra)));
  }
  long const last = n - 1 + extra;
  Ball value;
  if (bound > 0) {
    mag_set_ui(arb_radref(value.get()), static_cast<ulong>(bound));
  } else {
    Series const wide = g(Series::variable(reach, static_cast<int>(last + 2)));
    status = wide.status();
    value = wide[static_cast<int>(last + 1)];
  }
  Series const point = g(Series::variable(u, static_cast<int>(last + 1)));
  for (long k = last;; --k) {
    if (k < n) h[static_cast<std::size_t>(k)] = value;
    if (k == 0) return h;
    value = point[static_cast<int>(k)] - u * value;
  }
}

}  // namespace

Series divided(Series (*g)(Series const&), Series const& u) {
  Series r = Series::of_shape(u, u);
  if (!u[0].is_finite()) {
    fill_undefined(r, 0);
    return r;
  }
  if (!u[0].contains_zero() && u[0].mignitude() >= 0.5) return (g(u) - g(Series(0))) / u;
  long const n = u.length();
  Status status = Status::ok;
  std::vector<Ball> const h = divided_coefficients(g, u[0], n, status);
  r.note(status);
  if (n == 1) {
    arb_set(r.data(), h[0].get());
    return r;
  }
  Series inner = u;  // u - u_0
  arb_zero(inner.data());
  _arb_poly_compose_series_horner(r.data(), h[0].get(), n, inner.data(), n, n, working_precision());
  return r;
}

namespace {

bool at_kink(Series const& u) { return arb_is_zero(u.data()) && !u.is_constant(); }

Series hull(Series const& a, Series const& b) {
  Series r = Series::of_shape(a, b);
  Ball const zero;
  for (int k = 0; k < r.length(); ++k)
    arb_union(r.data() + k, k < a.length() ? a.data() + k : zero.get(), k < b.length() ? b.data() + k : zero.get(),
              working_precision());
  r.note(Status::kink);
  return r;
}

}  // namespace

int right_sided_sign(Series const& u) {
  int const v = valuation(u);
  if (v == u.length() || arb_is_nonnegative(u.data() + v)) return 1;
  return arb_is_nonpositive(u.data() + v) ? -1 : 0;
}

Series abs(Series const& u) {
  int const s = right_sided_sign(u);
  Series r = s > 0 ? u : s < 0 ? -u : hull(u, -u);
  if (s == 0) arb_set(r.data(), from_zero_to(u[0]).get());
  if (at_kink(u)) r.note(Status::kink);
  return r;
}

Series relu(Series const& u) {
  int const s = right_sided_sign(u);
  Series r = s > 0 ? u : s < 0 ? Series(0) : hull(u, Series(0));
  if (s == 0) arb_set(r.data(), relu(u[0]).get());
  r.note(u.status());
  if (at_kink(u)) r.note(Status::kink);
  return r;
}

Series max(Series const& a, Series const& b) {
  Series const d = a - b;
  int const s = right_sided_sign(d);
  Series r = s > 0 ? a : s < 0 ? b : hull(a, b);
  if (s == 0) arb_set(r.data(), max(a[0], b[0]).get());
  r.note(d.status());
  if (at_kink(d)) r.note(Status::kink);
  return r;
}

Series select(Series const& x, Series const& a, Series const& b) {
  int const s = right_sided_sign(x);
  Series r = s > 0 ? a : s < 0 ? b : hull(a, b);
  r.note(x.status());
  if (at_kink(x)) r.note(Status::kink);
  return r;
}

Series min(Series const& a, Series const& b) { return -max(-a, -b); }

}  // namespace nwidth
