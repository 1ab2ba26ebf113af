// SPDX-License-Identifier: Apache-2.0
/// Exponents of losses against widths: measured and predicted.
#pragma once
#include <vector>

#include "fitting/population/network_model.hpp"

namespace nwidth::fitting::population {

/// How the loss falls as the size N of the network grows: loss ~ N^-exponent, for a target in H^s on [0,1]^d.
struct PredictedExponents {
  double smoothness = 0;  ///< 2s/d: what smoothness allows
  double mesh = 0;        ///< 4/d: piecewise linear functions on a mesh
  /// min(2s, 2k+d+1)/d: one hidden layer of relu^k (k = r for polyrelu of degree r; no cap for smooth activations)
  double shallow = 0;
};
/// @cite sharma2022manifold the 4/d @cite mao2024shallow the cap of shallow networks in L2, s <= k + (d+1)/2
/// @throws InvalidInput if d is not 1, 2 or 3, or s is not positive and finite
PredictedExponents predicted_exponents(int d, double s, Unit const& unit);

/// Exponents out of losses at ascending sizes.
struct MeasuredExponents {
  std::vector<double> local;  ///< log(L_i / L_{i+1}) / log(N_{i+1} / N_i): the dyadic slopes if sizes double
  double ols = 0;             ///< least squares in log-log; no interval is given, since its misfit is not its error
};
/// @throws InvalidInput if there are not two points, sizes do not ascend or losses are not positive and finite
MeasuredExponents measured_exponents(std::vector<double> const& sizes, std::vector<double> const& losses);

}  // namespace nwidth::fitting::population
