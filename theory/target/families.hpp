// SPDX-License-Identifier: Apache-2.0
/// The members of the fair test set, each made from its parameters.
#pragma once
#include <string>
#include <vector>

#include "theory/target/parameters.hpp"
#include "theory/target/target.hpp"

namespace nwidth::target {

inline constexpr int largest_smoothness = 6;

struct FamilyMaker {
  Family family;
  std::vector<std::string> keys;
  int default_n;
  Target (*make)(Parameters const&, int n);
};

std::vector<FamilyMaker> const& family_makers();

Target plane_wave(Parameters const&, int n);
Target chebyshev(Parameters const&, int n);
Target lacunary(Parameters const&, int n);
Target power_of_distance(Parameters const&, int n);
Target runge(Parameters const&, int n);
Target exp_sin(Parameters const&, int n);
Target extremal(Parameters const&, int n);
Target random_perfect_spline(Parameters const&, int n);
Target kink(Parameters const&, int n);

/// About sqrt(2)/4: a dyadic that no uniform mesh meets.
Rational irrational_looking();

}  // namespace nwidth::target
