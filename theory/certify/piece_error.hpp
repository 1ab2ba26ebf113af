// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>
#include <vector>

#include "theory/certify/sup_search.hpp"
#include "theory/number/polynomial.hpp"
#include "theory/target/expression.hpp"

namespace nwidth::certify {

/// f - p on one piece of a network, p a polynomial in x - centre. f may be null: it is 0 then.
class PieceError final : public ErrorFunction {
 public:
  PieceError(target::Expression const* f, Polynomial p, Point centre)
      : f_(f), p_(std::move(p)), centre_(std::move(centre)) {}

  bool expand(Point const& l, Point const& r, int m, std::vector<Ball>& c, bool& exact) const override;
  Ball range(Point const& l, Point const& r) const override;
  Ball value(Point const& x) const override;

 private:
  target::Expression const* f_;
  Polynomial p_;
  Point centre_;
};

}  // namespace nwidth::certify
