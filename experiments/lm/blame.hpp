// SPDX-License-Identifier: Apache-2.0
/// Which tensor a diverged run is to be blamed on.
#pragma once
#include <functional>
#include <string>

#include "experiments/lm/model.hpp"

namespace nwidth::lm {

/// One line. In this order: a parameter that is not finite; where `forward` computes something that is not, the first
/// activation, by the layer and the parameter that made it; the gradient, of those that are not finite, that the
/// backward pass reached first; else the parameter with the largest gradient.
/// @param forward  runs the passes of this step again; no graph is kept
std::string blame(Transformer& model, std::function<void()> const& forward);

}  // namespace nwidth::lm
