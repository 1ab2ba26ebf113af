// SPDX-License-Identifier: Apache-2.0
/// The form that expressions are kept and evaluated in: a flat list of instructions, each using results of earlier
/// ones, so that no depth of nesting can exhaust the stack and equal subexpressions are one instruction.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "theory/number/ball.hpp"

namespace nwidth::target {

enum class Op : unsigned char {
  constant,  // constants[index]
  pi,
  variable,  // x_{index+1}
  neg,
  add,
  sub,
  mul,
  div,
  power,  // a^(p/q), q >= 1, coprime, p/q not 0 or 1; q > 1 needs a >= 0
  exp,
  log,
  sin,
  cos,
  tan,
  sinh,
  cosh,
  tanh,
  atan,
  abs,
  relu,
  min,
  max,
  power_log,  // a^(p/q) log(a), p/q > 0: 0 at a = 0
  divided,    // (g(a) - g(0))/a with g = `inner`: g'(0) at a = 0
};

struct Constant {
  Rational exact;
  Real real;
  double rounded = 0;
  Ball wide;  // exact if dyadic, else to 600 bits
  bool dyadic = false;

  explicit Constant(Rational const& q);
  Ball ball() const;  // at the working precision
};

/// p + q x, exactly.
struct Affine {
  Rational p, q;
  Ball p_ball, q_ball;  // as Constant::wide
  bool dyadic = false;  // both

  /// -1 or 1 if it is <= 0 or >= 0 on all of [a, b], a < b; 2 if its sign changes inside
  int sign_on(Rational const& a, Rational const& b) const;
  Ball ball(Ball const& x) const;
  Ball ball(Rational const& x) const;  // from the exact value
  Ball slope() const;
};

/// c_0 + c_1 x + ... written as a sum of monomials: expanded around the middle of an interval, where the monomials
/// themselves would cancel.
struct Monomials {
  std::vector<Rational> exact;
  std::vector<Ball> wide;  // as Constant::wide
  std::vector<bool> dyadic;

  explicit Monomials(std::vector<Rational> c);
  /// Taylor coefficients at x, all of them.
  std::vector<Ball> at(Ball const& x) const;
};

struct Instruction {
  Op op = Op::constant;
  Op inner = Op::constant;  // of `divided`
  int a = -1, b = -1;       // operands
  int index = 0;            // of constant, variable
  int difference = -1;      // of min, max: the instruction a - b, whose sign decides
  long p = 1, q = 1;        // exponent
  int affine = -1;          // in Program::affine, if this is p + q x with q != 0 (one input only)
  int monomials = -1;       // in Program::monomials, if this is a sum of monomials of degree >= 2 (one input only)
  bool rational =
      false;          // + - * / natural and integer powers, abs, relu, min, max of rationals and x: exact in Rational
  bool plain = true;  // needed for a value: not only for the sign of a difference
  bool used = true;   // needed when affine instructions are taken as they stand
  bool expanded = true;  // needed when sums of monomials are so as well
};

struct Program {
  int inputs = 1;
  int root = 0;
  std::vector<Instruction> code;
  std::vector<Constant> constants;
  std::vector<Affine> affine;
  std::vector<Monomials> monomials;

  int size() const { return static_cast<int>(code.size()); }
};

/// Makes a Program bottom up: equal instructions are shared, rational constants folded, 0/0 forms recognised.
class Builder {
 public:
  explicit Builder(int inputs) { program_.inputs = inputs; }

  int constant(Rational const& q);
  int pi() { return emit({.op = Op::pi}); }
  int variable(int index);
  int neg(int a);
  int add(int a, int b);
  int sub(int a, int b);
  int mul(int a, int b);
  int div(int a, int b);
  /// @throws InvalidInput (without a position) where the result is undefined or too large, as the others
  int power(int a, Rational const& exponent);
  int call(Op function, int a);  // one argument
  int extreme(Op min_or_max, int a, int b);

  /// The exact value if it is a rational constant.
  std::optional<Rational> value(int a) const;

  Program finish(int root);

 private:
  struct Multiple {  // scale * base^(p/q)
    Rational scale;
    Rational exponent;
  };
  using Key = std::tuple<Op, Op, int, int, int, long, long>;

