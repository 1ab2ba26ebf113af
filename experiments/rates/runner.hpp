// SPDX-License-Identifier: Apache-2.0
/// Runs the jobs that the journal does not hold yet, on several threads.
#pragma once
#include <vector>

#include "experiments/rates/jobs.hpp"
#include "experiments/record/journal.hpp"

namespace nwidth::rates {

struct Outcome {
  std::size_t reused = 0, computed = 0;
  std::vector<record::Line> records;  ///< of these jobs, in their order
};

/// A record counts as held if its key and commit are those of this job and this program. Each new record is appended as
/// soon as it is finished, whatever the order, so that a killed run loses only what its threads were working on. At the
/// end the journal is rewritten as a whole: the records of these jobs in their order, then all others in theirs. So the
/// file does not depend on the number of threads, nor on how often the run was stopped, except for the seconds that it
/// notes.
/// @param threads  1 to 256
/// @throws whatever a job throws, after the threads have ended
Outcome run(std::vector<Job> const& jobs, record::Journal& journal, int threads, bool on_terminal);

}  // namespace nwidth::rates
