// SPDX-License-Identifier: Apache-2.0
/// When a run is past saving.
#pragma once
#include <string>

namespace nwidth::lm {

/// A loss that is far above what it has been: diverged, and no later step is worth its time.
class SpikeGuard {
 public:
  /// @param factor  how many times the running mean is too much; 0: nothing is
  explicit SpikeGuard(double factor) : factor_(factor) {}

  /// Takes the loss of the next step into the mean, unless it is a spike. The mean is that of all losses at first,
  /// later one over about 50 steps; the first 20 steps are never spikes. @returns false for a spike or a loss that is
  /// not finite
  bool accept(double loss);
  double mean() const { return mean_; }

  /// For checkpoints: exact.
  std::string state() const;
  /// @throws InvalidInput
  void set_state(std::string const& state);

 private:
  double factor_, mean_ = 0;
  long count_ = 0;
};

}  // namespace nwidth::lm
