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
/// of nonzeros among a_1 ... a_r: equal depth, width q times as large, size at most q^2 times as large (and at most one
/// more bias per neuron if a_0 != 0).
/// @theorem{nwidth, Lemma E}
/// @throws InvalidInput if a layer is neither the identity, nor relu with a_1 != 0, nor relu_power(k) with a_k != 0
Network relu_to_polyrelu(Network const& net, Frozen const& a);

}  // namespace nwidth::construct