  int emit(Instruction i);
  std::vector<int> factors(int a, bool open_powers);          // x^2 as x, x
  std::pair<Rational, int> core(int a) const;                 // a = first * second, constants stripped
  std::optional<int> vanishing_function(int a, Op& g) const;  // v and g if a = g(v) - g(0)
  /// c if a = c * b.
  std::optional<Rational> multiple_of(int a, int b) const;
  /// (c, e) if a = c b^e, e > 0.
  std::optional<Multiple> monomial_in(int a, int b) const;
  std::optional<int> times_log(int a, int b);           // a * b with c b^e log(b) among the factors
  std::optional<int> removable_quotient(int a, int b);  // a / b with g(c b)/b or b/g(c b) among the factors, g(0) = 0
  std::optional<int> removable_quotient(std::vector<int> above, std::vector<int> below);
  int product(std::vector<int> const& factors);
  Instruction const& at(int a) const { return program_.code[static_cast<std::size_t>(a)]; }
  std::optional<std::pair<Rational, Rational>> affine_form(int a) const;  // p, q
  std::optional<std::pair<Rational, Rational>> affine_result(Instruction const& i) const;

  std::optional<std::vector<Rational>> monomials(int a) const;
  std::optional<std::vector<Rational>> monomials_of(Instruction const& i) const;

  Program program_;
  std::map<int, std::vector<Rational>> polynomial_;  // of degree >= 2
  std::map<Key, int> shared_;
  std::map<Rational, int> constant_index_;
};

/// Runs instructions 0 ... last through an arithmetic: a class with a member function per kind of operation.
/// Instructions for which skip(i) holds are left out. If the arithmetic has affine(), affine instructions go there; if
/// it has failed(), the run ends as soon as that holds.
template <class A, class Skip>
void run(Program const& program, A& arithmetic, std::vector<typename A::Value>& slot, int last, Skip skip) {
  for (int k = 0; k <= last; ++k) {
    Instruction const& i = program.code[static_cast<std::size_t>(k)];
    if (skip(i)) continue;
    auto const in = [&slot](int j) -> typename A::Value const& { return slot[static_cast<std::size_t>(j)]; };
    auto& out = slot[static_cast<std::size_t>(k)];
    if constexpr (requires { arithmetic.affine(program.affine[0]); }) {
      if (i.affine >= 0) {
        out = arithmetic.affine(program.affine[static_cast<std::size_t>(i.affine)]);
        continue;
      }
    }
    if constexpr (requires { arithmetic.monomials(0); }) {
      if (i.monomials >= 0) {
        out = arithmetic.monomials(i.monomials);
        continue;
      }
    }
    switch (i.op) {
      case Op::constant: out = arithmetic.constant(program.constants[static_cast<std::size_t>(i.index)]); break;
      case Op::pi: out = arithmetic.pi(); break;
      case Op::variable: out = arithmetic.variable(i.index); break;
      case Op::neg: out = arithmetic.neg(in(i.a)); break;
      case Op::add: out = arithmetic.add(in(i.a), in(i.b)); break;
      case Op::sub: out = arithmetic.sub(in(i.a), in(i.b)); break;
      case Op::mul: out = arithmetic.mul(in(i.a), in(i.b)); break;
      case Op::div: out = arithmetic.div(in(i.a), in(i.b)); break;
      case Op::power: out = arithmetic.power(in(i.a), i.p, i.q); break;
      case Op::power_log: out = arithmetic.power_log(in(i.a), i.p, i.q); break;
      case Op::divided: out = arithmetic.divided(i.inner, in(i.a)); break;
      case Op::abs:
      case Op::relu: out = arithmetic.kinked(i, in(i.a), in(i.a), in(i.a)); break;
      case Op::min:
      case Op::max: out = arithmetic.kinked(i, in(i.a), in(i.b), in(i.difference)); break;
      default: out = arithmetic.function(i.op, in(i.a));
    }
    if constexpr (requires { arithmetic.failed(); }) {
      if (arithmetic.failed()) return;
    }
  }
}

template <class A>
typename A::Value run(Program const& program, A& arithmetic) {
  std::vector<typename A::Value> slot(program.code.size());
  run(program, arithmetic, slot, program.root, [](Instruction const& i) { return !i.plain; });
  return std::move(slot[static_cast<std::size_t>(program.root)]);
}

}  // namespace nwidth::target
