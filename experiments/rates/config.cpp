// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/config.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/fit/shape.hpp"
#include "experiments/methods/method.hpp"

namespace nwidth::rates {
namespace {

constexpr long largest_size = 100000, most_per_decade = 100, largest_seed = 1000000000;
constexpr long most_segments = 256, most_ridge_neurons = 64;
constexpr std::size_t most_targets = 100;

/// Reads one table and knows which of its keys were asked for.
class Reader {
 public:
  Reader(toml::table const& table, std::string name) : table_(table), name_(std::move(name)) {}

  [[noreturn]] void fail(toml::source_region const& where, std::string const& what) const {
    throw InvalidInput(name_ + ":" + std::to_string(where.begin.line) + ": " + what);
  }

  toml::node const* find(std::string_view key) {
    asked_.insert(std::string(key));
    return table_.get(key);
  }

  long integer(std::string_view key, long fallback, long least, long most) {
    toml::node const* const node = find(key);
    return node == nullptr ? fallback : integer(*node, key, least, most);
  }
  long integer(toml::node const& node, std::string_view key, long least, long most) const {
    std::string const range = std::to_string(least) + " to " + std::to_string(most);
    auto const* const value = node.as_integer();
    if (value == nullptr) fail(node.source(), std::string(key) + " must be an integer from " + range);
    if (value->get() < least || value->get() > most)
      fail(node.source(),
           std::string(key) + " = " + std::to_string(value->get()) + " is out of range: allowed is " + range);
    return static_cast<long>(value->get());
  }

  /// An integer or a string: a TOML float is a rounded double and is refused.
  Rational number(std::string_view key, Rational fallback, Rational const& least, Rational const& most) {
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
      fail(node->source(), std::string(key) + " = " + value.str() + " is out of range: allowed is " + least.str() +
                               " to " + most.str());
    return value;
  }

  std::vector<std::string> strings(std::string_view key, std::vector<std::string> fallback) {
    toml::node const* const node = find(key);
    if (node == nullptr) return fallback;
    auto const* const array = node->as_array();
    if (array == nullptr) fail(node->source(), std::string(key) + " must be a list of strings");
    std::vector<std::string> all;
    for (toml::node const& item : *array) {
      if (!item.is_string()) fail(item.source(), std::string(key) + " must be a list of strings");
      all.push_back(item.as_string()->get());
    }
    if (all.size() > most_targets)
      fail(node->source(), std::string(key) + " has " + std::to_string(all.size()) + " entries: allowed are " +
                               std::to_string(most_targets));
    return all;
  }

  /// The list n.
  std::vector<int> smoothness(std::vector<int> fallback) {
    toml::node const* const node = find("n");
    if (node == nullptr) return fallback;
    if (!node->is_array() || node->as_array()->empty())
      fail(node->source(), "n must be a list of integers like [1, 2, 3, 4]");
    std::vector<int> all;
    for (toml::node const& item : *node->as_array()) all.push_back(static_cast<int>(integer(item, "n", 1, 6)));
    std::set<int> const distinct(all.begin(), all.end());
    if (distinct.size() != all.size()) fail(node->source(), "n has a value twice");
    return all;
  }

  bool boolean(std::string_view key, bool fallback) {
    toml::node const* const node = find(key);
    if (node == nullptr) return fallback;
    if (!node->is_boolean()) fail(node->source(), std::string(key) + " must be true or false");
    return node->as_boolean()->get();
  }

