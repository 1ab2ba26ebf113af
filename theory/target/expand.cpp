// SPDX-License-Identifier: Apache-2.0
/// Taylor models with remainder: one series over the whole interval, one at its midpoint.
#include <algorithm>

#include "theory/number/error.hpp"
#include "theory/target/arithmetic.hpp"
#include "theory/target/endpoint_interval.hpp"
#include "theory/target/expression.hpp"

namespace nwidth::target {
namespace {

/// Series over all of [a, b], with a branch chosen at each kink that is proved for all of [a, b].
struct IntervalSeries : SmoothSeries {
  Program const& program;
  Rational const& a;
  Rational const& b;
  Series x;
  std::vector<signed char> branch;     // of each instruction: the proved sign of what it depends on
  std::vector<EndpointInterval> ends;  // the ranges of all instructions, made when first needed
  std::vector<Ball> at_a, at_b;        // their values at the ends, likewise
  Series::Status status = Series::Status::ok;

  Ball middle, offset;                       // x = middle + offset
  std::vector<std::vector<Ball>> at_middle;  // sums of monomials in powers of the offset

  IntervalSeries(Program const& p, Rational const& left, Rational const& right, Ball const& whole, int length)
      : program(p), a(left), b(right), x(Series::variable(whole, length)), branch(p.code.size(), 0) {
    arf_set(arb_midref(middle.get()), arb_midref(whole.get()));
    mag_set(arb_radref(offset.get()), arb_radref(whole.get()));
    for (Monomials const& polynomial : p.monomials) at_middle.push_back(polynomial.at(middle));
  }

  bool failed() const { return status != Series::Status::ok; }
  Series watched(Series s) {
    if (s.status() > status) status = s.status();
    return s;
  }

  Series variable(int) const { return x; }
  Series affine(Affine const& f) const { return Series::affine(f.ball(x[0]), f.slope(), x.length()); }
  /// c_k + ... + binomial(i, k) c_i offset^(i-k) + ...
  Series monomials(int index) const {
    std::vector<Ball> const& c = at_middle[static_cast<std::size_t>(index)];
    int const degree = static_cast<int>(c.size()) - 1;
    std::vector<Ball> r(static_cast<std::size_t>(x.length()));
    Ball term;
    for (int k = 0; k <= std::min(degree, x.length() - 1); ++k) {
      arb_ptr const sum = r[static_cast<std::size_t>(k)].get();
      for (int i = degree; i > k; --i) {
        arb_bin_uiui(term.get(), static_cast<ulong>(i), static_cast<ulong>(k), working_precision());
        arb_addmul(sum, term.get(), c[static_cast<std::size_t>(i)].get(), working_precision());
        arb_mul(sum, sum, offset.get(), working_precision());
      }
      arb_add(sum, sum, c[static_cast<std::size_t>(k)].get(), working_precision());
    }
    return Series::from(std::move(r));
  }
  Series div(Series const& u, Series const& v) { return watched(SmoothSeries::div(u, v)); }
  Series power(Series const& u, long p, long q) { return watched(SmoothSeries::power(u, p, q)); }
  Series power_log(Series const& u, long p, long q) { return watched(SmoothSeries::power_log(u, p, q)); }
  Series divided(Op g, Series const& u) { return watched(SmoothSeries::divided(g, u)); }
  Series function(Op f, Series const& u) { return watched(SmoothSeries::function(f, u)); }

  Series kinked(Instruction const& i, Series const& u, Series const& v, Series const& d) {
    auto const k = static_cast<std::size_t>(&i - program.code.data());
    int const sign = sign_of(i.difference < 0 ? i.a : i.difference, d);
    branch[k] = static_cast<signed char>(sign);
    if (sign == 0) status = Series::Status::kink;
    return chosen(i, u, v, sign);
  }

  static Series chosen(Instruction const& i, Series const& u, Series const& v, int sign) {
    switch (i.op) {
      case Op::abs: return sign > 0 ? u : -u;
      case Op::relu: return sign > 0 ? u : Series(0);
      case Op::min: return sign > 0 ? v : u;
      default: return sign > 0 ? u : v;
    }
  }

