// SPDX-License-Identifier: Apache-2.0
/// Fits of networks with two hidden layers. They end in poor local minima far more often than not, and no rate is to be
/// read from them: deep networks of theorems are constructed, certified and polished (fitting/deep/polish.hpp).
#pragma once
#include <cstdint>
#include <vector>

#include "fitting/deep/deep_network.hpp"
#include "fitting/problem/function.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

enum class DeepStart {
  active,  ///< all pre-activations positive on the domain: the network begins as a polynomial of degree 9
  knots,   ///< kinks of the first layer equidistributed for order 4, second layer random
  random,  ///< weights and biases uniform, as in the usual initialisation
};

struct DeepOptions {
  DeepStart start = DeepStart::active;
  int starts = 4;
  std::uint64_t seed = 1;  ///< of the first start; the others take the next ones
  int max_iterations = 400;
  int panels = 128, nodes = 8;  ///< fixed Gauss nodes: panels of even width, cut at breaks of f
};

struct DeepFit {
  DeepPolyReLU function;
  double l2 = 0;            ///< on the nodes of the fit
  double l2_validated = 0;  ///< by Gauss nodes on four times as many panels
  int iterations = 0;       ///< of the best start
  std::vector<std::uint64_t> seeds;
  std::vector<double> start_l2;  ///< what each ended with
  Outcome outcome;
  Network to_network() const { return function.to_network(); }
};

/// Least squares by variable projection on all but the output layer.
/// @deviation The rows of the weights are not brought to length 1: with coefficients shared by the layer their lengths
///   are parameters that matter. The scale of each layer, one factor that does not, is left to the damping.
/// @throws InvalidInput unless width, starts, panels and nodes are at least 1 and there are more nodes than parameters
DeepFit fit_deep(Function const& f, int width, DeepOptions const& options = {});

}  // namespace nwidth::fitting
