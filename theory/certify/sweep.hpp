// SPDX-License-Identifier: Apache-2.0
/// Takes a piecewise polynomial network apart: its polynomial pieces from left to right, with rigorous coefficients.
#pragma once
#include <functional>

#include "theory/certify/graph.hpp"
#include "theory/number/polynomial.hpp"

namespace nwidth::certify {

/// Called once per piece: on [left, right] the graph's output is a polynomial in x - graph.centre with coefficients in
/// these balls. Return false to stop.
using PieceSink = std::function<bool(Point const& left, Point const& right, Polynomial const& output)>;

enum class Walked { all, stopped, emulator_out_of_range };

/// Walks over [a, b], a < b. Consecutive pieces share their ends; together they cover [a, b].
///
/// An event-driven sweep: each neuron knows up to where its pre-activation keeps its sign; at the first such point the
/// change is propagated to the neurons that depend on it, and only to them. A breakpoint that is not dyadic lies
/// between two close dyadics; the piece begins at the lower one, and the error of having taken one branch between the
/// two is added to the constant coefficient, so that the coefficients stay an enclosure. Where a sign cannot be decided
/// at the working precision, the neuron's value is enclosed by the hull of both branches.
///
/// Cost: per breakpoint, the number of neurons that change times their fan-out; memory: one polynomial per neuron. On a
/// graph that was made for a short interval (specialise.hpp) the fan-out is small.
/// @param updates  if not null, the number of times that a neuron was computed anew is added to it
/// @return stopped if the sink stopped the walk; emulator_out_of_range if an emulator was met with an argument
///         for which its error is not known: then the pieces seen so far are right, but there are no more
Walked sweep(Graph const& graph, Point const& a, Point const& b, PieceSink const& sink, long* updates = nullptr);

}  // namespace nwidth::certify
