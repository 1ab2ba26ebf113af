// SPDX-License-Identifier: Apache-2.0
/// Splines with free knots: what shallow networks of one input are, in the local coordinates in which they can be
/// fitted.
#pragma once
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "theory/number/error.hpp"

namespace nwidth::fitting {

/// Piecewise polynomials of degree d that are C^{d-m} at each of their interior knots.
struct SplineClass {
  int degree = 1;        ///< d >= 1
  int multiplicity = 1;  ///< m of every interior knot, 1 <= m <= d

  int order() const { return degree + 1; }  ///< r
  /// Of the linear space with n given interior knots: r + m n.
  int dimension(int n) const { return degree + 1 + multiplicity * n; }

  /// ReLU networks with an affine skip: continuous piecewise linear.
  static SplineClass relu() { return {1, 1}; }
  /// ReLU^k networks with a polynomial always-on part: C^{k-1} of degree k.
  static SplineClass relu_power(int k) { return {k, 1}; }
  /// PolyReLU of degree r with coefficients per neuron (M1): continuous piecewise polynomials of degree r.
  static SplineClass polyrelu(int r = 3) { return {r, r}; }

  friend bool operator==(SplineClass const&, SplineClass const&) = default;
};

/// Whether x_0 < x_1 < ...
inline bool ascend(std::vector<double> const& x) {
  return std::adjacent_find(x.begin(), x.end(), std::greater_equal<>()) == x.end();
}

/// The d + 1 B-splines of degree d that do not vanish on the span [u[d-1], u[d]] at x, by the stable recurrence.
/// @param u  the 2 d knots around the span: u[d-1] <= x <= u[d]; any scalar, also ceres::Jet
/// @cite deboor2001 X (Algorithm BSPLVB)
template <class T, class X>
std::vector<T> bspline_values(int d, T const* u, X const& x) {
  std::vector<T> b(static_cast<std::size_t>(d) + 1, T(0));
  b[0] = T(1);
  for (int j = 1; j <= d; ++j) {
    T carried(0);
    for (int i = 0; i < j; ++i) {
      T const& right = u[d + i];     // u_{d+i} - x
      T const& left = u[d + i - j];  // x - u_{d+i-j}
      T const share = b[static_cast<std::size_t>(i)] / (right - left);
      b[static_cast<std::size_t>(i)] = carried + (right - x) * share;
      carried = (x - left) * share;
    }
    b[static_cast<std::size_t>(j)] = carried;
  }
  return b;
}

/// A member of a SplineClass on [a, b], rounded in the scalar T (double or Real).
template <class T>
struct FreeKnotSpline {
  SplineClass kind;
  std::vector<T> knots;         ///< a = t_0 < t_1 < ... < t_{n+1} = b: each once, ends included
  std::vector<T> coefficients;  ///< of the B-splines over the open knot vector: kind.dimension(n) of them

  int interior_knots() const { return static_cast<int>(knots.size()) - 2; }
  int segments() const { return static_cast<int>(knots.size()) - 1; }
  T const& begin() const { return knots.front(); }
  T const& end() const { return knots.back(); }

  /// @throws InvalidInput if counts do not fit or knots do not ascend
  void validate() const {
    if (kind.degree < 1 || kind.multiplicity < 1 || kind.multiplicity > kind.degree)
      throw InvalidInput("a spline of degree " + std::to_string(kind.degree) + " cannot have knots of multiplicity " +
                         std::to_string(kind.multiplicity));
    if (knots.size() < 2) throw InvalidInput("a spline needs its two ends as knots");
    if (static_cast<int>(coefficients.size()) != kind.dimension(interior_knots()))
      throw InvalidInput("a spline with " + std::to_string(interior_knots()) + " interior knots has " +
                         std::to_string(kind.dimension(interior_knots())) + " coefficients, not " +
                         std::to_string(coefficients.size()));
    for (std::size_t i = 1; i < knots.size(); ++i)
      if (!(knots[i - 1] < knots[i])) throw InvalidInput("the knots of a spline must ascend");
  }

  /// The segment [t_i, t_{i+1}) that holds x; the nearest one outside [a, b].
  int segment_of(T const& x) const {
    auto const first = knots.begin() + 1, last = knots.end() - 1;
    return static_cast<int>(std::upper_bound(first, last, x) - first);
  }

