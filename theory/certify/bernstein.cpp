// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/bernstein.hpp"

#include <array>
#include <memory>
#include <mutex>

namespace nwidth::certify {
namespace {

using Matrix = std::vector<Interval>;  // (d+1) x (d+1), row i: Bernstein coefficient i, column j: power j

/// C(n, k) as a double: exact below 2^53, which holds for n <= 48 (C(48,24) < 2^45).
double binomial(int n, int k) {
  if (k < 0 || k > n) return 0;
  double r = 1;
  for (int i = 1; i <= k; ++i) r = r * (n - k + i) / i;  // each partial result is an integer below 2^53
  return r;
}

Matrix unit_matrix(int d) {
  Matrix m(static_cast<std::size_t>((d + 1) * (d + 1)));
  for (int i = 0; i <= d; ++i)
    for (int j = 0; j <= i; ++j)
      m[static_cast<std::size_t>(i * (d + 1) + j)] = Interval(binomial(i, j)) / Interval(binomial(d, j));
  return m;
}

/// u^j = (s - (1-s))^j (s + (1-s))^{d-j} with s = (u+1)/2.
Matrix symmetric_matrix(int d) {
  Matrix m(static_cast<std::size_t>((d + 1) * (d + 1)));
  for (int i = 0; i <= d; ++i)
    for (int j = 0; j <= d; ++j) {
      Interval sum;
      for (int k = 0; k <= j; ++k) {
        Interval const term = Interval(binomial(j, k)) * Interval(binomial(d - j, i - k));
        sum = (j - k) % 2 ? sum - term : sum + term;
      }
      m[static_cast<std::size_t>(i * (d + 1) + j)] = sum / Interval(binomial(d, i));
    }
  return m;
}

template <Matrix (*make)(int)>
Matrix const& cached(int d) {
  static std::array<std::once_flag, largest_bernstein_degree + 1> once;
  static std::array<Matrix, largest_bernstein_degree + 1> store;
  auto const i = static_cast<std::size_t>(d);
  std::call_once(once[i], [&] { store[i] = make(d); });
  return store[i];
}

std::vector<Interval> convert(std::vector<Interval> const& c, Matrix const& m, int d) {
  auto const n = static_cast<std::size_t>(d) + 1;
  std::vector<Interval> b(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      Interval const w = m[i * n + j];
      if (w.lo != 0 || w.hi != 0) b[i] = b[i] + w * c[j];
    }
  double tail = 0;
  for (std::size_t j = n; j < c.size(); ++j) tail = round_up(tail + c[j].magnitude());
  if (tail > 0)
    for (Interval& v : b) v = v + Interval(-tail, tail);
  return b;
}

int degree_of(std::vector<Interval> const& c) {
  return std::min(static_cast<int>(c.size()) - 1, largest_bernstein_degree);
}

}  // namespace

std::vector<Interval> bernstein_from_unit_powers(std::vector<Interval> const& c) {
  int const d = degree_of(c);
  return convert(c, cached<unit_matrix>(d), d);
}

std::vector<Interval> bernstein_from_symmetric_powers(std::vector<Interval> const& c) {
  int const d = degree_of(c);
  return convert(c, cached<symmetric_matrix>(d), d);
}

std::vector<Interval> split_half(std::vector<Interval>& b) {
  std::size_t const n = b.size();
  std::vector<Interval> right(n);
  right[n - 1] = b[n - 1];
  for (std::size_t level = 1; level < n; ++level) {
    for (std::size_t i = n - 1; i >= level; --i) {
      Interval const sum = b[i - 1] + b[i];
      b[i] = {0.5 * sum.lo, 0.5 * sum.hi};  // exact but for underflow, which the next sum's rounding covers
    }
    right[n - 1 - level] = b[n - 1];
  }
  return right;
}

double largest_magnitude(std::vector<Interval> const& b) {
  double m = 0;
  for (Interval v : b) m = std::max(m, !(v.lo <= v.hi) ? std::numeric_limits<double>::infinity() : v.magnitude());
  return m;
}

}  // namespace nwidth::certify
