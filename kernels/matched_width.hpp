// SPDX-License-Identifier: Apache-2.0
/// The width of a feed-forward block that makes it as large, or as dear, as another with a different activation.
#pragma once
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

namespace nwidth::kernels {

/// W_down act(W_up h), or W_down (act(W_gate h) * (W_up h)) if gated: 2 or 3 matrices of model x width.
struct FeedForward {
  std::int64_t model = 0;  ///< d, >= 1
  std::int64_t width = 0;  ///< hidden width, >= 1
  bool gated = false;
  std::int64_t coefficients = 0;  ///< learned coefficients of the activation, shared by the layer (PolyReLU r = 3: 4)
  std::int64_t coefficients_per_channel = 0;  ///< and those that each hidden channel has of its own
  bool biases = false;                        ///< one per output of each matrix
  std::int64_t activation_flops = 0;          ///< per hidden channel and token, the gate's product included
};

enum class Match { parameters, flops };
/// Which multiple is taken: the nearest to the exact quotient (a tie goes up), or the next one up or down.
enum class Rounding { nearest, up, down };

namespace matched_width_detail {

[[noreturn]] inline void refuse(std::string const& what) { throw std::invalid_argument(what); }

inline std::int64_t times(std::int64_t a, std::int64_t b) {
  if (b != 0 && a > std::numeric_limits<std::int64_t>::max() / b)
    refuse("a feed-forward block of " + std::to_string(a) + " times " + std::to_string(b) +
           " does not fit into 63 bits");
  return a * b;
}
inline std::int64_t plus(std::int64_t a, std::int64_t b) {
  if (a > std::numeric_limits<std::int64_t>::max() - b)
    refuse("a feed-forward block of " + std::to_string(a) + " plus " + std::to_string(b) +
           " does not fit into 63 bits");
  return a + b;
}
inline void require(bool holds, char const* name, std::int64_t value, char const* allowed) {
  if (!holds) refuse(std::string(name) + " = " + std::to_string(value) + ": allowed is " + allowed);
}
inline void check(FeedForward const& f, bool with_width) {
  require(f.model >= 1, "model", f.model, ">= 1");
  if (with_width) require(f.width >= 1, "width", f.width, ">= 1");
  require(f.coefficients >= 0, "coefficients", f.coefficients, ">= 0");
  require(f.coefficients_per_channel >= 0, "coefficients_per_channel", f.coefficients_per_channel, ">= 0");
  require(f.activation_flops >= 0, "activation_flops", f.activation_flops, ">= 0");
}

/// What is counted is fixed + per_channel * width.
struct Count {
  std::int64_t fixed, per_channel;
  std::int64_t at(std::int64_t width) const { return plus(fixed, times(per_channel, width)); }
};
inline Count count(FeedForward const& f, Match match) {
  std::int64_t const weights = times(f.gated ? 3 : 2, f.model);
  if (match == Match::flops) return {0, plus(times(2, weights), f.activation_flops)};
  std::int64_t const per_channel = plus(weights, f.coefficients_per_channel);
  return {f.biases ? plus(f.coefficients, f.model) : f.coefficients,
          f.biases ? plus(per_channel, f.gated ? 2 : 1) : per_channel};
}

}  // namespace matched_width_detail

/// Learned numbers of the block. @throws std::invalid_argument on sizes that are not allowed or overflow 63 bits
inline std::int64_t parameters(FeedForward const& f) {
  matched_width_detail::check(f, true);
  return matched_width_detail::count(f, Match::parameters).at(f.width);
}

/// Operations of a forward pass for one token, a multiplication and an addition counted as two; biases as none.
inline std::int64_t forward_flops(FeedForward const& f) {
  matched_width_detail::check(f, true);
  return matched_width_detail::count(f, Match::flops).at(f.width);
}

struct MatchedWidth {
  std::int64_t width;   ///< a multiple of the one asked for
  std::int64_t count;   ///< parameters or FLOPs at that width
  std::int64_t target;  ///< of the reference block
  bool exact() const { return count == target; }
  /// (count - target)/target, rounded to a double.
  double excess() const { return static_cast<double>(count - target) / static_cast<double>(target); }
};

/// The width at which `block` (its own width is not read) has as many parameters, or takes as many FLOPs, as
/// `reference`: (target - fixed)/per_channel, rounded to a multiple. E.g. 3/2 of a gated width without a gate, 2/3 the
/// other way.
/// @throws std::invalid_argument if a size is not allowed or overflows, or if no width >= multiple exists
/// @cite shazeer2020glu @cite zhuo2025polycom
inline MatchedWidth matched_width(FeedForward const& reference, FeedForward const& block, Match match,
                                  std::int64_t multiple = 1, Rounding rounding = Rounding::nearest) {
  namespace detail = matched_width_detail;
  detail::check(reference, true);
  detail::check(block, false);
  detail::require(multiple >= 1, "multiple", multiple, ">= 1");
  std::int64_t const target = detail::count(reference, match).at(reference.width);
  detail::Count const own = detail::count(block, match);
  std::int64_t const free = target > own.fixed ? target - own.fixed : 0;
  std::int64_t const step = detail::times(own.per_channel, multiple);  // what one more multiple costs
  std::int64_t steps = free / step;
  std::int64_t const rest = free % step;
  if ((rounding == Rounding::up && rest > 0) || (rounding == Rounding::nearest && rest >= step - rest)) ++steps;
  if (steps < 1)
    detail::refuse("a reference of " + std::to_string(target) + (match == Match::flops ? " FLOPs" : " parameters") +
                   " leaves no width that is a multiple of " + std::to_string(multiple));
  std::int64_t const width = detail::times(steps, multiple);
  return {width, own.at(width), target};
}

}  // namespace nwidth::kernels
