// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/error_level.hpp"

#include <algorithm>
#include <cmath>

namespace nwidth::fitting {
namespace {

constexpr int model_order = 12, most_halvings = 40, most_shrinks = 30;
constexpr long point_bits = 80;  // of the ends of parts, relative to the piece

/// f - p on intervals with dyadic ends.
class Error {
 public:
  Error(target::Expression const& f, Rational a, Polynomial const& p) : f_(f), a_(std::move(a)), p_(p) {}

  /// Encloses the derivative of order k on [l, r]. @return false if f is not smooth there, as far as could be shown
  bool derivative(Rational const& l, Rational const& r, int k, Ball& range) const {
    target::Expansion const e = f_.expand(l, r, std::max(model_order, p_.length() + 1));
    if (e.status != target::Expansion::Status::smooth) return false;
    Polynomial const p = p_.shifted(Ball(Rational((l + r) / 2 - a_)));
    Ball u(0);  // x - middle
    arb_add_error(u.get(), Ball(Rational((r - l) / 2)).get());
    int const terms = static_cast<int>(e.c.size());
    range = Ball(0);
    for (int j = terms; j-- > k;) {  // the last coefficient is that of the whole interval: it holds for derivatives too
      long falling = 1;
      for (int i = 0; i < k; ++i) falling *= j - i;
      Ball const& c = e.c[static_cast<std::size_t>(j)];
      range = range * u + Ball(falling) * (j < p.length() ? c - p[j] : c);
    }
    return range.is_finite();
  }
  /// Encloses f - p on [l, r], also where f is not smooth.
  Ball value(Rational const& l, Rational const& r) const {
    Ball range;
    if (derivative(l, r, 0, range)) return range;
    return f_.range(l, r) - p_(Ball::from_bounds(l, r) - Ball(a_));
  }

