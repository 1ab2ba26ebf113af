// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/class_certificate.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>

#include "theory/certify/sup_search.hpp"
#include "theory/number/error.hpp"
#include "theory/width/spline_space.hpp"

namespace nwidth::certify {
namespace {

using Clock = std::chrono::steady_clock;

/// A polynomial given by its Taylor coefficients about a point.
class LocalPolynomial final : public ErrorFunction {
 public:
  LocalPolynomial(Rational const& centre, std::vector<Ball> const& c) : centre_(centre) {
    for (std::size_t j = 0; j < c.size(); ++j) {
      Polynomial term(c[j]);
      arb_poly_shift_left(term.get(), term.get(), static_cast<slong>(j));
      p_ += term;
    }
  }
  bool expand(Point const& l, Point const& r, int, std::vector<Ball>& c, bool& exact) const override {
    exact = true;
    Polynomial const local = p_.shifted(Ball((l.rational() + r.rational()) / 2 - centre_));
    c.clear();
    for (int j = 0; j < std::max(local.length(), 1); ++j) c.push_back(local[j]);
    return true;
  }
  Ball range(Point const& l, Point const& r) const override { return p_(span(l, r) - Ball(centre_)); }
  Ball value(Point const& x) const override { return p_(x.ball() - Ball(centre_)); }

 private:
  Rational centre_;
  Polynomial p_;
};

Enclosure result_of(SupSearch const& search, Options const& options, Clock::time_point start, char const* method) {
  Enclosure e;
  e.lower = exact(search.lower());
  e.bounded = search.failure().empty() && std::isfinite(search.upper());
  if (e.bounded) e.upper = exact(std::max(search.lower(), search.upper()));
  e.proved = e.bounded && e.upper - e.lower <= options.relative * e.upper;
  if (!e.proved)
    e.reason = search.failure().empty() ? "the working precision does not resolve the error" : search.failure();
  if (search.lower() > 0) e.at = search.at();
  e.method = method;
  e.boxes = search.boxes();
  e.bits = working_precision();
  e.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return e;
}

Options options_for(Rational const& relative) {
  Options o;
  o.relative = relative;
  return o;
}

/// P^(j)(x)/j!, j <= n, carried from left to right; P^(n) = sigma changes sign at each knot.
class PerfectSplineWalk {
 public:
  explicit PerfectSplineWalk(int n) : at_(-1), sigma_(1), c_(static_cast<std::size_t>(n) + 1) {
    top_ = Ball(Rational(1) / factorial(n));
    c_.back() = top_;
  }
  /// Moves to x >= the present place without passing a knot.
  void move_to(Rational const& x) {
    Polynomial p;
    for (std::size_t j = c_.size(); j-- > 0;) arb_poly_set_coeff_arb(p.get(), static_cast<slong>(j), c_[j].get());
    p = p.shifted(Ball(x - at_));
    for (std::size_t j = 0; j + 1 < c_.size(); ++j) c_[j] = p[static_cast<int>(j)];
    at_ = x;
  }
  void cross_knot() {
    sigma_ = -sigma_;
    c_.back() = sigma_ > 0 ? top_ : -top_;
  }
  std::vector<Ball> const& taylor() const { return c_; }

