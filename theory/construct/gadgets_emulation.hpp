// SPDX-License-Identifier: Apache-2.0
/// Networks of ReLU rewritten as networks of PolyReLU, without error.
#pragma once
#include "theory/construct/gadgets_frozen.hpp"

namespace nwidth::construct {

/// The same function with PolyReLU neurons: every layer relu becomes a = e_1 and relu_power(k) becomes a = e_k (model
/// M2). Same size, depth and width; one coefficient per layer. Layers that are polyrelu or identity already are kept.
/// @theorem{zhuo2025polycom, Theorem 1}   a ReLU network of size S is a PolyReLU network of size S, on all of R^d
/// @throws InvalidInput if a layer has another activation
Network relu_to_polyrelu(Network const& net);

/// The same function with one frozen coefficient vector for all layers (model M3), by Lemma (S). With q <= r the number
/// of nonzeros among a_1 ... a_r: equal depth, width q times as large, size at most q^2 times as large; a bias may come
/// to a neuron or an output whose constant does not vanish (a_0 != 0, or b_0 != 0 below).
///
/// Layers may also be polyrelu with coefficients b of any model: what a layer of free coefficients of degree <= r does,
/// a frozen one does with q times the width.
/// @theorem{nwidth, Lemma E}
/// @throws InvalidInput if a power k is needed with a_k = 0 (relu: k = 1; polyrelu: each k >= 1 with b_k != 0), or if a
/// layer is none of identity, relu, relu_power, polyrelu
Network relu_to_polyrelu(Network const& net, Frozen const& a);

/// The most restrictive model that the activations of all layers fit, relu^k being e_k: M3 if one vector serves them
/// all (as in a network of one hidden layer), else M2 if each layer has one, else M1.
/// @throws InvalidInput if a layer is none of identity, relu, relu_power, polyrelu
Model coefficient_model(Network const& net);

}  // namespace nwidth::construct
