// SPDX-License-Identifier: Apache-2.0
/// The commands of nwidth-lm, for the program and for each rank of the launcher.
#pragma once
#include <string>
#include <vector>

namespace nwidth::lm {

enum ExitCode : int { done = 0, bad_input = 2, stopped = 3 };

/// Runs one command line and prints what it has to say; what goes wrong is one line on stderr.
/// @param arguments  without the program's name  @param group  name of a c10d group; empty: one process
/// @returns an ExitCode, or 128 + signal where a signal asked for the end
/// @throws CollectiveError  where another rank is lost: the launcher knows which
int run(std::vector<std::string> const& arguments, std::string const& group);

}  // namespace nwidth::lm
