// SPDX-License-Identifier: Apache-2.0
/// Error against size, series by series, with local slopes and slopes over the last decade.
#pragma once
#include <string>
#include <vector>

#include "experiments/rates/jobs.hpp"
#include "experiments/record/journal.hpp"

namespace nwidth::rates {

/// A class certificate, a limit, or the worst of the test set for one choice of parameters.
struct Point {
  std::string parameters;
  long resolution = 0;       ///< degrees of freedom N
  std::size_t targets = 0;   ///< of the test set; 0 for classes and limits
  record::Counts counts;     ///< the largest over the targets
  std::string lower, upper;  ///< of the worst target: the largest lower and the largest upper end
  bool proved = false;
};

struct SeriesTable {
  int n = 1;
  record::Kind kind = record::Kind::of_target;
  std::string method;
  std::vector<Point> points;  ///< ascending in size

  /// d log(upper) / d log(size) from the point before; NaN where one of the two is unproved or 0.
  double local_slope(std::size_t i) const;
  double local_slope_in_resolution(std::size_t i) const;
  /// Least squares over the proved points of the last decade of sizes (of N); NaN if there are fewer than two.
  double slope() const;
  double slope_in_resolution() const;
  std::size_t unproved() const;
};

/// @param records  those of `jobs`, in their order; fits are passed over (fit_table.hpp)
std::vector<SeriesTable> tabulate(std::vector<Job> const& jobs, std::vector<record::Line> const& records);

std::string to_csv(std::vector<SeriesTable> const& tables);
std::string to_markdown(std::vector<SeriesTable> const& tables);
/// One line per series, for a terminal.
std::string summary(std::vector<SeriesTable> const& tables);

}  // namespace nwidth::rates
