// SPDX-License-Identifier: Apache-2.0
/// The `nwidth-lm` command.
#include <csignal>
#include <cstdio>
#include <exception>

#include "experiments/lm/command_line.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return nwidth::lm::run({argv + 1, argv + argc}, "");
  } catch (std::exception const& e) {
    std::fprintf(stderr, "nwidth-lm: %s\n", e.what());
    return nwidth::lm::bad_input;
  }
}
