// SPDX-License-Identifier: Apache-2.0
/// How a fit ended. A fit that did not reach what it promises says so by name and is left out of rate plots by type.
#pragma once
#include <string>

namespace nwidth::fitting {

enum class Status {
  converged,        ///< the scaled gradient, or the levelling of the alternation, is at rounding level
  flat,             ///< the relative decrease stayed below 1e-13: the valley of free knots, normal from degree 2 on
  max_iterations,   ///< the iterations ran out
  knot_collapse,    ///< knots came closer than the least spacing allowed
  rank_deficient,   ///< the basis lost rank: dead or equal neurons
  no_alternation,   ///< fewer alternations than the certificate of optimality needs
  below_precision,  ///< the error is below what the arithmetic resolves (10 eps max|f|)
  optimal,  ///< proved to be as good as the best, whatever became of the alternation: no optimiser says so itself
};

/// "converged", "flat", "max iterations", ...: the word that tables and records show.
char const* name(Status s);

/// True for fits that may stand in a rate plot.
inline bool is_usable(Status s) { return s == Status::converged || s == Status::flat || s == Status::optimal; }

/// A status and, in one clause, what it rests on: "KnotCollapse at -0.25: spacing 1e-12 < 2e-12".
struct Outcome {
  Status status = Status::max_iterations;
  std::string detail;
};

}  // namespace nwidth::fitting
