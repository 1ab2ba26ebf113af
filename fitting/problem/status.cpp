// SPDX-License-Identifier: Apache-2.0
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

char const* name(Status s) {
  switch (s) {
    case Status::converged: return "converged";
    case Status::flat: return "flat";
    case Status::max_iterations: return "max iterations";
    case Status::knot_collapse: return "knot collapse";
    case Status::rank_deficient: return "rank deficient";
    case Status::no_alternation: return "no alternation";
    case Status::below_precision: return "below precision";
    case Status::optimal: return "optimal by bound";
  }
  return "unknown";
}

}  // namespace nwidth::fitting