  /// The 2 d knots around segment i, interior ones repeated m times and ends d + 1 times, as bspline_values takes them.
  std::vector<T> local_knots(int i) const {
    int const d = kind.degree, m = kind.multiplicity, n = interior_knots();
    std::vector<T> u(static_cast<std::size_t>(2 * d));
    for (int j = 0; j < d; ++j) {
      int const left = i - j / m, right = i + 1 + j / m;
      u[static_cast<std::size_t>(d - 1 - j)] = knots[static_cast<std::size_t>(std::max(left, 0))];
      u[static_cast<std::size_t>(d + j)] = knots[static_cast<std::size_t>(std::min(right, n + 1))];
    }
    return u;
  }
  /// Index of the first of the d + 1 coefficients that matter on segment i.
  int first_coefficient(int i) const { return kind.multiplicity * i; }

  T operator()(T const& x) const {
    int const i = segment_of(x);
    std::vector<T> const u = local_knots(i), b = bspline_values(kind.degree, u.data(), x);
    T sum(0);
    for (int j = 0; j <= kind.degree; ++j)
      sum += b[static_cast<std::size_t>(j)] * coefficients[static_cast<std::size_t>(first_coefficient(i) + j)];
    return sum;
  }

  /// Bernstein coefficients b_0 ... b_d on segment i: s(t_i + theta h) = sum_j b_j C(d,j) theta^j (1-theta)^{d-j}.
  /// By blossoming: no division by knot differences but those of the segment's own neighbourhood. Cost: O(d^3).
  std::vector<T> bernstein(int i) const {
    int const d = kind.degree;
    std::vector<T> const u = local_knots(i);
    T const &l = knots[static_cast<std::size_t>(i)], &r = knots[static_cast<std::size_t>(i) + 1];
    std::vector<T> result;
    for (int k = 0; k <= d; ++k) {  // the blossom at l (d-k times) and r (k times)
      std::vector<T> c;
      for (int j = 0; j <= d; ++j) c.push_back(coefficients[static_cast<std::size_t>(first_coefficient(i) + j)]);
      for (int level = 1; level <= d; ++level) {
        T const& x = level <= k ? r : l;
        for (int j = d; j >= level; --j) {
          T const &left = u[static_cast<std::size_t>(j - 1)], &right = u[static_cast<std::size_t>(j + d - level)];
          std::size_t const at = static_cast<std::size_t>(j);
          c[at] = ((right - x) * c[at - 1] + (x - left) * c[at]) / (right - left);
        }
      }
      result.push_back(c[static_cast<std::size_t>(d)]);
    }
    return result;
  }

  /// Taylor coefficients s^(k)(x)/k!, k = 0 ... d, of the polynomial of segment i at any x.
  std::vector<T> taylor(int i, T const& x) const {
    int const d = kind.degree;
    std::vector<T> b = bernstein(i), c(b.size());
    T const &l = knots[static_cast<std::size_t>(i)], h = knots[static_cast<std::size_t>(i) + 1] - l;
    T const theta = (x - l) / h;
    // after k differences and d-k steps of de Casteljau one number is left: s^(k) = d!/(d-k)! h^-k times it
    T scale(1);
    for (int k = 0; k <= d; ++k) {
      std::vector<T> e = b;
      for (int level = d - k; level > 0; --level)
        for (int j = 0; j < level; ++j) {
          std::size_t const at = static_cast<std::size_t>(j);
          e[at] = (T(1) - theta) * e[at] + theta * e[at + 1];
        }
      c[static_cast<std::size_t>(k)] = scale * e[0];
      for (int j = 0; j < d - k; ++j)
        b[static_cast<std::size_t>(j)] = b[static_cast<std::size_t>(j) + 1] - b[static_cast<std::size_t>(j)];
      scale = scale * T(d - k) / (T(k + 1) * h);
    }
    return c;
  }

  template <class U>
  FreeKnotSpline<U> as() const {
    FreeKnotSpline<U> s{kind, {}, {}};
    for (T const& t : knots) s.knots.push_back(static_cast<U>(t));
    for (T const& c : coefficients) s.coefficients.push_back(static_cast<U>(c));
    return s;
  }
};

}  // namespace nwidth::fitting
