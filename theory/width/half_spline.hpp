// SPDX-License-Identifier: Apache-2.0
/// An even or odd perfect spline on [-1,1], held by its half on [0,1].
#pragma once
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace nwidth::width {

/// P(x) = sum_j c_j x^j/j! + x^n/n! + 2 sum_q (-1)^q (x - knots[q-1])_+^n/n!,  0 <= x <= 1, q = 1, 2, ...,
/// where j < n runs through the numbers of the parity of N, and P(-x) = (-1)^N P(x): so |P^(n)| = 1, and P^(n) changes
/// sign at +-knots and, if N - n is odd, at 0. A perfect spline of degree n with N - n knots has at most N zeros.
/// A spline of least norm is even or odd, since it is unique up to its sign.
template <class T>
struct HalfSpline {
  int n = 0, N = 0;
  std::vector<T> c;      ///< (n + 1 - N mod 2) / 2 of them
  std::vector<T> knots;  ///< floor((N - n) / 2), ascending, inside (0, 1)

  HalfSpline() = default;
  HalfSpline(int degree, int zeros)
      : n(degree),
        N(zeros),
        c(static_cast<std::size_t>((degree + 1 - zeros % 2) / 2)),
        knots(static_cast<std::size_t>((zeros - degree) / 2)) {}
  /// the j of c[i]
  int exponent(std::size_t i) const { return N % 2 + 2 * static_cast<int>(i); }
};

/// The values of a perfect spline and of its derivatives, from its Taylor polynomial at the knot to the left: local,
/// hence free of the cancellation of truncated powers. Exact if T is Rational.
template <class T>
class Pieces {
 public:
  explicit Pieces(HalfSpline<T> const& p) : Pieces(p.n, p.N, p.knots, state_at_zero(p)) {}

  /// Of degree n on x >= 0 with the given knots, from P, P', ..., P^(n-1) at 0, where P^(n) = 1. N: its parity is that
  /// of P about 0, if it has one.
  Pieces(int n, int N, std::vector<T> const& knots, std::vector<T> state)
      : n_(n), N_(N), breaks_{T(0)}, signs_{1}, states_{std::move(state)} {
    breaks_.insert(breaks_.end(), knots.begin(), knots.end());
    for (std::size_t q = 1; q < breaks_.size(); ++q) {
      std::vector<T> next;
      for (int j = 0; j < n_; ++j) next.push_back(on_piece(q - 1, breaks_[q], j));
      states_.push_back(std::move(next));
      signs_.push_back(-signs_.back());
    }
  }

  int n() const { return n_; }
  int N() const { return N_; }
  std::vector<T> const& breaks() const { return breaks_; }  ///< 0 and the knots
  int last_sign() const { return signs_.back(); }           ///< the sign of P^(n) on the last piece, and of P(1)

  /// P^(j)(x), x >= 0, 0 <= j <= n; the last piece goes on without end.
  T operator()(T const& x, int j = 0) const {
    auto const after = std::upper_bound(breaks_.begin() + 1, breaks_.end(), x);
    return on_piece(static_cast<std::size_t>(after - breaks_.begin()) - 1, x, j);
  }

 private:
  static std::vector<T> state_at_zero(HalfSpline<T> const& p) {
    std::vector<T> state(static_cast<std::size_t>(p.n), T(0));
    for (std::size_t i = 0; i < p.c.size(); ++i) state[static_cast<std::size_t>(p.exponent(i))] = p.c[i];
    return state;
  }
  T on_piece(std::size_t q, T const& x, int j) const {
    T const t = x - breaks_[q];
    T r = T(signs_[q]);
    for (int i = n_ - 1; i >= j; --i) r = states_[q][static_cast<std::size_t>(i)] + t * r / (i - j + 1);
    return r;
  }

  int n_, N_;
  std::vector<T> breaks_;
  std::vector<int> signs_;
  std::vector<std::vector<T>> states_;
};

/// A HalfSpline with its points of alternation in [0,1]: 0 if N is even, its extrema inside, and 1; ascending.
template <class T>
struct Alternating {
  HalfSpline<T> spline;
  std::vector<T> points;  ///< floor(N/2) + 1 of them
  /// The sign of P at points[i].
  int sign(std::size_t i) const { return (spline.knots.size() + points.size() - 1 - i) % 2 == 0 ? 1 : -1; }
};

}  // namespace nwidth::width
