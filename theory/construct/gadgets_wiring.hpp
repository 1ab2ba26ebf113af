// SPDX-License-Identifier: Apache-2.0
/// Writing a network down as formulas: affine forms of a layer go into neurons, neurons give forms of the next layer.
///
/// Affine maps between two layers are never stored: they are merged into the weights that read them, so a network costs
/// what its neurons read and nothing else.
#pragma once
#include <map>
#include <utility>
#include <vector>

#include "theory/network/network.hpp"

namespace nwidth::construct {

/// c + sum_j w_j h_j over the outputs h_j of one layer (or the inputs of the network). A constant belongs to every
/// layer.
class Form {
 public:
  Form() = default;
  Form(Rational c) : constant_(std::move(c)) {}
  Form(int c) : constant_(c) {}

  bool is_constant() const { return terms_.empty(); }
  Rational const& constant() const { return constant_; }

  /// Cost: linear in both; O(1) per term where o's neurons come after all of this form's.
  /// @throws InvalidInput if both are not constant and belong to different layers
  Form& operator+=(Form const& o);
  Form& operator-=(Form const& o);
  Form& operator*=(Rational const& s);

  friend Form operator+(Form a, Form const& b) { return a += b; }
  friend Form operator-(Form a, Form const& b) { return a -= b; }
  friend Form operator-(Form a) { return a *= -1; }
  friend Form operator*(Rational const& s, Form a) { return a *= s; }
  friend Form operator*(Form a, Rational const& s) { return a *= s; }
  friend Form operator/(Form a, Rational const& s) { return a *= Rational(1) / s; }

 private:
  friend class Wiring;
  void add(Form const& o, int sign);

  std::vector<std::pair<int, Rational>> terms_;  // by index, no zeros
  Rational constant_ = 0;
  int layer_ = -1;  // of the terms: 0 the inputs, l the l-th hidden layer
};

/// A network under construction, from the inputs to the outputs. Neurons are numbered as they are made: make each in a
/// statement of its own, as C++ leaves the order of calls inside an expression to the compiler.
class Wiring {
 public:
  /// @throws InvalidInput unless inputs >= 1
  explicit Wiring(int inputs);

  /// The i-th input, i = 0 ... inputs - 1.
  Form input(int i = 0) const;

  /// Begins the next hidden layer: its neurons read the layer before. An activation with one coefficient vector per
  /// neuron is written by opening with polyrelu and giving each neuron its vector.
  void open(Activation activation);

  /// activation(t), t a form of the layer before the open one. Neurons with equal pre-activation are one neuron; a
  /// constant t costs none.
  /// @throws InvalidInput if t belongs to another layer
  Form neuron(Form const& t);
  /// The same with the neuron's own coefficients a_0 ... a_r (model M1); all neurons of the layer must be made so.
  Form neuron(Form const& t, std::vector<Rational> const& a);

  /// The network whose outputs are these forms of the open layer. The wiring is used up.
  Network close(std::vector<Form> const& outputs);
  Network close(Form const& output) { return close(std::vector<Form>{output}); }

 private:
  using Key = std::pair<std::vector<std::pair<int, Rational>>, std::pair<Rational, std::vector<Rational>>>;

  void seal();
  void check(Form const& t, int layer) const;

  int inputs_;
  std::vector<Layer> done_;
  bool open_ = false;
  int width_ = 0;  // of the layer before the open one
  Activation activation_;
  std::vector<std::vector<Rational>> own_;  // coefficients of the open layer's neurons, model M1
  std::vector<Form> neurons_;
  std::map<Key, int> known_;
};

}  // namespace nwidth::construct
