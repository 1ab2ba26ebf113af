// SPDX-License-Identifier: Apache-2.0
#include "theory/target/arithmetic.hpp"

namespace nwidth::target {

std::optional<Rational> exact_value(Program const& program, int k, Rational const& x) {
  if (!program.code[static_cast<std::size_t>(k)].rational) return std::nullopt;
  ExactArithmetic arithmetic{x};
  std::vector<std::optional<Rational>> slot(program.code.size());
  run(program, arithmetic, slot, k, [](Instruction const& i) { return !i.rational; });
  return slot[static_cast<std::size_t>(k)];
}

void tame(Ball& x) {
  constexpr long most = 65536;
  arf_ptr const mid = arb_midref(x.get());
  mag_ptr const radius = arb_radref(x.get());
  if (!x.is_finite()) return;
  if (arf_cmpabs_2exp_si(mid, most) > 0 || mag_cmp_2exp_si(radius, most) > 0) {
    arb_indeterminate(x.get());
    return;
  }
  if (!arf_is_zero(mid) && arf_cmpabs_2exp_si(mid, -most) < 0) {
    arf_zero(mid);
    mag_t small;
    mag_init(small);
    mag_set_ui_2exp_si(small, 1, -most);
    mag_add(radius, radius, small);
    mag_clear(small);
  }
  if (!mag_is_zero(radius) && mag_cmp_2exp_si(radius, -most) < 0) mag_set_ui_2exp_si(radius, 1, -most);
}

Series (*series_function(Op g))(Series const&) {
  switch (g) {
    case Op::exp: return nwidth::exp;
    case Op::log: return nwidth::log;
    case Op::sin: return nwidth::sin;
    case Op::cos: return nwidth::cos;
    case Op::tan: return nwidth::tan;
    case Op::sinh: return nwidth::sinh;
    case Op::cosh: return nwidth::cosh;
    case Op::tanh: return nwidth::tanh;
    default: return nwidth::atan;
  }
}

Series SmoothSeries::power_log(Series const& a, long p, long q) const {
  if (a[0].certainly_positive()) return nwidth::power(a, p, q) * nwidth::log(a);
  Series const w =
      nwidth::power(a, p, q);  // to the right of a zero: 0 below the order of u^(p/q), and nothing from there on
  Series r = w;
  bool const zero = arb_is_zero(a.data()) != 0;
  if (zero && a.is_constant()) return r;
  for (int k = 0; k < r.length(); ++k)
    if (!zero || !arb_is_zero(w.data() + k)) arb_indeterminate(r.data() + k);
  if (!zero) arb_set(r.data(), BallArithmetic{}.power_log(a[0], p, q).get());
  r.note(Series::Status::singular);
  return r;
}

Ball BallArithmetic::power_log(Ball const& a, long p, long q) const {
  if (arb_is_zero(a.get())) return a;
  Ball const w = nwidth::power(a, p, q);
  if (a.certainly_positive() || !w.is_finite()) return w * log(a);
  if (!arb_is_nonnegative(a.get())) return log(a);
  // a in [0, M]: between its minimum -q/(p e) and max(0, M^(p/q) log M)
  Ball top;
  arb_get_ubound_arf(arb_midref(top.get()), a.get(), working_precision());
  Ball least;
  arb_const_e(least.get(), working_precision());
  least = Ball(-q) / (least * Ball(p));
  return hull(hull(least, Ball()), power_log(top, p, q));
}

Ball BallArithmetic::kinked(Instruction const& i, Ball const& a, Ball const& b, Ball const&) const {
  switch (i.op) {
    case Op::abs: return nwidth::abs(Series(a))[0];
    case Op::relu: return nwidth::relu(a);
    case Op::min: return -nwidth::max(-a, -b);
    default: return nwidth::max(a, b);
  }
}

Ball BallArithmetic::function(Op f, Ball const& a) const {
  Ball r;
  auto const apply = [&](auto g) { g(r.get(), a.get(), working_precision()); };
  switch (f) {
    case Op::exp: apply(arb_exp); break;
    case Op::log: apply(arb_log); break;
    case Op::sin: apply(arb_sin); break;
    case Op::cos: apply(arb_cos); break;
    case Op::tan: apply(arb_tan); break;
    case Op::sinh: apply(arb_sinh); break;
    case Op::cosh: apply(arb_cosh); break;
    case Op::tanh: apply(arb_tanh); break;
    default: apply(arb_atan);
  }
  return r;
}

}  // namespace nwidth::target
