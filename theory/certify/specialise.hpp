// SPDX-License-Identifier: Apache-2.0
/// What a network is on a small interval: a graph with fewer neurons, equal to the whole one there.
#pragma once
#include <functional>

#include "theory/certify/graph.hpp"
#include "theory/number/polynomial.hpp"

namespace nwidth::certify {

/// A graph that computes the same function on [l, r] as `graph`, around the middle of [l, r] as its centre. All changes
/// are identities in exact arithmetic; signs are decided by the exact ends of affine functions, else by intervals:
///   - a neuron with z <= 0 on all of [l, r] is a constant, one with z >= 0 is its polynomial; short forms are put
///     into what reads them;
///   - polynomials are expanded into powers of their homogeneous part, so that (phi + G)^2 - phi^2 - G^2 becomes 2G
///     where phi = 1, and 0 where phi = 0, and G is no longer needed;
///   - an emulator of m levels with |z| <= 1 is z^2 plus its ripple, which is even in z and of period 2^-m: the ripples
///     of an emulated product cancel wherever a factor is 0 or 1;
///   - equal neurons are one.
/// @param l,r     l < r, within the interval for which `graph` holds
/// Cost: linear in graph.size(), in rationals; those of more than 3000 bits are kept out of products.
enum class Slack {
  keep,
  /// Emulators and ripples become the relu neurons of their sawtooth, so that nothing is known up to an error only (but
  /// for ripples whose argument runs over more than 1).
  expand,
  /// The last step before a sweep: ripples lose their arguments. Two that the output subtracts from each other become
  /// noise of at most 2^-m times the difference of their arguments, where that is less.
  forget,
};
Graph specialise(Graph const& graph, Point const& l, Point const& r, Slack slack = Slack::keep);

/// About how many pieces the emulators and ripples would make on [l, r] if they were expanded.
double teeth(Graph const& graph, Point const& l, Point const& r);

/// Called with intervals that touch, from left to right, and the graph specialised to each. Return false to stop.
using ChunkSink = std::function<bool(Graph const& graph, Point const& l, Point const& r)>;

/// Halves [l, r] for as long as that divides the graph as well: down to intervals on which each event of a sweep
/// changes little. Cost: about graph.size() times the logarithm of the number of chunks, if the network is made of
/// local parts. @return false if the sink stopped it
bool divide(Graph const& graph, Point const& l, Point const& r, ChunkSink const& sink);

}  // namespace nwidth::certify
