// SPDX-License-Identifier: Apache-2.0
/// Proof that an error is nowhere larger than at its points of alternation.
#pragma once
#include <string>
#include <vector>

#include "theory/number/polynomial.hpp"
#include "theory/target/expression.hpp"

namespace nwidth::fitting {

/// One polynomial piece of a spline: p(x - a) on [left, right].
struct EnclosedPiece {
  Polynomial p;
  Ball left, right;
  /// Points inside where f - p = sign * E. Critical ones, f' = p', but for those that are breaks of f: exact balls, or
  /// nothing is shown.
  struct Extremum {
    Ball x;
    int sign;
    bool is_break;
  };
  std::vector<Extremum> inside;
  int left_sign = 0, right_sign = 0;  ///< 0: nothing is known of that end
};

/// True only if |f - p| <= E on all of [left, right], or |f - p| <= most with exact = false.
/// Next to a critical point x (f'(x) = p'(x) and f(x) - p(x) = +-E hold exactly) the second derivative is shown to bend
/// the error back, next to an end with the full error the first derivative to have the right sign, and elsewhere the
/// error is shown to be below E: by Taylor models on parts that are halved. At a break, where f may have no second
/// derivative, the error is shown to fall from both sides of a tiny part in which it is below `most`, and so it is at
/// an end where it is near E for reasons that are not known (one alternation more than needed).
/// @param a  where the pieces' polynomials are centred
/// @param E  > 0
/// @param most   > E, the nearer the smaller that part
/// @param exact  becomes false if `most` was needed
bool error_stays_below(target::Expression const& f, Rational const& a, EnclosedPiece const& piece, Ball const& E,
                       Ball const& most, bool& exact, std::string& reason);

}  // namespace nwidth::fitting
