// SPDX-License-Identifier: Apache-2.0
/// ReLU alone, without the logarithm: the two-level spline with two products in all.
#pragma once
#include "theory/construct/two_level.hpp"
#include "theory/construct/two_level_cells.hpp"
#include "theory/network/network.hpp"

namespace nwidth::construct {

/// The network with everything that its error bound is made of.
struct LogFreeRelu {
  Network network;
  TwoLevelGrid grid;
  int m = 0;               ///< levels of the two products
  int power_levels = 0;    ///< levels of each square in an emulated power; 0 for n <= 2, where powers are exact
  Rational B;              ///< a power of 2, >= |G_i(y)| for all cells i and all y that occur, proved at construction
  Rational power_error;    ///< what emulating the powers changes in any G_i: at most 2^-m two_level_bound
  Rational rounding;       ///< what rounding the weights changes in any G_i
  Rational product_error;  ///< B 4^-m: what the products can change, whatever f is

  /// sup |f - network| on [-1, 1] is at most this if |f^(n)| <= 1 there: with e = two_level_bound + power_error +
  /// rounding, e + min(product_error, 2^(1-m) e).
  Ball error_bound() const;
};

/// The two-level spline sum_i phi_i G_i (see two_level_network) by ReLU neurons. Instead of a product phi_i G_i in each
/// cell, gates select the G_i, and one product for the even and one for the odd cells joins them:
///   Gamma = sum_i relu(G_i + B - 4B dist(u, cell i)),   f ~ sum_parity 2B mul(sum_i phi_i, Gamma / 2B) - B.
/// On a cell Gamma = G_i + B; between the cells of one parity 0 <= Gamma <= 2B, and there mul = 0 exactly because phi =
/// 0. For n = 3, 4 the powers that all cells share are emulated: squares by the sawtooth, cubes as the product of t and
/// its square.
///
/// @theorem{nwidth, Theorem B}  For all f with |f^(n)| <= 1: sup |f - net| <= (1 + 2^(1-m)) (1 + 2^-m)
///   two_level_bound, up to rounding. For n = 1, 2 the network has N1 N2 + 16 N1 + 4 N2 + 32m - 6 weights (n = 1: 5
///   more) whatever the accuracy, for n = 3, 4 a multiple of log(1/error) stands before N2 (log_free_relu_size): no
///   logarithm multiplies N1 N2, so ReLU networks of size W reach (1 + o(1)) d_W(W^n) as well.
/// The products err by less than their bound B 4^-m because the errors of the two cancel: with p the sum of the even
/// phi_i, mul(p, y) + mul(1 - p, y) = y exactly (the error of the sawtooth is even about 1/2 and has the period 2^-m).
/// So only the difference of the two splines on an overlap counts, by its 2^-m-fold.
/// @param m        1 ... 1000; 10 costs 0.3 %
/// @param overlap  of the cells, dyadic in (0, 1/2]
/// @throws InvalidInput as two_level_network, or if m is out of range
LogFreeRelu log_free_relu(target::Target const& f, int n, int N1, int N2, int m,
                          Rational const& overlap = power_of_two(-8));

/// Its network.
Network log_free_relu_network(target::Target const& f, int n, int N1, int N2, int m,
                              Rational const& overlap = power_of_two(-8));

/// The number of weights, if no coefficient vanishes. @param power_levels  as in LogFreeRelu
long log_free_relu_size(int n, int N1, int N2, int m, int power_levels);

/// N1 and N2 for which error_bound() is about least among networks of at most `size` weights. For n = 3, 4 the number
/// of weights depends on f through power_levels; it is foreseen for |f| about 1 (smaller f makes smaller networks).
/// @throws InvalidInput as two_level_shape
TwoLevelShape log_free_relu_shape(int n, long size, int m = 10);

}  // namespace nwidth::construct
