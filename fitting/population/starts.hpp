// SPDX-License-Identifier: Apache-2.0
/// Where fits of networks begin: at random, or at a smaller network that has been fitted.
#pragma once
#include <cstdint>

#include "fitting/population/network_model.hpp"
#include "fitting/population/variable_projection.hpp"

namespace nwidth::fitting::population {

/// Parameters of a network at random. First layer, d = 1: kinks equidistant but for N(0, 0.3/W) of jitter, slopes
/// +-2 exp(0.3 N(0,1)); d > 1: directions uniform, slope 2, biases uniform on [-1.5, 1.5]. Second layer: weights
/// normal, then scaled so that they give a standard deviation of 1 over the grid, biases uniform such that kinks lie in
/// the range. Blocks on spheres are scaled to norm 1. (The first layer's numbers are those of the pilot that found the
/// slopes.)
std::vector<double> random_start(NetworkModel const& model, std::uint64_t seed);

/// Parameters of a larger network whose span holds that of a fitted smaller one, so that its loss is no larger.
/// One hidden layer: neurons that the fit left without a coefficient go, and the others are joined by neurons chosen
/// one by one out of 512 random ones, each the one that lowers the loss most (orthogonal greedy). Two hidden layers:
/// random neurons join each layer, and nothing old reads the new.
/// @param problem  of the large model  @param value  of the small model at p
/// @throws InvalidInput if the small network is not the large one with fewer neurons
/// Cost: one hidden layer, 2048 n (m + added) operations.
/// @cite barron2008greedy
std::vector<double> grown_start(ProjectedProblem const& problem, NetworkModel const& large, NetworkModel const& small,
                                std::vector<double> const& p, ProjectedValue const& value, std::uint64_t seed);

}  // namespace nwidth::fitting::population
