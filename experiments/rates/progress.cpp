// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/progress.hpp"

#include <cstdio>
#include <string>

#include "experiments/record/text.hpp"

namespace nwidth::rates {

Progress::Progress(double work, std::size_t count, bool on_terminal)
    : work_(work), count_(count), on_terminal_(on_terminal), start_(Clock::now()), shown_(start_) {
  show();
}

Progress::~Progress() {
  if (on_terminal_) std::fputs("\r\033[K", stderr);
}

void Progress::done(double cost) {
  std::lock_guard const guard(mutex_);
  worked_ += cost;
  ++finished_;
  auto const wait = on_terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(60000);
  if (Clock::now() - shown_ >= wait) show();
}

void Progress::show() {
  shown_ = Clock::now();
  double const elapsed = std::chrono::duration<double>(shown_ - start_).count();
  double const part = work_ > 0 ? worked_ / work_ : 1;
  std::string const left = worked_ > 0 ? record::clock_text(elapsed * (work_ - worked_) / worked_) + " left" : "";
  if (on_terminal_) {
    std::size_t const width = 30, full = static_cast<std::size_t>(part * static_cast<double>(width));
    std::fprintf(stderr, "\r\033[K[%s%s] %3.0f %%  %zu of %zu records  %s", std::string(full, '#').c_str(),
                 std::string(width - full, '.').c_str(), 100 * part, finished_, count_, left.c_str());
    std::fflush(stderr);
  } else {
    std::fprintf(stderr, "nwidth: %zu of %zu records, %.0f %% of the work%s%s\n", finished_, count_, 100 * part,
                 left.empty() ? "" : ", ", left.c_str());
  }
}

}  // namespace nwidth::rates
