// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <set>

#include "theory/number/error.hpp"
#include "theory/target/arithmetic.hpp"
#include "theory/target/expression.hpp"

namespace nwidth::target {
namespace {

constexpr int samples = 256;

Rational floor_to(Rational const& x, long bits) {
  Rational const r = round_to_dyadic(x, bits);
  return r > x ? Rational(r - power_of_two(-bits)) : r;
}

/// Finds the zeros of one instruction's value: exactly if affine, else by samples and bisection.
class ZeroFinder {
 public:
  ZeroFinder(Program const& program, Rational const& a, Rational const& b, long bits, std::set<Rational>& out)
      : program_(program), a_(a), b_(b), bits_(bits), out_(out), slot_(program.code.size()) {}

  void find(Instruction const& owner, int k) {
    Instruction const& i = program_.code[static_cast<std::size_t>(k)];
    bool const poles = owner.op == Op::tan;  // at the zeros of the cosine
    if (i.affine >= 0 && !poles) {
      Affine const& f = program_.affine[static_cast<std::size_t>(i.affine)];
      add(Rational(-f.p / f.q));
      return;
    }
    sample();
    auto const read = [&](std::vector<Real> const& slot) {
      Real const& u = slot[static_cast<std::size_t>(k)];
      return poles ? Real(cos(u)) : u;
    };
    auto const value = [&](Rational const& x) { return read(all_at(x, k)); };
    std::vector<Real> u;
    for (auto const& slot : values_) u.push_back(read(slot));
    for (std::size_t j = 1; j < u.size(); ++j) {
      if (u[j] == 0) {  // the ends only where u vanishes on a stretch
        if (u[j - 1] != 0 || (j + 1 < u.size() && u[j + 1] != 0)) add(grid_[j]);
      } else if ((u[j - 1] < 0 && u[j] > 0) || (u[j - 1] > 0 && u[j] < 0)) {
        bisect(grid_[j - 1], grid_[j], u[j - 1] < 0, value);
      } else if (j + 1 < u.size() && abs(u[j]) <= abs(u[j - 1]) && abs(u[j]) <= abs(u[j + 1]) &&
                 (abs(u[j]) < abs(u[j - 1]) || abs(u[j]) < abs(u[j + 1])) && u[j - 1] * u[j + 1] > 0) {
        touch(grid_[j - 1], grid_[j + 1], value);
      }
    }
  }

 private:
  /// Values on a grid of short dyadics, so that zeros at simple places are met exactly.
  void sample() {
    if (!grid_.empty()) return;
    long level = 0;
    while (power_of_two(-level) * samples > b_ - a_) ++level;
    while (power_of_two(-level) * samples * 2 <= b_ - a_) --level;
    Rational const step = power_of_two(-level);
    grid_.push_back(a_);
    for (Rational x = floor_to(a_, level) + step; x < b_; x += step) grid_.push_back(x);
    grid_.push_back(b_);
    for (Rational const& x : grid_) values_.push_back(all_at(x, program_.root));
  }

  std::vector<Real> const& all_at(Rational const& q, int last) {
    Real const x(q);
    RoundedArithmetic<Real> arithmetic{&x};
    run(program_, arithmetic, slot_, last, [](Instruction const&) { return false; });
    return slot_;
  }

  /// A point, or the two dyadics around it.
  void add(Rational const& x) {
    if (is_dyadic(x)) {
      if (a_ < x && x < b_) out_.insert(x);
      return;
    }
    Rational const left = floor_to(x, bits_);
    pair(left, left + power_of_two(-bits_));
  }

  void pair(Rational const& left, Rational const& right) {
    if (a_ < left && left < b_) out_.insert(left);
    if (a_ < right && right < b_) out_.insert(right);
  }

