// SPDX-License-Identifier: Apache-2.0
#include "theory/target/expression.hpp"

#include <algorithm>

#include "theory/number/error.hpp"
#include "theory/target/arithmetic.hpp"
#include "theory/target/parser.hpp"
#include "theory/target/rounded_series.hpp"

namespace nwidth::target {
namespace {

void require_one_input(int inputs, char const* what) {
  if (inputs != 1)
    throw InvalidInput(std::string(what) + " needs an expression of one input x, not of " + std::to_string(inputs));
}

/// Right-sided Taylor coefficients at an exact point.
struct TaylorArithmetic : SmoothSeries {
  Program const& program;
  Rational x;
  int length;

  TaylorArithmetic(Program const& p, Rational const& point, int n) : program(p), x(point), length(n) {}

  Series affine(Affine const& f) const { return Series::affine(f.ball(x), f.slope(), length); }
  Series variable(int) const { return Series::variable(Ball(x), length); }
  Series kinked(Instruction const& i, Series const& a, Series const& b, Series const& d) const {
    if (i.op == Op::abs) return nwidth::abs(sharpened(i.a, d));
    if (i.op == Op::relu) return nwidth::relu(sharpened(i.a, d));
    int const sign = right_sided_sign(sharpened(i.difference, d));  // max(a, b) = a where a - b >= 0
    if (sign == 0) return i.op == Op::max ? nwidth::max(a, b) : nwidth::min(a, b);
    return (sign > 0) == (i.op == Op::max) ? a : b;
  }
  /// u with its value replaced by the exact one, where that may be 0 and is known.
  Series sharpened(int k, Series const& u) const {
    if (!u[0].is_finite() || !u[0].contains_zero() || arb_is_zero(u.data())) return u;
    auto const exact = exact_value(program, k, x);
    if (!exact) return u;
    Series r = u;
    arb_set(r.data(), Ball(*exact).get());
    return r;
  }
};

template <class T>
std::vector<T> rounded(Program const& program, T const& x, int length) {
  if (length < 1 || length > most_rounded_coefficients)
    throw InvalidInput("rounded Taylor series have 1 to " + std::to_string(most_rounded_coefficients) +
                       " coefficients, not " + std::to_string(length));
  RoundedSeriesArithmetic<T> arithmetic{x, length};
  RoundedSeries<T> const c = run(program, arithmetic);
  return std::vector<T>(c.begin(), c.begin() + length);
}

}  // namespace

Expression Expression::parse(std::string_view text, int inputs) {
  Expression e;
  e.program_ = std::make_shared<Program const>(parse_program(text, inputs));
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  e.text_ = text;
  e.inputs_ = inputs;
  return e;
}

double Expression::operator()(double x) const {
  require_one_input(inputs_, "a value at a number");
  RoundedArithmetic<double> arithmetic{&x};
  return run(*program_, arithmetic);
}

Real Expression::operator()(Real const& x) const {
  require_one_input(inputs_, "a value at a number");
  RoundedArithmetic<Real> arithmetic{&x};
  return run(*program_, arithmetic);
}

double Expression::operator()(std::vector<double> const& x) const {
  if (x.size() != static_cast<std::size_t>(inputs_))
    throw InvalidInput("an expression of " + std::to_string(inputs_) + " inputs got " + std::to_string(x.size()) +
                       " numbers");
  RoundedArithmetic<double> arithmetic{x.data()};
  return run(*program_, arithmetic);
}

Ball Expression::operator()(Ball const& x) const {
  require_one_input(inputs_, "an enclosure");
  BallArithmetic arithmetic{x};
  std::vector<Ball> slot(program_->code.size());
  run(*program_, arithmetic, slot, program_->root, [](Instruction const& i) { return !i.plain || !i.used; });
  Ball& result = slot[static_cast<std::size_t>(program_->root)];
  tame(result);
  return std::move(result);
}

std::vector<double> Expression::rounded_taylor(double x, int length) const {
  require_one_input(inputs_, "a Taylor series");
  return rounded(*program_, x, length);
}

std::vector<Real> Expression::rounded_taylor(Real const& x, int length) const {
  require_one_input(inputs_, "a Taylor series");
  return rounded(*program_, x, length);
}

std::vector<Ball> Expression::taylor(Rational const& x, int length) const {
  require_one_input(inputs_, "a Taylor series");
  if (length < 1) throw InvalidInput("a Taylor series needs at least one coefficient, not " + std::to_string(length));
  auto const made = [&](int terms) {
    TaylorArithmetic arithmetic(*program_, x, terms);
    std::vector<Series> slot(program_->code.size());
    run(*program_, arithmetic, slot, program_->root, [](Instruction const& i) { return !i.used; });
    return slot[static_cast<std::size_t>(program_->root)].coefficients(length);
  };
  std::vector<Ball> c = made(length);
  auto const known = [](Ball const& b) { return b.is_finite(); };
  // a root of a zero of higher order, like sqrt(x^2) at 0, uses up coefficients
  if (c[0].is_finite() && !std::all_of(c.begin(), c.end(), known)) c = made(2 * length + 8);
  for (Ball& b : c) tame(b);
  return c;
}

}  // namespace nwidth::target
