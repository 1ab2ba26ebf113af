// SPDX-License-Identifier: Apache-2.0
/// Threads that wait for work between calls.
#pragma once
#include <cfenv>
#include <cstdint>

namespace nwidth::kernels::cpu {

/// The cores that this process may use, at least 1.
int available_cores();

/// A piece of work: does items first <= i < last.
using Task = void (*)(void* context, std::int64_t first, std::int64_t last);

/// While it lives, the thread rounds to nearest, keeps subnormals and traps nothing; then all is as it was.
class DefaultFloatingPoint {
 public:
  DefaultFloatingPoint() {
    std::fegetenv(&before_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloatingPoint() { std::fesetenv(&before_); }
  DefaultFloatingPoint(DefaultFloatingPoint const&) = delete;
  DefaultFloatingPoint& operator=(DefaultFloatingPoint const&) = delete;

 private:
  std::fenv_t before_{};
};

/// Calls task for all of 0 <= i < count, in runs of `grain`, by at most `threads` threads, the caller among them: each
/// has a share of neighbouring items, and helps the others when that is done. Calls that come while the threads are
/// busy are done by their caller alone. After a fork the child has threads of its own. The other threads compute in the
/// default floating-point state. Where no further thread can be started there are fewer. The task must not throw.
void parallel(std::int64_t count, std::int64_t grain, int threads, Task task, void* context);

}  // namespace nwidth::kernels::cpu
