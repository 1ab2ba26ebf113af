// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/ifs_law.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/lm/ifs_field.hpp"
#include "experiments/lm/random.hpp"
#include "experiments/record/sha256.hpp"
#include "theory/number/ball.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

constexpr std::uint64_t one = std::uint64_t{1} << 53;

/// exp(x) for -700 < x <= 0 to two units in the last place, by + and * alone: the same bits everywhere, which std::exp
/// does not promise.
double portable_exp(double x) {
  constexpr double log2e = 1.4426950408889634, high = 0x1.62e42feep-1, low = 0x1.a39ef35793c76p-33;
  double const k = std::floor(x * log2e + 0.5), r = (x - k * high) - k * low;  // |r| < 0.347
  double sum = 1;
  for (int i = 14; i > 0; --i) sum = 1 + sum * r / i;
  return std::ldexp(sum, static_cast<int>(k));
}

std::vector<FieldValues> logits_of(Ifs const& ifs) {
  std::vector<FieldValues> all;
  for (int i = 1; i < ifs.outputs; ++i) {
    std::uint64_t const key = key_of(key_of(0x6669656c64, ifs.seed), static_cast<std::uint64_t>(i));
    all.push_back(on_cells(ifs.wavelet ? wavelet_field(ifs, key) : gaussian_field(ifs, key), cells_of(ifs)));
  }
  return all;
}

}  // namespace

IfsLaw::IfsLaw(Ifs const& ifs) : ifs_(ifs), cells_(cells_of(ifs)), states_(1), addresses_(1) {
  for (int axis = 0; axis < ifs.dimension; ++axis) {
    states_ *= cells_;
    addresses_ *= ifs.symbols;
  }
  auto const free = static_cast<std::size_t>(ifs.outputs - 1), states = static_cast<std::size_t>(states_);
  if (states * free > std::size_t{1} << 26)
    throw InvalidInput("outputs = " + std::to_string(ifs.outputs) +
                       ": states times (outputs - 1) = " + std::to_string(states * free) + ": allowed is 2^26");
  std::vector<FieldValues> const logits = logits_of(ifs);
  thresholds_.resize(states * free);
  std::vector<double> weight(free + 1);
  for (std::size_t z = 0; z < states; ++z) {
    double most = 0, sum = 0;
    for (FieldValues const& g : logits) most = std::max(most, g.values[z]);
    for (std::size_t y = 0; y <= free; ++y)
      sum += weight[y] = portable_exp(std::max(-600.0, (y == 0 ? 0 : logits[y - 1].values[z]) - most));
    double below = 0;
    std::uint64_t last = 0;
    for (std::size_t y = 0; y < free; ++y) {
      below += weight[y];
      auto const nearest = static_cast<std::uint64_t>(below / sum * 0x1p53 + 0.5);
      last = thresholds_[z * free + y] = std::clamp(nearest, last + 1, one - (free - y));
    }
  }
}

std::int64_t IfsLaw::next(std::int64_t state, std::int64_t address) const {
  std::int64_t const k = ifs_.symbols;
  std::int64_t after = 0, stride = 1;
  for (int axis = ifs_.dimension; axis-- > 0; stride *= cells_, state /= cells_, address /= k)
    after += (state % cells_ / k + address % k * (cells_ / k)) * stride;
  return after;
}

std::int64_t IfsLaw::address(std::int64_t state, int age) const {
  std::int64_t const k = ifs_.symbols;
  std::int64_t unit = cells_ / k;
  for (int i = 0; i < age; ++i) unit /= k;
  std::int64_t symbol = 0, stride = 1;
  for (int axis = ifs_.dimension; axis-- > 0; stride *= k, state /= cells_)
    symbol += state % cells_ / unit % k * stride;
  return symbol;
}

void IfsLaw::probabilities(std::int64_t state, std::span<double> p) const {
  auto const free = static_cast<std::size_t>(ifs_.outputs - 1), z = static_cast<std::size_t>(state);
  std::uint64_t last = 0;
  for (std::size_t y = 0; y <= free; ++y) {
    std::uint64_t const next = y < free ? thresholds_[z * free + y] : one;
    p[y] = static_cast<double>(next - last) * 0x1p-53;
    last = next;
  }
}

std::int64_t IfsLaw::output(std::int64_t state, std::uint64_t number) const {
  auto const first = thresholds_.begin() + state * (ifs_.outputs - 1);
  return std::upper_bound(first, first + (ifs_.outputs - 1), number) - first;
}

IfsEntropy IfsLaw::entropy() const {
  PrecisionScope const scope(96);
  std::vector<FieldValues> const logits = logits_of(ifs_);
  auto const outputs = static_cast<std::size_t>(ifs_.outputs);
  std::vector<double> p(outputs);
  std::vector<Ball> weight(outputs);
  Ball sum(0);
  double worst = 0;  // of |p - softmax of the values|
  for (std::int64_t z = 0; z < states_; ++z) {
    probabilities(z, p);
    Ball total(1);
    weight[0] = Ball(1);
    for (std::size_t y = 1; y < outputs; ++y)
      total += weight[y] = exp(Ball(logits[y - 1].values[static_cast<std::size_t>(z)]));
    for (std::size_t y = 0; y < outputs; ++y) {
      Ball const exact(p[y]);
      sum += exact * log(exact);
      worst = std::max(worst, (exact - weight[y] / total).magnitude());
    }
  }
  double moved = 0;  // of a logit
  for (FieldValues const& g : logits) moved = std::max(moved, g.error);
  Ball const emission = -sum / Ball(static_cast<long>(states_));
  Ball const rate = (Ball(ifs_.dimension) * log(Ball(ifs_.symbols)) + emission) / Ball(2);
  // sum_j |dp_i / dlogit_j| = 2 p_i (1 - p_i) <= 1/2
  return {decimal_below(emission.lower(), 20), decimal_above(emission.upper(), 20), decimal_below(rate.lower(), 20),
          decimal_above(rate.upper(), 20), round_up(worst + moved / 2)};
}

std::string IfsLaw::sha256() const {
  std::string_view const bytes(reinterpret_cast<char const*>(thresholds_.data()), thresholds_.size() * 8);
  return bytes.size() > std::size_t{1} << 24 ? "" : record::sha256(bytes);
}

}  // namespace nwidth::lm
