// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>

#include "experiments/record/atomic_file.hpp"

namespace nwidth::lm {
namespace {

/// Length of the lines that belong to the first `step` steps.
std::size_t kept(std::string const& text, std::int64_t step, std::filesystem::path const& path) {
  std::size_t begin = 0;
  for (long line = 1;; ++line) {
    std::size_t const end = text.find('\n', begin);
    if (end == std::string::npos) return begin;
    Json const json = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                  text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    if (!json.is_object())
      throw record::FileError("cannot use '" + path.string() + "': line " + std::to_string(line) +
                              " is no JSON object; move the file away");
    if (json.contains("step") && json["step"].is_number_integer() && json["step"].get<std::int64_t>() > step)
      return begin;
    begin = end + 1;
  }
}

}  // namespace

Json described(std::string const& text) {
  Json const parsed = Json::parse(text, nullptr, false);
  return parsed.is_object() ? parsed : Json(text);
}

std::string in_words(double x) {
  return std::isfinite(x) ? Json(x).dump() : std::isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

Json number(double x) { return std::isfinite(x) ? Json(x) : Json(in_words(x)); }

RunLog::RunLog(std::filesystem::path path, std::int64_t step) : path_(std::move(path)) {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0) throw record::file_error("write", path_, errno);
  try {
    std::string const text = record::read_whole(path_, std::size_t{1} << 32);
    std::size_t const length = kept(text, step, path_);
    if (length != text.size() && ::ftruncate(file_, static_cast<off_t>(length)) != 0)
      throw record::file_error("write", path_, errno);
  } catch (...) {
    ::close(file_);
    throw;
  }
}

RunLog::~RunLog() { ::close(file_); }

void RunLog::append(Json const& line) {
  std::string const text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
  if (int const e = record::write_all(file_, text)) throw record::file_error("write", path_, e);
}

void RunLog::sync() {
  if (::fsync(file_) != 0) throw record::file_error("write", path_, errno);
}

}  // namespace nwidth::lm
