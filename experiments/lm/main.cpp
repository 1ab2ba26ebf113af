// SPDX-License-Identifier: Apache-2.0
/// The `nwidth-lm` command.
#include <csignal>
#include <cstdio>
#include <exception>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "experiments/lm/command_line.hpp"

namespace {

/// Tensors come and go by megabytes, step by step the same; memory that goes back to the system each time costs a tenth
/// of a step for pages that it clears.
void keep_freed_memory() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return nwidth::lm::run({argv + 1, argv + argc}, "");
  } catch (std::exception const& e) {
    std::fprintf(stderr, "nwidth-lm: %s\n", e.what());
    return nwidth::lm::bad_input;
  }
}
