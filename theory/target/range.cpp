// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "theory/number/error.hpp"
#include "theory/target/arithmetic.hpp"
#include "theory/target/endpoint_interval.hpp"
#include "theory/target/expression.hpp"

namespace nwidth::target {
namespace {

/// A running intersection of enclosures, by their ends.
class Ends {
 public:
  Ends() {
    arf_init(lo_);
    arf_init(hi_);
    arf_neg_inf(lo_);
    arf_pos_inf(hi_);
  }
  ~Ends() {
    arf_clear(lo_);
    arf_clear(hi_);
  }
  Ends(Ends const&) = delete;
  Ends& operator=(Ends const&) = delete;

  void meet(Ball const& x) {
    if (!x.is_finite()) return;
    arf_t end;
    arf_init(end);
    arb_get_lbound_arf(end, x.get(), working_precision());
    arf_max(lo_, lo_, end);
    arb_get_ubound_arf(end, x.get(), working_precision());
    arf_min(hi_, hi_, end);
    arf_clear(end);
  }
  void meet(EndpointInterval const& x) {
    if (!x.defined()) return;
    arf_t end;
    arf_init(end);
    arf_set_mpfr(end, x.lo());
    arf_max(lo_, lo_, end);
    arf_set_mpfr(end, x.hi());
    arf_min(hi_, hi_, end);
    arf_clear(end);
  }
  Ball ball() const {
    Ball r;
    if (!arf_is_finite(lo_) || !arf_is_finite(hi_)) {
      arb_indeterminate(r.get());
    } else {
      arb_set_interval_arf(r.get(), lo_, hi_, working_precision());
      tame(r);
    }
    return r;
  }

 private:
  arf_t lo_, hi_;
};

}  // namespace

Ball Expression::range(Rational const& a, Rational const& b) const {
  if (inputs_ != 1) throw InvalidInput("a range needs an expression of one input x, not of " + std::to_string(inputs_));
  if (b < a) throw InvalidInput("a range needs ends a <= b, not [" + exact_string(a) + ", " + exact_string(b) + "]");
  EndpointArithmetic arithmetic{a, b};
  std::vector<EndpointInterval> slot(program_->code.size());
  run(*program_, arithmetic, slot, program_->root, [](Instruction const& i) { return !i.plain || !i.used; });
  Ends ends;  // stays infinite if f is undefined somewhere, as far as could be shown
  ends.meet(slot[static_cast<std::size_t>(program_->root)]);
  if (a == b) {
    ends.meet((*this)(Ball(a)));
    return ends.ball();
  }
  if (!is_dyadic(a) || !is_dyadic(b)) return ends.ball();
  Expansion const first = expand(a, b, 1);
  if (first.status != Expansion::Status::smooth) return ends.ball();
  Ball const& slope = first.c[1];
  if (arb_is_nonnegative(slope.get()) || arb_is_nonpositive(slope.get())) {  // monotone
    Ball const left = (*this)(Ball(a)), right = (*this)(Ball(b));
    if (left.is_finite() && right.is_finite()) ends.meet(hull(left, right));
    return ends.ball();
  }
  Expansion const second = expand(a, b, 2);
  if (second.status != Expansion::Status::smooth) return ends.ball();
  // c_0 + c_1 s + c_2 s^2 on [-h, h] in Bernstein form, with the least and with the largest c_2
  Rational const h = (b - a) / 2;
  Ball const linear = second.c[1] * Ball(h), square(h * h);
  Ball least, most;
  arb_get_lbound_arf(arb_midref(least.get()), second.c[2].get(), working_precision());
  arb_get_ubound_arf(arb_midref(most.get()), second.c[2].get(), working_precision());
  least *= square;
  most *= square;
  Ball const& c0 = second.c[0];
  Ball const upper = max(c0 - most, max(c0 + most - linear, c0 + most + linear));
  Ball const lower = -max(least - c0, max(linear - c0 - least, -linear - c0 - least));
  ends.meet(hull(lower, upper));
  return ends.ball();
}

}  // namespace nwidth::target
