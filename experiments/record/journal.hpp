// SPDX-License-Identifier: Apache-2.0
/// The file of records, one JSON line each: safe to kill at any moment, and to open by one process at a time.
#pragma once
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "experiments/record/folder_lock.hpp"
#include "experiments/record/record.hpp"

namespace nwidth::record {

/// A complete line of the file.
struct Line {
  std::string text;  ///< without the newline
  Json json;
};

class Journal {
 public:
  /// Makes the folder if it is missing, locks it, reads `folder`/records.jsonl and drops a last line without its end:
  /// what
  /// a killed process had half written. @throws FileError if another process holds the folder, if the file cannot be
  /// used, or if a complete line is no record (its number is named)
  explicit Journal(std::filesystem::path folder);
  Journal(Journal const&) = delete;
  Journal& operator=(Journal const&) = delete;
  ~Journal();

  std::filesystem::path path() const { return folder_ / "records.jsonl"; }
  /// What the file held when it was opened and what was appended since.
  std::vector<Line> const& lines() const { return lines_; }
  bool dropped_torn_line() const { return dropped_; }

  /// One write and one fsync; safe from several threads. @throws FileError, and the file is as before
  void append(Json const& record);
  /// Replaces the file as a whole by these lines.
  void rewrite(std::vector<Line> lines);

 private:
  std::filesystem::path folder_;
  FolderLock lock_;
  int file_ = -1;
  bool dropped_ = false;
  std::vector<Line> lines_;
  std::mutex mutex_;
};

}  // namespace nwidth::record
