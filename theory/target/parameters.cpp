// SPDX-License-Identifier: Apache-2.0
#include "theory/target/parameters.hpp"

#include <algorithm>

#include "theory/number/error.hpp"

namespace nwidth::target {

Parameters::Parameters(std::string family, std::string_view text, std::vector<std::string> const& allowed)
    : family_(std::move(family)) {
  while (!text.empty()) {
    std::size_t const comma = text.find(',');
    std::string_view const item = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    std::size_t const equals = item.find('=');
    std::string const key(item.substr(0, equals));
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      std::string list;
      for (std::string const& k : allowed) list += (list.empty() ? "" : ", ") + k;
      throw InvalidInput("target " + family_ + ": unknown key '" + key.substr(0, 30) + "': use " + list);
    }
    if (equals == std::string_view::npos) throw InvalidInput("target " + family_ + ": write " + key + "=value");
    if (has(key)) throw InvalidInput("target " + family_ + ": " + key + " is given twice");
    try {
      values_[key] = parse_rational(item.substr(equals + 1));
    } catch (InvalidInput const& e) {
      throw InvalidInput("target " + family_ + ": " + key + ": " + e.what());
    }
  }
}

void Parameters::refuse(std::string const& key, Rational const& value, std::string const& allowed) const {
  throw InvalidInput("target " + family_ + ": " + key + " = " + fraction(value) + " must be " + allowed);
}

long Parameters::integer(std::string const& key, long otherwise, long lo, long hi) const {
  Rational const q = rational(key, otherwise);
  if (denominator(q) != 1 || q < lo || q > hi)
    refuse(key, q, "an integer in " + std::to_string(lo) + ".." + std::to_string(hi));
  return numerator(q).convert_to<long>();
}

Rational Parameters::rational(std::string const& key, Rational const& otherwise) const {
  auto const found = values_.find(key);
  return found == values_.end() ? otherwise : found->second;
}

std::string fraction(Rational const& q) {
  return denominator(q) == 1 ? numerator(q).str() : numerator(q).str() + "/" + denominator(q).str();
}

}  // namespace nwidth::target
