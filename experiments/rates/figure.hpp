// SPDX-License-Identifier: Apache-2.0
/// The figures of a run, drawn by Python from the records.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace nwidth::rates {

struct Figure {
  std::vector<std::filesystem::path> files;  ///< empty if none could be drawn
  std::string reason;                        ///< why not
};

enum class Drawing {
  constructions,  ///< rates.{svg,pdf,png} by experiments/plot/rates.py
  fits,           ///< fits.{svg,pdf,png} by experiments/plot/fits.py
};
/// The script and the stem of its files: "rates" or "fits".
std::string name(Drawing drawing);

/// Runs the script (built into the program) with the first python3 of the PATH that has matplotlib. What it prints goes
/// to stderr.
Figure draw(Drawing drawing, std::filesystem::path const& records, std::filesystem::path const& folder);

}  // namespace nwidth::rates
