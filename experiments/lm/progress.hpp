// SPDX-License-Identifier: Apache-2.0
/// How a run goes, on stderr: one line that is written over on a terminal, else a line at first and one a minute.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace nwidth::lm {

/// "950", "12.3k", "1.20M"
std::string short_number(double x);

class Progress {
 public:
  /// @param first  steps that were done before this process  @param quiet  says nothing: ranks other than the first
  Progress(std::int64_t first, std::int64_t steps, bool on_terminal, bool quiet);
  Progress(Progress const&) = delete;
  Progress& operator=(Progress const&) = delete;
  /// Ends the line.
  ~Progress();

  void step(std::int64_t done, double loss, double tokens_per_second);
  /// A line of its own: evaluations, checkpoints that were bad.
  void say(std::string const& line);

 private:
  using Clock = std::chrono::steady_clock;
  std::int64_t first_, steps_;
  bool on_terminal_, quiet_, shown_ = false;
  Clock::time_point start_, last_;
};

}  // namespace nwidth::lm
