// SPDX-License-Identifier: Apache-2.0
/// Random targets of known smoothness: Gaussian fields with cosines as their basis.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace nwidth::fitting::population {

/// g(x) = sum_k c_k prod_i phi_{k_i}(x_i) on [0,1]^d, phi_0 = 1, phi_k = sqrt(2) cos(pi k x), over the multi-indices k
/// in {0 ... K-1}^d except 0, with c_k = |k|^-(s + d/2) N(0, 1) (Euclidean |k|), divided by (sum c_k^2)^(1/2): mean 0
/// and variance 1 over the cube. As K grows, g lies almost surely in H^t for every t < s, and in no H^t with t >= s.
///
/// The normal numbers go to the k in the order of max k_i, then lexicographically: fields of one seed with more
/// frequencies begin with the same coefficients (up to the norm).
class GaussianField {
 public:
  static constexpr int most_coefficients = 1 << 20;

  /// @param d  inputs, 1 ... 3  @param s  smoothness, 0 < s <= 20
  /// @param frequencies  K >= 2, with K^d at most most_coefficients
  /// @throws InvalidInput outside these ranges
  GaussianField(int d, double s, std::uint64_t seed, int frequencies);

  int dimension() const { return d_; }
  double smoothness() const { return s_; }
  std::uint64_t seed() const { return seed_; }
  int frequencies() const { return frequencies_; }
  /// c_k, last index fastest: frequencies^d numbers, the first is 0.
  std::vector<double> const& coefficients() const { return c_; }
  /// (sum over |k|_inf >= m of c_k^2)^(1/2): the L2 distance to the fields with frequencies below m.
  double tail(int m) const;

  /// g(x). Cost: K^d cosines products. @throws InvalidInput if x has not d coordinates
  double operator()(std::vector<double> const& x) const;
  /// g at the midpoints ((i_1 + 1/2)/n, ...), last index fastest: n^d numbers. The mean over the grid is 0 and the
  /// variance 1, exactly but for rounding, since the midpoint rule is exact for products of two basis functions.
  /// Cost: d K n^d.
  /// @throws InvalidInput if n < frequencies (the grid does not tell the cosines apart) or n^d > most_coefficients
  std::vector<double> on_grid(int n) const;

 private:
  int d_;
  double s_;
  std::uint64_t seed_;
  int frequencies_;
  std::vector<double> c_;
};

}  // namespace nwidth::fitting::population
