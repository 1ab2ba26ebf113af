// SPDX-License-Identifier: Apache-2.0
/// Recognises u^a log(u) and g(u)/u (g = sin, tan, sinh, tanh, atan, exp - 1; 1 - cos twice), whose values where u = 0
/// are limits that no evaluation of the factors could find.
#include <algorithm>

#include "theory/number/error.hpp"
#include "theory/target/program.hpp"

namespace nwidth::target {
namespace {
constexpr std::size_t most_factors = 64;
}

std::pair<Rational, int> Builder::core(int a) const {
  Rational scale = 1;
  for (;;) {
    Instruction const& i = at(a);
    if (i.op == Op::neg) {
      scale = -scale;
      a = i.a;
    } else if (i.op == Op::mul && value(i.a)) {
      scale *= *value(i.a);
      a = i.b;
    } else if ((i.op == Op::mul || i.op == Op::div) && value(i.b)) {
      scale = i.op == Op::mul ? Rational(scale * *value(i.b)) : Rational(scale / *value(i.b));
      a = i.a;
    } else {
      return {scale, a};
    }
  }
}

std::optional<Rational> Builder::multiple_of(int a, int b) const {
  auto const f = affine_form(a), g = affine_form(b);
  if (f && g) {
    if (g->second == 0 || f->second == 0) return std::nullopt;
    Rational const scale = f->second / g->second;
    if (f->first != scale * g->first) return std::nullopt;
    return scale;
  }
  auto const [s, u] = core(a);
  auto const [t, v] = core(b);
  if (u != v || value(u) || s == 0 || t == 0) return std::nullopt;
  return Rational(s / t);
}

std::optional<Builder::Multiple> Builder::monomial_in(int a, int b) const {
  if (auto const c = multiple_of(a, b)) return Multiple{*c, 1};
  auto const [scale, u] = core(a);
  Instruction const& i = at(u);
  if (i.op != Op::power || i.p < 0) return std::nullopt;
  Rational const exponent = Rational(i.p) / i.q;
  if (at(b).op == Op::abs && at(b).a == i.a && i.q == 1 && i.p % 2 == 0) return Multiple{scale, exponent};
  auto const c = multiple_of(i.a, b);
  if (!c || (*c != 1 && (i.q != 1 || i.p > 64))) return std::nullopt;
  return Multiple{*c == 1 ? scale : Rational(scale * nwidth::power(*c, static_cast<unsigned>(i.p))), exponent};
}

std::vector<int> Builder::factors(int a, bool open_powers) {
  std::vector<int> result, open{a};
  while (!open.empty() && result.size() + open.size() < most_factors) {
    int const k = open.back();
    Instruction const i = at(k);
    open.pop_back();
    if (i.op == Op::mul) {
      open.insert(open.end(), {i.b, i.a});
    } else if (i.op == Op::neg) {
      result.push_back(constant(-1));
      open.push_back(i.a);
    } else if (i.op == Op::div && value(i.b)) {
      result.push_back(constant(1 / *value(i.b)));
      open.push_back(i.a);
    } else if (open_powers && i.op == Op::power && i.q == 1 && 0 < i.p && i.p <= 4) {
      for (long j = 0; j < i.p; ++j) result.push_back(i.a);
    } else {
      result.push_back(k);
    }
  }
  result.insert(result.end(), open.begin(), open.end());
  return result;
}

int Builder::product(std::vector<int> const& f) {
  Rational scale = 1;
  std::map<int, long> multiplicity;
  std::vector<int> order;
  for (int const a : f) {
    if (auto const c = value(a)) {
      scale *= *c;
    } else if (multiplicity[a]++ == 0) {
      order.push_back(a);
    }
  }
  int r = constant(scale);
  for (int const a : order) r = mul(r, power(a, multiplicity[a]));
  return r;
}

std::optional<int> Builder::times_log(int a, int b) {
  auto const is_log = [this](int k) { return at(k).op == Op::log; };
  // a and b are products without such a pair: it is enough to look at a log on one side and at the monomials of the
  // other
  for (auto const& [with_log, other] : {std::pair(a, b), std::pair(b, a)}) {
    std::vector<int> logs = factors(with_log, true);
    auto const found = std::find_if(logs.begin(), logs.end(), is_log);
    if (found == logs.end()) continue;
    int const u = at(*found).a;
    std::vector<int> rest;
    Multiple m{1, 0};
    std::vector<int> const candidates = monomial_in(other, u)
                                            ? std::vector<int>{other}
                                            : factors(other, true);  // powers as they stand, else taken apart
    for (int const f : candidates) {
      if (auto const c = monomial_in(f, u)) {
        m.scale *= c->scale;
        m.exponent += c->exponent;
      } else {
        rest.push_back(f);
      }
    }
    if (m.exponent == 0 || abs(numerator(m.exponent)) > 1000000 || denominator(m.exponent) > 1000000) continue;
    logs.erase(found);
    rest.insert(rest.end(), logs.begin(), logs.end());
    rest.push_back(constant(m.scale));
    int const kernel = emit({.op = Op::power_log,
                             .a = u,
                             .p = numerator(m.exponent).convert_to<long>(),
                             .q = denominator(m.exponent).convert_to<long>()});
    int const scale = product(rest);
    if (auto const c = value(scale); c && *c == 1) return kernel;
    return emit({.op = Op::mul, .a = scale, .b = kernel});
  }
  return std::nullopt;
}

std::optional<int> Builder::vanishing_function(int a, Op& g) const {
  Instruction const& i = at(a);
  switch (i.op) {
    case Op::sin:
    case Op::tan:
    case Op::sinh:
    case Op::tanh:
    case Op::atan: g = i.op; return i.a;
    case Op::sub:
    case Op::add:
      if (at(i.a).op != Op::exp || !value(i.b) || *value(i.b) != (i.op == Op::sub ? 1 : -1)) return std::nullopt;
      g = Op::exp;
      return at(i.a).a;
    default: return std::nullopt;
  }
}

std::optional<int> Builder::removable_quotient(int a, int b) {
  if (auto const r = removable_quotient(factors(a, false), {b})) return r;
  if (auto const r = removable_quotient(factors(a, false), factors(b, false))) return r;
  return removable_quotient(factors(a, true), factors(b, true));
}

std::optional<int> Builder::removable_quotient(std::vector<int> above, std::vector<int> below) {
  // 1 - cos v = 2 sin(v/2)^2 where the denominator vanishes with v
  for (std::size_t k = 0; k < above.size() && above.size() < most_factors; ++k) {
    Instruction const i = at(above[k]);
    if (i.op != Op::sub || !value(i.a) || *value(i.a) != 1 || at(i.b).op != Op::cos) continue;
    int const v = at(i.b).a;
    if (std::none_of(below.begin(), below.end(), [&](int g) { return multiple_of(v, g).has_value(); })) continue;
    int const half_sine = call(Op::sin, mul(constant(Rational(1, 2)), v));
    above[k] = constant(2);
    above.insert(above.end(), {half_sine, half_sine});
  }
  bool found = false;
  std::vector<int> quotients, inverses;
  auto const match = [&](std::vector<int>& functions, std::vector<int>& arguments, bool function_above) {
    for (std::size_t k = 0; k < functions.size();) {
      Op g = Op::constant;
      auto const v = vanishing_function(functions[k], g);
      auto const partner =
          !v ? arguments.end()
             : std::find_if(arguments.begin(), arguments.end(), [&](int u) { return multiple_of(*v, u).has_value(); });
      if (partner == arguments.end()) {
        ++k;
        continue;
      }
      Rational const scale = *multiple_of(*v, *partner);  // v = scale u
      int const kernel = emit({.op = Op::divided, .inner = g, .a = *v});
      (function_above ? quotients : inverses).push_back(kernel);
      quotients.push_back(constant(function_above ? scale : Rational(1 / scale)));
      functions.erase(functions.begin() + static_cast<long>(k));
      arguments.erase(partner);
      found = true;
    }
  };
  match(above, below, true);
  match(below, above, false);
  if (!found) return std::nullopt;
  above.insert(above.end(), quotients.begin(), quotients.end());
  below.insert(below.end(), inverses.begin(), inverses.end());
  int const numerator = product(above), denominator = product(below);
  if (value(denominator) && *value(denominator) == 0) throw InvalidInput("a division by zero");
  if (auto const d = value(denominator)) return mul(constant(1 / *d), numerator);
  return emit({.op = Op::div, .a = numerator, .b = denominator});
}

}  // namespace nwidth::target
