// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/alternation.hpp"

#include "fitting/existence/derivatives.hpp"
#include "fitting/existence/krawczyk.hpp"

namespace nwidth::fitting {
namespace {

class AlternationSystem final : public BallSystem {
 public:
  AlternationSystem(target::Expression const& f, Rational const& a, Rational const& b, int d, int k,
                    std::vector<int> signs)
      : f_(f), a_(a), b_(b), d_(d), k_(static_cast<std::size_t>(k)), signs_(std::move(signs)) {}

  /// a_0..a_d, c_1..c_k, t_1..t_k, E, then the points inside that are no knots
  std::size_t size() const override { return first_point() + free_points(); }
  std::size_t jumps() const { return static_cast<std::size_t>(d_) + 1; }
  std::size_t knots() const { return jumps() + k_; }
  std::size_t error() const { return knots() + k_; }
  std::size_t first_point() const { return error() + 1; }
  std::size_t free_points() const { return d_ == 1 ? k_ + 1 : signs_.size() - 2; }

  /// The index among the unknowns of point i inside: where d = 1, points 2, 4, ... are knots.
  std::size_t index_of(std::size_t i) const {
    if (d_ != 1) return first_point() + i - 1;
    return i % 2 == 0 ? knots() + i / 2 - 1 : first_point() + i / 2;
  }
  bool is_knot(std::size_t i) const { return d_ == 1 && i > 0 && i + 1 < signs_.size() && i % 2 == 0; }
  Ball point(std::vector<Ball> const& z, std::size_t i) const {
    if (i == 0) return Ball(a_);
    if (i + 1 == signs_.size()) return Ball(b_);
    return z[index_of(i)];
  }

  bool evaluate(std::vector<Ball> const& z, std::vector<Ball>& F, std::vector<Ball>* jacobian,
                std::string& reason) const override {
    std::size_t const n = size();
    F.assign(n, Ball(0));
    if (jacobian) jacobian->assign(n * n, Ball(0));
    auto const entry = [&](std::size_t i, std::size_t j) -> Ball& { return (*jacobian)[i * n + j]; };
    Ball const a(a_);
    std::size_t row = signs_.size();  // of the next derivative equation
    for (std::size_t i = 0; i < signs_.size(); ++i) {
      Ball const x = point(z, i);
      bool const inside = i > 0 && i + 1 < signs_.size(), attached = is_knot(i), free = inside && !attached;
      std::vector<Ball> side(k_);  // x - t_q where positive, else 0
      std::vector<bool> right(k_, false);
      for (std::size_t q = 0; q < k_; ++q) {
        if (attached && q == i / 2 - 1) continue;  // s there from the left
        Ball const y = x - z[knots() + q];
        if (y.certainly_positive()) {
          side[q] = y;
          right[q] = true;
        } else if (!y.certainly_negative()) {
          reason = "the order of a knot and an extremum is undecided";
          return false;
        }
      }
      // s^(j)(x)/j!
      auto const taylor = [&](int j) {
        Ball sum(0);
        for (int p = d_; p >= j; --p)
          sum += Ball(binomial(p, j)) * z[static_cast<std::size_t>(p)] * power(x - a, static_cast<unsigned>(p - j));
        for (std::size_t q = 0; q < k_; ++q)
          if (right[q]) sum += Ball(binomial(d_, j)) * z[jumps() + q] * power(side[q], static_cast<unsigned>(d_ - j));
        return sum;
      };
      std::vector<Ball> f;
      if (!taylor_over(f_, x, inside ? 3 : 1, f)) {
        reason = "the target is not twice differentiable next to an extremum";
        return false;
      }
      Ball const s0 = taylor(0), s1 = taylor(1);
      F[i] = f[0] - s0 - Ball(signs_[i]) * z[error()];
      if (free) F[row] = f[1] - s1;
      if (jacobian) {
        for (int p = 0; p <= d_; ++p) {
          std::size_t const column = static_cast<std::size_t>(p);
          entry(i, column) = -power(x - a, static_cast<unsigned>(p));
          if (free && p > 0) entry(row, column) = -Ball(p) * power(x - a, static_cast<unsigned>(p - 1));
        }
        for (std::size_t q = 0; q < k_; ++q) {
          if (!right[q]) continue;
          Ball const lower = power(side[q], static_cast<unsigned>(d_ - 1));
          entry(i, jumps() + q) = -lower * side[q];
          entry(i, knots() + q) = Ball(d_) * z[jumps() + q] * lower;
          if (!free) continue;
          entry(row, jumps() + q) = -Ball(d_) * lower;
          if (d_ > 1)
            entry(row, knots() + q) =
                Ball(d_ * (d_ - 1)) * z[jumps() + q] * power(side[q], static_cast<unsigned>(d_ - 2));
        }
        entry(i, error()) = Ball(-signs_[i]);
        if (inside) entry(i, index_of(i)) = f[1] - s1;  // a knot moves its point; s1 is that of the left
        if (free) entry(row, index_of(i)) = Ball(2) * (f[2] - (d_ > 1 ? taylor(2) : Ball(0)));
      }
      if (free) ++row;
    }
    return true;
  }

