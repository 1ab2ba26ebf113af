// SPDX-License-Identifier: Apache-2.0
#include "experiments/fit/waiting.hpp"

#include <cstdio>

namespace nwidth::fit {

Waiting::Waiting(bool on_terminal, std::chrono::milliseconds between_lines)
    : on_terminal_(on_terminal),
      wait_(on_terminal ? std::chrono::milliseconds(1000) : between_lines),
      start_(Clock::now()),
      thread_([this] { run(); }) {}

Waiting::~Waiting() {
  {
    std::lock_guard const guard(mutex_);
    over_ = true;
  }
  wake_.notify_all();
  thread_.join();
  if (on_terminal_) std::fputs("\r\033[K", stderr);
}

void Waiting::show(std::string const& what) {
  std::lock_guard const guard(mutex_);
  what_ = what;
  if (on_terminal_) print();
}

void Waiting::run() {
  std::unique_lock guard(mutex_);
  while (!wake_.wait_for(guard, wait_, [this] { return over_; })) print();
}

void Waiting::print() {
  long const s = static_cast<long>(std::chrono::duration<double>(Clock::now() - start_).count());
  if (on_terminal_) {
    std::fprintf(stderr, "\r\033[K%s ... %ld s", what_.c_str(), s);
    std::fflush(stderr);
  } else {
    std::fprintf(stderr, "nwidth: %s, %ld:%02ld since the start\n", what_.c_str(), s / 60, s % 60);
  }
}

}  // namespace nwidth::fit
