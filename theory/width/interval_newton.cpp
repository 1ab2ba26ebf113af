// SPDX-License-Identifier: Apache-2.0
#include "theory/width/interval_newton.hpp"

#include "theory/number/ball_matrix.hpp"
#include "theory/width/ball_spline.hpp"
#include "theory/width/critical_points.hpp"

namespace nwidth::width {
namespace {

using Vector = std::vector<Ball>;

/// The unknowns: first c, E and the knots (together p), then the points inside (x).
struct System {
  HalfSpline<Ball> spline;
  Ball level;
  Vector points;
  std::size_t first;  // of the points inside: points[first .. size - 2]
  std::vector<int> signs;

  explicit System(Alternating<Real> const& s) : spline(s.spline.n, s.spline.N), first(s.spline.N % 2 == 0 ? 1 : 0) {
    for (std::size_t i = 0; i < s.spline.c.size(); ++i) spline.c[i] = Ball(s.spline.c[i]);
    for (std::size_t q = 0; q < s.spline.knots.size(); ++q) spline.knots[q] = Ball(s.spline.knots[q]);
    for (std::size_t i = 0; i < s.points.size(); ++i) {
      points.emplace_back(s.points[i]);
      signs.push_back(s.sign(i));
    }
    level = mid(value(spline, Ball(1)) * Ball(signs.back()));
  }

  std::size_t size() const { return points.size(); }                // of p
  std::size_t inside() const { return points.size() - 1 - first; }  // of x

  void residual(Vector& f, Vector& g) const {
    f.clear();
    g.clear();
    for (std::size_t i = 0; i < size(); ++i) f.push_back(value(spline, points[i]) - Ball(signs[i]) * level);
    for (std::size_t v = 0; v < inside(); ++v) g.push_back(value(spline, points[first + v], 1));
  }
  /// The derivatives by p of P^(j) - (j = 0) sign E at points[first ..].
  void jacobian(BallMatrix& to, int j) const {
    std::size_t const from = j == 0 ? 0 : first, rows = j == 0 ? size() : inside();
    for (std::size_t i = 0; i < rows; ++i) {
      Ball const& x = points[from + i];
      for (std::size_t a = 0; a < spline.c.size(); ++a) {
        int const e = spline.exponent(a) - j;
        Ball term(e < 0 ? 0 : 1);
        for (int k = 1; k <= e; ++k) term = term * x / Ball(k);
        to.set(i, a, term);
      }
      to.set(i, spline.c.size(), Ball(j == 0 ? -signs[i] : 0));
      for (std::size_t q = 0; q < spline.knots.size(); ++q)
        to.set(i, spline.c.size() + 1 + q, knot_derivative(spline, q, x, j));
    }
  }
  Vector diagonal(int j) const {  // P^(j) at the points inside
    Vector d;
    for (std::size_t v = 0; v < inside(); ++v) d.push_back(value(spline, points[first + v], j));
    return d;
  }
  void move(Vector const& p, Vector const& x) {
    for (std::size_t a = 0; a < spline.c.size(); ++a) spline.c[a] += p[a];
    level += p[spline.c.size()];
    for (std::size_t q = 0; q < spline.knots.size(); ++q) spline.knots[q] += p[spline.c.size() + 1 + q];
    for (std::size_t v = 0; v < inside(); ++v) points[first + v] += x[v];
  }
  /// Moves the centre, which stays a point.
  void recentre(Vector const& p, Vector const& x) {
    move(p, x);
    for (Vector* part : {&spline.c, &spline.knots, &points})
      for (Ball& b : *part) b = mid(std::move(b));
    level = mid(std::move(level));
  }
};

/// The approximate inverse Y of the Jacobian at the centre, where P'(points) = 0:
///   Y = [A^-1, 0; -D^-1 B A^-1, D^-1],  A, B = derivatives of P, P' by p,  D = diag P''(points).
struct Preconditioner {
  BallMatrix A, inverse, B;
  Vector D;
  bool good = false;

