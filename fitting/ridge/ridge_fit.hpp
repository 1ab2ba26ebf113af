// SPDX-License-Identifier: Apache-2.0
/// Fits of shallow networks in several variables: greedy growth or random starts, then variable projection.
#pragma once
#include <cstdint>
#include <vector>

#include "fitting/problem/status.hpp"
#include "fitting/ridge/ridge_network.hpp"
#include "theory/target/target.hpp"

namespace nwidth::fitting {

struct RidgeOptions {
  RidgeKind kind;
  /// Grow to N/4, N/2, N neurons by greedy choice, each time followed by variable projection.
  bool greedy = true;
  int random_starts = 0;   ///< and as many random networks of N neurons: worth it up to N = 16 or so
  std::uint64_t seed = 1;  ///< of the first; the others take the next ones
  /// Then at most so many times: exchange the eighth of the neurons that matters least (the fourth, half, sixteenth in
  /// turn when that gains nothing) for others of greedy choice, descend, and keep what is better. It takes out neurons
  /// that ran into a corner or into each other.
  int exchanges = 8;
  int nodes = 0;                 ///< on each axis; 0: 48 in two variables (96 from N = 64 on), 24 in three, 12 in four
  int validation = 0;            ///< midpoints on each axis; 0: 200 in two variables, 40 in three, 16 in four
  int max_iterations = 200;      ///< for each descent
  double flat_tolerance = 1e-7;  ///< see ProjectionOptions
};

/// One descent.
struct RidgeStart {
  bool greedy = false;
  std::uint64_t seed = 0;  ///< 0 if greedy
  double l2 = 0;           ///< where it ended, on the nodes of the fit, before exchanges
  int iterations = 0;      ///< of all its stages
};

struct RidgeFit {
  RidgeNetwork function;
  double l2 = 0;            ///< error on the nodes of the fit
  double l2_validated = 0;  ///< by midpoints that the fit did not see
  double sup_sampled = 0;   ///< the largest error at these midpoints: a lower bound of the sup norm
  int iterations = 0;       ///< of the best start
  std::vector<RidgeStart> starts;
  Outcome outcome;
  Network to_network() const { return function.to_network(); }
};

/// Least squares on [-1, 1]^d, d = f.inputs = 2, 3 or 4.
/// Converged fits are rare: with fixed nodes and kinks the descent ends flat.
/// @throws InvalidInput unless 2 <= d <= 4, N >= 1, there is a start, nodes suffice for the parameters, f is finite
RidgeFit fit_ridge(target::Target const& f, int neurons, RidgeOptions const& options = {});

}  // namespace nwidth::fitting
