// SPDX-License-Identifier: Apache-2.0
/// Proof that a square system has exactly one solution next to an approximate one.
#pragma once
#include <string>
#include <vector>

#include "theory/number/ball.hpp"

namespace nwidth::fitting {

/// F : R^n -> R^n, continuously differentiable where it can be enclosed.
class BallSystem {
 public:
  virtual ~BallSystem() = default;
  virtual std::size_t size() const = 0;
  /// Encloses F and, if asked for, its Jacobian (row by row) at every point of the box x.
  /// @return false, with the reason, if x may leave the set where F is differentiable
  virtual bool evaluate(std::vector<Ball> const& x, std::vector<Ball>& F, std::vector<Ball>* jacobian,
                        std::string& reason) const = 0;
};

struct EnclosedZero {
  std::vector<Ball> x;  ///< holds exactly one zero of F
  bool proved = false;
  std::string reason;      ///< why not
  double contraction = 0;  ///< max |image| / max |box|: the smaller the better
};

/// Newton's method at `bits` of precision from `near`, then Krawczyk's operator -Y F(c) + (I - Y J(box)) (box - c) on
/// boxes blown up around the centre c: if it maps a box into its interior, the box holds exactly one zero, and the
/// image holds it. Generalises width/interval_newton.cpp, which uses the structure of its system. Cost: O(n^3)
/// operations at that precision and some 10 Jacobians.
/// @cite krawczyk1969
EnclosedZero krawczyk(BallSystem const& system, std::vector<Ball> const& near, long bits);

}  // namespace nwidth::fitting
