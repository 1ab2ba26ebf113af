// SPDX-License-Identifier: Apache-2.0
/// All zeros of the derivatives of a perfect spline, by descending through the derivatives.
#pragma once
#include "theory/width/half_spline.hpp"

namespace nwidth::width {

/// A zero of P^(j) in [lo, hi] where it is monotone and changes sign: Newton's method, kept inside by bisection.
template <class T>
T zero_between(Pieces<T> const& P, int j, T lo, T hi, int bisections = 60) {
  bool const rising = P(hi, j) > 0;
  T x = (lo + hi) / 2;
  for (int it = 0; it < bisections; ++it) {
    T const v = P(x, j);
    if (v == 0) return x;
    ((v > 0) == rising ? hi : lo) = x;
    T const slope = P(x, j + 1);
    T next = slope != 0 ? x - v / slope : lo;
    if (!(next > lo && next < hi)) next = (lo + hi) / 2;
    if (next == x) break;
    x = next;
  }
  return x;
}

/// The zeros of P^(j) in (0, 1), ascending, 0 <= j < n: between neighbouring zeros of P^(j+1) the function P^(j) is
/// monotone, and P^(n-1) is linear between knots; so none is missed, up to rounding.
template <class T>
std::vector<T> zeros_of_derivative(Pieces<T> const& P, int j) {
  std::vector<T> turns = P.breaks();  // 0 and the knots
  for (int level = P.n() - 1; level >= j; --level) {
    turns.push_back(T(1));
    std::vector<T> zeros;
    // a derivative that is odd vanishes at 0, and does not again before its first turn
    bool const odd = (level + P.N()) % 2 != 0;
    for (std::size_t i = odd ? 1 : 0; i + 1 < turns.size(); ++i) {
      T const left = P(turns[i], level), right = P(turns[i + 1], level);
      if ((left < 0) != (right < 0)) zeros.push_back(zero_between(P, level, turns[i], turns[i + 1]));
    }
    turns.assign(1, T(0));
    turns.insert(turns.end(), zeros.begin(), zeros.end());
  }
  turns.erase(turns.begin());
  return turns;
}

}  // namespace nwidth::width
