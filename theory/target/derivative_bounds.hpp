// SPDX-License-Identifier: Apache-2.0
/// Rigorous bounds of Sobolev norms of expressions.
#pragma once
#include "theory/target/expression.hpp"

namespace nwidth::target {

struct DerivativeBounds {
  Rational lower, upper;  // lower <= max_{j<=n} sup_{[-1,1]} |f^(j)| <= upper
  bool finite = false;    // false if no upper bound was found
};

/// By Taylor models on a cover of [-1, 1], refined where the bound is largest until upper <= (1 + relative) lower or
/// `most` models were made.
DerivativeBounds derivative_bounds(Expression const& f, int n, double relative = 1e-3, int most = 4000);

/// max_j |f^(j)(x)| over j <= n and `points` points x of [-1, 1], rounded down: a lower bound of the norm.
Rational sampled_derivatives(Expression const& f, int n, int points);

}  // namespace nwidth::target
