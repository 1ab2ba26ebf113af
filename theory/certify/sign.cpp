// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/sign.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "theory/certify/bernstein.hpp"

namespace nwidth::certify {
namespace {

/// Bernstein coefficients of z on [l, r] as intervals.
std::vector<Interval> bernstein_on(Polynomial const& z, Point const& l, Point const& r) {
  Polynomial const local = z.shifted(l.ball()).scaled(distance(l, r).ball());
  std::vector<Interval> power(static_cast<std::size_t>(std::max(local.length(), 1)));
  for (int i = 0; i < local.length(); ++i) power[static_cast<std::size_t>(i)] = local[i].to_interval();
  return bernstein_from_unit_powers(power);
}

int common_sign(std::vector<Interval> const& b) {
  if (std::all_of(b.begin(), b.end(), [](Interval v) { return v.lo >= 0; })) return 1;
  if (std::all_of(b.begin(), b.end(), [](Interval v) { return v.hi <= 0; })) return -1;
  return 0;
}

int sign_at(Polynomial const& z, Point const& x) {
  Ball const v = z(x.ball());
  return v.certainly_positive() ? 1 : v.certainly_negative() ? -1 : 0;
}

/// Points closer than this are not told apart.
bool negligible(Point const& l, Point const& r, Point const& scale) {
  Point limit;
  arf_mul_2exp_si(limit.get(), scale.get(), -working_precision() / 2);
  return distance(l, r) <= limit;
}

/// c is the root as far as the working precision can tell: the nearest points around it where the sign is certain.
void close_in(Polynomial const& z, Point const& c, Point& l, Point& r, int slope) {
  Point step;
  arf_mul_2exp_si(step.get(), distance(l, r).get(), -working_precision());
  for (;; arf_mul_2exp_si(step.get(), step.get(), 8)) {
    Point lo, hi;
    arf_sub(lo.get(), c.get(), step.get(), ARF_PREC_EXACT, ARF_RND_DOWN);
    arf_add(hi.get(), c.get(), step.get(), ARF_PREC_EXACT, ARF_RND_DOWN);
    if (lo <= l || hi >= r) return;
    if (sign_at(z, lo) * slope < 0 && sign_at(z, hi) * slope > 0) {
      l = std::move(lo);
      r = std::move(hi);
      return;
    }
  }
}

/// Shrinks [l, r], on which z is monotone with a sign change, by Newton steps and bisection.
void refine(Polynomial const& z, Polynomial const& dz, Point& l, Point& r, int slope) {
  long const bits = working_precision();
  for (int step = 0; step < 1000; ++step) {
    Point const before = distance(l, r);
    Point const m = Point::between(l, r);
    Ball const slope_ball = dz(span(l, r));
    if (!slope_ball.contains_zero()) {
      Ball const newton = m.ball() - z(m.ball()) / slope_ball;
      if (newton.is_finite()) {
        Point lo = Point::below(newton, bits), hi = Point::above(newton, bits);
        if (lo > l && lo < r) l = std::move(lo);
        if (hi < r && hi > l) r = std::move(hi);
      }
    }
    Point half;
    arf_mul_2exp_si(half.get(), before.get(), -1);
    if (distance(l, r) <= half) continue;
    Point const c = Point::between(l, r);
    int const s = sign_at(z, c) * slope;
    if (s == 0) return close_in(z, c, l, r, slope);
    (s > 0 ? r : l) = c;
  }
}

/// The first place in [l, r] where the sign may change.
struct FirstChange {
  bool found = false;
  int before = 0;  // the sign on [l, lo], if lo > l
  Point lo, hi;    // the change happens in here, if at all
};

FirstChange first_change(Polynomial const& z, Polynomial const& dz, Point const& l, Point const& r,
                         Point const& scale) {
  FirstChange result;
  std::vector<std::pair<Point, Point>> todo{{l, r}};  // rightmost first
  while (!todo.empty()) {
    auto [left, right] = todo.back();
    todo.pop_back();
    if (int const s = sign_on(z, left, right)) {
      if (result.before == 0) {
        result.before = s;
      } else if (result.before != s) {  // changed exactly at `left`
        result.found = true;
        result.lo = left;
        result.hi = left;
        return result;
      }
      continue;
    }
    int const slope = sign_on(dz, left, right);
    int const at_left = slope ? sign_at(z, left) : 0;
    int const at_right = slope ? sign_at(z, right) : 0;
    if (slope && at_left * at_right < 0) {
      if (result.before == 0) result.before = at_left;
      refine(z, dz, left, right, slope);
      result.found = true;
      result.lo = left;
      result.hi = right;
      return result;
    }
    if (negligible(left, right, scale)) {
      result.found = true;
      result.lo = left;
      result.hi = right;
      return result;
    }
    Point const m = Point::between(left, right);
    todo.emplace_back(m, right);
    todo.emplace_back(left, m);
  }
  return result;
}

SignRun linear_run(Polynomial const& z, Point const& x, Point const& end, bool& decided) {
  SignRun run;
  run.settled = x;
  run.until = end;
  decided = true;
  if (z.length() <= 1) {
    Ball const c = z[0];
    run.sign = c.certainly_positive() ? 1 : arb_is_nonpositive(c.get()) ? -1 : arb_is_nonnegative(c.get()) ? 1 : 0;
    return run;
  }
  Ball const slope = z[1];
  int const s = slope.certainly_positive() ? 1 : slope.certainly_negative() ? -1 : 0;
  if (s == 0) {
    decided = false;
    return run;
  }
  Ball const root = -z[0] / slope;
  long const bits = working_precision() + 16;
  Point lo = Point::below(root, bits), hi = Point::above(root, bits);
  if (lo > x) {
    run.sign = -s;
    if (lo < end) run.until = std::move(lo);
  } else {
    run.sign = s;
    if (hi > x) run.settled = hi < end ? std::move(hi) : end;
  }
  return run;
}

}  // namespace

int sign_on(Polynomial const& z, Point const& l, Point const& r) { return common_sign(bernstein_on(z, l, r)); }

SignRun sign_run(Polynomial const& z, Point const& x, Point const& soon, Point const& end) {
  bool decided = false;
  SignRun run;
  if (z.length() <= 2) {
    run = linear_run(z, x, end, decided);
    if (decided) return run;
  }
  run.settled = x;
  // A polynomial piece far beyond the next event is of no interest: it will have changed by then. Events that differ by
  // rounding only are no measure of that.
  Point least = distance(x, end);
  arf_mul_2exp_si(least.get(), least.get(), -14);
  arf_add(least.get(), x.get(), least.get(), 64, ARF_RND_CEIL);
  Point const& stop = std::min(end, std::max(soon, least));
  Point far = distance(x, stop);
  arf_mul_2exp_si(far.get(), far.get(), 4);
  arf_add(far.get(), x.get(), far.get(), 64, ARF_RND_CEIL);
  if (!(stop < far && far < end)) far = end;
  for (Point const* to : {&end, static_cast<Point const*>(&far), &stop}) {
    run.until = *to;
    std::vector<Interval> const b = bernstein_on(z, x, *to);
    if ((run.sign = common_sign(b)) != 0) return run;
    // Not told apart from 0 anywhere on the run: a difference that vanishes, seen through rounding.
    if (std::all_of(b.begin(), b.end(), [](Interval v) { return v.contains(0); })) return run;
  }

  Polynomial const dz = z.derivative();
  Point const scale = distance(x, end);
  FirstChange const c = first_change(z, dz, x, stop, scale);
  if (!c.found || c.lo > x) {
    run.sign = c.before;
    run.until = c.found ? c.lo : stop;
    return run;
  }
  // A zero at x itself, up to rounding: step over it, in strides that double.
  Point stride = distance(x, c.hi);
  Point tiny;
  arf_mul_2exp_si(tiny.get(), scale.get(), -working_precision());
  if (stride < tiny) stride = tiny;
  for (;;) {
    Point near_end, far_end;
    arf_add(near_end.get(), x.get(), stride.get(), ARF_PREC_EXACT, ARF_RND_DOWN);
    arf_mul_2exp_si(stride.get(), stride.get(), 1);
    arf_add(far_end.get(), x.get(), stride.get(), ARF_PREC_EXACT, ARF_RND_DOWN);
    if (!(near_end < stop)) break;
    if (!(far_end < stop)) far_end = stop;
    if (sign_on(z, near_end, far_end) == 0) continue;
    FirstChange const beyond = first_change(z, dz, near_end, stop, scale);
    run.settled = near_end;
    run.sign = beyond.before;
    run.until = beyond.found ? beyond.lo : stop;
    return run;
  }
  return run;  // sign 0 up to `stop`: the caller takes the hull of both branches
}

}  // namespace nwidth::certify
