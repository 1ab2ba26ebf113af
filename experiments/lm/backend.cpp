// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/backend.hpp"

#include "theory/number/error.hpp"

namespace nwidth::lm {

Backend backend_named(std::string const& name) {
  if (name == "fused") return Backend::fused;
  if (name == "torch") return Backend::torch;
  throw InvalidInput("backend = '" + name + "': allowed are fused, torch");
}

}  // namespace nwidth::lm
