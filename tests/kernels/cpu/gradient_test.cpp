// SPDX-License-Identifier: Apache-2.0
/// Backward is the derivative of forward: against differences in 100 digits, which know no formula of a gradient.
#include "kernels/cpu/gated.hpp"
#include "tests/kernels/cpu/reference.hpp"
#include "tests/random.hpp"

namespace nwidth::kernels::cpu {
namespace {

using Vector = std::vector<Real>;

/// sum g y over rows of width n; forward only.
Real objective(bool norm, Vector const& a, Vector const& x, Vector const& g, std::size_t n, Real const& eps) {
  Real sum = 0;
  for (std::size_t r = 0; r < x.size(); r += n) {
    Real R[4] = {1, 1, 1, 1};
    for (int p = 1; norm && p < 4; ++p) {
      Real mean = 0;
      for (std::size_t j = r; j < r + n; ++j) mean += pow(x[j], 2 * p) / n;
      R[p] = 1 / sqrt(Real(mean + eps));
    }
    for (std::size_t j = r; j < r + n; ++j) {
      Real const u = norm || x[j] > 0 ? x[j] : Real(0);
      sum += g[j] * (a[0] + a[1] * R[1] * u + a[2] * R[2] * u * u + a[3] * R[3] * u * u * u);
    }
  }
  return sum;
}

/// d objective / d v[i] by a central difference: its error is about 1e-60.
template <class F>
double slope(Vector v, std::size_t i, F const& f) {
  Real const h = Real("1e-30"), at = v[i];
  v[i] = at + h;
  Real const above = f(v);
  v[i] = at - h;
  return static_cast<double>((above - f(v)) / (2 * h));
}

void check(bool norm, std::mt19937_64& r) {
  std::size_t const n = static_cast<std::size_t>(test::uniform(r, 1, 9)), rows = 3, count = n * rows;
  auto const size = static_cast<std::int64_t>(n);
  Coefficients const c{{test::uniform_real(r, -1, 1), test::uniform_real(r, -1, 1), test::uniform_real(r, -1, 1)},
                       test::uniform_real(r, -1, 1),
                       test::coin(r) ? 1e-6 : 0.1};
  std::vector<double> x(count), g(count), dx(count);
  for (std::size_t i = 0; i < count; ++i) {
    x[i] = test::uniform_real(r, -2, 2);
    g[i] = test::uniform_real(r, -2, 2);
  }
  Vector const X(x.begin(), x.end()), G(g.begin(), g.end()), a{c.bias, c.w[2], c.w[1], c.w[0]};
  Real const eps = c.eps;
  double d[4];
  Rows<double> const out{dx.data(), 3, size, size};
  if (norm) {
    polynorm_backward(c, {x.data(), 3, size, size}, {g.data(), 3, size, size}, out, d);
  } else {
    polyrelu_backward(c, {x.data(), 3, size, size}, {g.data(), 3, size, size}, out, d);
  }
  for (std::size_t i = 0; i < count; ++i) {
    double const expected = slope(X, i, [&](Vector const& v) { return objective(norm, a, v, G, n, eps); });
    EXPECT_NEAR(dx[i], expected, 1e-12) << "dx[" << i << "] at x = " << x[i] << ", width " << n;
  }
  for (std::size_t k = 0; k < 4; ++k) {
    double const expected = slope(a, k, [&](Vector const& v) { return objective(norm, v, X, G, n, eps); });
    EXPECT_NEAR(d[3 - k], expected, 1e-12) << "coefficient of power " << k << ", width " << n;
  }
}

/// PolyNorm on the gate: the objective above with scale g up in place of g.
void check_glu(std::mt19937_64& r) {
  std::size_t const n = static_cast<std::size_t>(test::uniform(r, 1, 9)), rows = 3, count = n * rows;
  auto const size = static_cast<std::int64_t>(n);
  Coefficients const c{{test::uniform_real(r, -1, 1), test::uniform_real(r, -1, 1), test::uniform_real(r, -1, 1)},
                       test::uniform_real(r, -1, 1),
                       test::coin(r) ? 1e-6 : 0.1};
  double const scale = test::uniform_real(r, -2, 2);
  std::vector<double> gate(count), up(count), g(count), dgate(count), dup(count);
  for (auto* v : {&gate, &up, &g}) {
    for (double& x : *v) x = test::uniform_real(r, -2, 2);
  }
  Vector const x(gate.begin(), gate.end()), u(up.begin(), up.end()), a{c.bias, c.w[2], c.w[1], c.w[0]};
  Real const eps = c.eps;
  auto value = [&](Vector const& coefficients, Vector const& at, Vector const& by) {
    Vector arriving;
    for (std::size_t i = 0; i < count; ++i) arriving.push_back(scale * g[i] * by[i]);
    return objective(true, coefficients, at, arriving, n, eps);
  };
  auto in = [&](std::vector<double> const& v) { return Rows<double const>{v.data(), 3, size, size}; };
  auto out = [&](std::vector<double>& v) { return Rows<double>{v.data(), 3, size, size}; };
  double d[4];
  polynorm_glu_backward(c, scale, in(gate), in(up), in(g), out(dgate), out(dup), d);
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_NEAR(dgate[i], slope(x, i, [&](Vector const& v) { return value(a, v, u); }), 1e-12) << "dgate, width " << n;
    EXPECT_NEAR(dup[i], slope(u, i, [&](Vector const& v) { return value(a, x, v); }), 1e-12) << "dup, width " << n;
  }
  for (std::size_t k = 0; k < 4; ++k) {
    double const expected = slope(a, k, [&](Vector const& v) { return value(v, x, u); });
    EXPECT_NEAR(d[3 - k], expected, 1e-12) << "coefficient of power " << k << ", width " << n;
  }
}

TEST(Gradient, OfPolyReluIsItsDerivative) {
  test::for_random(40, [](std::mt19937_64& r) { check(false, r); });
}
TEST(Gradient, OfPolyNormIsItsDerivative) {
  test::for_random(40, [](std::mt19937_64& r) { check(true, r); });
}
TEST(Gradient, OfPolyNormOnAGateIsItsDerivative) { test::for_random(30, check_glu); }

}  // namespace
}  // namespace nwidth::kernels::cpu
