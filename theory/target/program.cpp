// SPDX-License-Identifier: Apache-2.0
#include "theory/target/program.hpp"

#include <arb_poly.h>

#include <algorithm>
#include <cmath>

#include "theory/number/error.hpp"

namespace nwidth::target {
namespace {

constexpr unsigned largest_constant_bits = 20000;

unsigned bits(Rational const& q) {
  Integer const p = abs(numerator(q)), d = denominator(q);
  return static_cast<unsigned>((p == 0 ? 0 : msb(p)) + msb(d));
}

Rational checked(Rational q) {
  if (bits(q) > largest_constant_bits)
    throw InvalidInput("a constant that needs more than " + std::to_string(largest_constant_bits) + " bits");
  return q;
}

Ball wide_ball(Rational const& q) {
  PrecisionScope const scope(600);
  return Ball(q);
}

Ball at_working_precision(Ball const& wide, Rational const& exact, bool dyadic) {
  if (dyadic) return wide;
  if (working_precision() > 512) return Ball(exact);
  Ball r;
  arb_set_round(r.get(), wide.get(), working_precision());
  return r;
}

/// q^(1/k) if it is rational, for q >= 0.
std::optional<Rational> exact_root(Rational const& q, long k) {
  auto const root = [k](Integer const& z) -> std::optional<Integer> {
    Integer r;
    if (mpz_root(r.backend().data(), z.backend().data(), static_cast<unsigned long>(k)) == 0) return std::nullopt;
    return r;
  };
  auto const p = root(numerator(q)), d = root(denominator(q));
  if (!p || !d) return std::nullopt;
  return Rational(*p, *d);
}

Rational integer_power(Rational const& q, long p) {
  long const k = std::abs(p);
  if (static_cast<double>(bits(q)) * static_cast<double>(k) > largest_constant_bits)
    throw InvalidInput("a constant power that needs more than " + std::to_string(largest_constant_bits) + " bits");
  Rational const r(boost::multiprecision::pow(numerator(q), static_cast<unsigned>(k)),
                   boost::multiprecision::pow(denominator(q), static_cast<unsigned>(k)));
  return p < 0 ? Rational(1 / r) : r;
}

bool is_rational_operation(Instruction const& i) {
  switch (i.op) {
    case Op::constant:
    case Op::variable:
    case Op::neg:
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::div:
    case Op::abs:
    case Op::relu:
    case Op::min:
    case Op::max: return true;
    case Op::power: return i.q == 1 && std::abs(i.p) <= 64;
    default: return false;
  }
}

}  // namespace

Constant::Constant(Rational const& q)
    : exact(q), real(q), rounded(real.convert_to<double>()), wide(wide_ball(q)), dyadic(is_dyadic(q)) {}

Ball Constant::ball() const { return at_working_precision(wide, exact, dyadic); }

int Affine::sign_on(Rational const& a, Rational const& b) const {
  int const left = Rational(p + q * a).sign(), right = Rational(p + q * b).sign();
  return left == 0 ? right : right == 0 || right == left ? left : 2;
}

Ball Affine::ball(Ball const& x) const {
  Ball r = at_working_precision(p_ball, p, dyadic);
  arb_addmul(r.get(), at_working_precision(q_ball, q, dyadic).get(), x.get(), working_precision());
  return r;
}

Ball Affine::slope() const { return at_working_precision(q_ball, q, dyadic); }

Ball Affine::ball(Rational const& x) const { return Ball(Rational(p + q * x)); }

Monomials::Monomials(std::vector<Rational> c) : exact(std::move(c)) {
  for (Rational const& q : exact) {
    wide.push_back(wide_ball(q));
    dyadic.push_back(is_dyadic(q));
  }
}

std::vector<Ball> Monomials::at(Ball const& x) const {
  std::vector<Ball> c;
  for (std::size_t k = 0; k < exact.size(); ++k) c.push_back(at_working_precision(wide[k], exact[k], dyadic[k]));
  _arb_poly_taylor_shift(c[0].get(), x.get(), static_cast<slong>(c.size()), working_precision());
  return c;
}

std::optional<Rational> Builder::value(int a) const {
  if (at(a).op != Op::constant) return std::nullopt;
  return program_.constants[static_cast<std::size_t>(at(a).index)].exact;
}

std::optional<std::pair<Rational, Rational>> Builder::affine_form(int a) const {
  if (auto const c = value(a)) return std::pair(*c, Rational(0));
  if (at(a).affine < 0) return std::nullopt;
  Affine const& f = program_.affine[static_cast<std::size_t>(at(a).affine)];
  return std::pair(f.p, f.q);
}

std::optional<std::pair<Rational, Rational>> Builder::affine_result(Instruction const& i) const {
  using Pair = std::pair<Rational, Rational>;
  if (program_.inputs != 1) return std::nullopt;
  if (i.op == Op::variable) return Pair(0, 1);
  if (i.op != Op::neg && i.op != Op::add && i.op != Op::sub && i.op != Op::mul && i.op != Op::div) return std::nullopt;
  auto const f = affine_form(i.a);
  if (!f) return std::nullopt;
  if (i.op == Op::neg) return Pair(-f->first, -f->second);
  auto const g = affine_form(i.b);
  if (!g) return std::nullopt;
  switch (i.op) {
    case Op::add: return Pair(checked(f->first + g->first), checked(f->second + g->second));
    case Op::sub: return Pair(checked(f->first - g->first), checked(f->second - g->second));
    case Op::mul:
      if (f->second != 0 && g->second != 0) return std::nullopt;
      return Pair(checked(f->first * g->first), checked(f->first * g->second + f->second * g->first));
    default:
      if (g->second != 0) return std::nullopt;
      return Pair(checked(f->first / g->first), checked(f->second / g->first));
  }
}

int Builder::emit(Instruction i) {
  Key const key(i.op, i.inner, i.a, i.b, i.index, i.p, i.q);
  if (auto const found = shared_.find(key); found != shared_.end()) return found->second;
  i.rational = is_rational_operation(i) && (i.a < 0 || at(i.a).rational) && (i.b < 0 || at(i.b).rational);
  if (auto const f = affine_result(i)) {
    if (f->second == 0 && i.op != Op::constant) return shared_[key] = constant(f->first);
    i.affine = static_cast<int>(program_.affine.size());
    program_.affine.push_back(
        {f->first, f->second, wide_ball(f->first), wide_ball(f->second), is_dyadic(f->first) && is_dyadic(f->second)});
  }
  auto c = monomials_of(i);
  program_.code.push_back(i);
  if (c) polynomial_[program_.size() - 1] = std::move(*c);
  return shared_[key] = program_.size() - 1;
}

int Builder::constant(Rational const& q) {
  if (auto const found = constant_index_.find(q); found != constant_index_.end())
    return emit({.op = Op::constant, .index = found->second});
  program_.constants.emplace_back(checked(q));
  int const index = static_cast<int>(program_.constants.size()) - 1;
  constant_index_[q] = index;
  return emit({.op = Op::constant, .index = index});
}

int Builder::variable(int index) { return emit({.op = Op::variable, .index = index}); }

int Builder::neg(int a) {
  if (auto const c = value(a)) return constant(-*c);
  return emit({.op = Op::neg, .a = a});
}

int Builder::add(int a, int b) {
  auto const c = value(a), d = value(b);
  if (c && d) return constant(*c + *d);
  return emit({.op = Op::add, .a = a, .b = b});
}

int Builder::sub(int a, int b) {
  auto const c = value(a), d = value(b);
  if (c && d) return constant(*c - *d);
  return emit({.op = Op::sub, .a = a, .b = b});
}

int Builder::mul(int a, int b) {
  auto const c = value(a), d = value(b);
  if (c && d) return constant(*c * *d);
  if (c && *c == 1) return b;
  if (d && *d == 1) return a;
  if (auto const r = times_log(a, b)) return *r;
  return emit({.op = Op::mul, .a = a, .b = b});
}

int Builder::div(int a, int b) {
  auto const c = value(a), d = value(b);
  if (d && *d == 0) throw InvalidInput("a division by zero");
  if (c && d) return constant(*c / *d);
  if (d && *d == 1) return a;
  if (auto const r = removable_quotient(a, b)) return *r;
  return emit({.op = Op::div, .a = a, .b = b});
}

int Builder::power(int a, Rational const& exponent) {
  constexpr long most = 1000000;
  if (abs(numerator(exponent)) > most || denominator(exponent) > most)
    throw InvalidInput("an exponent p/q with |p| or q above " + std::to_string(most));
  long const p = numerator(exponent).convert_to<long>(), q = denominator(exponent).convert_to<long>();
  auto const c = value(a);
  if (c && *c == 0 && p <= 0) throw InvalidInput(p == 0 ? "0^0" : "a division by zero");
  if (c && *c < 0 && q > 1) throw InvalidInput("a root of a negative constant");
  if (p == 0) return constant(1);
  if (p == 1 && q == 1) return a;
  if (c) {
    if (q == 1) return constant(integer_power(*c, p));
    if (auto const r = exact_root(*c, q)) return constant(integer_power(*r, p));
  }
  if (at(a).op == Op::abs && q == 1 && p % 2 == 0) a = at(a).a;  // smooth
  return emit({.op = Op::power, .a = a, .p = p, .q = q});
}

int Builder::call(Op function, int a) {
  if (auto const c = value(a)) {
    bool const zero = *c == 0;
    switch (function) {
      case Op::abs: return constant(abs(*c));
      case Op::relu: return constant(*c < 0 ? Rational(0) : *c);
      case Op::exp:
      case Op::cos:
      case Op::cosh:
        if (zero) return constant(1);
        break;
      case Op::log:
        if (*c <= 0) throw InvalidInput("the log of a constant that is not positive");
        if (*c == 1) return constant(0);
        break;
      default:
        if (zero) return constant(0);
    }
  }
  return emit({.op = function, .a = a});
}

int Builder::extreme(Op op, int a, int b) {
  auto const c = value(a), d = value(b);
  if (c && d) return constant((op == Op::min) == (*c < *d) ? *c : *d);
  int const difference = sub(a, b);
  return emit({.op = op, .a = a, .b = b, .difference = difference});
}

std::optional<std::vector<Rational>> Builder::monomials(int a) const {
  if (auto const f = affine_form(a)) {
    if (f->second == 0) return std::vector<Rational>{f->first};
    return std::vector<Rational>{f->first, f->second};
  }
  auto const found = polynomial_.find(a);
  if (found == polynomial_.end()) return std::nullopt;
  return found->second;
}

/// Sums, multiples and products with a monomial; a power of a sum or a product of sums is better left as it is.
std::optional<std::vector<Rational>> Builder::monomials_of(Instruction const& i) const {
  constexpr std::size_t most = 101;
  if (program_.inputs != 1 || i.affine >= 0 || i.a < 0) return std::nullopt;
  auto a = monomials(i.a);
  if (!a) return std::nullopt;
  auto const single = [](std::vector<Rational> const& c) {
    return std::count(c.begin(), c.end(), Rational(0)) + 1 == static_cast<long>(c.size());
  };
  if (i.op == Op::neg) {
    for (Rational& c : *a) c = -c;
    return a;
  }
  if (i.op == Op::power) {
    if (i.q != 1 || i.p < 2 || !single(*a)) return std::nullopt;
    std::size_t const degree = (a->size() - 1) * static_cast<std::size_t>(i.p);
    if (degree >= most) return std::nullopt;
    std::vector<Rational> c(degree + 1, 0);
    c.back() = checked(nwidth::power(a->back(), static_cast<unsigned>(i.p)));
    return c;
  }
  auto const b = i.b < 0 ? std::nullopt : monomials(i.b);
  if (!b) return std::nullopt;
  if (i.op == Op::add || i.op == Op::sub) {
    a->resize(std::max(a->size(), b->size()), 0);
    for (std::size_t k = 0; k < b->size(); ++k)
      (*a)[k] = checked(i.op == Op::add ? (*a)[k] + (*b)[k] : (*a)[k] - (*b)[k]);
    return a;
  }
  if (i.op == Op::div && b->size() == 1) {
    for (Rational& c : *a) c = checked(c / b->front());
    return a;
  }
  if (i.op != Op::mul || !(single(*a) || single(*b)) || a->size() + b->size() > most) return std::nullopt;
  std::vector<Rational> c(a->size() + b->size() - 1, 0);
  for (std::size_t k = 0; k < a->size(); ++k)
    for (std::size_t l = 0; l < b->size(); ++l)
      if ((*a)[k] != 0 && (*b)[l] != 0) c[k + l] = checked((*a)[k] * (*b)[l]);
  return c;
}

Program Builder::finish(int root) {
  Program& p = program_;
  for (auto& [k, c] : polynomial_) {
    Instruction& i = p.code[static_cast<std::size_t>(k)];
    if (i.op != Op::add && i.op != Op::sub) continue;
    i.monomials = static_cast<int>(p.monomials.size());
    p.monomials.emplace_back(std::move(c));
  }
  auto const mark = [&](auto operands) {
    std::vector<bool> live(p.code.size(), false);
    live[static_cast<std::size_t>(root)] = true;
    for (int k = root; k >= 0; --k)
      if (live[static_cast<std::size_t>(k)])
        for (int const j : operands(at(k)))
          if (j >= 0) live[static_cast<std::size_t>(j)] = true;
    return live;
  };
  using Operands = std::vector<int>;
  auto const kept = mark([](Instruction const& i) { return Operands{i.a, i.b, i.difference}; });
  auto const plain = mark([](Instruction const& i) { return Operands{i.a, i.b}; });
  auto const used = mark([](Instruction const& i) {
    return i.affine >= 0 ? Operands{} : Operands{i.a, i.b, i.difference};
  });
  auto const expanded = mark([](Instruction const& i) {
    return i.affine >= 0 || i.monomials >= 0 ? Operands{} : Operands{i.a, i.b, i.difference};
  });
  Program result;
  result.inputs = p.inputs;
  result.constants = std::move(p.constants);
  result.affine = std::move(p.affine);
  std::vector<Monomials> const all = std::move(p.monomials);
  std::vector<int> place(p.code.size(), -1);
  for (std::size_t k = 0; k < p.code.size(); ++k) {
    if (!kept[k]) continue;
    Instruction i = p.code[k];
    for (int* operand : {&i.a, &i.b, &i.difference})
      if (*operand >= 0) *operand = place[static_cast<std::size_t>(*operand)];
    i.plain = plain[k];
    i.used = used[k];
    i.expanded = expanded[k];
    if (i.monomials >= 0 && i.expanded) {  // only these are kept: every partial sum has its own
      result.monomials.push_back(all[static_cast<std::size_t>(i.monomials)]);
      i.monomials = static_cast<int>(result.monomials.size()) - 1;
    } else {
      i.monomials = -1;
    }
    place[k] = result.size();
    result.code.push_back(i);
  }
  result.root = place[static_cast<std::size_t>(root)];
  return result;
}

}  // namespace nwidth::target
