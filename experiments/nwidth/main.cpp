// SPDX-License-Identifier: Apache-2.0
/// The `nwidth` command: whatever goes wrong is one line on stderr and exit code 2.
#include <fcntl.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "experiments/nwidth/commands.hpp"
#include "experiments/nwidth/output.hpp"
#include "experiments/record/atomic_file.hpp"
#include "experiments/record/text.hpp"

namespace {

int fail(std::string const& what) {
  std::fprintf(stderr, "nwidth: %s\n", nwidth::record::one_line(what).c_str());
  return nwidth::program::bad_input;
}

// Everything written is whole files and appended records, so stopping at once loses only work in flight.
extern "C" void interrupted(int signal) {
  nwidth::record::remove_staged_files();
  char const text[] = "\nnwidth: interrupted; finished records are kept\n";
  if (::write(STDERR_FILENO, text, sizeof text - 1) < 0) {
  }
  ::_exit(128 + signal);
}

/// Keeps files that are opened later off the standard descriptors. @returns false if stdout is closed
bool claim_standard_descriptors() {
  bool const has_stdout = ::fcntl(STDOUT_FILENO, F_GETFD) != -1;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (::fcntl(fd, F_GETFD) == -1 && ::open("/dev/null", O_RDWR) < 0) std::_Exit(nwidth::program::bad_input);
  return has_stdout;
}

/// Balls come and go by megabytes; a heap that shrinks each time pays a quarter of a fit's time for page faults.
void keep_freed_memory() {
#if defined(__GLIBC__)
  mallopt(M_TRIM_THRESHOLD, 1 << 28);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  if (!claim_standard_descriptors()) return fail("cannot write to standard output: it is closed");
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGINT, interrupted);
  std::signal(SIGTERM, interrupted);
  try {
    return nwidth::program::run_command_line(argc, argv);
  } catch (std::bad_alloc const&) {
    return fail("out of memory: ask for less");
  } catch (std::exception const& e) {
    return fail(e.what());
  } catch (...) {
    return fail("an error of unknown kind");
  }
}
