// SPDX-License-Identifier: Apache-2.0
#include "experiments/config/toml_reader.hpp"

#include <algorithm>
#include <sstream>

namespace nwidth::config {
namespace {

constexpr std::size_t most_strings = 100;

std::string shortest(double x) {
  std::ostringstream s;
  s << x;
  return s.str();
}

}  // namespace

std::string listed(std::vector<std::string> const& names) {
  std::string all;
  for (std::string const& n : names) all += (all.empty() ? "" : ", ") + n;
  return all;
}

toml::table parse_toml(std::string_view text, std::string const& name) {
  try {
    return toml::parse(text, name);
  } catch (toml::parse_error const& e) {
    throw InvalidInput(name + ":" + std::to_string(e.source().begin.line) + ": " + std::string(e.description()));
  }
}

void TomlReader::fail(toml::source_region const& where, std::string const& what) const {
  throw InvalidInput(name_ + ":" + std::to_string(where.begin.line) + ": " + what);
}

void TomlReader::fail(std::string_view key, std::string const& what) const {
  toml::node const* const node = table_.get(key);
  fail(node == nullptr ? table_.source() : node->source(), what);
}

toml::node const* TomlReader::find(std::string_view key) {
  asked_.insert(std::string(key));
  return table_.get(key);
}

toml::table const* TomlReader::table(std::string_view key) {
  toml::node const* const node = find(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) fail(node->source(), std::string(key) + " must be a table: [" + std::string(key) + "]");
  return node->as_table();
}

long TomlReader::integer(std::string_view key, long fallback, long least, long most) {
  toml::node const* const node = find(key);
  return node == nullptr ? fallback : integer(*node, key, least, most);
}

long TomlReader::integer(toml::node const& node, std::string_view key, long least, long most) const {
  std::string const range = std::to_string(least) + " to " + std::to_string(most);
  auto const* const value = node.as_integer();
  if (value == nullptr) fail(node.source(), std::string(key) + " must be an integer from " + range);
  if (value->get() < least || value->get() > most)
    fail(node.source(),
         std::string(key) + " = " + std::to_string(value->get()) + " is out of range: allowed is " + range);
  return static_cast<long>(value->get());
}

Rational TomlReader::number(std::string_view key, Rational fallback, Rational const& least, Rational const& most) {
  toml::node const* const node = find(key);
  if (node == nullptr) return fallback;
  Rational value;
  if (auto const* const i = node->as_integer()) {
    value = Rational(static_cast<long>(i->get()));
  } else if (auto const* const s = node->as_string()) {
    try {
      value = parse_rational(s->get());
    } catch (InvalidInput const& e) {
      fail(node->source(), std::string(key) + ": " + e.what());
    }
  } else {
    fail(node->source(), std::string(key) + " must be an integer or an exact number in quotes like \"1e-6\"");
  }
  if (value < least || value > most)
    fail(node->source(),
         std::string(key) + " = " + value.str() + " is out of range: allowed is " + least.str() + " to " + most.str());
  return value;
}

double TomlReader::real(std::string_view key, double fallback, double least, double most) {
  toml::node const* const node = find(key);
  if (node == nullptr) return fallback;
  std::string const range = shortest(least) + " to " + shortest(most);
  if (!node->is_number()) fail(node->source(), std::string(key) + " must be a number from " + range);
  double const value = *node->value<double>();
  if (!(value >= least && value <= most))
    fail(node->source(), std::string(key) + " = " + shortest(value) + " is out of range: allowed is " + range);
  return value;
}

bool TomlReader::boolean(std::string_view key, bool fallback) {
  toml::node const* const node = find(key);
  if (node == nullptr) return fallback;
  if (!node->is_boolean()) fail(node->source(), std::string(key) + " must be true or false");
  return node->as_boolean()->get();
}

std::string TomlReader::string(std::string_view key, std::string fallback) {
  toml::node const* const node = find(key);
  if (node == nullptr) return fallback;
  if (!node->is_string()) fail(node->source(), std::string(key) + " must be a string");
  return node->as_string()->get();
}

std::vector<std::string> TomlReader::strings(std::string_view key, std::vector<std::string> fallback) {
  toml::node const* const node = find(key);
  if (node == nullptr) return fallback;
  auto const* const array = node->as_array();
  if (array == nullptr) fail(node->source(), std::string(key) + " must be a list of strings");
  std::vector<std::string> all;
  for (toml::node const& item : *array) {
    if (!item.is_string()) fail(item.source(), std::string(key) + " must be a list of strings");
    all.push_back(item.as_string()->get());
  }
  if (all.size() > most_strings)
    fail(node->source(), std::string(key) + " has " + std::to_string(all.size()) + " entries: allowed are " +
                             std::to_string(most_strings));
  return all;
}

std::size_t TomlReader::choice(std::string_view key, std::size_t fallback, std::vector<std::string> const& names) {
  std::string const value = string(key, names.at(fallback));
  auto const at = std::find(names.begin(), names.end(), value);
  if (at == names.end()) fail(key, std::string(key) + " = \"" + value + "\": allowed are " + listed(names));
  return static_cast<std::size_t>(at - names.begin());
}

std::vector<long> TomlReader::ascending(std::string_view key, std::vector<long> fallback, long least, long most) {
  toml::node const* const node = find(key);
  if (node == nullptr) return fallback;
  if (!node->is_array() || node->as_array()->empty())
    fail(node->source(), std::string(key) + " must be a list of integers like [4, 8, 16]");
  std::vector<long> all;
  for (toml::node const& item : *node->as_array()) {
    all.push_back(integer(item, key, least, most));
    if (all.size() > 1 && all.back() <= all[all.size() - 2])
      fail(item.source(), std::string(key) + " must ascend, but " + std::to_string(all.back()) + " follows " +
                              std::to_string(all[all.size() - 2]));
  }
  return all;
}

void TomlReader::finish() const {
  for (auto const& [key, value] : table_)
    if (!asked_.contains(std::string(key.str())))
      fail(key.source(),
           "unknown key '" + std::string(key.str()) + "': allowed are " + listed({asked_.begin(), asked_.end()}));
}

}  // namespace nwidth::config
