// SPDX-License-Identifier: Apache-2.0
#include "fitting/rate/sequence.hpp"

#include <algorithm>

#include "theory/number/error.hpp"

namespace nwidth::fitting {

char const* name(Abscissa a) {
  switch (a) {
    case Abscissa::segments: return "segments";
    case Abscissa::knots: return "knots";
    case Abscissa::neurons: return "neurons";
    case Abscissa::size: return "size";
    case Abscissa::parameters: return "parameters";
  }
  return "?";
}

void RateSequence::require_new(long N) const {
  if (N < 1)
    throw InvalidInput("a rate is taken over " + std::string(name(abscissa_)) + " >= 1, not " + std::to_string(N));
  auto same = [N](auto const& p) { return p.N == N; };
  if (std::any_of(points_.begin(), points_.end(), same) || std::any_of(excluded_.begin(), excluded_.end(), same))
    throw InvalidInput("the error at " + std::to_string(N) + " " + name(abscissa_) + " is given twice");
}

void RateSequence::add(long N, Rational const& lower, Rational const& upper, Status status) {
  require_new(N);
  if (lower < 0 || lower > upper)
    throw InvalidInput("an error lies between 0 <= lower <= upper, not " + exact_string(lower) + " and " +
                       exact_string(upper));
  if (!is_usable(status)) {
    excluded_.push_back({N, name(status)});
  } else if (lower == 0) {
    excluded_.push_back({N, "the error is not proved to be positive"});
  } else {
    auto const after =
        std::upper_bound(points_.begin(), points_.end(), N, [](long n, auto const& p) { return n < p.N; });
    points_.insert(after, {N, {lower, upper}});
  }
}

void RateSequence::add(long N, certify::Enclosure const& error, Status status) {
  if (error.bounded) return add(N, error.lower, error.upper, status);
  require_new(N);
  excluded_.push_back({N, "no upper bound was proved"});
}

}  // namespace nwidth::fitting
