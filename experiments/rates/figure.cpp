// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/figure.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "experiments/rates/built_in.hpp"

namespace nwidth::rates {
namespace {

constexpr int no_matplotlib = 4;  // the exit code of rates.py for that

}  // namespace

Figure draw(std::filesystem::path const& records, std::filesystem::path const& folder) {
  std::string const script(plot_script_text()), in = records.string(), out = folder.string();
  std::vector<std::string> arguments = {"python3", "-B", "-c", script, in, "--out", out};
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t child = 0;
  int const failed = ::posix_spawnp(&child, "python3", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return {{}, std::string("cannot start python3: ") + std::strerror(failed)};
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return {{}, std::string("lost python3: ") + std::strerror(errno)};
  if (WIFEXITED(status) && WEXITSTATUS(status) == no_matplotlib) return {{}, "python3 has no matplotlib"};
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return {{}, "the plot program failed"};
  return {{folder / "rates.svg", folder / "rates.pdf", folder / "rates.png"}, ""};
}

}  // namespace nwidth::rates
