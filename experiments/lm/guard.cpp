// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/guard.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "theory/number/error.hpp"

namespace nwidth::lm {

bool SpikeGuard::accept(double loss) {
  if (!std::isfinite(loss)) return false;
  if (factor_ > 0 && count_ >= 20 && !(loss <= factor_ * mean_)) return false;
  ++count_;
  mean_ += (loss - mean_) / static_cast<double>(std::min(count_, 50L));
  return true;
}

std::string SpikeGuard::state() const {
  char text[64];
  std::snprintf(text, sizeof text, "%ld %a", count_, mean_);
  return text;
}

void SpikeGuard::set_state(std::string const& state) {
  long count = 0;
  double mean = 0;
  if (std::sscanf(state.c_str(), "%ld %la", &count, &mean) != 2 || count < 0 || !std::isfinite(mean))
    throw InvalidInput("state of the spike guard = '" + state + "': allowed are a count and a mean");
  count_ = count;
  mean_ = mean;
}

}  // namespace nwidth::lm
