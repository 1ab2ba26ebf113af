// SPDX-License-Identifier: Apache-2.0
/// The figure of a run, drawn by Python from the records.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace nwidth::rates {

struct Figure {
  std::vector<std::filesystem::path> files;  ///< empty if it could not be drawn
  std::string reason;                        ///< why not
};

/// Runs experiments/plot/rates.py (built into the program) with the first python3 of the PATH that has matplotlib. What
/// it prints goes to stderr.
Figure draw(std::filesystem::path const& records, std::filesystem::path const& folder);

}  // namespace nwidth::rates
