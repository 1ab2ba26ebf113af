// SPDX-License-Identifier: Apache-2.0
/// Functions of known smoothness on [0, 1]^d: the targets of the IFS stream.
#pragma once
#include <cstdint>
#include <vector>

#include "experiments/lm/config.hpp"

namespace nwidth::lm {

/// g(z) = sum over k in {0 .. frequencies - 1}^d of c_k phi_{k_1}(z_1) ... phi_{k_d}(z_d), where phi is an orthonormal
/// basis of L2[0, 1]. The coefficients, doubles, are g: it is their exact sum.
struct Field {
  enum class Basis {
    cosine,        ///< 1, sqrt2 cos(pi k z): Neumann's conditions at the ends
    trigonometric  ///< 1, sqrt2 cos(2 pi l z) at k = 2l - 1, sqrt2 sin(2 pi l z) at k = 2l: period 1
  };
  Basis basis = Basis::cosine;
  int dimension = 1;
  std::int64_t frequencies = 1;
  std::vector<double> coefficients;  ///< frequencies^d, the first axis slowest
};

/// c_k = |k|^-(s + d/2) N(0, 1) but c_0 = 0, divided by their norm: a Gaussian field, almost surely in H^t for all t <
/// s and not in H^s as frequencies grow, of mean 0 and variance 1 over [0, 1]^d. `frequencies` of the configuration, at
/// most the cells of an axis, n = symbols^memory: higher ones are not seen by cells. The normal number of a frequency
/// depends on the key and on k alone. The same on every machine but for rounding by Arb. Cost: 4 us a coefficient.
/// @throws InvalidInput  if no frequency but 0 is left, and as on_cells
Field gaussian_field(Ifs const& ifs, std::uint64_t key);

/// sum_j 2^(-js) sum_k e_jk psi(2^j z - k) over the 2^d - 1 tensor products psi of Meyer's wavelet and its scaling
/// function, with period 1, and over k in {0 .. 2^j - 1}^d, e = +-1 drawn: every scale saturates smoothness s, and each
/// coefficient is one bit. Divided by its norm: mean 0, variance 1. Levels are those that cells resolve: frequencies up
/// to 2^j 4/3 < n / 2. nu(x) = x^4 (35 - 84 x + 70 x^2 - 20 x^3). @cite daubechies1992ten
/// @throws InvalidInput  if symbols^memory < 3, and as on_cells: n <= 2^16 in one dimension, 2^11 in two
Field wavelet_field(Ifs const& ifs, std::uint64_t key);

/// The largest j of wavelet_field, -1: none.
int wavelet_levels(std::int64_t cells);

/// A field at the midpoints of n^d cells, |values - g| <= error, rigorous.
struct FieldValues {
  std::vector<double> values;  ///< n^d, the first axis slowest
  double error;
};
/// The midpoints resolve the frequencies of both fields, so mean and variance over them are those of g. Cost: n^d times
/// frequencies multiplications, and a table of n cosines in ball arithmetic.
/// @throws InvalidInput  if that exceeds 2^33 multiplications
FieldValues on_cells(Field const& field, std::int64_t cells);

/// n = symbols^memory, the cells of an axis.
std::int64_t cells_of(Ifs const& ifs);

}  // namespace nwidth::lm
