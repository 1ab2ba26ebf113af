// SPDX-License-Identifier: Apache-2.0
/// How far a run is: a bar on a terminal, else a line at first and one a minute. On stderr only, never in records.
#pragma once
#include <chrono>
#include <cstddef>
#include <mutex>

namespace nwidth::rates {

class Progress {
 public:
  /// @param work  the sum of all costs given to done(); @param count  of jobs; on_terminal: stderr is one
  Progress(double work, std::size_t count, bool on_terminal);
  Progress(Progress const&) = delete;
  Progress& operator=(Progress const&) = delete;
  /// Removes the bar.
  ~Progress();

  /// One job of this cost is finished; safe from several threads.
  void done(double cost);

 private:
  void show();

  using Clock = std::chrono::steady_clock;
  std::mutex mutex_;
  double work_, worked_ = 0;
  std::size_t count_, finished_ = 0;
  bool on_terminal_;
  Clock::time_point start_, shown_;
};

}  // namespace nwidth::rates