  /// 1 or -1 if instruction k is >= 0 or <= 0 on all of [a, b], 0 if that is not shown.
  int sign_of(int k, Series const& u) {
    Instruction const& i = program.code[static_cast<std::size_t>(k)];
    if (i.affine >= 0) {
      int const sign = program.affine[static_cast<std::size_t>(i.affine)].sign_on(a, b);
      return sign == 2 ? 0 : sign;
    }
    if (arb_is_nonnegative(u.data())) return 1;
    if (arb_is_nonpositive(u.data())) return -1;
    if (u.is_constant()) return 0;
    if (ends.empty()) {  // interval arithmetic with exact ends: [0, 1/4] - 1/4 <= 0
      EndpointArithmetic arithmetic{a, b};
      ends.resize(program.code.size());
      run(program, arithmetic, ends, program.root, [](Instruction const& j) { return !j.used; });
    }
    if (EndpointInterval const& w = ends[static_cast<std::size_t>(k)]; w.defined()) {
      if (mpfr_sgn(w.lo()) >= 0) return 1;
      if (mpfr_sgn(w.hi()) <= 0) return -1;
    }
    if (arb_is_nonnegative(u[1].get())) {  // increasing: the ends decide
      if (sign_at_end(k, a, at_a) >= 0) return 1;
      if (int const s = sign_at_end(k, b, at_b); s == -1 || s == 0) return -1;
    } else if (arb_is_nonpositive(u[1].get())) {
      if (int const s = sign_at_end(k, a, at_a); s == -1 || s == 0) return -1;
      if (sign_at_end(k, b, at_b) >= 0) return 1;
    }
    return 0;
  }

  /// -1, 0 or 1; -2 if undecided.
  int sign_at_end(int k, Rational const& end, std::vector<Ball>& values) {
    if (values.empty()) {
      values.resize(program.code.size());
      BallArithmetic arithmetic{Ball(end)};
      run(program, arithmetic, values, program.root, [](Instruction const& i) { return !i.used; });
    }
    Ball const& u = values[static_cast<std::size_t>(k)];
    if (u.certainly_positive()) return 1;
    if (u.certainly_negative()) return -1;
    if (arb_is_zero(u.get())) return 0;
    auto const exact = exact_value(program, k, end);
    return exact ? exact->sign() : -2;
  }
};

/// Series at the midpoint, on the branches that were proved.
struct MidpointSeries : SmoothSeries {
  IntervalSeries const& whole;
  Series x;

  MidpointSeries(IntervalSeries const& w, Ball const& midpoint, int length)
      : whole(w), x(Series::variable(midpoint, length)) {}
  Series variable(int) const { return x; }
  Series affine(Affine const& f) const { return Series::affine(f.ball(x[0]), f.slope(), x.length()); }
  Series monomials(int index) const {
    std::vector<Ball> c = whole.at_middle[static_cast<std::size_t>(index)];
    c.resize(static_cast<std::size_t>(x.length()));
    return Series::from(std::move(c));
  }
  Series kinked(Instruction const& i, Series const& u, Series const& v, Series const&) const {
    return IntervalSeries::chosen(i, u, v, whole.branch[static_cast<std::size_t>(&i - whole.program.code.data())]);
  }
};

}  // namespace

Expansion Expression::expand(Rational const& a, Rational const& b, int m) const {
  if (inputs_ != 1)
    throw InvalidInput("a Taylor model needs an expression of one input x, not of " + std::to_string(inputs_));
  if (m < 0) throw InvalidInput("a Taylor model has order m >= 0, not " + std::to_string(m));
  if (!(a < b) || !is_dyadic(a) || !is_dyadic(b))
    throw InvalidInput("a Taylor model needs dyadic ends a < b, not [" + exact_string(a) + ", " + exact_string(b) +
                       "]");
  Program const& program = *program_;
  auto const root = static_cast<std::size_t>(program.root);
  auto const unused = [](Instruction const& i) { return !i.expanded; };

  Ball const left(a), right(b);  // exact
  Ball middle, whole;
  arb_add(middle.get(), left.get(), right.get(), ARF_PREC_EXACT);
  arb_mul_2exp_si(middle.get(), middle.get(), -1);
  arb_sub(whole.get(), right.get(), left.get(), ARF_PREC_EXACT);
  arb_mul_2exp_si(whole.get(), whole.get(), -1);
  arf_get_mag(arb_radref(whole.get()), arb_midref(whole.get()));
  arf_set(arb_midref(whole.get()), arb_midref(middle.get()));

  Expansion result;
  IntervalSeries over(program, a, b, whole, std::max(m + 1, 2));
  std::vector<Series> slot(program.code.size());
  run(program, over, slot, program.root, unused);
  if (over.failed()) {
    result.status = over.status == Series::Status::kink ? Expansion::Status::kink : Expansion::Status::singular;
    return result;
  }
  result.c.resize(static_cast<std::size_t>(m + 1));
  if (m < slot[root].length()) result.c[static_cast<std::size_t>(m)] = slot[root][m];
  if (m > 0) {
    MidpointSeries at(over, middle, m);
    run(program, at, slot, program.root, unused);
    for (int k = 0; k < std::min(m, slot[root].length()); ++k) result.c[static_cast<std::size_t>(k)] = slot[root][k];
  }
  for (Ball& c : result.c) {
    tame(c);
    if (!c.is_finite()) return {Expansion::Status::singular, {}};
  }
  return result;
}

}  // namespace nwidth::target
