// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/config.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/config/toml_reader.hpp"
#include "experiments/fit/shape.hpp"
#include "experiments/methods/method.hpp"

namespace nwidth::rates {
namespace {

constexpr long largest_size = 100000, most_per_decade = 100, largest_seed = 1000000000;
constexpr long most_segments = 256, most_ridge_neurons = 64;

/// And what is particular to rates.
class Reader : public config::TomlReader {
 public:
  using TomlReader::TomlReader;

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
    toml::table const* const node = table("fits");
    if (node == nullptr) return std::nullopt;
    Reader inner(*node, name());
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

  Sizes sizes(std::string_view key, Sizes fallback) {
    toml::table const* const node = table(key);
    if (node == nullptr) return fallback;
    Reader inner(*node, name());
    Sizes s;
    s.smallest = inner.integer("smallest", fallback.smallest, 1, largest_size);
    s.largest = inner.integer("largest", fallback.largest, s.smallest, largest_size);
    s.per_decade = inner.integer("per_decade", fallback.per_decade, 1, most_per_decade);
    inner.finish();
    return s;
  }
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
  toml::table const table = config::parse_toml(text, name);
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
