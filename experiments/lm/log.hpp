// SPDX-License-Identifier: Apache-2.0
/// The log of a run, log.jsonl: one JSON object a line, safe to kill at any moment.
///
///   {"schema": "nwidth.lm/1", "kind": "run", ...}       which program, machine, configuration, seed; again on resuming
///   {"kind": "step", "step": 1, "tokens": ..., "loss": ..., "rate": ..., "gradient_norm": ..., "tokens_per_second":
///   ...}
///   {"kind": "evaluation", "step": 100, "loss": ..., ...}
///   {"kind": "end", "step": 600, ...}                   finished, or stopped by the guard: "stopped"
///
/// `step` is the number of steps done. Losses are floats and survive the decimals; those that are not finite are
/// strings, as number() says.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "experiments/record/json.hpp"

namespace nwidth::lm {

using record::Json;

/// What a source of tokens says of itself, as an object where it is one.
Json described(std::string const& text);

/// A number of a log: what is not finite, which JSON has no numbers for, as "nan", "inf" or "-inf".
Json number(double x);
/// The same for a person.
std::string in_words(double x);

class RunLog {
 public:
  static constexpr char const* schema = "nwidth.lm/1";

  /// Opens or makes the file and drops what does not belong to the first `step` steps: the first line of a later step
  /// and all behind it, and a last line without its end. @throws record::FileError, also for a line that is no object
  RunLog(std::filesystem::path path, std::int64_t step);
  RunLog(RunLog const&) = delete;
  RunLog& operator=(RunLog const&) = delete;
  ~RunLog();

  /// One write. @throws record::FileError
  void append(Json const& line);
  /// What was appended is on the disk, not only with the system.
  void sync();

 private:
  std::filesystem::path path_;
  int file_ = -1;
};

}  // namespace nwidth::lm
