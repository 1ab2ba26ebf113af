// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nwidth::lm {

double learning_rate(Training const& training, std::int64_t context, std::int64_t step) {
  double const tokens = static_cast<double>(training.batch) * static_cast<double>(context);
  double const t = static_cast<double>(step + 1) * tokens, all = static_cast<double>(training.steps) * tokens;
  double const warmup = static_cast<double>(training.warmup_tokens);
  double const decay = static_cast<double>(training.decay_tokens), f = training.final_rate;
  if (t < warmup) return training.rate * (t / warmup);
  switch (training.schedule) {
    case Schedule::cosine: {
      if (t >= all) return training.rate * f;
      double const part = (t - warmup) / (all - warmup);
      return training.rate * (f + (1 - f) * 0.5 * (1 + std::cos(std::numbers::pi * part)));
    }
    case Schedule::wsd: {
      double const left = std::max(0.0, all - t);
      return training.rate * (left < decay ? f + (1 - f) * (left / decay) : decay > 0 && left <= 0 ? f : 1);
    }
    case Schedule::constant: break;
  }
  return training.rate;
}

}  // namespace nwidth::lm
