// SPDX-License-Identifier: Apache-2.0
#include "experiments/record/journal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "experiments/record/atomic_file.hpp"

namespace nwidth::record {
namespace {

int open_for_append(std::filesystem::path const& path) {
  int const fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0) throw file_error("write", path, errno);
  return fd;
}

/// What a run that was killed while it wrote a file left behind: ".NAME.PID.tmp" of one of ours.
void remove_leftovers(std::filesystem::path const& folder) {
  std::error_code none;
  for (auto const& entry : std::filesystem::directory_iterator(folder, none)) {
    std::string const name = entry.path().filename().string();
    if (!name.ends_with(".tmp")) continue;
    for (char const* const ours : {".records.jsonl.", ".table.csv.", ".table.md.", ".fits.csv.", ".run.json."})
      if (name.starts_with(ours)) std::filesystem::remove(entry.path(), none);
  }
}

std::vector<Line> parse_lines(std::string const& text, std::filesystem::path const& path) {
  std::vector<Line> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t const end = text.find('\n', begin);
    std::string one = text.substr(begin, end - begin);
    Json json = Json::parse(one, nullptr, false);
    bool good = json.is_object();
    for (char const* field : {"schema", "key", "commit"})
      good = good && json.contains(field) && json[field].is_string();
    if (!good || json["schema"] != schema)
      throw FileError("cannot use '" + path.string() + "': line " + std::to_string(lines.size() + 1) +
                      " is not a record of schema " + schema + "; move the file away or give another --out");
    lines.push_back({std::move(one), std::move(json)});
    begin = end + 1;
  }
  return lines;
}

}  // namespace

Journal::Journal(std::filesystem::path folder) : folder_(std::move(folder)), lock_(folder_) {
  try {
    remove_leftovers(folder_);
    file_ = open_for_append(path());
    struct stat s;
    if (::fstat(file_, &s) != 0) throw file_error("read", path(), errno);
    if (!S_ISREG(s.st_mode)) throw FileError("cannot use '" + path().string() + "': not a regular file");
    std::string text = read_whole(path(), std::size_t{1} << 31);
    std::size_t const complete = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
    if (complete != text.size()) {
      if (::ftruncate(file_, static_cast<off_t>(complete)) != 0) throw file_error("write", path(), errno);
      text.resize(complete);
      dropped_ = true;
    }
    lines_ = parse_lines(text, path());
  } catch (...) {
    if (file_ >= 0) ::close(file_);
    throw;
  }
}

Journal::~Journal() { ::close(file_); }

void Journal::append(Json const& record) {
  std::string line = record.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::lock_guard const guard(mutex_);
  off_t const before = ::lseek(file_, 0, SEEK_END);
  int error_number = write_all(file_, line + '\n');
  if (error_number == 0 && ::fsync(file_) != 0) error_number = errno;
  if (error_number != 0) {
    if (::ftruncate(file_, before) != 0) {
    }  // a torn line is dropped by the next run
    throw file_error("write", path(), error_number);
  }
  lines_.push_back({std::move(line), record});
}

void Journal::rewrite(std::vector<Line> lines) {
  std::lock_guard const guard(mutex_);
  std::string text;
  for (Line const& l : lines) text += l.text + '\n';
  write_whole(path(), text);
  int const fresh = open_for_append(path());
  ::close(file_);
  file_ = fresh;
  lines_ = std::move(lines);
}

}  // namespace nwidth::record
