// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/piece_error.hpp"

#include <algorithm>

namespace nwidth::certify {

bool PieceError::expand(Point const& l, Point const& r, int m, std::vector<Ball>& c, bool& exact) const {
  exact = f_ == nullptr;
  if (f_ != nullptr) {
    target::Expansion e = f_->expand(l.rational(), r.rational(), std::max(m, p_.length()));
    if (e.status != target::Expansion::Status::smooth) return false;
    c = std::move(e.c);
  } else {
    c.assign(static_cast<std::size_t>(std::max(p_.length(), 1)), Ball());
  }
  Point middle;
  arf_add(middle.get(), l.get(), r.get(), ARF_PREC_EXACT, ARF_RND_DOWN);
  arf_mul_2exp_si(middle.get(), middle.get(), -1);
  Polynomial const local = p_.shifted(distance(centre_, middle).ball());
  for (int j = 0; j < local.length(); ++j) {
    Ball& d = c[static_cast<std::size_t>(j)];
    arb_sub(d.get(), d.get(), local.coefficient(j), working_precision());
  }
  return true;
}

Ball PieceError::range(Point const& l, Point const& r) const {
  Ball const p = p_(span(distance(centre_, l), distance(centre_, r)));
  return f_ != nullptr ? f_->range(l.rational(), r.rational()) - p : -p;
}

Ball PieceError::value(Point const& x) const {
  Ball const p = p_(distance(centre_, x).ball());
  return f_ != nullptr ? (*f_)(x.ball()) - p : -p;
}

}  // namespace nwidth::certify
