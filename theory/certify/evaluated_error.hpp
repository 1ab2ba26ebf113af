// SPDX-License-Identifier: Apache-2.0
/// Certificate B: the error of a network as a machine evaluates it.
#pragma once
#include "theory/certify/rounding_bound.hpp"
#include "theory/target/target.hpp"

namespace nwidth::certify {

struct EvaluatedEnclosure {
  /// sup |f(x) - fl(net)(x)| over the numbers x of the arithmetic's format (of its results' format, where that differs)
  /// in the domain; proved if that of `exact` is and the rounding bound is finite. Its width is that of `exact` and the
  /// rounding bound on both sides.
  Enclosure error;
  Enclosure exact;    ///< certificate A of the network with rounded weights, a real function
  Rational rounding;  ///< a bound of |fl(net) - net|, if error.bounded
  Rounding weights;   ///< what rounding the weights did
};

/// Encloses the error of fl(net): weights, biases and coefficients rounded to nearest, sums in any order, products and
/// sums fused or not, round to nearest with gradual underflow. The upper end is certificate A plus the rounding bound;
/// the lower one is the error at one number of the format, less the rounding bound there (0 if the domain holds none).
/// @throws InvalidInput as sup_error does, and if a weight is larger than every number of the format
EvaluatedEnclosure evaluated_sup_error(Network const& net, target::Target const& f, Rational const& a,
                                       Rational const& b, Evaluation const& evaluation, Options const& options = {});

}  // namespace nwidth::certify
