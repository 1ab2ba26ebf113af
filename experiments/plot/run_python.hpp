// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace nwidth::plot {

/// Runs a script with the first python3 of the PATH; what it prints goes to stderr.
/// @return empty if it succeeded, else why it did not: one clause
std::string run_python(std::string_view script, std::vector<std::string> const& arguments);

}  // namespace nwidth::plot
