// SPDX-License-Identifier: Apache-2.0
/// Banded linear algebra in any scalar: small, and without libraries so that Real has it too.
#pragma once
#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace nwidth::fitting {

inline std::size_t index(int i) { return static_cast<std::size_t>(i); }

/// min ||A c - y|| for rows that touch `width` neighbouring columns, by Givens rotations: the normal equations are
/// never formed. Cost: O(width^2) per row.
template <class T>
class BandedLeastSquares {
 public:
  BandedLeastSquares(int columns, int width)
      : columns_(columns), width_(width), r_(index(columns * width), T(0)), y_(index(columns), T(0)) {}

  /// Adds the row with entries row[0..width-1] in the columns first, first + 1, ..., and the right side y.
  void add(int first, std::vector<T> row, T y) {
    using std::sqrt;
    for (int k = 0; k < width_; ++k) {
      T& a = row[index(k)];
      if (a == 0) continue;
      T* const pivot = &r_[index((first + k) * width_)];
      T const size = sqrt(pivot[0] * pivot[0] + a * a), c = pivot[0] / size, s = a / size;
      for (int j = k; j < width_; ++j) {
        T const above = pivot[j - k], below = row[index(j)];
        pivot[j - k] = c * above + s * below;
        row[index(j)] = c * below - s * above;
      }
      T const above = y_[index(first + k)];
      y_[index(first + k)] = c * above + s * y;
      y = c * y - s * above;
    }
  }

  /// @return false if the rank is deficient: a pivot below `tolerance` times the norm of its column
  bool solve(std::vector<T>& c, T const& tolerance) const {
    std::vector<T> const norm = column_norms();
    c = y_;
    for (int i = columns_ - 1; i >= 0; --i) {
      T const* const row = &r_[index(i * width_)];
      if (!(row[0] > tolerance * norm[index(i)] || -row[0] > tolerance * norm[index(i)])) return false;
      for (int j = 1; j < width_ && i + j < columns_; ++j) c[index(i)] -= row[j] * c[index(i + j)];
      c[index(i)] /= row[0];
    }
    return true;
  }

  /// The 2-norm condition of A with its columns scaled to unit length, by 30 steps of the power method up and down: a
  /// lower bound that is usually right to a few per cent. Needs full rank.
  T condition() const {
    using std::sqrt;
    std::vector<T> const norm = column_norms();
    std::vector<T> up(index(columns_), T(1)), down(up);
    for (int i = 0; i < columns_; ++i) {
      up[index(i)] = T(1) + T(i % 7) / T(8);
      down[index(i)] = (i % 2 == 0 ? T(1) : T(-1)) * up[index(i)];
    }
    T most(0), least(0);
    for (int step = 0; step < 30; ++step) {
      most = normalise(up);
      for (int i = 0; i < columns_; ++i) up[index(i)] /= norm[index(i)];
      up = times(up, false);
      up = times(up, true);
      for (int i = 0; i < columns_; ++i) up[index(i)] /= norm[index(i)];
      least = normalise(down);
      for (int i = 0; i < columns_; ++i) down[index(i)] *= norm[index(i)];
      solve_transposed(down);
      solve_upper(down);
      for (int i = 0; i < columns_; ++i) down[index(i)] *= norm[index(i)];
    }
    return sqrt(most * least);
  }

 private:
  std::vector<T> column_norms() const {
    using std::sqrt;
    std::vector<T> norm(index(columns_), T(0));
    for (int i = 0; i < columns_; ++i)
      for (int j = 0; j < width_ && i + j < columns_; ++j)
        norm[index(i + j)] += r_[index(i * width_ + j)] * r_[index(i * width_ + j)];
    for (T& x : norm) x = sqrt(x);
    return norm;
  }
  static T normalise(std::vector<T>& x) {
    using std::sqrt;
    T sum(0);
    for (T const& v : x) sum += v * v;
    sum = sqrt(sum);
    for (T& v : x) v /= sum;
    return sum;
  }
  std::vector<T> times(std::vector<T> const& x, bool transposed) const {
    std::vector<T> y(x.size(), T(0));
    for (int i = 0; i < columns_; ++i)
      for (int j = 0; j < width_ && i + j < columns_; ++j) {
        int const to = transposed ? i + j : i, from = transposed ? i : i + j;
        y[index(to)] += r_[index(i * width_ + j)] * x[index(from)];
      }
    return y;
  }
  void solve_upper(std::vector<T>& c) const {
    for (int i = columns_ - 1; i >= 0; --i) {
      for (int j = 1; j < width_ && i + j < columns_; ++j) c[index(i)] -= r_[index(i * width_ + j)] * c[index(i + j)];
      c[index(i)] /= r_[index(i * width_)];
    }
  }
  void solve_transposed(std::vector<T>& c) const {
    for (int i = 0; i < columns_; ++i) {
      c[index(i)] /= r_[index(i * width_)];
      for (int j = 1; j < width_ && i + j < columns_; ++j) c[index(i + j)] -= r_[index(i * width_ + j)] * c[index(i)];
    }
  }

  int columns_, width_;
  std::vector<T> r_, y_;  // the band of R by rows, and Q^T y
};

/// A symmetric matrix with `band` diagonals below the main one.
template <class T>
class BandedSymmetric {
 public:
  BandedSymmetric(int n, int band) : n_(n), band_(std::min(band, n - 1)), a_(index(n * (band_ + 1)), T(0)) {}

  int size() const { return n_; }
  int band() const { return band_; }
  /// The entry (i, j), i >= j >= i - band.
  T& at(int i, int j) { return a_[place(i, j)]; }
  T const& at(int i, int j) const { return a_[place(i, j)]; }

  /// Replaces the matrix by its Cholesky factor. @return false if it is not positive definite in this arithmetic
  bool factor() {
    using std::sqrt;
    for (int i = 0; i < n_; ++i) {
      int const low = std::max(0, i - band_);
      for (int j = low; j <= i; ++j) {
        T sum = at(i, j);
        for (int k = std::max(low, j - band_); k < j; ++k) sum -= at(i, k) * at(j, k);
        if (j < i) {
          at(i, j) = sum / at(j, j);
        } else {
          if (!(sum > 0)) return false;
          at(i, i) = sqrt(sum);
        }
      }
    }
    return true;
  }
  /// After factor(): x becomes the solution with right side x.
  void solve(std::vector<T>& x) const {
    for (int i = 0; i < n_; ++i) {
      for (int k = std::max(0, i - band_); k < i; ++k) x[index(i)] -= at(i, k) * x[index(k)];
      x[index(i)] /= at(i, i);
    }
    for (int i = n_ - 1; i >= 0; --i) {
      x[index(i)] /= at(i, i);
      for (int k = std::max(0, i - band_); k < i; ++k) x[index(k)] -= at(i, k) * x[index(i)];
    }
  }

 private:
  std::size_t place(int i, int j) const {
    assert(0 <= j && j <= i && i < n_ && i - j <= band_);
    return index(i * (band_ + 1) + i - j);
  }

  int n_, band_;
  std::vector<T> a_;
};

}  // namespace nwidth::fitting
