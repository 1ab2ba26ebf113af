// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation/polynorm.hpp"

#include "tests/kernels/activation/check.hpp"

namespace {

using namespace nwidth;
using test::for_random;

template <class T>
std::vector<T> polynorm(activation::PolyNorm<T> const& f, std::vector<T> const& x) {
  T m[3] = {T(0), T(0), T(0)};
  for (T const& v : x) activation::PolyNorm<T>::moments(v, m);
  auto const r =
      f.forward(m, T(static_cast<double>(x.size())), [](T const& v) { return T(1) / activation::ops<T>::sqrt(v); });
  std::vector<T> y;
  for (T const& v : x) y.push_back(activation::PolyNorm<T>::value(v, r));
  return y;
}

/// The formula as it is written, with pow and one division per power.
template <class T>
std::vector<T> written(T const* w, T const& b, T const& eps, std::vector<T> const& x) {
  std::vector<T> y(x.size(), b);
  for (int p = 1; p <= 3; ++p) {
    T mean(0);
    auto const power = [p](T const& v) { return p == 1 ? v : p == 2 ? T(v * v) : T(v * v * v); };
    for (T const& v : x) mean = mean + power(v) * power(v) / T(static_cast<double>(x.size()));
    T const norm = activation::ops<T>::sqrt(mean + eps);  // eps inside the mean's root, after the power
    for (std::size_t j = 0; j < x.size(); ++j) y[j] = y[j] + w[3 - p] * power(x[j]) / norm;
  }
  return y;
}

std::vector<double> random_row(std::mt19937_64& g, int n, double size) {
  std::vector<double> x;
  for (int j = 0; j < n; ++j) x.push_back(size * test::uniform_real(g, -1, 1));
  return x;
}

TEST(PolyNorm, IsItsFormulaInRealAndBall) {
  for_random(200, [](std::mt19937_64& g) {
    std::vector<double> const x =
        random_row(g, static_cast<int>(test::uniform(g, 1, 9)), test::pick(g, std::vector{1e-3, 0.1, 1., 30.}));
    double const w[3] = {test::uniform_real(g, -1, 1), test::uniform_real(g, -1, 1), test::uniform_real(g, -1, 1)};
    double const b = test::uniform_real(g, -1, 1), eps = 1e-6;
    Real const W[3] = {Real(w[0]), Real(w[1]), Real(w[2])};
    std::vector<Real> const X(x.begin(), x.end());
    std::vector<Ball> const balls(x.begin(), x.end());
    std::vector<Real> const truth = written(W, Real(b), Real(eps), X);
    auto const y = polynorm(activation::PolyNorm<Real>{{W[0], W[1], W[2]}, Real(b), Real(eps)}, X);
    auto const z =
        polynorm(activation::PolyNorm<Ball>{{Ball(w[0]), Ball(w[1]), Ball(w[2])}, Ball(b), Ball(eps)}, balls);
    auto const d = polynorm(activation::PolyNorm<double>{{w[0], w[1], w[2]}, b, eps}, x);
    for (std::size_t j = 0; j < x.size(); ++j) {
      EXPECT_TRUE(test::magnitude(y[j] - truth[j]) <= Real("1e-95"));
      EXPECT_TRUE(z[j].contains(exact(truth[j])));
      // a term is within sqrt(n) <= 3 of its weight; sums of n + 6 roundings
      EXPECT_TRUE(test::magnitude(Real(d[j]) - truth[j]) <= Real(40 * 0x1p-53 * 10));
    }
  });
}

TEST(PolyNorm, OrderIsCubicQuadraticLinear) {
  std::vector<double> const x{1, -2, 3};
  double const mean2 = 14. / 3, mean4 = 98. / 3, mean6 = 794. / 3;
  auto const only = [&](double cubic, double quadratic, double linear, double b) {
    return polynorm(activation::PolyNorm<double>{{cubic, quadratic, linear}, b, 0}, x)[1];
  };
  EXPECT_NEAR(only(1, 0, 0, 0), -8 / std::sqrt(mean6), 1e-14);  // the sign of an odd power stays
  EXPECT_NEAR(only(0, 1, 0, 0), 4 / std::sqrt(mean4), 1e-14);
  EXPECT_NEAR(only(0, 0, 1, 0), -2 / std::sqrt(mean2), 1e-14);
  EXPECT_EQ(only(0, 0, 0, 7), 7);
}

TEST(PolyNorm, GradientsAreJets) {
  constexpr int n = 6;
  using K = ceres::Jet<double, n + 4>;
  for_random(200, [](std::mt19937_64& random) {
    std::vector<double> const x = random_row(random, n, 3), g = random_row(random, n, 1);
    std::vector<K> jets;
    for (int j = 0; j < n; ++j) jets.emplace_back(x[static_cast<std::size_t>(j)], j);
    activation::PolyNorm<double> const f{{0.5, -0.25, 0.75}, 0.125, 1e-6};
    auto const y =
        polynorm(activation::PolyNorm<K>{{K(0.5, n), K(-0.25, n + 1), K(0.75, n + 2)}, K(0.125, n + 3), K(1e-6)}, jets);
    K loss(0);
    double m[7] = {};
    for (std::size_t j = 0; j < n; ++j) {
      loss += K(g[j]) * y[j];
      activation::PolyNorm<double>::moments(x[j], g[j], m);
    }
    auto const r = f.backward(m, double{n}, [](double v) { return 1 / std::sqrt(v); });
    for (int j = 0; j < n; ++j) {
      auto const i = static_cast<std::size_t>(j);
      EXPECT_NEAR(activation::PolyNorm<double>::gradient(x[i], g[i], r), loss.v[j], 1e-11 * (1 + std::fabs(loss.v[j])));
    }
    for (int q = 0; q < 4; ++q) EXPECT_NEAR(r.d[q], loss.v[n + q], 1e-11 * (1 + std::fabs(loss.v[n + q])));
  });
}

}  // namespace
