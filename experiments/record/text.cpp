// SPDX-License-Identifier: Apache-2.0
#include "experiments/record/text.hpp"

#include <cstdio>

namespace nwidth::record {

std::string clock_text(double seconds) {
  char text[32];
  long const s = static_cast<long>(seconds + 0.5);
  if (s >= 3600) {
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld:%02ld", s / 60, s % 60);
  }
  return text;
}

std::string one_line(std::string const& text) {
  std::string line;
  for (char const c : text) {
    if (line.size() > 500) return line + "...";
    line += static_cast<unsigned char>(c) < 32 || c == 127 ? ' ' : c;
  }
  return line;
}

}  // namespace nwidth::record
