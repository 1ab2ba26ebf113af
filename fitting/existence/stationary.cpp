// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/stationary.hpp"

#include "fitting/existence/krawczyk.hpp"
#include "fitting/existence/moments.hpp"
#include "theory/number/ball_matrix.hpp"

namespace nwidth::fitting {
namespace {

using Index = std::size_t;

// Fits in double leave a jump that should be 0 at about 1e-8 of those of the other derivatives.
constexpr double small_jump = 1e-6;

Ball integer(Index n) { return Ball(static_cast<long>(n)); }

/// int_0^L (y + delta)^alpha y^beta dy, delta >= 0: <(x - u)_+^alpha, (x - v)_+^beta>, v - u = delta, b - v = L.
Ball product(Ball const& delta, Ball const& L, Index alpha, Index beta) {
  Ball sum(0);
  for (Index l = 0; l <= alpha; ++l)
    sum += Ball(binomial(static_cast<int>(alpha), static_cast<int>(l))) *
           power(delta, static_cast<unsigned>(alpha - l)) * power(L, static_cast<unsigned>(l + beta + 1)) /
           integer(l + beta + 1);
  return sum;
}

/// The truncated power at node 0 (a) or q (t_q).
struct Truncated {
  Index node, exponent;
};

class StationarySystem final : public BallSystem {
 public:
  StationarySystem(Moments const& moments, Function const& f, SplineClass const& kind, std::vector<bool> smooth)
      : moments_(moments), a_(f.begin()), b_(f.end()), k_(smooth.size()), smooth_(std::move(smooth)) {
    Index const d = static_cast<Index>(kind.degree), m = static_cast<Index>(kind.multiplicity);
    for (Index p = 0; p <= d; ++p) {
      basis_.push_back({0, p});
      tests_.push_back({0, p});
    }
    for (Index q = 1; q <= k_; ++q)
      for (Index i = d - m; i <= d; ++i) {
        tests_.push_back({q, i});
        if (i > d - m) basis_.push_back({q, i});
      }
  }

  /// The coefficients in the order of basis(), then the knots.
  Index size() const override { return tests_.size(); }
  std::vector<Truncated> const& basis() const { return basis_; }
  Index knot(Index q) const { return basis_.size() + q - 1; }

  bool evaluate(std::vector<Ball> const& z, std::vector<Ball>& F, std::vector<Ball>* jacobian,
                std::string& reason) const override {
    if (!products(z, F, jacobian, reason)) return false;
    Index const n = size();
    for (Index g = 0; g < basis_.size(); ++g) {
      if (!is_first(g) || !smooth_[basis_[g].node - 1]) continue;
      Index const row = test_below(g);  // the coefficient stands in for the product
      F[row] = z[g];
      for (Index column = 0; jacobian && column < n; ++column)
        (*jacobian)[row * n + column] = Ball(column == g ? 1 : 0);
    }
    return true;
  }

  /// Half the Hessian of ||f - s||^2 at every zero of F in the box z.
  bool hessian(std::vector<Ball> const& z, BallMatrix& H, std::string& reason) const {
    std::vector<Ball> F, J;
    if (!products(z, F, &J, reason)) return false;
    Index const n = size();
    auto const add = [&](Index i, Index j, Ball const& x) {
      arb_add(H.at(i, j), H.at(i, j), x.get(), working_precision());
    };
    for (Index g = 0; g < basis_.size(); ++g) {
      auto const [u, alpha] = basis_[g];
      Index const own = u == 0 ? alpha : test_below(g) + 1;
      for (Index column = 0; column < n; ++column) H.set(g, column, -J[own * n + column]);
      if (u == 0) continue;
      Index const row = test_below(g);
      for (Index column = 0; column < n; ++column) add(knot(u), column, z[g] * integer(alpha) * J[row * n + column]);
      if (is_first(g) && smooth_[u - 1]) add(knot(u), g, integer(alpha) * F[row]);  // else the product is 0
    }
    return true;
  }

  /// ||f||^2 - <f, s>
  Ball square(std::vector<Ball> const& z) const {
    Ball sum = moments_.square();
    std::vector<Ball> M = moments_.from_begin();
    for (Index g = 0; g < basis_.size(); ++g) {
      auto const [u, alpha] = basis_[g];
      if (is_first(g) && !moments_.from(z[knot(u)], M)) return Ball(1) / Ball(0);
      sum -= z[g] * M[alpha];
    }
    return sum;
  }

 private:
  bool is_first(Index g) const { return basis_[g].node > 0 && basis_[g - 1].node != basis_[g].node; }
  /// The test at the knot of basis function g, of one degree less.
  Index test_below(Index g) const {
    return g + basis_[g].node - 1;  // each knot has one test more than it has basis functions
  }

