// SPDX-License-Identifier: Apache-2.0
/// Networks fitted to the population loss, and how the loss falls as they widen.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fitting/population/network_model.hpp"
#include "fitting/population/population_loss.hpp"
#include "fitting/population/scaling_law.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting::population {

/// What a progress callback is told after each iteration.
struct FitProgress {
  std::vector<int> hidden;
  std::string start;  ///< "random" or "grown"
  std::uint64_t seed = 0;
  int iteration = 0;
  double loss = 0;
};

struct PopulationFitOptions {
  int restarts = 3;          ///< random starts
  std::uint64_t seed = 1;    ///< start i has the seed seed + i; a grown start the seed itself
  int max_iterations = 100;  ///< of each start
  double least_decrease = 1e-9;
  std::function<void(FitProgress const&)> progress = nullptr;
};

/// One start of a fit and how it ended.
struct FitRun {
  std::string start;
  std::uint64_t seed = 0;
  double loss = 0;  ///< quadratic, at the end
  int iterations = 0;
  Outcome outcome;
  double seconds = 0;  ///< wall time: the only thing here that two runs do not agree on
};

/// The best network of several starts. Its losses are upper bounds of the least ones, up to rounding, whatever the
/// status.
struct PopulationFit {
  NetworkShape shape;
  std::vector<double> parameters;  ///< NetworkModel's
  Eigen::VectorXd coefficients;    ///< of the output
  double loss = 0;                 ///< PopulationLoss::quadratic of the network: what was minimised
  double divergence = 0;           ///< PopulationLoss::divergence of the same network
  Outcome outcome;                 ///< of the best start
  std::vector<FitRun> runs;        ///< random ones first, then the grown one
  std::size_t best = 0;            ///< index into runs
  Eigen::Index size() const { return static_cast<Eigen::Index>(parameters.size()) + coefficients.size(); }
};

/// Variable projection from several starts. Neurons that lose their coefficient (rank_deficient) in a network of one
/// hidden layer are replaced as grown_start does, up to five times within the iterations allowed.
/// @param smaller  a fitted network to grow out of as one start more, or null: then the loss is no larger than its, up
///   to rounding
/// Cost: see fit_projected. For one hidden layer of polyrelu in d = 2 on 64^2 points, one core of an EPYC at 2.6 GHz
/// takes about 0.03 s an iteration at width 32, 0.25 s at 128 and 1 s at 256; the time is linear in the points.
/// Two hidden layers of width W have W^2 parameters more: W = 32 needs 1200 points or more, W = 256 does not fit.
/// @throws InvalidInput if restarts < 0 or there is no start at all, or network and grid do not fit (more parameters
///   than points)
PopulationFit fit_population(PopulationLoss const& loss, NetworkShape const& shape, PopulationFitOptions const& options,
                             PopulationFit const* smaller = nullptr);

/// The values of a fitted network at the points of a population.
Eigen::VectorXd values_of(PopulationFit const& fit, PopulationLoss const& loss);

/// Fits at several widths of one target.
struct PopulationCurve {
  std::vector<PopulationFit> fits;
  MeasuredExponents quadratic, divergence;  ///< exponents in the width
};
struct PopulationCurveOptions {
  std::vector<int> widths{4, 8, 16, 32};
  int depth = 1;           ///< hidden layers, of one width
  bool grow = true;        ///< each width starts from the one before, too: the loss never rises
  int widest_random = 64;  ///< above it, growth is the only start
  PopulationFitOptions fit;
};
/// @throws InvalidInput as fit_population, and if there are not two ascending widths, or wide ones have no start
PopulationCurve population_curve(PopulationLoss const& loss, Unit const& unit, PopulationCurveOptions const& options);

/// A cell of the table of slopes: targets of one smoothness, one activation.
struct ScalingStudy {
  int dimension = 2;
  double smoothness = 1;
  int points_per_axis = 48;
  int frequencies = 48;
  Unit unit;
  std::vector<std::uint64_t> targets{1};  ///< seeds of the fields
  PopulationCurveOptions curve;
};
struct ScalingResult {
  PredictedExponents predicted;
  std::vector<PopulationCurve> curves;  ///< one per target
  double mean = 0;                      ///< of the curves' ols exponents of the quadratic loss
};
/// @throws InvalidInput as GaussianField, PopulationLoss and population_curve, or without targets
ScalingResult scaling_study(ScalingStudy const& study);

}  // namespace nwidth::fitting::population
