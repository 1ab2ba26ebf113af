// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fitting/least_squares/fit_l2.hpp"

namespace nwidth::fitting {

struct SplineSearch {
  FitOptions fit;
  int random_starts = 24;     ///< tried if n is below twice the sign changes of f^(r), r the order; 0 for none
  int transplant_rounds = 4;  ///< improvements by knot transplant at most; none for n > 64
  std::uint64_t seed = 1;     ///< of the random starts
  /// After each start: those done, and how many there may be at most. For people who wait; changes nothing.
  std::function<void(int done, int all)> progress;
};

/// What became of one start.
struct StartValue {
  std::string start;  ///< "equidistribution", "dynamic programming", "random 3", "transplant 1"
  double error = 0;
  Status status = Status::max_iterations;
};

struct BestSplineFit {
  SplineFit fit;
  std::string start;               ///< the one that led to the fit
  std::vector<StartValue> starts;  ///< all, in the order tried
};

/// The best of fit_l2 over starts by dynamic programming, by equidistribution, by random knots where there are too few
/// for the oscillations of f, then improved by knot transplants while that helps. Transplants are left out where the
/// first two starts end at the same error (to 1e-8) with segments of much the same error, and given up (`max
/// iterations`) if 30 iterations do not bring them below the best: rules found by experiment, over 432 fits of 12
/// functions. No proof that it is the global minimum: lower bounds are the business of others. Fits that are not usable
/// lose against those that are, except those below precision. Deterministic for given options.
/// @param n  interior knots, 0 <= n <= 4096
/// @throws InvalidInput as fit_l2
/// Cost: 10 to 40 ms for ReLU and ReLU^2 with n <= 64, 20 to 250 ms for PolyReLU; up to 0.5 s with random starts, and
/// up to 4 s for PolyReLU with f flat over most of the domain (tanh(20x), n = 64: 1.5 s); 0.2 to 2 s for n = 512.
BestSplineFit fit_spline_l2(Function const& f, SplineClass const& kind, int n, SplineSearch const& options = {});

}  // namespace nwidth::fitting
