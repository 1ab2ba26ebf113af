// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/levelled.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <boost/multiprecision/eigen.hpp>
#include <cmath>
#include <string>

#include "theory/number/error.hpp"

namespace nwidth::fitting::rational {
namespace {

/// mu_i up to a common factor. The differences are scaled to an interval of capacity 1, so that products of a hundred
/// of them stay in the range of doubles.
template <class T>
std::vector<T> measure(std::vector<T> const& t, std::vector<T> const& omega) {
  using std::abs;
  T const scale = T(4) / (t.back() - t.front());
  std::vector<T> mu;
  for (std::size_t i = 0; i < t.size(); ++i) {
    T product(1);
    for (std::size_t j = 0; j < t.size(); ++j)
      if (j != i) product *= scale * (t[i] - t[j]);
    mu.push_back(T(1) / (abs(product) * omega[i]));
  }
  return mu;
}

/// Stieltjes' procedure; row j of the result holds sqrt(mu_i) phi_j(t_i).
template <class T>
std::vector<std::vector<T>> orthogonalise(OrthogonalBasis<T>& basis, std::vector<T> const& t, std::vector<T> const& mu,
                                          int degree) {
  using std::sqrt;
  std::vector<std::vector<T>> rows;
  std::vector<T> v(t.size());
  for (std::size_t i = 0; i < t.size(); ++i) v[i] = sqrt(mu[i]);
  auto norm = [](std::vector<T> const& u) {
    T s(0);
    for (T const& ui : u) s += ui * ui;
    return T(sqrt(s));
  };
  basis.beta.push_back(norm(v));
  for (T& vi : v) vi /= basis.beta[0];
  rows.push_back(v);
  for (int j = 0; j < degree; ++j) {
    std::vector<T> const& now = rows.back();
    T alpha(0);
    for (std::size_t i = 0; i < t.size(); ++i) alpha += t[i] * now[i] * now[i];
    for (std::size_t i = 0; i < t.size(); ++i) {
      v[i] = (t[i] - alpha) * now[i];
      if (j > 0) v[i] -= basis.beta.back() * rows[rows.size() - 2][i];
    }
    basis.alpha.push_back(alpha);
    basis.beta.push_back(norm(v));
    for (T& vi : v) vi /= basis.beta.back();
    rows.push_back(v);
  }
  return rows;
}

}  // namespace

template <class T>
Levelled<T> levelled_reference(std::vector<T> const& x, std::vector<T> const& f, int m, int n, Symmetry symmetry) {
  using std::sqrt;
  std::size_t const count = static_cast<std::size_t>(m + n + 2);
  if (m < 0 || n < 0 || x.size() != count || f.size() != count)
    throw InvalidInput("type (" + std::to_string(m) + ", " + std::to_string(n) +
                       ") is levelled on m + n + 2 points, not " + std::to_string(x.size()) + " with " +
                       std::to_string(f.size()) + " values");
  for (std::size_t i = 0; i < count; ++i)
    if ((i > 0 && !(x[i - 1] < x[i])) || (symmetry == Symmetry::odd && !(x[i] > 0)) ||
        (symmetry == Symmetry::even && !(x[i] >= 0)))
      throw InvalidInput("a reference ascends, and is of one sign under a symmetry");
  std::vector<T> t = x, omega(count, T(1));
  if (symmetry != Symmetry::none)
    for (T& ti : t) ti *= ti;
  if (symmetry == Symmetry::odd) omega = x;

  Levelled<T> result;
  result.r.symmetry = symmetry;
  std::vector<T> const mu = measure(t, omega);
  std::vector<std::vector<T>> const rows = orthogonalise(result.r.basis, t, mu, std::max(m, n));
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> a(n + 1, n + 1);
  for (int k = 0; k <= n; ++k)
    for (int l = 0; l <= k; ++l) {
      T s(0);
      for (std::size_t i = 0; i < count; ++i) {
        T const term = f[i] * rows[static_cast<std::size_t>(k)][i] * rows[static_cast<std::size_t>(l)][i];
        s += i % 2 == 0 ? term : T(-term);
      }
      a(k, l) = a(l, k) = s;
    }
  Eigen::SelfAdjointEigenSolver<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>> const solver(a);
  if (solver.info() != Eigen::Success) return result;
  std::vector<T> best;  // sqrt(mu_i) q(t_i)
  for (int e = 0; e <= n; ++e) {
    std::vector<T> q(count, T(0));
    for (int k = 0; k <= n; ++k)
      for (std::size_t i = 0; i < count; ++i)
        q[i] += solver.eigenvectors()(k, e) * rows[static_cast<std::size_t>(k)][i];
    T sum(0), least = q[0], most = q[0];
    for (T const& qi : q) sum += qi;
    for (T const& qi : q) {
      if (qi < least) least = qi;
      if (qi > most) most = qi;
    }
    T const positivity = sum < 0 ? T(most / least) : T(least / most);  // NaN fails the comparison below
    if (!(positivity > result.positivity) && !best.empty()) continue;
    if (!(positivity > T(-2))) continue;
    result.positivity = positivity;
    result.level = solver.eigenvalues()(e);
    best = q;
    result.r.q.clear();
    for (int k = 0; k <= n; ++k)
      result.r.q.push_back(sum < 0 ? T(-solver.eigenvectors()(k, e)) : solver.eigenvectors()(k, e));
    if (sum < 0)
      for (T& qi : best) qi = -qi;
  }
  if (best.empty()) return result;
  // p(t_i) = q(t_i) (f_i - (-1)^i level)/omega_i has degree m: its coefficients by projection, and once more for what
  // the rounded basis has lost
  std::vector<T> rest(count);
  for (std::size_t i = 0; i < count; ++i)
    rest[i] = best[i] * (f[i] - (i % 2 == 0 ? result.level : T(-result.level))) / omega[i];
  result.r.p.assign(static_cast<std::size_t>(m) + 1, T(0));
  for (int pass = 0; pass < 2; ++pass)
    for (std::size_t k = 0; k < result.r.p.size(); ++k) {
      T d(0);
      for (std::size_t i = 0; i < count; ++i) d += rest[i] * rows[k][i];
      result.r.p[k] += d;
      for (std::size_t i = 0; i < count; ++i) rest[i] -= d * rows[k][i];
    }
  return result;
}

template Levelled<double> levelled_reference(std::vector<double> const&, std::vector<double> const&, int, int,
                                             Symmetry);
template Levelled<Real> levelled_reference(std::vector<Real> const&, std::vector<Real> const&, int, int, Symmetry);

}  // namespace nwidth::fitting::rational
