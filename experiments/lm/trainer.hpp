// SPDX-License-Identifier: Apache-2.0
/// Training from the first step, or from a checkpoint, to the last.
#pragma once
#include <filesystem>
#include <string>

#include "experiments/lm/config.hpp"
#include "experiments/lm/group.hpp"
#include "experiments/lm/model.hpp"

namespace nwidth::lm {

struct Job {
  Config config;
  std::filesystem::path out;  ///< folder of log.jsonl and the checkpoints
  bool resume = false;        ///< from the newest good checkpoint; from the start if there is none
  int threads = 0;            ///< of this process; 0: as torch has it
  at::Device device = at::kCPU;
  Backend backend = Backend::fused;
  std::filesystem::path compiled;  ///< a package with the step's loss and gradients; empty: they are computed eagerly
};

struct Outcome {
  std::int64_t step = 0;  ///< steps done
  double loss = 0;        ///< of the last one, in nats
  std::string stopped;    ///< empty: all steps were done; else why not, or why they were not saved, one line
  int signal = 0;         ///< that asked for the end; a checkpoint was written
};

/// Each rank calls it with the same job. On a CPU, with the same number of threads and ranks, a run that was killed at
/// any moment and resumed has the losses of one that was not, to the bit.
/// @throws InvalidInput or record::FileError, one line, for what cannot be trained: among them a batch that the ranks
/// and micro batches do not divide, an `out` that holds a run where resume is off, and a checkpoint of another
/// configuration or of the other kind of step, eager or compiled; CollectiveError where another rank is lost
Outcome train(Job const& job, Ranks& ranks);

/// Asks train() to write a checkpoint after the step in flight and return. Async-signal-safe. Of several ranks one is
/// enough: all return after the same step, on a GPU after the next that is logged.
/// @param signal  SIGINT or SIGTERM
void request_stop(int signal) noexcept;

}  // namespace nwidth::lm
