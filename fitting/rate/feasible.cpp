// SPDX-License-Identifier: Apache-2.0
#include "fitting/rate/feasible.hpp"

#include <queue>
#include <utility>

#include "theory/number/ball.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting {
namespace {

/// log E lies in [lower, upper] at N
struct LogPoint {
  long N;
  Ball lower, upper;
};

std::vector<LogPoint> logarithms(std::vector<RatePoint> const& points, Rational const& kappa) {
  std::vector<LogPoint> result;
  for (RatePoint const& p : points) {
    Ball const slack(Rational(kappa / p.N));
    result.push_back({p.N, log(Ball(p.error.lower)) - slack, log(Ball(p.error.upper)) + slack});
  }
  return result;
}

/// The least upper and the greatest lower bound of p among those found: each is a bound for itself.
class Range {
 public:
  void below(Ball const& x) {
    if (!upper_ || certainly_less(x, *upper_)) upper_ = x;
  }
  void above(Ball const& x) {
    if (!lower_ || certainly_less(*lower_, x)) lower_ = x;
  }
  /// a p <= c; nothing is learnt where the sign of a is open
  void constrain(Ball const& a, Ball const& c) {
    if (a.certainly_positive()) below(c / a);
    if (a.certainly_negative()) above(c / a);
  }
  bool certainly_empty() const { return certainly_less(*upper_, *lower_); }
  bool certainly_not_empty() const { return certainly_less(*lower_, *upper_); }
  Ball const& lower() const { return *lower_; }
  Ball const& upper() const { return *upper_; }
  FeasibleExponents exponents() const {
    if (certainly_empty()) return {true, {}, true};
    return {false, {lower_->lower(), upper_->upper()}, true};
  }

 private:
  std::optional<Ball> lower_, upper_;
};

/// Of C (N + s)^{-p}, s anywhere in the ball, which lies above all -N.
Range with_shift(std::vector<LogPoint> const& points, Ball const& s) {
  Range range;
  for (std::size_t j = 1; j < points.size(); ++j)
    for (std::size_t i = 0; i < j; ++i) {
      LogPoint const &a = points[i], &b = points[j];
      // log (N_b + s)/(N_a + s) with s in it once, so that the ball is not wider than it must be
      Ball const ratio = log(Ball(1) + Ball(b.N - a.N) / (Ball(a.N) + s));
      range.below((a.upper - b.lower) / ratio);
      range.above((a.lower - b.upper) / ratio);
    }
  return range;
}

Range with_log(std::vector<LogPoint> const& points, Bounds const& power) {
  struct Constraint {  // a p + b q <= c
    Ball a, b, c;
  };
  std::vector<Constraint> rising{{Ball(0), Ball(1), Ball(power.upper)}};     // b > 0
  std::vector<Constraint> falling{{Ball(0), Ball(-1), Ball(-power.lower)}};  // b < 0
  std::vector<Ball> l, ll;
  for (LogPoint const& p : points) {
    l.push_back(log(Ball(p.N)));
    ll.push_back(log(l.back()));
  }
  // log C - p l_i + q ll_i <= upper_i, and the same at j from below: log C leaves the sum
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t j = 0; j < points.size(); ++j)
      if (i != j) (i > j ? rising : falling).push_back({l[j] - l[i], ll[i] - ll[j], points[i].upper - points[j].lower});
  Range range;
  for (Constraint const& f : falling)
    for (Constraint const& r : rising) range.constrain(f.a * r.b - r.a * f.b, f.c * r.b - r.c * f.b);
  return range;
}

/// The largest (sign = 1) or, with its sign turned, the least p (sign = -1) over all shifts: rounded upward. None if
/// there is no curve.
struct Extreme {
  std::optional<Rational> bound;
  bool tight = true;
};

Rational const gap(1, 20000);

