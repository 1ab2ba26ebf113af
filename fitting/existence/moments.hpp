// SPDX-License-Identifier: Apache-2.0
/// Integrals of a target against truncated powers, in balls.
#pragma once
#include <string>
#include <vector>

#include "fitting/problem/function.hpp"
#include "theory/number/ball.hpp"

namespace nwidth::fitting {

/// M_j(t) = int_t^b f(x) (x - t)^j dx for j <= degree, at the working precision at which it was made.
///
/// [a, b] is cut where the target's expression may not be smooth, and halved until on each part either its Taylor model
/// of order 0.65 bits leaves less than 2^-bits, or the part is so short that the range of f does: parts shrink
/// geometrically towards a singularity. What is left stands in the radii, so that the result holds for any f.
class Moments {
 public:
  /// @param f  an expression, without a network part
  /// @throws InvalidInput if not
  /// Cost: a Taylor series of 0.65 bits for each part: milliseconds for an entire f, seconds with a singularity.
  Moments(Function const& f, int degree);

  /// False, with the reason, if parts were too many or f was not bounded on one.
  bool good() const { return reason_.empty(); }
  std::string const& reason() const { return reason_; }

  /// M_0(t) ... M_degree(t) for every point of the ball t: at its middle exactly, and by the mean value theorem, as
  /// M_0' = -f and M_j' = -j M_{j-1}.
  /// @return false if t is not inside [a, b] for certain
  bool from(Ball const& t, std::vector<Ball>& M) const;
  /// M_j(a), a the exact begin of the domain.
  std::vector<Ball> const& from_begin() const { return whole_; }
  /// Encloses f on t, also where it has a kink.
  Ball value(Ball const& t) const;
  /// int_a^b f^2
  Ball const& square() const { return square_; }
  std::size_t parts() const { return parts_.size(); }

 private:
  struct Part {
    Rational l, r;
    std::vector<Ball> c;  ///< the Taylor model at the middle, the remainder last; empty: `range` is all that is known
    Ball range;           ///< f on the part
    std::vector<Ball> rest;  ///< M_j(r), the integrals beyond
  };
  void divide(Rational const& l, Rational const& r, int depth);
  void add_square(Part const& p);
  /// int_t^r f(x) (x - t)^j dx, l <= t <= r
  std::vector<Ball> within(Part const& p, Ball const& t) const;
  /// Moments about t from those about u >= t: int g(x) (x - t)^j.
  std::vector<Ball> shifted(std::vector<Ball> const& about_u, Ball const& distance) const;

  Function const& f_;
  target::Expression const& expression_;
  std::size_t degree_;
  int order_;
  Ball small_;               // what may be left of each part
  std::vector<Part> parts_;  // ascending
  std::vector<Ball> whole_;
  Ball square_ = Ball(0);
  std::string reason_;
};

}  // namespace nwidth::fitting
