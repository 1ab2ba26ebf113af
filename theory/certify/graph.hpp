// SPDX-License-Identifier: Apache-2.0
/// A piecewise polynomial network of one input as a graph of neurons: what the sweep walks over.
#pragma once
#include <vector>

#include "theory/network/network.hpp"

namespace nwidth::certify {

/// constant + sum of weight * (value of a neuron).
struct LinearForm {
  struct Term {
    int neuron = 0;  // 0 is the input x itself
    Rational weight;
  };
  std::vector<Term> terms;  // ascending, no zero weight
  Rational constant;
};

/// h = sum_i a_i z^i where z > 0, and a_0 where z <= 0, with z the linear form of earlier neurons.
/// A neuron that stands for a whole emulator (see emulator.hpp) has, for 0 <= z <= most, an error in [0, excess]; its
/// terms refer to earlier neurons as always.
struct Neuron {
  LinearForm z;
  std::vector<Rational> a;
  Rational excess;  // 0 for an ordinary neuron
  Rational most;    // meaningful if excess > 0
};

/// Neurons in topological order; identity layers are folded into the linear forms exactly.
class Graph {
 public:
  Graph() { neurons_.emplace_back(); }  // neuron 0: x

  /// Appends a network's neurons and returns its outputs as linear forms. Several networks may share the input.
  /// @throws InvalidInput if it has more than one input or an activation that is not piecewise polynomial
  std::vector<LinearForm> append(Network const& network);

  std::vector<Neuron> const& neurons() const { return neurons_; }
  std::vector<Neuron>& neurons() { return neurons_; }

  LinearForm output;  // what the sweep reports

 private:
  std::vector<Neuron> neurons_;
};

/// sum_i weight_i form_i + constant, sorted and without zeros.
LinearForm combine(std::vector<LinearForm const*> const& forms, std::vector<Rational> const& weights,
                   Rational const& constant);

/// The graph of first - second (the second may be null).
Graph difference_graph(Network const& first, Network const* second);

}  // namespace nwidth::certify
