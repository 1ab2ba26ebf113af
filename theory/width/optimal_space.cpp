// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "theory/number/error.hpp"
#include "theory/width/critical_points.hpp"
#include "theory/width/end_pattern.hpp"
#include "theory/width/newton_remez.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::width {
namespace {

constexpr int solved_up_to = 64;
constexpr int largest_N = 1000000;

/// The positive ones, descending.
struct Half {
  std::vector<Real> knots, nodes;
};

Half from_solution(Alternating<Real> const& s) {
  Half half{{s.spline.knots.rbegin(), s.spline.knots.rend()}, {}};
  Pieces<Real> const P(s.spline);
  for (std::size_t i = s.points.size() - 1; i-- > 0;)
    half.nodes.push_back(zero_between(P, 0, s.points[i], s.points[i + 1], 400));
  return half;
}

Half from_pattern(EndPattern const& pattern, int n, int N) {
  Half half;
  Real const h = 2 / (N - pattern.offset());
  for (std::size_t j = 0; j < static_cast<std::size_t>((N - n) / 2); ++j) half.knots.push_back(1 - h * pattern.knot(j));
  for (std::size_t j = 0; j < static_cast<std::size_t>(N / 2); ++j) half.nodes.push_back(1 - h * pattern.zero(j));
  return half;
}

/// `count` numbers, symmetric about 0: so 0 is one of them if count is odd.
std::vector<Rational> mirrored(std::vector<Real> const& positive_descending, int count, long bits) {
  std::vector<Rational> all(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < positive_descending.size(); ++i) {
    Rational const x = round_to_dyadic(exact(positive_descending[i]), bits);
    all[all.size() - 1 - i] = x;
    all[i] = -x;
  }
  return all;
}

bool ascending_inside(std::vector<Rational> const& v) {
  for (std::size_t i = 0; i + 1 < v.size(); ++i)
    if (!(v[i] < v[i + 1])) return false;
  return v.empty() || (v.front() > -1 && v.back() < 1);
}

bool schoenberg_whitney(OptimalSpace const& s) {
  for (std::size_t i = 0; i < s.knots.size(); ++i)
    if (!(s.nodes[i] < s.knots[i] && s.knots[i] < s.nodes[i + static_cast<std::size_t>(s.n)])) return false;
  return ascending_inside(s.knots) && ascending_inside(s.nodes);
}

}  // namespace

OptimalSpace optimal_space(int n, int N, long bits) {
  if (n < 1 || n > 6) throw InvalidInput("n = " + std::to_string(n) + " must be 1..6");
  if (N < n || N > largest_N)
    throw InvalidInput("N = " + std::to_string(N) + " must be " + std::to_string(n) + ".." + std::to_string(largest_N));
  if (bits < 8 || bits > 256) throw InvalidInput("bits = " + std::to_string(bits) + " must be 8..256");
  bool const closed = n <= 3;
  Half const half = closed || N > solved_up_to ? from_pattern(EndPattern::of_degree(n), n, N)
                                               : from_solution(least_norm_spline(n, N));
  OptimalSpace s{n, N, mirrored(half.knots, N - n, bits), mirrored(half.nodes, N, bits)};
  if (!schoenberg_whitney(s))
    throw InvalidInput("bits = " + std::to_string(bits) +
                       " are too few to keep the knots and nodes of N = " + std::to_string(N) + " apart");
  return s;
}

}  // namespace nwidth::width
