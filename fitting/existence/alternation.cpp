// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/alternation.hpp"

#include <algorithm>
#include <optional>

#include "fitting/existence/derivatives.hpp"
#include "fitting/existence/error_level.hpp"
#include "fitting/existence/krawczyk.hpp"

namespace nwidth::fitting {
namespace {

using Index = std::size_t;

class AlternationSystem final : public BallSystem {
 public:
  /// @param attached  by point: the knot 1 ... k that it moves with, or 0
  /// @param fixed     by point: where it stays
  AlternationSystem(target::Expression const& f, Rational const& a, SplineClass const& kind, int k,
                    std::vector<int> signs, std::vector<Index> attached, std::vector<std::optional<Rational>> fixed)
      : f_(f),
        a_(a),
        d_(static_cast<Index>(kind.degree)),
        m_(static_cast<Index>(kind.multiplicity)),
        k_(static_cast<Index>(k)),
        signs_(std::move(signs)),
        attached_(std::move(attached)),
        fixed_(std::move(fixed)) {
    Index next = first_point();
    for (Index i = 0; i < signs_.size(); ++i) {
      index_.push_back(fixed_[i] ? 0 : attached_[i] > 0 ? knot(attached_[i]) : next++);
    }
    size_ = next;
  }

  /// a_0..a_d, c_{1,d-m+1}..c_{k,d}, t_1..t_k, E, then the points inside that are no knots
  Index size() const override { return size_; }
  Index jump(Index q, Index exponent) const { return d_ + 1 + (q - 1) * m_ + exponent - (d_ - m_ + 1); }
  Index knot(Index q) const { return d_ + 1 + m_ * k_ + q - 1; }
  Index error() const { return d_ + 1 + (m_ + 1) * k_; }
  Index first_point() const { return error() + 1; }
  Ball point(std::vector<Ball> const& z, Index i) const { return fixed_[i] ? Ball(*fixed_[i]) : z[index_[i]]; }

  bool evaluate(std::vector<Ball> const& z, std::vector<Ball>& F, std::vector<Ball>* jacobian,
                std::string& reason) const override {
    Index const n = size();
    F.assign(n, Ball(0));
    if (jacobian) jacobian->assign(n * n, Ball(0));
    auto const entry = [&](Index i, Index j) -> Ball& { return (*jacobian)[i * n + j]; };
    Ball const a(a_);
    Index row = signs_.size();  // of the next derivative equation
    for (Index i = 0; i < signs_.size(); ++i) {
      Ball const x = point(z, i);
      bool const moves = !fixed_[i], free = moves && attached_[i] == 0;
      // (x - t_q)_+ where it may be positive; where it may be 0 as well, powers and derivatives take the hull of both
      // branches, which is all that Krawczyk's method needs of a Lipschitz continuous F: for d >= 2 and simple knots s'
      // is, and s always
      std::vector<Ball> side(k_ + 1);
      std::vector<bool> right(k_ + 1, false), undecided(k_ + 1, false);
      for (Index q = 1; q <= k_; ++q) {
        if (q == attached_[i]) continue;  // s there from the left
        Ball const y = x - z[knot(q)];
        right[q] = !y.certainly_negative();
        undecided[q] = right[q] && !y.certainly_positive();
        side[q] = undecided[q] ? relu(y) : y;
        if (undecided[q] && free && d_ == m_) {  // s' jumps
          reason = "the order of a knot and an extremum is undecided";
          return false;
        }
      }
      auto const truncated = [&](Index q, Index exponent) {
        return exponent == 0 && undecided[q] ? hull(Ball(0), Ball(1)) : raised(side[q], exponent);
      };
      // s^(j)(x)/j!
      auto const taylor = [&](Index j) {
        Ball sum(0);
        for (Index p = d_ + 1; p-- > j;) sum += choose(p, j) * z[p] * raised(x - a, p - j);
        for (Index q = 1; q <= k_; ++q)
          for (Index p = std::max(d_ - m_ + 1, j); right[q] && p <= d_; ++p)
            sum += choose(p, j) * z[jump(q, p)] * truncated(q, p - j);
        return sum;
      };
      std::vector<Ball> f;
      if (!taylor_over(f_, x, free ? 3 : moves ? 2 : 1, f)) {
        reason = "the target is not twice differentiable next to an extremum";
        return false;
      }
      Ball const s0 = taylor(0), s1 = moves ? taylor(1) : Ball(0);
      F[i] = f[0] - s0 - Ball(signs_[i]) * z[error()];
      if (free) F[row] = f[1] - s1;
      if (jacobian) {
        for (Index p = 0; p <= d_; ++p) {
          entry(i, p) = -raised(x - a, p);
          if (free && p > 0) entry(row, p) = -integer(p) * raised(x - a, p - 1);
        }
        for (Index q = 1; q <= k_; ++q)
          for (Index p = d_ - m_ + 1; right[q] && p <= d_; ++p) {
            Ball const& c = z[jump(q, p)];
            Ball const lower = truncated(q, p - 1);
            entry(i, jump(q, p)) = -truncated(q, p);
            entry(i, knot(q)) += integer(p) * c * lower;
            if (!free) continue;
            entry(row, jump(q, p)) = -integer(p) * lower;
            if (p > 1) entry(row, knot(q)) += integer(p * (p - 1)) * c * truncated(q, p - 2);
          }
        entry(i, error()) = Ball(-signs_[i]);
        if (moves) entry(i, index_[i]) = f[1] - s1;  // a knot moves its point; s1 is that of the left
        if (free) entry(row, index_[i]) = Ball(2) * (f[2] - taylor(2));
      }
      if (free) ++row;
    }
    return true;
  }

