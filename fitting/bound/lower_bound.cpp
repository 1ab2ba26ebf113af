// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/lower_bound.hpp"

#include <limits>

#include "theory/number/ball.hpp"

namespace nwidth::fitting {
namespace {

/// x >= 0 with four decimals, rounded up.
std::string four_decimals_above(Rational const& x) {
  Rational const scaled = x * 10000;
  Integer n = numerator(scaled) / denominator(scaled);
  if (n < scaled) ++n;
  std::string const decimals = Integer(n % 10000).str();
  return Integer(n / 10000).str() + "." + std::string(4 - decimals.size(), '0') + decimals;
}

}  // namespace

char const* letter(BoundKind kind) {
  switch (kind) {
    case BoundKind::segments: return "A";
    case BoundKind::alternation: return "B";
    case BoundKind::blocks: return "C";
    case BoundKind::l2_cells: return "D";
    case BoundKind::joined: return "E";
  }
  return "?";
}

ProvedFactor proved_factor(LowerBound const& bound, SplineClass const& kind, Rational const& error) {
  if (!bound.covers(kind))
    throw InvalidInput("bound " + std::string(letter(bound.kind)) + " of order " + std::to_string(bound.order) +
                       " does not cover splines of degree " + std::to_string(kind.degree) + " and multiplicity " +
                       std::to_string(kind.multiplicity));
  if (bound.proved && error < bound.lower)
    throw InvalidInput("an error of " + decimal_above(error, 6) + " is below the proved lower bound " +
                       decimal_below(bound.lower, 6));
  ProvedFactor r{bound.lower, bound.kind, bound.knots, error, std::numeric_limits<double>::infinity(), ""};
  std::string const norm = bound.kind == BoundKind::l2_cells ? "L2" : "sup";
  // B and C bound C^{d-1} splines only: a neuron with a corner is none
  bool const smooth = bound.kind == BoundKind::alternation || bound.kind == BoundKind::blocks;
  std::string const who = "networks of one hidden layer with " + std::to_string(bound.knots) + " neurons" +
                          (smooth ? " of ReLU^" : ", degree ") + std::to_string(kind.degree);
  if (bound.proved && bound.lower > 0) {
    r.factor = enclose(error / bound.lower).hi;
    r.statement = "over all " + who + ", the " + norm + " error is at least " + decimal_below(bound.lower, 7) +
                  " (proof " + letter(bound.kind) + "); this fit has at most " + decimal_above(error, 7) +
                  ", within a factor " + four_decimals_above(error / bound.lower) + " of the best possible";
  } else {
    r.statement = "no lower bound is proved for " + who + (bound.reason.empty() ? "" : ": " + bound.reason);
  }
  return r;
}

}  // namespace nwidth::fitting