  /// A sign change in [l, r]: down to neighbours on the grid of 2^-bits, or to a simple dyadic where the value is 0.
  template <class F>
  void bisect(Rational l, Rational r, bool negative_left, F const& value) {
    Rational const unit = power_of_two(-bits_);
    while (r - l > unit) {
      Rational middle = (l + r) / 2;
      if (Rational const rounded = round_to_dyadic(middle, bits_); l < rounded && rounded < r) middle = rounded;
      Real const u = value(middle);
      if (u == 0) return add(middle);
      if (u != u) break;
      (((u < 0) == negative_left) ? l : r) = middle;
    }
    Rational const simple = round_to_dyadic(l, bits_ / 2);
    if (abs(simple - l) <= 2 * unit && value(simple) == 0) return add(simple);
    pair(floor_to(l, bits_), -floor_to(-r, bits_));
  }

  /// A local minimum of |u| without a sign change: kept if the value there is 0 as far as can be seen.
  template <class F>
  void touch(Rational l, Rational r, F const& value) {
    Real const scale = abs(value(l)) + abs(value(r)), width(Rational(r - l));
    for (int step = 0; step < 260 && r - l > power_of_two(-bits_ - 8); ++step) {
      Rational const p = round_to_dyadic(l + (r - l) * 3 / 8, bits_ + 12),
                     q = round_to_dyadic(l + (r - l) * 5 / 8, bits_ + 12);
      Real const at_p = abs(value(p)), at_q = abs(value(q));
      // A double zero falls faster than the interval shrinks; a minimum above 0 soon does not.
      if (step % 8 == 7 && std::min(at_p, at_q) > 4 * scale * Real(Rational(r - l)) / width) return;
      if (at_p <= at_q) {
        r = q;
      } else {
        l = p;
      }
    }
    Rational const simple = round_to_dyadic((l + r) / 2, bits_ / 2 - 4);
    if (value(simple) == 0) return add(simple);
    if (abs(value((l + r) / 2)) < scale * Real(1e-20)) {
      Rational const left = floor_to(l, bits_ / 2 - 4);  // a double zero is known to half the digits only
      pair(left, left + power_of_two(-(bits_ / 2 - 4)));
    }
  }

  Program const& program_;
  Rational const& a_;
  Rational const& b_;
  long bits_;
  std::set<Rational>& out_;
  std::vector<Real> slot_;
  std::vector<Rational> grid_;
  std::vector<std::vector<Real>> values_;
};

}  // namespace

std::vector<Rational> Expression::cuts(Rational const& a, Rational const& b, long bits) const {
  if (inputs_ != 1) throw InvalidInput("cuts need an expression of one input x, not of " + std::to_string(inputs_));
  if (b < a) throw InvalidInput("cuts need ends a <= b, not [" + exact_string(a) + ", " + exact_string(b) + "]");
  bits = std::clamp(bits, 8L, 280L);  // Real has 332
  std::set<Rational> found;
  std::vector<std::pair<Instruction const*, int>> watched;
  std::vector<bool> varies;
  for (Instruction const& i : program_->code) {
    auto const depends = [&](int k) { return k >= 0 && varies[static_cast<std::size_t>(k)]; };
    varies.push_back(i.op == Op::variable || depends(i.a) || depends(i.b));
    switch (i.op) {
      case Op::abs:
      case Op::relu:
      case Op::log:
      case Op::power_log:
      case Op::tan: watched.emplace_back(&i, i.a); break;
      case Op::min:
      case Op::max: watched.emplace_back(&i, i.difference); break;
      case Op::div: watched.emplace_back(&i, i.b); break;
      case Op::power:
        if (i.p < 0 || i.q > 1) watched.emplace_back(&i, i.a);
        break;
      default: break;
    }
  }
  std::erase_if(watched, [&](auto const& w) { return !varies[static_cast<std::size_t>(w.second)]; });
  if (watched.empty() || a == b) return {};
  ZeroFinder finder(*program_, a, b, bits, found);
  for (auto const& [owner, k] : watched) finder.find(*owner, k);
  return {found.begin(), found.end()};
}

}  // namespace nwidth::target
