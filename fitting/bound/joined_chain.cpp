// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/joined_chain.hpp"

#include <algorithm>
#include <cmath>

namespace nwidth::fitting {
namespace {

/// Bernstein coefficients times a linear factor with the values l and r at the ends: one degree more.
template <class T>
std::vector<T> times(std::vector<T> const& b, T const& l, T const& r) {
  int const m = static_cast<int>(b.size());  // the new degree
  std::vector<T> c;
  for (int k = 0; k <= m; ++k) {
    T sum(0);
    if (k < m) sum += T(m - k) * b[static_cast<std::size_t>(k)] * l;
    if (k > 0) sum += T(k) * b[static_cast<std::size_t>(k) - 1] * r;
    c.push_back(sum / T(m));
  }
  return c;
}

/// prod over i != without of (t - x_i), or of (x_i - t) if `reversed`, on [lo, hi].
template <class T>
std::vector<T> product(std::vector<T> const& x, std::size_t without, T const& lo, T const& hi, bool reversed) {
  std::vector<T> b{T(1)};
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i == without) continue;
    b = reversed ? times(b, T(x[i] - lo), T(x[i] - hi)) : times(b, T(lo - x[i]), T(hi - x[i]));
  }
  return b;
}

/// 1 / prod_{j != i} |x_i - x_j|; the product without absolute values has the sign (-1)^{x.size() - 1 - i}.
template <class T>
T weight(std::vector<T> const& x, std::size_t i) {
  T w(1);
  for (std::size_t j = 0; j < x.size(); ++j)
    if (j != i) w = w * (j < i ? x[i] - x[j] : x[j] - x[i]);
  return T(1) / w;
}

template <class T>
void add(std::vector<T>& to, T const& factor, std::vector<T> const& b) {
  for (std::size_t k = 0; k < b.size(); ++k) to[k] += factor * b[k];
}

/// The interpolant of an end piece and the sum of the sizes of its weights, over the knot's box.
template <class T>
ChainForm<T> end_piece(std::vector<T> const& x, std::vector<T> const& y, T const& lo, T const& hi, bool right) {
  std::size_t const n = x.size();
  ChainForm<T> form{std::vector<T>(n, T(0)), std::vector<T>(n, T(0))};
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<T> const b = product(x, i, lo, hi, right);  // positive: x_i <= t, or t <= x_i
    T const w = weight(x, i);
    bool const positive = right ? i % 2 == 0 : (n - 1 - i) % 2 == 0;
    add(form.phi, positive ? T(w * y[i]) : T(-(w * y[i])), b);
    add(form.lambda, w, b);
  }
  return form;
}

}  // namespace

template <class T>
ChainForm<T> chain_form(int d, ChainPoints<T> const& p, std::vector<T> const& lo, std::vector<T> const& hi) {
  std::size_t const q = lo.size(), r = static_cast<std::size_t>(d) + 1;
  ChainForm<T> form = end_piece(p.x[0], p.y[0], lo[0], hi[0], false);
  std::vector<T> D{T(1)};  // of the knots but the last so far
  for (std::size_t k = 0; k + 1 < q; ++k) {
    std::vector<T> const &z = p.x[k + 1], &y = p.y[k + 1];
    std::vector<T> const along = product(z, r, lo[k + 1], hi[k + 1], false);  // |D m_0|
    std::vector<T> const denominator = product(z, r, lo[k], hi[k], true);
    std::vector<T> phi(r * r, T(0)), lambda(r * r, T(0));  // sum over j of D m_j times y_j, and of their sizes
    for (std::size_t j = 0; j < z.size(); ++j) {
      std::vector<T> const A = product(z, j, lo[k], hi[k], true), B = product(z, j, lo[k + 1], hi[k + 1], false);
      // (v - u) = (v - z_j) + (z_j - u): no cancellation
      std::vector<T> const A1 = times(A, T(1), T(1)), Az = times(A, T(z[j] - lo[k]), T(z[j] - hi[k]));
      std::vector<T> const B1 = times(B, T(1), T(1)), Bz = times(B, T(lo[k + 1] - z[j]), T(hi[k + 1] - z[j]));
      T const w = weight(z, j), wy = (z.size() - 1 - j) % 2 == 0 ? T(w * y[j]) : T(-(w * y[j]));
      for (std::size_t a = 0; a < r; ++a)
        for (std::size_t b = 0; b < r; ++b) {
          T const size = A1[a] * Bz[b] + Az[a] * B1[b];
          phi[a * r + b] += wy * size;
          lambda[a * r + b] += w * size;
        }
    }
    ChainForm<T> next;
    std::vector<T> nextD;
    for (std::size_t i = 0; i < form.phi.size(); ++i) {
      T const& before = D[i / r];
      for (std::size_t b = 0; b < r; ++b) {
        T const carried = form.phi[i] * along[b];
        next.phi.push_back((d % 2 == 0 ? carried : T(-carried)) + before * phi[i % r * r + b]);
        next.lambda.push_back(form.lambda[i] * along[b] + before * lambda[i % r * r + b]);
      }
      nextD.push_back(before * denominator[i % r]);
    }
    form = std::move(next);
    D = std::move(nextD);
  }
  ChainForm<T> const last = end_piece(p.x[q], p.y[q], lo[q - 1], hi[q - 1], true);
  for (std::size_t i = 0; i < form.phi.size(); ++i) {
    form.phi[i] += T(-(D[i / r] * last.phi[i % r]));
    form.lambda[i] += D[i / r] * last.lambda[i % r];
  }
  return form;
}

template ChainForm<double> chain_form(int, ChainPoints<double> const&, std::vector<double> const&,
                                      std::vector<double> const&);
template ChainForm<Ball> chain_form(int, ChainPoints<Ball> const&, std::vector<Ball> const&, std::vector<Ball> const&);

double chain_level(ChainForm<double> const& form) {
  double least = HUGE_VAL;
  bool const negative = form.phi[0] < 0;
  for (std::size_t i = 0; i < form.phi.size(); ++i) {
    if (!(form.lambda[i] > 0)) return 0;
    double const level = (negative ? -form.phi[i] : form.phi[i]) / form.lambda[i];
    if (!(level > 0)) return 0;
    least = std::min(least, level);
  }
  return least;
}

Rational chain_level(ChainForm<Ball> const& form) {
  Rational least = 0;
  bool const negative = form.phi[0].certainly_negative();
  for (std::size_t i = 0; i < form.phi.size(); ++i) {
    if (!form.lambda[i].certainly_positive()) return 0;
    Ball const level = (negative ? -form.phi[i] : form.phi[i]) / form.lambda[i];
    if (!level.is_finite() || !level.certainly_positive()) return 0;
    Rational const lower = level.lower();
    if (i == 0 || lower < least) least = lower;
  }
  return least;
}

}  // namespace nwidth::fitting
