// SPDX-License-Identifier: Apache-2.0
/// How programs speak to a person in lines.
#pragma once
#include <string>

namespace nwidth::record {

/// "1:02:03", or "2:03" below an hour.
std::string clock_text(double seconds);

/// A message as one line of some 500 characters at most: whatever the user's input held.
std::string one_line(std::string const& text);

}  // namespace nwidth::record
