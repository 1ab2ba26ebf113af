// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/smooth_error.hpp"

#include "theory/number/series.hpp"

namespace nwidth::certify {
namespace {

Ball middle_of(Point const& l, Point const& r) {
  Ball m;
  arf_add(arb_midref(m.get()), l.get(), r.get(), ARF_PREC_EXACT, ARF_RND_DOWN);
  arb_mul_2exp_si(m.get(), m.get(), -1);
  return m;
}

/// c += sign * (Taylor model of the network on [l, r]).
bool add_expansion(Network const& net, Point const& l, Point const& r, int m, int sign, std::vector<Ball>& c) {
  Series const over = net(Series::variable(span(l, r), m + 1));
  if (over.status() != Series::Status::ok) return false;
  Series const at = net(Series::variable(middle_of(l, r), m));
  if (at.status() != Series::Status::ok) return false;
  std::vector<Ball> local = at.coefficients(m);
  local.push_back(over.coefficients(m + 1).back());
  for (std::size_t j = 0; j < local.size(); ++j) {
    if (sign > 0) {
      c[j] += local[j];
    } else {
      c[j] -= local[j];
    }
  }
  return true;
}

}  // namespace

bool SmoothError::expand(Point const& l, Point const& r, int m, std::vector<Ball>& c, bool& exact) const {
  exact = false;
  if (expression_ != nullptr) {
    target::Expansion e = expression_->expand(l.rational(), r.rational(), m);
    if (e.status != target::Expansion::Status::smooth) return false;
    c = std::move(e.c);
  } else {
    c.assign(static_cast<std::size_t>(m) + 1, Ball());
  }
  return add_expansion(net_, l, r, m, -1, c) && (known_ == nullptr || add_expansion(*known_, l, r, m, 1, c));
}

Ball SmoothError::range(Point const& l, Point const& r) const {
  Ball const x = span(l, r);
  Ball e = -net_(x);
  if (known_ != nullptr) e += (*known_)(x);
  if (expression_ != nullptr) e += expression_->range(l.rational(), r.rational());
  return e;
}

Ball SmoothError::value(Point const& x) const {
  Ball e = -net_(x.ball());
  if (known_ != nullptr) e += (*known_)(x.ball());
  if (expression_ != nullptr) e += (*expression_)(x.ball());
  return e;
}

}  // namespace nwidth::certify
