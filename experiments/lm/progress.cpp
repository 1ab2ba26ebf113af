// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/progress.hpp"

#include <cstdio>

#include "experiments/record/text.hpp"

namespace nwidth::lm {

std::string short_number(double x) {
  char text[32];
  if (x >= 999500) {
    std::snprintf(text, sizeof text, "%.2fM", x / 1e6);
  } else if (x >= 999.5) {
    std::snprintf(text, sizeof text, "%.1fk", x / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.0f", x);
  }
  return text;
}

Progress::Progress(std::int64_t first, std::int64_t steps, bool on_terminal, bool quiet)
    : first_(first), steps_(steps), on_terminal_(on_terminal), quiet_(quiet), start_(Clock::now()), last_(start_) {}

Progress::~Progress() {
  if (on_terminal_ && shown_) std::fputs("\n", stderr);
}

void Progress::step(std::int64_t done, double loss, double tokens_per_second) {
  auto const now = Clock::now();
  auto const wait = on_terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(60000);
  if (quiet_ || (shown_ && done != steps_ && now - last_ < wait)) return;
  double const elapsed = std::chrono::duration<double>(now - start_).count();
  double const left = elapsed / static_cast<double>(done - first_) * static_cast<double>(steps_ - done);
  std::fprintf(stderr, "%sstep %lld of %lld  loss %.4f  %s tokens/s  %s left%s",
               on_terminal_ ? "\r\033[K" : "nwidth-lm: ", static_cast<long long>(done), static_cast<long long>(steps_),
               loss, short_number(tokens_per_second).c_str(), record::clock_text(left).c_str(),
               on_terminal_ ? "" : "\n");
  std::fflush(stderr);
  last_ = now;
  shown_ = true;
}

void Progress::say(std::string const& line) {
  if (quiet_) return;
  std::fprintf(stderr, "%snwidth-lm: %s\n", on_terminal_ ? "\r\033[K" : "", line.c_str());
  std::fflush(stderr);
}

}  // namespace nwidth::lm
