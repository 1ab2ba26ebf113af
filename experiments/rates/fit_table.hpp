// SPDX-License-Identifier: Apache-2.0
/// The fitted networks of a run: their certified errors against segments, with what these say about a rate.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "experiments/rates/jobs.hpp"
#include "experiments/record/journal.hpp"
#include "fitting/rate/regression.hpp"

namespace nwidth::rates {

struct FitSeries {
  std::string method, target;
  bool proved = true;  ///< false: errors by quadrature, in two variables, against neurons
  struct Point {
    long size = 0;  ///< segments; where !proved, neurons
    record::Json record;
    /// upper/bound.lower: how far the network is from the best one of as many segments; NaN without a bound
    double factor() const;
  };
  std::vector<Point> points;
  /// Of the networks: enclosures of their errors; fits that did not converge are left out by type.
  std::optional<fitting::RateReport> networks;
  /// Of the best error with as many segments, between the bound and the network: whatever the fit, that is proved.
  std::optional<fitting::RateReport> best;
};

/// @param records  those of `jobs`, in their order; jobs that are no fits are passed over
std::vector<FitSeries> tabulate_fits(std::vector<Job> const& jobs, std::vector<record::Line> const& records);

/// For --json: what the terminal's line says, exponents as decimals rounded outward.
record::Json to_json(FitSeries const& series);
std::string fits_csv(std::vector<FitSeries> const& series);
/// Sections to follow those of the constructions.
std::string fits_markdown(std::vector<FitSeries> const& series);
/// One line per series, for a terminal.
std::string fits_summary(std::vector<FitSeries> const& series);

}  // namespace nwidth::rates
