// SPDX-License-Identifier: Apache-2.0
/// The error of a network with smooth activations (GELU, SiLU, rational), by Taylor expansion of network and target
/// together.
#pragma once
#include "theory/certify/sup_search.hpp"
#include "theory/network/network.hpp"
#include "theory/target/expression.hpp"

namespace nwidth::certify {

/// expression + known - net on any interval. Kinks inside make expand() fail, and range() takes the hull of both
/// branches.
class SmoothError final : public ErrorFunction {
 public:
  /// @param known, expression  may be null: their sum is the target. All must outlive this object.
  SmoothError(Network const& net, Network const* known, target::Expression const* expression)
      : net_(net), known_(known), expression_(expression) {}

  bool expand(Point const& l, Point const& r, int m, std::vector<Ball>& c, bool& exact) const override;
  Ball range(Point const& l, Point const& r) const override;
  Ball value(Point const& x) const override;

 private:
  Network const& net_;
  Network const* known_;
  target::Expression const* expression_;
};

}  // namespace nwidth::certify
