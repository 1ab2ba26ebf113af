// SPDX-License-Identifier: Apache-2.0
#include "experiments/fit/samples_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "theory/number/error.hpp"

namespace nwidth::fit {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  std::size_t const first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t at = 0;;) {
    std::size_t const comma = line.find(',', at);
    fields.push_back(trimmed(line.substr(at, comma == std::string_view::npos ? comma : comma - at)));
    if (comma == std::string_view::npos) return fields;
    at = comma + 1;
  }
}

/// The nearest double; not finite where it is too large, as where the text says so. Nothing if it is no number.
std::optional<double> number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double x = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  if (text.empty() || end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  // out of range is too large or too small: the exponent tells
  if (error == std::errc::result_out_of_range)
    return text.find("e-") != text.npos || text.find("E-") != text.npos ? 0.0 : HUGE_VAL;
  return x;
}

/// A first line of names: no field of it looks like a number.
bool is_header(std::vector<std::string_view> const& fields) {
  return std::all_of(fields.begin(), fields.end(), [](std::string_view f) {
    return !f.empty() && f.find_first_of("0123456789+-.") != 0 && !number(f);
  });
}

std::string shown(std::string_view text) {
  return std::string(text.size() <= 40 ? text : std::string(text.substr(0, 37)) + "...");
}

}  // namespace

SamplesFile read_samples(std::string_view text, std::string const& path) {
  std::vector<std::vector<double>> rows;
  SamplesFile file;
  std::size_t columns = 0;
  long line = 0;
  auto const refuse = [&](std::string const& why) {
    throw InvalidInput("samples '" + path + "', line " + std::to_string(line) + ": " + why);
  };
  for (std::size_t at = 0; at < text.size();) {
    ++line;
    std::size_t const end = std::min(text.find('\n', at), text.size());
    std::string_view content = text.substr(at, end - at);
    if (line == 1 && content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
    content = trimmed(content.substr(0, content.find('#')));
    at = end + 1;
    if (content.empty()) continue;
    auto const fields = fields_of(content);
    bool const first = columns == 0;
    if (first) columns = fields.size();
    if (columns < 2 || columns > 3 || fields.size() != columns)
      refuse("allowed are x,y or x,y,weight" + std::string(first ? "" : ", as many as in the lines before") + ", not " +
             std::to_string(fields.size()) + " columns");
    if (first && is_header(fields)) continue;
    std::vector<double> row;
    for (std::string_view f : fields) {
      std::optional<double> const x = number(f);
      if (!x) refuse("'" + shown(f) + "' is no decimal number");
      if (!std::isfinite(*x)) refuse("'" + shown(f) + "' is not finite");
      row.push_back(*x);
    }
    if (columns == 3 && row[2] < 0) refuse("the weight '" + shown(fields[2]) + "' is negative");
    if (rows.size() == most_samples) refuse("allowed are " + std::to_string(most_samples) + " samples at most");
    rows.push_back(std::move(row));
    file.line.push_back(line);
  }
  if (rows.empty()) throw InvalidInput("samples '" + path + "' hold no sample: allowed are lines x,y or x,y,weight");
  auto const m = static_cast<Eigen::Index>(rows.size());
  file.samples.x.resize(m, 1);
  file.samples.y.resize(m);
  if (columns == 3) file.samples.weight.resize(m);
  file.least = file.most = rows[0][0];
  for (Eigen::Index i = 0; i < m; ++i) {
    auto const& row = rows[static_cast<std::size_t>(i)];
    file.samples.x(i, 0) = row[0];
    file.samples.y[i] = row[1];
    if (columns == 3) file.samples.weight[i] = row[2];
    file.least = std::min(file.least, row[0]);
    file.most = std::max(file.most, row[0]);
  }
  return file;
}

}  // namespace nwidth::fit
