// SPDX-License-Identifier: Apache-2.0
/// What stands between the matrix products of a transformer besides its activation: the sum of the residual stream with
/// RMSNorm of it, the rotation and the split of queries, keys and values, each in one pass over memory; and the loss.
///
/// All arrays are dense. What rows.hpp says of bits, threads, the floating-point state and exceptions holds here as
/// well. X, Y: float, float; float, bf16 (a residual stream in float beside products in bf16, as under autocast); bf16,
/// bf16; double, double. Arithmetic is Arithmetic<X>'s; sums over a row or over rows end in double.
#pragma once
#include "kernels/cpu/rows.hpp"

namespace nwidth::kernels::cpu {

/// y = w x R, R = 1 / sqrt(mean over the row of x^2 + eps), with x = a + delta, which is rounded to X before.
/// @param a, delta, x, y  [rows, width]; delta = x = null: x is a  @param weight  [width]
/// @param statistics  [rows], R, or null
/// Errors: x one rounding; R rms_norm_statistic_bound, y rms_norm_bound, for 2^-40 <= |x| <= 2^40.
/// @cite zhang2019rmsnorm
template <class X, class Y>
void add_rms_norm_forward(std::int64_t rows, std::int64_t width, double eps, X const* a, Y const* delta,
                          X const* weight, X* x, Y* y, Statistic<X>* statistics, Options const& options = {});

/// With n = width: dx = dx_later + R (w g - x R^2 sum over the row of (w g x) / n), dweight = sum over the rows of
/// g x R, overwritten.
/// @param g  [rows, width], the gradient of y  @param later  that of x from elsewhere, or null: 0
/// @param dx  [rows, width]: the gradient of a  @param ddelta  the same as Y, or null  @param dweight  [width]
/// Errors, R exact: rms_norm_slope_bound of |later| + R (|w g| + |x| R^2 sum |w g x| / n);
/// rms_norm_gradient_bound(rows) of sum |g x R|.
template <class X, class Y>
void add_rms_norm_backward(std::int64_t rows, std::int64_t width, X const* x, X const* weight,
                           Statistic<X> const* statistics, Y const* g, X const* later, X* dx, Y* ddelta,
                           double* dweight, Options const& options = {});

/// Sums over a row in double count width_factor times.
inline constexpr double rms_norm_statistic_bound = 18, rms_norm_bound = 20, rms_norm_slope_bound = 96;
template <class X>
constexpr double rms_norm_gradient_bound(std::int64_t rows) {
  return 40 + (std::is_same_v<X, double> ? static_cast<double>(rows) / 16 : 0);
}

/// Sequences of tokens, each with `heads` vectors of `size` numbers.
struct Heads {
  std::int64_t batch = 0, tokens = 0, heads = 0, size = 0;
};

/// q, k, v [batch, heads, tokens, size] from qkv [batch, tokens, 3, heads, size]; in q and k the pair (j, j + size / 2)
/// of token t is turned by the angle whose cosine and sine are given at [t, j].
/// @param cosines, sines  [tokens, size / 2], size even; both null: nothing is turned
/// Each product is rounded, as torch does it, so that float and double equal a cos - b sin, b cos + a sin in torch's
/// operators to the bit. Error: rotary_bound of the sum of the absolute values of the two terms.
/// @cite su2024roformer
template <class E>
void split_heads_forward(Heads const& h, E const* qkv, Statistic<E> const* cosines, Statistic<E> const* sines, E* q,
                         E* k, E* v, Options const& options = {});

/// Numbers of a vector lie side by side; from one sequence, head and token to the next it is so many elements.
template <class E>
struct HeadVectors {
  E const* data = nullptr;
  std::int64_t batch = 0, head = 0, token = 0;
};
/// dqkv [batch, tokens, 3, heads, size]: the gradients turned back.
template <class E>
void split_heads_backward(Heads const& h, std::type_identity_t<HeadVectors<E>> dq,
                          std::type_identity_t<HeadVectors<E>> dk, std::type_identity_t<HeadVectors<E>> dv,
                          Statistic<E> const* cosines, Statistic<E> const* sines, E* dqkv, Options const& options = {});

inline constexpr double rotary_bound = 2;

/// loss_r = log sum over j of exp(l_rj) - l_rt with t = targets[r]: the cross entropy in nats; gradient = scale
/// (softmax(l_r) - e_t). Where t < 0 both are 0. A row that holds NaN has NaN as its loss and as its gradient.
/// @param logits  [rows, width], finite or -inf  @param targets  [rows], below width  @param gradient  [rows, width],
/// or null; it may be logits
/// Errors, with R = max - min of a row (entries of -inf aside): (R + entropy_bound) u of the loss, absolute;
/// (2 R + entropy_bound) u of scale softmax, and so much of scale at the target.
template <class E>
void cross_entropy(std::int64_t rows, std::int64_t width, E const* logits, std::int64_t const* targets, double scale,
                   E* gradient, double* loss, Options const& options = {});

inline constexpr double entropy_bound = 40;

}  // namespace nwidth::kernels::cpu