 private:
  Rational at_;
  int sigma_;
  Ball top_;
  std::vector<Ball> c_;
};

Enclosure class_certificate_linear(width::OptimalSpace const& s, Rational const& inset) {
  // Piecewise linear interpolation: 2 lambda (1 - lambda) gap inside a gap, the distance to the end node outside.
  Enclosure e;
  Rational const right = 1 - inset;
  auto consider = [&e](Rational const& value, Rational const& x) {
    if (value > e.lower) {
      e.lower = value;
      e.at = x;
    }
  };
  consider(s.nodes.front() + right, -right);
  consider(right - s.nodes.back(), right);
  for (std::size_t i = 0; i + 1 < s.nodes.size(); ++i)
    consider((s.nodes[i + 1] - s.nodes[i]) / 2, (s.nodes[i] + s.nodes[i + 1]) / 2);
  e.upper = e.lower;
  e.bounded = e.proved = true;
  e.method = "exact";
  return e;
}

}  // namespace

Enclosure class_certificate(width::OptimalSpace const& s, Rational const& relative, Rational const& inset) {
  auto const start = Clock::now();
  if (inset < 0 || inset >= 1) throw InvalidInput("the inset must lie in [0, 1), not at " + exact_string(inset));
  if (!is_dyadic(inset)) throw InvalidInput("the inset must be dyadic, not " + exact_string(inset));
  if (s.n == 1) return class_certificate_linear(s, inset);
  Options const options = options_for(relative);
  Enclosure e;
  for (long bits = 192; bits <= 1024; bits *= 2) {
    PrecisionScope const scope(bits);
    width::SplineSpace const space(s, bits);

    std::vector<Ball> values;
    PerfectSplineWalk walk(s.n);
    std::size_t knot = 0;
    for (Rational const& z : s.nodes) {
      for (; knot < s.knots.size() && s.knots[knot] <= z; ++knot) {
        walk.move_to(s.knots[knot]);
        walk.cross_knot();
      }
      walk.move_to(z);
      values.push_back(walk.taylor()[0]);
    }
    width::Spline const interpolant = space.spline(values);

    std::deque<LocalPolynomial> errors;
    std::vector<SupSearch::Part> parts;
    Rational const left = inset - 1, right = 1 - inset;
    PerfectSplineWalk again(s.n);
    for (int j = 0; j < interpolant.pieces(); ++j) {
      Rational const middle = interpolant.piece_midpoint(j);
      again.move_to(middle);
      std::vector<Ball> c = again.taylor();
      std::vector<Ball> const sp = interpolant.piece(j);
      for (std::size_t i = 0; i < sp.size(); ++i) c[i] -= sp[i];
      Rational const l = std::max(left, interpolant.piece_begin(j)), r = std::min(right, interpolant.piece_end(j));
      if (l < r) {
        errors.emplace_back(middle, c);
        parts.push_back({Point(l), Point(r), &errors.back()});
      }
      again.move_to(interpolant.piece_end(j));
      again.cross_knot();
    }
    SupSearch search(options, Point(Rational(2)), start);
    search.add(parts);
    e = result_of(search, options, start, "Peano kernel");
    e.pieces = static_cast<long>(parts.size());
    if (e.proved || !search.limited_by_precision()) break;
  }
  return e;
}

Enclosure class_certificate_two_level(int n, int N1, int N2, Rational const& overlap, Rational const& relative) {
  if (N1 < 2) throw InvalidInput("N1 must be at least 2, not " + std::to_string(N1));
  if (overlap <= 0 || overlap >= 1)
    throw InvalidInput("the overlap must lie in (0, 1), not at " + exact_string(overlap));
  // The knots and nodes are symmetric, exactly, and cell 0 counts alone up to its middle and further.
  Enclosure e = class_certificate(width::optimal_space(n, N2), relative);
  Rational const half_cell = (1 + overlap) / (N1 + overlap), scale = power(half_cell, static_cast<unsigned>(n));
  e.lower *= scale;
  e.upper *= scale;
  e.at = half_cell * (1 - abs(e.at)) - 1;
  return e;
}

Enclosure class_certificate_local_taylor(int n, int N, Rational const& relative) {
  auto const start = Clock::now();
  if (n < 1 || n > 64) throw InvalidInput("n must lie in 1 ... 64, not at " + std::to_string(n));
  if (N < 1) throw InvalidInput("N must be at least 1, not " + std::to_string(N));
  Options const options = options_for(relative);
  // With v = u - 1/2: phi = 1 for u <= 1/3, 2 - 3u for 1/3 <= u <= 2/3; on [0, 1/3] the sum is u^n <= 3^-n, its value
  // at 1/3.
  PrecisionScope const scope(256);
  std::vector<Ball> c(static_cast<std::size_t>(n) + 2);
  for (int k = 0; k <= n; ++k) {
    Rational binomial = factorial(n) / factorial(k) / factorial(n - k) * power_of_two(k - n);
    // (1/2 - 3v)(1/2 + v)^n + (1/2 + 3v)(1/2 - v)^n: even in v
    Rational const sign = k % 2 ? -1 : 1;
    c[static_cast<std::size_t>(k)] += Ball(binomial * (1 + sign) / 2);
    c[static_cast<std::size_t>(k) + 1] += Ball(binomial * 3 * (sign - 1));
  }
  LocalPolynomial const g(Rational(0), c);
  SupSearch search(options, Point(Rational(1)), start);
  Rational const sixth = round_to_dyadic(Rational(1, 6), 150);  // below 1/6: the part left out is covered by the next
  Point const outer(sixth + power_of_two(-149)), inner(sixth - power_of_two(-149));
  search.add({{Point(Rational(0)), inner, &g, true}, {inner, outer, &g, false}});
  Enclosure e = result_of(search, options, start, "Peano kernel");
  Rational const scale = power(Rational(2, N), static_cast<unsigned>(n)) / factorial(n);
  e.lower *= scale;
  e.upper *= scale;
  e.at = 0;
  return e;
}

}  // namespace nwidth::certify
