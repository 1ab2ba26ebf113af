// SPDX-License-Identifier: Apache-2.0
/// Constants of approximation to any number of digits: the error and the knots of a best spline, proved.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "fitting/report/proved_fit.hpp"
#include "theory/number/ball.hpp"

namespace nwidth::fitting {

/// What is proved of the balls of a ProvedConstant.
enum class Claim {
  nothing,
  lower_bound,       ///< sup: no spline of the class with n knots is closer to f than `error`, which one may not reach
  least_error,       ///< sup: `error` holds the least error of the class with n knots, and of the spline enclosed
  stationary_point,  ///< L2: `error` is that of a spline whose derivatives by coefficients and knots vanish
  local_minimum,     ///< L2: moreover the Hessian is positive definite; others may be better
};

/// "nothing", "lower bound", "least error", "stationary point", "local minimum".
char const* name(Claim c);

struct ProvedConstant {
  Claim claim = Claim::nothing;
  bool reached = false;  ///< error and knots are known to the digits asked
  std::string reason;    ///< why there is no stronger claim, or not all digits
  Ball error;
  std::vector<Ball> knots;               ///< interior, ascending
  std::vector<int> smooth_knots;         ///< L2: 1 ... n, where s has one more derivative than the class asks for
  std::vector<Ball> points;              ///< sup: where f - s = +-E
  std::vector<Ball> polynomial;          ///< coefficients of (x - a)^p, p = 0 ... d
  std::vector<std::vector<Ball>> jumps;  ///< at each knot t: coefficients of (x - t)_+^i, d - m < i <= d
  double contraction = 0;                ///< of Krawczyk's operator
  long bits = 0;                         ///< working precision of the proof
  Outcome outcome;                       ///< of the fit that the proof started from
  double fitted = 0;                     ///< its error, rounded
};

/// Fits (minimax_fit, fit_spline_l2), then proves what lies there (enclose_minimax, enclose_stationary), with more bits
/// until the digits are reached.
/// @param n       interior knots, 0 <= n <= 64
/// @param digits  1 <= digits <= 60: of the error relatively, of the knots relative to the domain
/// @param seed    of random starts (L2)
/// @throws InvalidInput if not, or as the parts: f must be an expression
/// Cost: the fit, and below 0.1 s for entire functions and n <= 8; L2 at singularities some seconds.
ProvedConstant proved_constant(Function const& f, SplineClass const& kind, int n, Norm norm, int digits,
                               std::uint64_t seed = 1);

}  // namespace nwidth::fitting
