// SPDX-License-Identifier: Apache-2.0
/// Errors against sizes, as far as they may say something about a rate.
#pragma once
#include <string>
#include <vector>

#include "fitting/problem/status.hpp"
#include "theory/certify/enclosure.hpp"

namespace nwidth::fitting {

/// What N counts. It dominates every estimate of a rate: C/N^2 against knots N - 1 = 4 ... 64 has the slope 1.86.
enum class Abscissa { segments, knots, neurons, size, parameters };
char const* name(Abscissa a);

/// lower <= x <= upper
struct Bounds {
  Rational lower, upper;
  friend bool operator==(Bounds const&, Bounds const&) = default;
};

/// A proved enclosure 0 < lower <= E <= upper of the error at N.
struct RatePoint {
  long N;
  Bounds error;
};

/// Enclosures of the errors of fits that converged. What did not converge, or has no enclosure away from 0 and
/// infinity, is kept apart with a reason, and enters no estimate: one unconverged fit at the end moves the last slope
/// of a rate 4 to 3.9 or to 4.02.
class RateSequence {
 public:
  explicit RateSequence(Abscissa abscissa) : abscissa_(abscissa) {}

  /// @throws InvalidInput if N < 1, N is given already, or not 0 <= lower <= upper
  void add(long N, Rational const& lower, Rational const& upper, Status status);
  void add(long N, certify::Enclosure const& error, Status status);

  struct Excluded {
    long N;
    std::string reason;
  };

  Abscissa abscissa() const { return abscissa_; }
  std::vector<RatePoint> const& points() const { return points_; }  ///< N ascending
  std::vector<Excluded> const& excluded() const { return excluded_; }

 private:
  void require_new(long N) const;

  Abscissa abscissa_;
  std::vector<RatePoint> points_;
  std::vector<Excluded> excluded_;
};

}  // namespace nwidth::fitting