Extreme extreme(std::vector<LogPoint> const& points, Bounds const& shifts, int sign) {
  constexpr int most_parts = 4000;
  Rational const smallest = (shifts.upper - shifts.lower) * power_of_two(-60);
  struct Part {
    Rational begin, end, bound;
    bool operator<(Part const& o) const { return bound < o.bound; }
  };
  std::priority_queue<Part> parts;
  std::optional<Rational> best;  // reached by a curve that is feasible for certain
  auto push = [&](Rational const& begin, Rational const& end) {
    Range const r = with_shift(points, Ball::from_bounds(begin, end));
    if (r.certainly_empty()) return;
    Rational bound = sign > 0 ? r.upper().upper() : Rational(-r.lower().lower());
    if (!best || bound > *best) parts.push({begin, end, std::move(bound)});
  };
  auto look = [&](Rational const& s) {
    Range const r = with_shift(points, Ball(s));
    if (!r.certainly_not_empty()) return;
    Rational const value = sign > 0 ? r.upper().lower() : Rational(-r.lower().upper());
    if (!best || value > *best) best = value;
  };
  look(shifts.lower);
  look(shifts.upper);
  push(shifts.lower, shifts.upper);
  for (int i = 0; !parts.empty(); ++i) {
    Part const top = parts.top();
    if (best && top.bound - *best <= gap) return {top.bound, true};
    if (i == most_parts || top.end - top.begin < smallest) return {top.bound, false};
    parts.pop();
    Rational const middle = (top.begin + top.end) / 2;
    look(middle);
    push(top.begin, middle);
    push(middle, top.end);
  }
  return {best, true};  // what is left out lies below it
}

FeasibleExponents over_shifts(std::vector<LogPoint> const& points, Bounds const& shifts) {
  Extreme const most = extreme(points, shifts, 1), least = extreme(points, shifts, -1);
  if (!most.bound || !least.bound) return {true, {}, true};
  Bounds const p{Rational(-*least.bound), *most.bound};
  return {false, p, (most.tight && least.tight) || p.upper - p.lower <= gap};
}

}  // namespace

Bounds default_shifts(std::vector<RatePoint> const& points) {
  return {Rational(-9 * points.front().N) / 10, Rational(2 * points.front().N)};
}

FeasibleExponents feasible_exponents(std::vector<RatePoint> const& points, RateModel model,
                                     FeasibleOptions const& options) {
  std::size_t const least = model == RateModel::power ? 2 : 3;
  if (points.size() < least)
    throw InvalidInput("exponents of this model need " + std::to_string(least) + " points or more, not " +
                       std::to_string(points.size()));
  if (options.kappa < 0) throw InvalidInput("kappa >= 0 is needed, not " + exact_string(options.kappa));
  PrecisionScope const precision(128);
  std::vector<LogPoint> const logs = logarithms(points, options.kappa);
  switch (model) {
    case RateModel::power: return with_shift(logs, Ball(0)).exponents();
    case RateModel::shifted: {
      Bounds const shifts = options.shift.value_or(default_shifts(points));
      if (shifts.lower > shifts.upper || shifts.lower <= -points.front().N)
        throw InvalidInput("shifts are a range above " + std::to_string(-points.front().N) + ", not from " +
                           exact_string(shifts.lower) + " to " + exact_string(shifts.upper));
      return over_shifts(logs, shifts);
    }
    case RateModel::log:
      if (options.log_power.lower > options.log_power.upper)
        throw InvalidInput("powers of the logarithm are a range, not from " + exact_string(options.log_power.lower) +
                           " to " + exact_string(options.log_power.upper));
      if (points.front().N < 2) throw InvalidInput("a power of log N needs N >= 2, not 1");
      if (points.size() > 40)
        throw InvalidInput("40 points at most with a logarithm, not " + std::to_string(points.size()));
      return with_log(logs, options.log_power).exponents();
  }
  throw InvalidInput("an unknown model of a rate");
}

}  // namespace nwidth::fitting
