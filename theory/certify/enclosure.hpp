// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "theory/number/rational.hpp"

namespace nwidth::certify {

/// What is known for certain about a norm: lower <= norm, and norm <= upper if `bounded`.
struct Enclosure {
  Rational lower, upper;
  bool bounded = false;  ///< false: no finite upper bound was proved; `upper` is then meaningless
  bool proved = false;   ///< upper - lower <= tolerance asked
  std::string reason;    ///< why not, if !proved: one clause
  Rational at;           ///< a point where |error| >= lower
  std::string method;
  long pieces = 0;   ///< polynomial pieces walked over
  long boxes = 0;    ///< boxes bounded
  long updates = 0;  ///< times a neuron was computed anew along the pieces
  long bits = 0;     ///< working precision of the last attempt
  double seconds = 0;
};

struct Options {
  Rational relative = Rational(1, 1000000);  ///< (upper - lower) <= relative * upper
  Rational absolute = 0;                     ///< or upper - lower <= absolute
  long most_pieces = 20'000'000;
  double most_seconds = 600;
  long first_bits = 128, most_bits = 1024;  ///< working precision, doubled while it is what limits the result
};

}  // namespace nwidth::certify
