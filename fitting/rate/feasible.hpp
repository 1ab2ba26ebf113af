// SPDX-License-Identifier: Apache-2.0
/// Which exponents are compatible with enclosures of errors: proved intervals in place of error bars.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "fitting/rate/sequence.hpp"

namespace nwidth::fitting {

/// The curves that are allowed.
enum class RateModel {
  power,    ///< C N^{-p}
  shifted,  ///< C (N + s)^{-p}
  log,      ///< C N^{-p} log^q N
};

struct FeasibleOptions {
  /// A curve need only meet [lower e^{-kappa/N}, upper e^{kappa/N}]: what N^{-p} (1 + O(1/N)) may differ from N^{-p}.
  /// Every interval is one for this kappa, and for 0 it says no more than that the curve is exact.
  Rational kappa = Rational(1, 20);
  /// Of s; by default [-9/10 N_0, 2 N_0], N_0 the least N. Above -N_0.
  std::optional<Bounds> shift;
  /// Of q.
  Bounds log_power{-10, 10};
};

struct FeasibleExponents {
  bool empty = false;  ///< proved: no curve of the model meets all enclosures
  Bounds p;            ///< if !empty: encloses, outward, all p of curves of the model that do
  bool tight = true;   ///< false: the ends are further out than 10^-4 (search over s cut short)
};

/// All p of the curves of a model that meet every (widened) enclosure.
///
/// power: a linear program in (log C, p); its value is the max and min over pairs i < j of quotients of logarithms.
/// log: one in (log C, p, q), solved by elimination of log C, then of q (Fourier and Motzkin): up to n^4/4 constraints
/// for n points. shifted: for each s the linear program of `power`, and a branch and bound over s. All in balls of
/// 128 bits, rounded outward.
///
/// Example: enclosures with hi/lo = 1.05 at N = 4, 8, ..., 64 of an error of rate 2 leave, with kappa = 1/20, p in
/// [1.978, 2.023] without a logarithm and [1.84, 2.16] with one; hi/lo = 1.5 leaves [1.85, 2.15] and [0.86, 3.14].
///
/// @throws InvalidInput for fewer than 2 points (power) or 3 (else), N = 1 or more than 40 points with a logarithm,
///   kappa < 0, empty ranges, a shift of -N_0 or less
FeasibleExponents feasible_exponents(std::vector<RatePoint> const& points, RateModel model,
                                     FeasibleOptions const& options = {});

/// The default range of shifts.
Bounds default_shifts(std::vector<RatePoint> const& points);

}  // namespace nwidth::fitting