 private:
  static int binomial(int n, int j) {
    int r = 1;
    for (int i = 1; i <= j; ++i) r = r * (n - j + i) / i;
    return r;
  }

  target::Expression const& f_;
  Rational a_, b_;
  int d_;
  std::size_t k_;
  std::vector<int> signs_;
};

}  // namespace

EnclosedMinimax enclose_minimax(Function const& f, FreeKnotSpline<Real> const& near, std::vector<Real> const& points,
                                long bits) {
  near.validate();
  int const d = near.kind.degree, k = near.interior_knots();
  if (near.kind.multiplicity != 1 || d > 8)
    throw InvalidInput("a spline of degree 1..8 with simple knots is needed, not of degree " + std::to_string(d) +
                       " and multiplicity " + std::to_string(near.kind.multiplicity));
  std::size_t const count = static_cast<std::size_t>(d + 2 + 2 * k);
  if (points.size() != count)
    throw InvalidInput("an error that alternates in full has " + std::to_string(count) + " points, not " +
                       std::to_string(points.size()));
  if (f.target().network || !f.target().expression)
    throw InvalidInput("the target must be an expression, not '" + f.target().name + "'");
  PrecisionScope const precision(bits);
  std::vector<int> signs;
  Real level = 0;
  Real const first = f(points[0]) - near(points[0]);
  for (std::size_t i = 0; i < count; ++i) {
    signs.push_back((i % 2 == 0) == (first > 0) ? 1 : -1);
    level += abs(Real(f(points[i]) - near(points[i]))) / static_cast<int>(count);
  }
  AlternationSystem const system(*f.target().expression, f.begin(), f.end(), d, k, signs);
  std::vector<Ball> z;
  for (Real const& c : near.taylor(0, near.begin())) z.emplace_back(c);
  for (int q = 1; q <= k; ++q) {
    Real const& t = near.knots[static_cast<std::size_t>(q)];
    z.emplace_back(Real(near.taylor(q, t).back() - near.taylor(q - 1, t).back()));
  }
  for (int q = 1; q <= k; ++q) z.emplace_back(near.knots[static_cast<std::size_t>(q)]);
  z.emplace_back(level);
  for (std::size_t i = 1; i + 1 < count; ++i)
    if (!system.is_knot(i)) z.emplace_back(points[i]);

  EnclosedMinimax r;
  r.kind = near.kind;
  EnclosedZero zero = krawczyk(system, z, bits);
  r.contraction = zero.contraction;
  r.reason = zero.reason;
  if (!zero.proved) return r;
  auto const part = [&](std::size_t from, std::size_t size) {
    auto const at = zero.x.begin() + static_cast<std::ptrdiff_t>(from);
    return std::vector<Ball>(at, at + static_cast<std::ptrdiff_t>(size));
  };
  r.polynomial = part(0, system.jumps());
  r.jumps = part(system.jumps(), static_cast<std::size_t>(k));
  r.knots = part(system.knots(), static_cast<std::size_t>(k));
  r.error = zero.x[system.error()];
  for (std::size_t i = 0; i < count; ++i) r.points.push_back(system.point(zero.x, i));
  std::vector<Ball> inside{Ball(f.begin())};
  inside.insert(inside.end(), r.knots.begin(), r.knots.end());
  inside.emplace_back(f.end());
  for (std::vector<Ball> const* ascending : {&inside, &r.points})
    for (std::size_t i = 1; i < ascending->size(); ++i)
      if (!certainly_less((*ascending)[i - 1], (*ascending)[i])) {
        r.reason = "the knots or the points are not certainly in order";
        return r;
      }
  if (!r.error.certainly_positive()) {
    r.reason = "the error is not certainly positive";
    return r;
  }
  r.proved = true;
  r.optimal = derivative_has_no_zero(*f.target().expression, f.begin(), f.end(), d + 1);
  if (!r.optimal) r.reason = "derivative " + std::to_string(d + 1) + " of the target may vanish";
  return r;
}

}  // namespace nwidth::fitting
