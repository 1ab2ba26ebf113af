// SPDX-License-Identifier: Apache-2.0
/// Which program made a record, and on what machine.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace nwidth::record {

struct BuildInfo {
  std::string version;   ///< of the project
  std::string commit;    ///< 40 hexadecimal digits, or "unknown" for a build outside a git clone
  bool dirty = false;    ///< tracked files differed from the commit when the program was built
  std::string compiler;  ///< "GNU 12.2.0"
  std::string flags;     ///< of the build type and of the user
  std::vector<std::pair<std::string, std::string>> libraries;  ///< name, version that runs
};
BuildInfo const& build_info();

struct Machine {
  std::string cpu;  ///< model as the kernel names it; "unknown" elsewhere than on Linux
  int cores = 0;    ///< that this process may use
};
Machine const& machine();

}  // namespace nwidth::record