 private:
  target::Expression const& f_;
  Rational a_;
  Polynomial const& p_;
};

bool below(Error const& e, Rational const& l, Rational const& r, Ball const& E, int halvings) {
  if (!(l < r) || certainly_less(abs(e.value(l, r)), E)) return true;
  if (halvings == 0) return false;
  Rational const middle = (l + r) / 2;
  return below(e, l, middle, E, halvings - 1) && below(e, middle, r, E, halvings - 1);
}

/// On [l, r], where sign e is E somewhere and nowhere larger: sign e > -E, too.
bool one_sided(Error const& e, Rational const& l, Rational const& r, int sign, Ball const& E) {
  return certainly_less(-E, Ball(sign) * e.value(l, r));
}

/// sign e falls from x, a break, to both ends of [x - reach, x + reach], but for a part where it is below `most`.
bool falls_from_break(Error const& e, Rational const& x, Rational const& reach, int sign, Ball const& E,
                      Ball const& most) {
  Rational tiny = reach;
  long const bits = 2 * working_precision();
  long steps = 0;
  while (steps < bits && !certainly_less(abs(hull(e.value(x - tiny, x), e.value(x, x + tiny))), most)) {
    tiny /= 2;
    ++steps;
  }
  if (steps == bits) return false;
  for (; steps > 0; --steps, tiny *= 2)
    for (int side : {-1, 1}) {
      Rational const l = side < 0 ? Rational(x - 2 * tiny) : Rational(x + tiny);
      Rational const r = l + tiny;
      Ball d;
      if (!e.derivative(l, r, 1, d)) return false;
      d = Ball(sign * side) * d;
      if (!d.certainly_negative() || !one_sided(e, l, r, sign, E)) return false;
    }
  return true;
}

}  // namespace

bool error_stays_below(target::Expression const& f, Rational const& a, EnclosedPiece const& piece, Ball const& E,
                       Ball const& most, bool& exact, std::string& reason) {
  Error const e(f, a, piece.p);
  if (!piece.left.is_finite() || !piece.right.is_finite()) return false;
  // dyadic points at or just outside the piece's ends
  Rational const from = piece.left.lower(), to = piece.right.upper();
  long const bits = point_bits + std::max(0L, static_cast<long>(std::ilogb(1 / to_double(Rational(to - from)))));
  auto const dyadic = [&](Rational const& x, int direction) -> Rational {
    if (is_dyadic(x)) return x;
    return round_to_dyadic(x, working_precision()) + direction * power_of_two(-working_precision() + 1);
  };
  auto const fail = [&](Rational const& x) {
    reason = "the error was not shown to stay below its level near " + decimal_below(x, 6);
    return false;
  };
  Rational const left = dyadic(from, -1), right = dyadic(to, 1);
  for (EnclosedPiece::Extremum const& x : piece.inside)  // p is the right polynomial at x only then
    if (!certainly_less(piece.left, x.x) || !certainly_less(x.x, piece.right)) return fail(x.x.midpoint());
  std::vector<Rational> l, r;  // ends of the neighbourhoods, ascending
  std::vector<Rational> marks{left};
  for (EnclosedPiece::Extremum const& x : piece.inside) marks.push_back(x.x.midpoint());
  marks.push_back(right);
  for (std::size_t i = 0; i < marks.size(); ++i) {
    bool const is_left = i == 0, is_right = i + 1 == marks.size();
    int sign = is_left ? piece.left_sign : is_right ? piece.right_sign : piece.inside[i - 1].sign;
    if (sign == 0) {  // an end of which nothing is known
      Rational const tiny = (right - left) * power_of_two(-working_precision() * 3 / 4);  // so that all ends are dyadic
      Ball const there = is_left ? e.value(left, left + tiny) : e.value(right - tiny, right);
      if (certainly_less(abs(there), E)) continue;
      if (!certainly_less(abs(there), most)) return fail(marks[i]);
      sign = there.certainly_positive() ? 1 : -1;
      exact = false;
    }
    Rational gap = 0;
    if (!is_left) gap = marks[i] - marks[i - 1];
    if (!is_right && (is_left || marks[i + 1] - marks[i] < gap)) gap = marks[i + 1] - marks[i];
    bool shown = false;
    for (int shrink = 0; shrink < most_shrinks && !shown; ++shrink) {
      Rational const reach = gap / 3 * power_of_two(-shrink);
      long const digits = bits + shrink;
      Rational const u = is_left ? left : round_to_dyadic(marks[i] - reach, digits);
      Rational const v = is_right ? right : round_to_dyadic(marks[i] + reach, digits);
      if (!is_left && !is_right) {
        EnclosedPiece::Extremum const& x = piece.inside[i - 1];
        if (!(u < x.x.lower() && x.x.upper() < v)) break;
        if (x.is_break) {  // not critical: curvature says nothing
          if (x.x.lower() != x.x.upper()) break;
          Rational const whole = power_of_two(std::ilogb(to_double(reach)));
          if (!falls_from_break(e, marks[i], whole, sign, E, most)) continue;
          exact = false;
          l.push_back(marks[i] - whole);
          r.push_back(marks[i] + whole);
          shown = true;
          continue;
        }
      }
      if (is_left && !(piece.left.upper() < v)) break;
      if (is_right && !(u < piece.right.lower())) break;
      Ball d;
      if (!e.derivative(u, v, is_left || is_right ? 1 : 2, d)) continue;
      d = Ball(sign) * d;
      bool const bends = is_right ? d.certainly_positive() : d.certainly_negative();
      if (!bends || !one_sided(e, u, v, sign, E)) continue;
      l.push_back(u);
      r.push_back(v);
      shown = true;
    }
    if (!shown) return fail(marks[i]);
  }
  l.push_back(right);
  Rational at = left;
  for (std::size_t i = 0; i < l.size(); ++i) {
    if (l[i] < at && i < r.size()) return fail(l[i]);  // neighbourhoods overlap: cannot be, a third of the gap each
    if (!below(e, at, l[i], E, most_halvings)) {       // a point more than needed may have the full error, too
      if (!below(e, at, l[i], most, static_cast<int>(working_precision()))) return fail(at);
      exact = false;
    }
    if (i < r.size()) at = r[i];
  }
  return true;
}

}  // namespace nwidth::fitting