  /// <e, test> for all tests, and the derivatives.
  bool products(std::vector<Ball> const& z, std::vector<Ball>& F, std::vector<Ball>* jacobian,
                std::string& reason) const {
    Index const n = size();
    std::vector<Ball> node{Ball(a_)};
    for (Index q = 1; q <= k_; ++q) node.push_back(z[knot(q)]);
    for (Index q = 0; q <= k_; ++q)
      if (!certainly_less(node[q], q < k_ ? node[q + 1] : Ball(b_))) {
        reason = "the knots are not certainly in order inside the domain";
        return false;
      }
    std::vector<std::vector<Ball>> M(k_ + 1);
    M[0] = moments_.from_begin();
    for (Index q = 1; q <= k_; ++q)
      if (!moments_.from(node[q], M[q])) {
        reason = "a knot may leave the domain";
        return false;
      }
    F.assign(n, Ball(0));
    if (jacobian) jacobian->assign(n * n, Ball(0));
    for (Index row = 0; row < n; ++row) {
      auto const [v, beta] = tests_[row];
      F[row] = M[v][beta];
      auto const entry = [&](Index column) -> Ball& { return (*jacobian)[row * n + column]; };
      if (jacobian && v > 0) entry(knot(v)) = beta > 0 ? -integer(beta) * M[v][beta - 1] : -moments_.value(node[v]);
      for (Index g = 0; g < basis_.size(); ++g) {
        auto const [u, alpha] = basis_[g];
        bool const early = u <= v;  // the node of the basis function is that on the left
        Ball const delta = early ? node[v] - node[u] : node[u] - node[v], L = Ball(b_) - node[early ? v : u];
        Index const left = early ? alpha : beta, right = early ? beta : alpha;
        Ball const inner = u == v ? power(L, static_cast<unsigned>(alpha + beta + 1)) / integer(alpha + beta + 1)
                                  : product(delta, L, left, right);
        F[row] -= z[g] * inner;
        if (!jacobian) continue;
        entry(g) = -inner;
        if (u == v) {
          if (u > 0) entry(knot(u)) += z[g] * power(L, static_cast<unsigned>(alpha + beta));
          continue;
        }
        Ball const by_left = left > 0 ? -integer(left) * product(delta, L, left - 1, right) : Ball(0);
        Ball const by_right = right > 0 ? -integer(right) * product(delta, L, left, right - 1)
                                        : -power(delta, static_cast<unsigned>(left));
        if (u > 0) entry(knot(u)) -= z[g] * (early ? by_left : by_right);
        if (v > 0) entry(knot(v)) -= z[g] * (early ? by_right : by_left);
      }
    }
    return true;
  }

  Moments const& moments_;
  Rational a_, b_;
  Index k_;
  std::vector<bool> smooth_;
  std::vector<Truncated> basis_, tests_;
};

}  // namespace

EnclosedStationary enclose_stationary(Function const& f, FreeKnotSpline<Real> const& near, long bits) {
  near.validate();
  int const d = near.kind.degree, m = near.kind.multiplicity, k = near.interior_knots();
  if (d > 8) throw InvalidInput("a spline of degree 1..8 is needed, not of degree " + std::to_string(d));
  PrecisionScope const precision(bits);
  EnclosedStationary r;
  r.kind = near.kind;
  Moments const moments(f, d);
  if (!moments.good()) {
    r.reason = moments.reason();
    return r;
  }
  std::vector<Ball> z;
  for (Real const& c : near.taylor(0, near.begin())) z.emplace_back(c);
  for (int q = 1; q <= k; ++q) {
    Real const& t = near.knots[static_cast<Index>(q)];
    std::vector<Real> const left = near.taylor(q - 1, t), right = near.taylor(q, t);
    Real const before = t - near.knots[static_cast<Index>(q) - 1], after = near.knots[static_cast<Index>(q) + 1] - t;
    Real const h = before < after ? before : after;
    Real first = 0, most = 0, power = pow(h, d - m + 1);
    for (Index i = static_cast<Index>(d - m + 1); i <= static_cast<Index>(d); ++i, power *= h) {
      Real const jump = right[i] - left[i], size = abs(jump) * power;
      if (i == static_cast<Index>(d - m + 1)) first = size;
      if (size > most) most = size;
      z.emplace_back(jump);
    }
    r.smooth.push_back(m > 1 && first <= small_jump * most);
  }
  StationarySystem const system(moments, f, near.kind, r.smooth);
  for (int q = 1; q <= k; ++q) z.emplace_back(near.knots[static_cast<Index>(q)]);
  EnclosedZero zero = krawczyk(system, z, bits);
  r.contraction = zero.contraction;
  r.reason = zero.reason;
  if (!zero.proved) return r;
  for (Index g = 0; g < system.basis().size(); ++g) {
    Index const node = system.basis()[g].node;
    if (node == 0) {
      r.polynomial.push_back(zero.x[g]);
    } else {
      r.jumps.resize(node);
      r.jumps.back().push_back(zero.x[g]);
    }
  }
  for (Index q = 1; q <= static_cast<Index>(k); ++q) r.knots.push_back(zero.x[system.knot(q)]);
  for (Index q = 0; q <= r.knots.size(); ++q) {
    Ball const left = q == 0 ? Ball(f.begin()) : r.knots[q - 1],
               right = q < r.knots.size() ? r.knots[q] : Ball(f.end());
    if (!certainly_less(left, right)) {
      r.reason = "the knots are not certainly in order inside the domain";
      return r;
    }
  }
  Ball const square = system.square(zero.x);
  if (!square.certainly_positive()) {
    r.reason = "the error is not certainly positive at " + std::to_string(bits) + " bits";
    return r;
  }
  r.error = sqrt(square);
  r.proved = true;
  BallMatrix H(system.size(), system.size());
  r.minimum = system.hessian(zero.x, H, r.reason) && H.certainly_positive_definite();
  if (!r.minimum && r.reason.empty()) r.reason = "the Hessian is not certainly positive definite";
  return r;
}

}  // namespace nwidth::fitting
