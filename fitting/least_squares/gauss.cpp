// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/gauss.hpp"

#include <cmath>
#include <map>
#include <mutex>
#include <numbers>
#include <string>

#include "theory/number/error.hpp"
#include "theory/number/real.hpp"

namespace nwidth::fitting {
namespace {

GaussRule<Real> make(int q) {
  GaussRule<Real> rule;
  rule.node.resize(static_cast<std::size_t>(q));
  rule.weight.resize(static_cast<std::size_t>(q));
  for (int i = 0; i < (q + 1) / 2; ++i) {
    Real x = std::cos(std::numbers::pi * (i + 0.75) / (q + 0.5)), slope = 0;
    for (int step = 0; step < 9; ++step) {  // quadratic from 1e-3 at the latest: 100 digits after 7
      Real before = 0, p = 1;
      for (int k = 1; k <= q; ++k) {
        Real const next = (Real(2 * k - 1) * x * p - Real(k - 1) * before) / k;
        before = p;
        p = next;
      }
      slope = Real(q) * (x * p - before) / (x * x - 1);
      x -= p / slope;
    }
    if (2 * i + 1 == q) x = 0;
    Real const weight = 1 / ((1 - x * x) * slope * slope);
    std::size_t const left = static_cast<std::size_t>(i), right = static_cast<std::size_t>(q - 1 - i);
    rule.node[left] = (1 - x) / 2;
    rule.node[right] = (1 + x) / 2;
    rule.weight[left] = rule.weight[right] = weight;
  }
  return rule;
}

}  // namespace

template <class T>
GaussRule<T> const& gauss_rule(int q) {
  if (q < 1 || q > 128) throw InvalidInput("a Gauss rule has 1 to 128 nodes, not " + std::to_string(q));
  static std::mutex guard;
  static std::map<int, GaussRule<T>> kept;
  std::lock_guard const lock(guard);
  auto const found = kept.find(q);
  if (found != kept.end()) return found->second;
  GaussRule<T> rule;
  GaussRule<Real> const exact = make(q);
  for (Real const& x : exact.node) rule.node.push_back(static_cast<T>(x));
  for (Real const& w : exact.weight) rule.weight.push_back(static_cast<T>(w));
  return kept.emplace(q, std::move(rule)).first->second;
}

template GaussRule<double> const& gauss_rule<double>(int);
template GaussRule<Real> const& gauss_rule<Real>(int);

}  // namespace nwidth::fitting
