// SPDX-License-Identifier: Apache-2.0
/// Quotients of polynomials in a basis of orthogonal polynomials: those of the measure of a levelled reference, in
/// which doubles find the level for relu of type (20, 20), whose poles crowd at 0, to 1e-6 (tested; 3e-10 measured).
#pragma once
#include <array>
#include <vector>

#include "theory/number/real.hpp"

namespace nwidth::fitting::rational {

/// phi_0 = 1/beta_0, beta_{j+1} phi_{j+1} = (t - alpha_j) phi_j - beta_j phi_{j-1}: orthonormal for some measure.
template <class T>
struct OrthogonalBasis {
  std::vector<T> alpha, beta;  ///< alpha_0 ... alpha_{N-1}, beta_0 ... beta_N for degree N

  int degree() const { return static_cast<int>(alpha.size()); }

  /// sum_j c_j phi_j and its first and second derivative at t; c has at most degree() + 1 entries.
  std::array<T, 3> sum(std::vector<T> const& c, T const& t) const {
    std::array<T, 3> total{T(0), T(0), T(0)}, last{T(0), T(0), T(0)}, now{T(1) / beta[0], T(0), T(0)};
    for (std::size_t j = 0; j < c.size(); ++j) {
      for (std::size_t k = 0; k < 3; ++k) total[k] += c[j] * now[k];
      if (j + 1 == c.size()) break;
      T const shift = t - alpha[j];
      T const before = j == 0 ? T(0) : beta[j];
      std::array<T, 3> next;
      for (std::size_t k = 0; k < 3; ++k) {
        next[k] = shift * now[k] - before * last[k];
        if (k > 0) next[k] += T(static_cast<int>(k)) * now[k - 1];
        next[k] /= beta[j + 1];
      }
      last = now;
      now = next;
    }
    return total;
  }

  T value(std::vector<T> const& c, T const& t) const {
    T total(0), last(0), now = T(1) / beta[0];
    for (std::size_t j = 0; j < c.size(); ++j) {
      total += c[j] * now;
      if (j + 1 == c.size()) break;
      T next = (t - alpha[j]) * now;
      if (j > 0) next -= beta[j] * last;
      next /= beta[j + 1];
      last = now;
      now = next;
    }
    return total;
  }

  /// Coefficients of sum_j c_j phi_j in powers of u, t = scale u + shift. Ill conditioned: for T = Real.
  std::vector<T> powers(std::vector<T> const& c, T const& scale, T const& shift) const {
    std::vector<T> total(c.size(), T(0)), last(c.size(), T(0)), now(c.size(), T(0));
    if (c.empty()) return total;
    now[0] = T(1) / beta[0];
    for (std::size_t j = 0; j < c.size(); ++j) {
      for (std::size_t k = 0; k <= j; ++k) total[k] += c[j] * now[k];
      if (j + 1 == c.size()) break;
      std::vector<T> next(c.size(), T(0));
      for (std::size_t k = 0; k <= j + 1; ++k) {
        next[k] = (shift - alpha[j]) * now[k];
        if (k > 0) next[k] += scale * now[k - 1];
        if (j > 0) next[k] -= beta[j] * last[k];
        next[k] /= beta[j + 1];
      }
      last = now;
      now = next;
    }
    return total;
  }
};

enum class Symmetry { none, even, odd };

/// r(x) = s(x), s(x^2) or x s(x^2) for Symmetry none, even, odd, where s = sum_j p_j phi_j / sum_j q_j phi_j.
template <class T>
struct RationalFunction {
  Symmetry symmetry = Symmetry::none;
  OrthogonalBasis<T> basis;
  std::vector<T> p, q;

  /// Degrees of numerator and denominator in x.
  int numerator_degree() const {
    int const d = static_cast<int>(p.size()) - 1;
    return symmetry == Symmetry::none ? d : symmetry == Symmetry::even ? 2 * d : 2 * d + 1;
  }
  int denominator_degree() const {
    int const d = static_cast<int>(q.size()) - 1;
    return symmetry == Symmetry::none ? d : 2 * d;
  }

  T denominator(T const& x) const { return basis.value(q, symmetry == Symmetry::none ? x : T(x * x)); }

  T operator()(T const& x) const {
    T const t = symmetry == Symmetry::none ? x : T(x * x);
    T const s = basis.value(p, t) / basis.value(q, t);
    return symmetry == Symmetry::odd ? T(x * s) : s;
  }

  /// r, r', r'' at x.
  std::array<T, 3> jet(T const& x) const {
    T const t = symmetry == Symmetry::none ? x : T(x * x);
    std::array<T, 3> const a = basis.sum(p, t), b = basis.sum(q, t);
    T const s = a[0] / b[0], s1 = (a[1] - s * b[1]) / b[0], s2 = (a[2] - T(2) * s1 * b[1] - s * b[2]) / b[0];
    if (symmetry == Symmetry::none) return {s, s1, s2};
    T const d1 = T(2) * x * s1, d2 = T(2) * s1 + T(4) * t * s2;
    if (symmetry == Symmetry::even) return {s, d1, d2};
    return {T(x * s), T(s + x * d1), T(T(2) * d1 + x * d2)};
  }
};

}  // namespace nwidth::fitting::rational