 private:
  static Ball integer(Index n) { return Ball(static_cast<long>(n)); }
  static Ball raised(Ball const& x, Index n) { return power(x, static_cast<unsigned>(n)); }
  static Ball choose(Index n, Index j) { return Ball(binomial(static_cast<int>(n), static_cast<int>(j))); }

  target::Expression const& f_;
  Rational a_;
  Index d_, m_, k_, size_ = 0;
  std::vector<int> signs_;
  std::vector<Index> attached_, index_;
  std::vector<std::optional<Rational>> fixed_;
};

/// The pieces of s with the points of alternation in each.
std::vector<EnclosedPiece> pieces_of(EnclosedMinimax const& r, std::vector<Index> const& attached,
                                     std::vector<std::optional<Rational>> const& fixed, std::vector<int> const& signs,
                                     Rational const& a, Rational const& b) {
  std::vector<EnclosedPiece> pieces;
  Polynomial p;
  for (Index j = 0; j < r.polynomial.size(); ++j)
    arb_poly_set_coeff_arb(p.get(), static_cast<slong>(j), r.polynomial[j].get());
  Polynomial const x = Polynomial::identity();
  Index i = 0;  // the next point
  for (Index q = 0; q <= r.knots.size(); ++q) {
    if (q > 0)
      for (Index j = 0; j < r.jumps[q - 1].size(); ++j) {
        Polynomial shifted = x;
        shifted -= Polynomial(r.knots[q - 1] - Ball(a));
        unsigned const exponent =
            static_cast<unsigned>(r.kind.degree - r.kind.multiplicity + 1) + static_cast<unsigned>(j);
        p.add_multiple(shifted.power(exponent), r.jumps[q - 1][j]);
      }
    EnclosedPiece piece{p, q == 0 ? Ball(a) : r.knots[q - 1], q < r.knots.size() ? r.knots[q] : Ball(b), {}};
    bool const first = q == 0, last = q == r.knots.size();
    if (i < signs.size() && (first ? fixed[i] == a : attached[i] == q)) piece.left_sign = signs[i++];
    for (; i < signs.size() && attached[i] == 0 && fixed[i] != b && (last || certainly_less(r.points[i], piece.right));
         ++i)
      piece.inside.push_back({r.points[i], signs[i], fixed[i].has_value()});
    if (i < signs.size() && (last ? fixed[i] == b : attached[i] == q + 1)) piece.right_sign = signs[i];
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

// Points this near to a knot, relative to its spacing, are meant to be the knot.
constexpr double attached_within = 1e-9;

}  // namespace

EnclosedMinimax enclose_minimax(Function const& f, FreeKnotSpline<Real> const& near, std::vector<Real> const& points,
                                long bits) {
  near.validate();
  int const d = near.kind.degree, m = near.kind.multiplicity, k = near.interior_knots();
  if ((m != 1 && (m != d || d % 2 == 0)) || d > 8)
    throw InvalidInput(
        "a spline of degree 1..8 with simple knots, or a continuous one of odd degree, is needed, not of "
        "degree " +
        std::to_string(d) + " and multiplicity " + std::to_string(m));
  Index const count = static_cast<Index>(d + 2 + (m + 1) * k);
  if (points.size() != count)
    throw InvalidInput("an error that alternates in full has " + std::to_string(count) + " points, not " +
                       std::to_string(points.size()));
  if (f.target().network || !f.target().expression)
    throw InvalidInput("the target must be an expression, not '" + f.target().name + "'");
  target::Expression const& expression = *f.target().expression;
  PrecisionScope const precision(bits);
  std::vector<int> signs;
  std::vector<Index> attached(count, 0);
  std::vector<std::optional<Rational>> fixed(count);
  std::vector<Rational> places = f.exact_breaks();  // where points stay
  places.push_back(f.begin());
  places.push_back(f.end());
  Real level = 0;
  Real const first = f(points[0]) - near(points[0]);
  for (Index i = 0; i < count; ++i) {
    signs.push_back((i % 2 == 0) == (first > 0) ? 1 : -1);
    level += abs(Real(f(points[i]) - near(points[i]))) / static_cast<int>(count);
    for (Index q = 1; m == d && q <= static_cast<Index>(k); ++q) {
      Real const distance = abs(Real(points[i] - near.knots[q]));
      if (distance <= attached_within * (near.knots[q + 1] - near.knots[q - 1])) attached[i] = q;
    }
    Real const before = i > 0 ? Real(points[i] - points[i - 1]) : Real(points[1] - points[0]);
    Real const after = i + 1 < count ? Real(points[i + 1] - points[i]) : before;
    for (Rational const& x : places)
      if (attached[i] == 0 && abs(Real(points[i] - to_real(x))) <= attached_within * (before + after)) fixed[i] = x;
  }
  AlternationSystem const system(expression, f.begin(), near.kind, k, signs, attached, fixed);
  std::vector<Ball> z;
  for (Real const& c : near.taylor(0, near.begin())) z.emplace_back(c);
  for (int q = 1; q <= k; ++q) {
    Real const& t = near.knots[static_cast<Index>(q)];
    std::vector<Real> const left = near.taylor(q - 1, t), right = near.taylor(q, t);
    for (Index p = static_cast<Index>(d - m + 1); p <= static_cast<Index>(d); ++p)
      z.emplace_back(Real(right[p] - left[p]));
  }
  for (int q = 1; q <= k; ++q) z.emplace_back(near.knots[static_cast<Index>(q)]);
  z.emplace_back(level);
  for (Index i = 0; i < count; ++i)
    if (attached[i] == 0 && !fixed[i]) z.emplace_back(points[i]);

  EnclosedMinimax r;
  r.kind = near.kind;
  EnclosedZero zero = krawczyk(system, z, bits);
  r.contraction = zero.contraction;
  r.reason = zero.reason;
  if (!zero.proved) return r;
  auto const part = [&](Index from, Index size) {
    auto const at = zero.x.begin() + static_cast<std::ptrdiff_t>(from);
    return std::vector<Ball>(at, at + static_cast<std::ptrdiff_t>(size));
  };
  r.polynomial = part(0, static_cast<Index>(d + 1));
  for (Index q = 1; q <= static_cast<Index>(k); ++q)
    r.jumps.push_back(part(system.jump(q, static_cast<Index>(d - m + 1)), static_cast<Index>(m)));
  r.knots = part(system.knot(1), static_cast<Index>(k));
  r.error = zero.x[system.error()];
  for (Index i = 0; i < count; ++i) r.points.push_back(system.point(zero.x, i));
  std::vector<Ball> inside{Ball(f.begin())};
  inside.insert(inside.end(), r.knots.begin(), r.knots.end());
  inside.emplace_back(f.end());
  for (std::vector<Ball> const* ascending : {&inside, &r.points})
    for (Index i = 1; i < ascending->size(); ++i)
      if (!certainly_less((*ascending)[i - 1], (*ascending)[i])) {
        r.reason = "the knots or the points are not certainly in order";
        return r;
      }
  for (Index i : {Index(0), count - 1})
    if (!fixed[i] && !(certainly_less(Ball(f.begin()), r.points[i]) && certainly_less(r.points[i], Ball(f.end())))) {
      r.reason = "a point may leave the domain";
      return r;
    }
  if (!r.error.certainly_positive()) {
    r.reason = "the error is not certainly positive";
    return r;
  }
  std::vector<EnclosedPiece> const pieces = pieces_of(r, attached, fixed, signs, f.begin(), f.end());
  // The bound by segments needs d + 2 points in each piece. There are (k + 1)(d + 2) - k, so each knot is one of them,
  // and the order of the points puts those between in their pieces.
  if (m > 1)
    for (EnclosedPiece const& p : pieces)
      if (p.inside.size() + (p.left_sign != 0) + (p.right_sign != 0) < static_cast<Index>(d + 2)) {
        r.reason = "a piece of the spline has fewer than " + std::to_string(d + 2) + " points of the alternation";
        return r;
      }
  r.proved = true;
  r.optimal = true;
  r.least = r.error;
  // the theorem needs the ends and, inside, critical points or corners: none that was held at a break
  bool const to_the_ends =
      fixed.front() == f.begin() && fixed.back() == f.end() &&
      std::count(fixed.begin(), fixed.end(), std::nullopt) + 2 == static_cast<std::ptrdiff_t>(count);
  if (m == 1 && to_the_ends && derivative_has_no_zero(expression, f.begin(), f.end(), d + 1)) return r;
  Ball const most = r.error * (Ball(1) + Ball(power_of_two(-bits / 2)));
  bool exact = true;
  for (EnclosedPiece const& p : pieces)
    r.optimal = r.optimal && error_stays_below(expression, f.begin(), p, r.error, most, exact, r.reason);
  if (!exact) r.least = hull(r.error, most);
  return r;
}

}  // namespace nwidth::fitting
