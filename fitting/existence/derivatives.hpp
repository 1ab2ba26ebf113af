// SPDX-License-Identifier: Apache-2.0
/// Derivatives of a target over balls.
#pragma once
#include <vector>

#include "theory/target/expression.hpp"

namespace nwidth::fitting {

/// Encloses f^(j)(y)/j!, j < count, at every y in x: c[0] ... c[count - 1].
/// @return false if f is not so often differentiable on x, as far as could be shown
bool taylor_over(target::Expression const& f, Ball const& x, int count, std::vector<Ball>& c);

/// True only if f is `order` times differentiable on [a, b] and f^(order) has one sign there: by Taylor models on up to
/// 2^12 parts that overlap.
bool derivative_has_no_zero(target::Expression const& f, Rational const& a, Rational const& b, int order);

}  // namespace nwidth::fitting
