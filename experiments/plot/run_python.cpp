// SPDX-License-Identifier: Apache-2.0
#include "experiments/plot/run_python.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace nwidth::plot {
namespace {

constexpr int no_matplotlib = 4;  // the exit code of our scripts for that

}  // namespace

std::string run_python(std::string_view script, std::vector<std::string> const& arguments) {
  std::vector<std::string> words = {"python3", "-B", "-c", std::string(script)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& a : words) argv.push_back(a.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t child = 0;
  int const failed = ::posix_spawnp(&child, "python3", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return std::string("cannot start python3: ") + std::strerror(failed);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return std::string("lost python3: ") + std::strerror(errno);
  if (WIFEXITED(status) && WEXITSTATUS(status) == no_matplotlib) return "python3 has no matplotlib";
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return "the plot program failed";
  return "";
}

}  // namespace nwidth::plot
