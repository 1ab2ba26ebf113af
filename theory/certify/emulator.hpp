// SPDX-License-Identifier: Apache-2.0
/// Finds the ReLU emulators of t^2 in a graph and makes each a single neuron.
#pragma once
#include "theory/certify/graph.hpp"

namespace nwidth::certify {

/// The sawtooth chain of m levels on u: p_1 = relu(u), q_1 = relu(u - 1/2); g_s = 2 p_s - 4 q_s; p_{s+1} = relu(g_s),
/// q_{s+1} = relu(g_s - 1/2), A_{s+1} = relu(A_s - g_s/4^s) with A_1 = p_1; value A_m - g_m/4^m. For u <= 1 it is the
/// piecewise
/// linear interpolant of relu(u)^2 on 2^m pieces. @theorem{yarotsky2017error, Proposition 2}:
///   0 <= value - relu(u)^2 <= 4^{-m-1}  for u <= 1.
/// Wherever a linear form contains a multiple of such a value (recognised by its exact weights), the multiple of a
/// neuron of kind emulator with z = u is put instead; neurons that nothing needs any more are dropped. A chain has 2^m
/// pieces, the emulator has one, known up to 4^{-m-1}; specialise() turns it into a chain again where that matters.
/// @return the number of chains replaced; the graph is unchanged if it is 0. Cost: linear in the number of weights.
int replace_emulators(Graph& graph);

}  // namespace nwidth::certify