  /// A list that ascends.
  std::vector<long> ascending(std::string_view key, std::vector<long> fallback, long least, long most) {
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

  /// Activations that can be fitted, each with the list of sizes `fallback`, or the one of its own: relu_segments.
  std::vector<Fits::Sized> sized(std::string_view key, std::vector<std::string> names, std::string const& size,
                                 std::vector<long> const& fallback, long least, long most) {
    std::vector<Fits::Sized> all;
    for (std::string const& one : strings(key, std::move(names))) {
      try {
        fit::shape_of(std::string(key), one);
      } catch (InvalidInput const& e) {
        fail(find(key)->source(), e.what());
      }
      all.push_back({one, ascending(one + "_" + size, fallback, least, most)});
    }
    return all;
  }

  std::optional<Fits> fits() {
    toml::node const* const node = find("fits");
    if (node == nullptr) return std::nullopt;
    auto const* const table = node->as_table();
    if (table == nullptr) fail(node->source(), "fits must be a table: [fits]");
    Reader inner(*table, name_);
    Fits f;
    std::vector<long> const segments = inner.ascending("segments", {4, 8, 16, 32, 64}, 2, most_segments);
    f.activations = inner.sized("activations", {"relu", "relu2", "polyrelu"}, "segments", segments, 2, most_segments);
    f.targets = inner.strings("targets", {});
    f.contrast = inner.boolean("contrast", true);
    f.contrast_segments = inner.ascending("contrast_segments", segments, 2, most_segments);
    std::vector<long> const neurons = inner.ascending("ridge_neurons", {4, 8, 16}, 1, most_ridge_neurons);
    f.ridge = inner.sized("ridge", {}, "ridge_neurons", neurons, 1, most_ridge_neurons);
    inner.finish();
    if ((f.activations.empty() || f.targets.empty()) && f.ridge.empty())
      fail(node->source(), "[fits] has nothing to fit: it needs activations and targets, or ridge");
    return f;
  }

  Sizes sizes(std::string_view name, Sizes fallback) {
    toml::node const* const node = find(name);
    if (node == nullptr) return fallback;
    auto const* const table = node->as_table();
    if (table == nullptr)
      fail(node->source(), std::string(name) + " must be a table with smallest, largest and per_decade");
    Reader inner(*table, name_);
    Sizes s;
    s.smallest = inner.integer("smallest", fallback.smallest, 1, largest_size);
    s.largest = inner.integer("largest", fallback.largest, s.smallest, largest_size);
    s.per_decade = inner.integer("per_decade", fallback.per_decade, 1, most_per_decade);
    inner.finish();
    return s;
  }

  /// Refuses keys that nobody asked for.
  void finish() const {
    for (auto const& [key, value] : table_)
      if (!asked_.contains(std::string(key.str()))) {
        std::string allowed;
        for (std::string const& a : asked_) allowed += (allowed.empty() ? "" : ", ") + a;
        fail(key.source(), "unknown key '" + std::string(key.str()) + "': allowed are " + allowed);
      }
  }

 private:
  toml::table const& table_;
  std::string name_;
  std::set<std::string> asked_;
};

}  // namespace

std::vector<long> Sizes::grid() const {
  std::vector<long> sizes;
  for (long k = 0;; ++k) {
    double const exact_size =
        static_cast<double>(smallest) * std::pow(10.0, static_cast<double>(k) / static_cast<double>(per_decade));
    long const size = std::lround(exact_size);
    if (size > largest) break;
    if (sizes.empty() || size != sizes.back()) sizes.push_back(size);
  }
  if (sizes.back() != largest) sizes.push_back(largest);
  return sizes;
}

Config parse_config(std::string_view text, std::string const& name) {
  toml::table table;
  try {
    table = toml::parse(text, name);
  } catch (toml::parse_error const& e) {
    throw InvalidInput(name + ":" + std::to_string(e.source().begin.line) + ": " + std::string(e.description()));
  }
  Reader reader(table, name);
  Config c;
  c.n = reader.smoothness({1, 2, 3, 4});
  c.seed = reader.integer("seed", 1, 0, largest_seed);
  c.relative = reader.number("relative", Rational(1, 1000000), parse_rational("1e-12"), Rational(1, 2));
  c.limits = reader.sizes("sizes", {});
  std::vector<std::string> const targets = reader.strings("targets", {});
  c.fits = reader.fits();
  toml::node const* const series = reader.find("series");
  reader.finish();
  if (series == nullptr && c.fits) return c;
  if (series == nullptr || !series->is_array_of_tables())
    reader.fail(series == nullptr ? table.source() : series->source(),
                "no [[series]]: at least one with method = \"...\" is needed");
  for (toml::node const& item : *series->as_array()) {
    Reader one(*item.as_table(), name);
    Series s;
    toml::node const* const method = one.find("method");
    if (method == nullptr || !method->is_string()) one.fail(item.source(), "a [[series]] needs method = \"...\"");
    s.method = method->as_string()->get();
    try {
      methods::find(s.method);
    } catch (InvalidInput const& e) {
      one.fail(method->source(), e.what());
    }
    s.overlap = one.number("overlap", methods::default_overlap(), power_of_two(-64), Rational(1, 4));
    s.n = one.smoothness(c.n);
    for (int const k : s.n)
      if (std::find(c.n.begin(), c.n.end(), k) == c.n.end())
        one.fail(one.find("n")->source(), "n = " + std::to_string(k) + " is not in the list n of the file");
    s.sizes = one.sizes("sizes", c.limits);
    s.target_sizes = one.sizes("target_sizes", s.sizes);
    s.targets = one.strings("targets", targets);
    one.finish();
    c.series.push_back(std::move(s));
  }
  return c;
}

}  // namespace nwidth::rates
