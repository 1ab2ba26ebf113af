// SPDX-License-Identifier: Apache-2.0
/// The calculus of networks: composition, parallel networks and sums, exact and with no weight more than needed.
///
/// Every result is an identity between real functions, in exact arithmetic; nothing is approximated. Adjacent affine
/// maps are merged, so that sizes are those that the theory counts.
///
/// Layers side by side must become one layer, which has one activation or, in model M1, one coefficient vector per
/// neuron. Equal activations stay as they are. Different ones among relu, relu_power and polyrelu become a polyrelu per
/// neuron: relu is (0, 1), relu_power k is (0, ..., 0, 1). Then each neuron brings its own nonzero coefficients into
/// Network::coefficients(), one for relu and relu_power, which counted none before; weights, neurons and depth do not
/// change. Rational, gelu and silu layers stand beside equal layers only.
#pragma once
#include <optional>
#include <vector>

#include "theory/network/network.hpp"

namespace nwidth {

/// x -> A x + b, of depth 0.
Network affine(SparseMatrix a, std::vector<Rational> b);
/// x -> a x + b in one variable.
Network affine(Rational const& a, Rational const& b);

/// outer o inner. If inner ends with the identity (an output layer), that layer is merged into outer's first one:
/// weights A_outer A_inner, bias A_outer b_inner + b_outer. Depths add. @throws InvalidInput if the shapes do not fit
Network compose(Network const& outer, Network const& inner);

/// The same function with no inner identity layer (each is merged into the layer after it) and with an identity as its
/// last layer (one is added if the last layer is active): depth() hidden layers and an output layer.
Network normal_form(Network const& net);

/// How a value y crosses relu layers that do nothing to it.
class Carry {
 public:
  /// relu(y) - relu(-y), for every real y: two neurons a layer, no bias.
  static Carry unbounded() { return {}; }
  /// relu(y + s) - s = y where y >= -s, so for |y| <= s: one neuron a layer, one bias in all.
  /// The caller answers for the bound: where it fails the network has the value -s. @throws InvalidInput if s < 0
  static Carry bounded(Rational const& s);
  /// relu(y) = y where y >= 0: one neuron a layer, no bias.
  static Carry nonnegative() { return bounded(0); }

  std::optional<Rational> const& bound() const { return bound_; }

 private:
  std::optional<Rational> bound_;
};

/// The identity of `values` numbers through `layers` >= 0 relu layers; one way for all values or one for each.
/// Size of one value through k >= 1 layers: k + 1 if nonnegative, k + 3 if bounded (s > 0), 2k + 2 if unbounded.
Network carry(int values, int layers, std::vector<Carry> const& ways = {Carry::unbounded()});

/// The same function with `depth` hidden layers: the outputs are carried to the end, compose(carry(...), net).
/// @throws InvalidInput if net is deeper than that
Network pad(Network const& net, int depth, std::vector<Carry> const& ways = {Carry::unbounded()});

/// The same function with `depth` hidden layers: the inputs wait at the beginning, compose(net, carry(...)).
/// Better than pad() where a network has fewer inputs than outputs, or known bounds of its inputs.
Network delay(Network const& net, int depth, std::vector<Carry> const& ways = {Carry::unbounded()});

/// x -> (net_1(x), net_2(x), ...), all with the same inputs, brought to the depth of the deepest by pad().
/// Sizes add (after padding).
/// @param ways  how waiting outputs are carried: one for all, one per network, or one per output of the result
Network parallel(std::vector<Network> const& nets, std::vector<Carry> const& ways = {Carry::unbounded()});

/// (x_1, x_2, ...) -> (net_1(x_1), net_2(x_2), ...): like parallel(), each network with inputs of its own.
Network stack(std::vector<Network> const& nets, std::vector<Carry> const& ways = {Carry::unbounded()});

/// x -> sum_i weights[i] net_i(x). Shallow networks are summed before they wait for the deeper ones, so that one value
/// per output is carried, not one per network: a bound must hold for each sum of the networks of the least depths.
/// A network whose weight is 0 is left out.
/// @param ways  how the waiting sums are carried: one for all or one per output
Network sum(std::vector<Network> const& nets, std::vector<Rational> const& weights,
            std::vector<Carry> const& ways = {Carry::unbounded()});

/// x -> c net(x)
Network scale_output(Network const& net, Rational const& c);
/// x -> net(x) + b, one b per output
Network shift_output(Network const& net, std::vector<Rational> const& b);
/// x -> net(a x + b), one a and one b for each input
Network rescale_input(Network const& net, Rational const& a, Rational const& b);

}  // namespace nwidth
