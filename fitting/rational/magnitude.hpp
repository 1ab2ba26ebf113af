// SPDX-License-Identifier: Apache-2.0
/// Sizes of numbers of any scalar, and how they stand in the detail of an outcome.
#pragma once
#include <sstream>
#include <string>

namespace nwidth::fitting::rational {

/// Three digits.
template <class T>
std::string digits(T const& x) {
  std::ostringstream s;
  s.precision(3);
  s << static_cast<double>(x);
  return s.str();
}

/// |x|
template <class T>
T size(T const& x) {
  return x < 0 ? T(-x) : x;
}

}  // namespace nwidth::fitting::rational
