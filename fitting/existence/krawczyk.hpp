// SPDX-License-Identifier: Apache-2.0
/// Proof that a square system has exactly one solution next to an approximate one.
#pragma once
#include <string>
#include <vector>

#include "theory/number/ball.hpp"

namespace nwidth::fitting {

/// F : R^n -> R^n, Lipschitz continuous where it can be enclosed.
class BallSystem {
 public:
  virtual ~BallSystem() = default;
  virtual std::size_t size() const = 0;
  /// Encloses F and, if asked for, its Jacobian (row by row) at every point of the box x: at least where it exists, if
  /// F is continuous and made of finitely many smooth pieces, so that one-sided limits are in the entries as well.
  /// @return false, with the reason, if x may leave the set where F is such
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
/// boxes blown up around the centre c: if it maps a box X into its interior, X holds exactly one zero, and the image
/// holds it. All that this needs of J is F(x) - F(y) in J(X) (x - y) for x and y in X: then x -> x - Y F(x) maps X into
/// the image and has a fixed point by Brouwer; ||I - Y J|| < 1 in the norm whose unit ball is X - c, so Y and all
/// matrices in J(X) are regular, and two zeros would be the same. Where F is only Lipschitz that is Lebourg's mean
/// value theorem for each row, as the rows of an interval matrix are chosen apart. Generalises
/// width/interval_newton.cpp, which uses the structure of its system. Cost: O(n^3) operations at that precision and
/// some 10 Jacobians.
/// @cite krawczyk1969
EnclosedZero krawczyk(BallSystem const& system, std::vector<Ball> const& near, long bits);

}  // namespace nwidth::fitting