  explicit Preconditioner(System const& s)
      : A(s.size(), s.size()), inverse(s.size(), s.size()), B(s.inside(), s.size()), D(s.diagonal(2)) {
    s.jacobian(A, 0);
    s.jacobian(B, 1);
    B.take_midpoints();
    good = inverse.set_approximate_inverse(A);
    for (Ball& d : D) {
      d = mid(d);
      good = good && !d.contains_zero();
    }
  }
  /// -Y (f; g)
  void correction(Vector const& f, Vector const& g, Vector& p, Vector& x) {
    p = inverse * f;
    x = B * p;
    for (std::size_t v = 0; v < x.size(); ++v) x[v] = (x[v] - g[v]) / D[v];
    for (Ball& b : p) b = -b;
  }
};

/// p, x := -Y F(centre) + (I - Y J(box)) (rp; rx), the Krawczyk operator relative to the centre.
void krawczyk(Preconditioner const& Y, System const& box, Vector const& rp, Vector const& rx, Vector& p, Vector& x) {
  std::size_t const M = box.size(), V = box.inside();
  BallMatrix A(M, M), B(V, M), YA(M, M), BYA(V, M);
  box.jacobian(A, 0);
  box.jacobian(B, 1);
  YA.set_product(Y.inverse, A);
  BYA.set_product(Y.B, YA);
  Vector const D1 = box.diagonal(1), D2 = box.diagonal(2);
  arb_mat_sub(BYA.get(), BYA.get(), B.get(), working_precision());
  YA.subtract_identity();
  Vector slopes(M);  // P'(points) times the radii of the points
  for (std::size_t v = 0; v < V; ++v) slopes[box.first + v] = D1[v] * rx[v];
  Vector const a = YA * rp, b = Y.inverse * slopes, c = BYA * rp, d = Y.B * b;
  for (std::size_t i = 0; i < M; ++i) p[i] -= a[i] + b[i];
  for (std::size_t v = 0; v < V; ++v) x[v] += (c[v] + d[v] + (Y.D[v] - D2[v]) * rx[v]) / Y.D[v];
}

bool inside(Vector const& image, Vector const& box) {
  for (std::size_t i = 0; i < image.size(); ++i)
    if (!arb_contains_interior(box[i].get(), image[i].get())) return false;
  return true;
}

bool in_order(Vector const& v, bool closed) {  // in (0, 1), or [0, 1]
  for (std::size_t i = 0; i + 1 < v.size(); ++i)
    if (!certainly_less(v[i], v[i + 1])) return false;
  return closed || v.empty() || (v.front().certainly_positive() && certainly_less(v.back(), Ball(1)));
}

/// The zero between points[i] and points[i + 1], where P is monotone: interval Newton around an approximation.
bool enclose_zero(HalfSpline<Ball> const& p, Real const& near, Ball& zero) {
  Ball x = Ball(near);
  Ball step;
  for (int it = 0; it < 3; ++it) {
    step = value(p, x) / value(p, x, 1);
    x = mid(x - step);
  }
  step = value(p, x) / value(p, x, 1);
  Ball const box = x + symmetric(step, 4);
  zero = x - value(p, x) / value(p, box, 1);
  return zero.is_finite() && arb_contains_interior(box.get(), zero.get());
}

}  // namespace

EnclosedSpline interval_newton(Alternating<Real> const& near, long bits) {
  PrecisionScope const precision(bits);
  EnclosedSpline r;
  auto fail = [&](char const* why) {
    r.reason = why;
    return r;
  };
  System centre(near);
  Vector f, g, p, x;
  for (int it = 0; it < 3; ++it) {  // the start has the digits of Real; these steps reach the precision asked for
    Preconditioner Y(centre);
    if (!Y.good) return fail("the Jacobian is singular to working precision");
    centre.residual(f, g);
    Y.correction(f, g, p, x);
    centre.recentre(p, x);
  }
  Preconditioner Y(centre);
  if (!Y.good) return fail("the Jacobian is singular to working precision");
  centre.residual(f, g);
  Y.correction(f, g, p, x);
  Vector const p0 = p, x0 = x;
  bool contained = false;
  for (int it = 0; it < 6 && !contained; ++it) {
    Vector rp, rx;
    for (Ball const& b : p) rp.push_back(symmetric(b, 4));
    for (Ball const& b : x) rx.push_back(symmetric(b, 4));
    System box = centre;
    box.move(rp, rx);
    p = p0;
    x = x0;
    krawczyk(Y, box, rp, rx, p, x);
    contained = inside(p, rp) && inside(x, rx);
  }
  if (!contained) return fail("the Krawczyk image is not inside its box");
  centre.move(p, x);
  r.spline = std::move(centre.spline);
  r.level = std::move(centre.level);
  r.points = std::move(centre.points);
  if (!in_order(r.spline.knots, false)) return fail("the knots are not certainly in order inside (0, 1)");
  if (!in_order(r.points, true)) return fail("the extrema are not certainly in order");
  if (!r.level.certainly_positive()) return fail("the level is not certainly positive");
  Pieces<Real> const P(near.spline);
  for (std::size_t i = 0; i + 1 < near.points.size(); ++i) {
    Ball zero;
    if (!enclose_zero(r.spline, zero_between(P, 0, near.points[i], near.points[i + 1], 400), zero) ||
        !certainly_less(r.points[i], zero) || !certainly_less(zero, r.points[i + 1]))
      return fail("a zero could not be enclosed");
    r.zeros.push_back(std::move(zero));
  }
  r.proved = true;
  return r;
}

}  // namespace nwidth::width
