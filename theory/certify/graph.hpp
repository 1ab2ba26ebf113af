// SPDX-License-Identifier: Apache-2.0
/// A piecewise polynomial network of one input as a graph of neurons: what the sweep walks over.
#pragma once
#include <vector>

#include "theory/network/network.hpp"

namespace nwidth::certify {

/// constant + sum of weight * (value of a neuron).
struct LinearForm {
  struct Term {
    int neuron = 0;  // 0 is the input, x - centre
    Rational weight;
  };
  std::vector<Term> terms;  // ascending, no zero weight
  Rational constant;
};

/// A function of z, the linear form of earlier neurons.
struct Neuron {
  enum class Kind {
    gated,     ///< sum_i a_i z^i where z > 0, and a_0 where z <= 0
    always,    ///< sum_i a_i z^i everywhere
    emulator,  ///< what relu computes for relu(z)^2 in `level` levels of the sawtooth; known for z <= 1 only
    ripple,    ///< 4^-level s (1 - s), s the fractional part of 2^level z: by how much an emulator exceeds z^2
    noise,     ///< unknown, in [-a_0, a_0]
  };
  LinearForm z;
  std::vector<Rational> a;  // empty for emulators and ripples
  Kind kind = Kind::gated;
  int level = 0;

  bool has_slack() const { return kind == Kind::emulator || kind == Kind::ripple || kind == Kind::noise; }
  /// Emulators and ripples: the former lie in relu(z)^2 + [0, excess], the latter in [0, excess].
  Rational excess() const { return power_of_two(-2L * level - 2); }
};

/// Neurons in topological order; identity layers are folded into the linear forms exactly.
class Graph {
 public:
  Graph() { neurons_.emplace_back(); }  // neuron 0: x - centre

  /// Appends a network's neurons and returns its outputs as linear forms. Several networks may share the input.
  /// @throws InvalidInput if it has more than one input or an activation that is not piecewise polynomial
  std::vector<LinearForm> append(Network const& network);

  std::vector<Neuron> const& neurons() const { return neurons_; }
  std::vector<Neuron>& neurons() { return neurons_; }

  /// Neurons and weights: what a pass over the graph costs.
  std::size_t size() const;
  /// Some neuron is known up to an error only.
  bool has_slack() const;

  LinearForm output;  // what the sweep reports
  Rational centre;    // dyadic

 private:
  std::vector<Neuron> neurons_;
};

/// sum_i weight_i form_i + constant, sorted and without zeros.
LinearForm combine(std::vector<LinearForm const*> const& forms, std::vector<Rational> const& weights,
                   Rational const& constant);

/// Without the neurons that the output does not need. @param ripples  keep also what the ripples' arguments need; else
/// ripples have no arguments any more and are constants that are not known
Graph prune(Graph const& graph, bool ripples);

/// The graph of first - second (the second may be null).
Graph difference_graph(Network const& first, Network const* second);

}  // namespace nwidth::certify
