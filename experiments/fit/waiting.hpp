// SPDX-License-Identifier: Apache-2.0
/// What a fit is doing, for a person who waits. On stderr only, never in results.
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace nwidth::fit {

/// On a terminal one line that is overwritten and removed at the end; else a line after a minute, and one a minute.
class Waiting {
 public:
  explicit Waiting(bool on_terminal, std::chrono::milliseconds between_lines = std::chrono::minutes(1));
  Waiting(Waiting const&) = delete;
  Waiting& operator=(Waiting const&) = delete;
  ~Waiting();

  /// "fitting", "certifying", ...
  void show(std::string const& what);

 private:
  void run();
  void print();

  using Clock = std::chrono::steady_clock;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string what_;
  bool on_terminal_, over_ = false;
  std::chrono::milliseconds wait_;
  Clock::time_point start_;
  std::thread thread_;  // last: it reads the others
};

}  // namespace nwidth::fit
