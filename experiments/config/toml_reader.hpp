// SPDX-License-Identifier: Apache-2.0
/// Configurations as TOML, read strictly: unknown keys, wrong types and values out of range are errors that name the
/// line of the file and what is allowed.
#pragma once
#include <toml++/toml.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "theory/number/error.hpp"
#include "theory/number/rational.hpp"

namespace nwidth::config {

/// "a, b, c", for messages.
std::string listed(std::vector<std::string> const& names);

/// @throws InvalidInput "NAME:LINE: what is wrong"
toml::table parse_toml(std::string_view text, std::string const& name);

/// Reads one table and knows which of its keys were asked for; each of them may be missing.
class TomlReader {
 public:
  /// @param name  of the file, for messages  @param table  outlives the reader
  TomlReader(toml::table const& table, std::string name) : table_(table), name_(std::move(name)) {}

  [[noreturn]] void fail(toml::source_region const& where, std::string const& what) const;
  /// At the key, or at the table if it is not there.
  [[noreturn]] void fail(std::string_view key, std::string const& what) const;

  toml::node const* find(std::string_view key);
  bool has(std::string_view key) { return find(key) != nullptr; }
  /// @returns nullptr if the key is missing
  toml::table const* table(std::string_view key);

  long integer(std::string_view key, long fallback, long least, long most);
  long integer(toml::node const& node, std::string_view key, long least, long most) const;
  /// An integer or a string: a TOML float is a rounded double and is refused.
  Rational number(std::string_view key, Rational fallback, Rational const& least, Rational const& most);
  /// A float or an integer, for what is no part of a proof.
  double real(std::string_view key, double fallback, double least, double most);
  bool boolean(std::string_view key, bool fallback);
  std::string string(std::string_view key, std::string fallback);
  std::vector<std::string> strings(std::string_view key, std::vector<std::string> fallback);
  /// One of the names. @returns its place in the list
  std::size_t choice(std::string_view key, std::size_t fallback, std::vector<std::string> const& names);
  /// A list of integers that ascends.
  std::vector<long> ascending(std::string_view key, std::vector<long> fallback, long least, long most);

  /// Refuses keys that nobody asked for.
  void finish() const;

  std::string const& name() const { return name_; }

 private:
  toml::table const& table_;
  std::string name_;
  std::set<std::string> asked_;
};

}  // namespace nwidth::config
