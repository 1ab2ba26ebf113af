// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "fitting/least_squares/assembly.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

struct NewtonOptions {
  int max_iterations = 60;
  double tolerance = 1e-15;     ///< stop when a full step would lower the objective by less than this relatively
  double noise = 0;             ///< relative, of the objective's rounded values; epsilon if less
  double least_spacing = 1e-8;  ///< knots come no closer than this times the mean spacing
};

template <class T>
struct NewtonResult {
  Outcome outcome;
  int iterations = 0;
  bool definite = false;  ///< the Hessian at the last point: if not, `flat` may be a saddle
  T value;                ///< of the objective, with errors divided by `scale`
  T decrement;  ///< relative decrease that one more full step promises: 2 x the relative error left in the norm's p-th
                ///< power
};

/// Damped Newton's method on the objective in knots and coefficients together, with the exact Hessian: it converges
/// quadratically where least-squares methods crawl along the flat valley of the knots. The objective never increases.
/// The Hessian is positive definite at the end if the outcome is `converged`: an isolated local minimum.
/// Cost of an iteration: O(n) times a polynomial in the degree, and the evaluation of f and two derivatives at all
/// nodes.
template <class T>
NewtonResult<T> newton(Function const& f, MovingNodes<T> const& nodes, Objective const& objective,
                       NewtonOptions const& options, T const& scale, FreeKnotSpline<T>& s);

}  // namespace nwidth::fitting
