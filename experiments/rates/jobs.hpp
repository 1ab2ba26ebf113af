// SPDX-License-Identifier: Apache-2.0
/// The points of a run, and how one is computed.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "experiments/methods/method.hpp"
#include "experiments/rates/config.hpp"
#include "experiments/record/record.hpp"

namespace nwidth::rates {

inline constexpr int record_digits = 15;
inline constexpr char const* width_limit = "n-width";
inline constexpr char const* selection_limit = "continuous-selection";

/// A network of one hidden layer whose weights are fitted.
struct FitJob {
  enum class By { knots, adam, raw_lm, ridge };
  By by = By::knots;
  std::string activation;
  long size = 2;  ///< segments of the spline; of ridge networks, neurons
};

struct Job {
  record::Kind kind = record::Kind::of_target;
  std::string method;  ///< of a limit: width_limit or selection_limit
  int n = 1;
  methods::Parameters parameters;
  long W = 0;                 ///< of a limit: the number of free weights
  std::optional<FitJob> fit;  ///< of fits: `parameters` says nothing then, and n is 0
  std::string target;         ///< canonical name; empty unless kind is of_target
  Rational relative;
  long seed = 0;
  std::string key;  ///< readable, and different for different points
  double cost = 1;  ///< a rough guess of the time, for the order of work and the time left
};

/// All points in the order of the figure's panels and series; each key once.
/// @throws InvalidInput if a target cannot be resolved
std::vector<Job> plan_jobs(Config const& config);

/// Builds, counts and certifies. Depends on the job alone. What cannot be proved is in the record, with its reason.
record::Record run_job(Job const& job);

}  // namespace nwidth::rates
