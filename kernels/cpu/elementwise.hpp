// SPDX-License-Identifier: Apache-2.0
/// GELU, SiLU, ReLU and its powers, leaky ReLU with a fixed or a learned slope, and xIELU on a CPU over the rows of a
/// matrix, forward and backward.
///
///   Rows<bf16 const> x{data, rows, width, stride};
///   gelu_forward(x, y);        // y = f(x)
///   gelu_backward(x, g, dx);   // dx = g f'(x)
///
/// What rows.hpp says of elements, memory, bits, sums, floating-point state and exceptions holds here as well, and the
/// formulas are those of kernels/activation, with its conventions (H(0) = 0; NaN gives NaN). A forward pass moves
/// 2 sizeof(E) bytes an element, a backward pass 3. In the matrix of x or g an output may lie; no other overlap.
///
/// GELU, SiLU and xIELU of floats and bf16 are piecewise polynomials where |x| is moderate (GELU to 5.3, with tanh 4.8,
/// SiLU 15.4, of values any x to the right; bf16 to 3.9, SiLU 7.7; xIELU always), elsewhere formulas with exp
/// within 1.05 ulp and erfc within 7, at several times the cost for the numbers around. Doubles go one by one
/// through the C library's functions, which is slow.
///
/// Error bounds are ErrorBounds: |error| <= (constant + growth G(x)) u size, u = unit_roundoff<E> (half an ulp of 1)
/// and size as stated; rounding to bf16 adds half an ulp of bf16. A factor of a small result may be subnormal: with
/// T = elementwise_tiny (1 + |x|) (1 + |g|), g = 0 in forward passes, T of the smallest numbers come on top where the
/// size is below T times the smallest normal number (gelu_tanh's dx: 1 + |w| for 1 + |x|; dx of x^k: k T). The baseline
/// has no fused multiply-add: baseline_factor times as much.
#pragma once
#include "kernels/cpu/rows.hpp"

namespace nwidth::kernels::cpu {

struct ErrorBound {
  double constant, growth = 0;
};
inline constexpr double elementwise_tiny = 8;
/// GELU, SiLU and xIELU of bf16, gradients of xIELU's coefficients as well: so much more in `constant`, 2^-13 of the
/// size. Ties go away from zero.
template <class E>
inline constexpr double brief_units = std::is_same_v<E, bf16> ? 2048 : 0;

/// y = x Phi(x), Phi the normal distribution. 0 at -inf, inf at inf. Size |y|, G = x^2 for x < 0 and 0 for x >= 0: the
/// argument of erfc is rounded.
/// @cite hendrycks2016gelu
inline constexpr ErrorBound gelu_bound{16, 2};
template <class E>
void gelu_forward(ConstRows<E> x, Rows<E> y, Options const& options = {});
/// dx = g (Phi(x) + x phi(x)), phi the density: g at inf, 0 at -inf for finite g. Size |g| (Phi(x) + |x| phi(x)),
/// G = x^2.
inline constexpr ErrorBound gelu_slope_bound{18, 2};
template <class E>
void gelu_backward(ConstRows<E> x, ConstRows<E> g, Rows<E> dx, Options const& options = {});

/// y = x sigmoid(w), w = 2 sqrt(2/pi) (x + 0.044715 x^3): GELU's form with tanh. 0 at -inf, inf at inf. Size |y|,
/// G = |w| for x < 0 and 0 for x >= 0.
/// @cite hendrycks2016gelu
inline constexpr ErrorBound gelu_tanh_bound{9, 8};
template <class E>
void gelu_tanh_forward(ConstRows<E> x, Rows<E> y, Options const& options = {});
/// dx = g sigmoid(w) (1 + x w' sigmoid(-w)). Size: the same with |x|. G = |w|.
inline constexpr ErrorBound gelu_tanh_slope_bound{26, 8};
template <class E>
void gelu_tanh_backward(ConstRows<E> x, ConstRows<E> g, Rows<E> dx, Options const& options = {});

/// y = x sigmoid(x). 0 at -inf, inf at inf. Size |y|, G = 0.
/// @cite elfwing2018silu
inline constexpr ErrorBound silu_bound{6};
template <class E>
void silu_forward(ConstRows<E> x, Rows<E> y, Options const& options = {});
/// dx = g sigmoid(x) (1 + x sigmoid(-x)). Size: the same with |x|. G = 0.
inline constexpr ErrorBound silu_slope_bound{14};
template <class E>
void silu_backward(ConstRows<E> x, ConstRows<E> g, Rows<E> dx, Options const& options = {});

/// y = max(x, 0); dx = g where x > 0, 0 elsewhere (whatever g is). Exact.
template <class E>
void relu_forward(ConstRows<E> x, Rows<E> y, Options const& options = {});
template <class E>
void relu_backward(ConstRows<E> x, ConstRows<E> g, Rows<E> dx, Options const& options = {});

/// y = max(x, 0)^k by repeated multiplication; dx = g k max(x, 0)^(k-1) where x > 0, 0 elsewhere (whatever g is).
/// Sizes |y|, |dx|, G = 0. k = 2 has kernels of its own.
/// @throws std::invalid_argument  for k outside 1 ... 64
constexpr ErrorBound relu_power_bound(int k) { return {k - 1.0}; }
constexpr ErrorBound relu_power_slope_bound(int k) { return {k + 1.0}; }
template <class E>
void relu_power_forward(int k, ConstRows<E> x, Rows<E> y, Options const& options = {});
template <class E>
void relu_power_backward(int k, ConstRows<E> x, ConstRows<E> g, Rows<E> dx, Options const& options = {});

/// y = x where x > 0, slope x elsewhere; dx = g or g slope. For float and bf16 elements slope is rounded to float
/// first.
/// Sizes |y|, |dx|, G = 0. @cite maas2013leaky
inline constexpr ErrorBound leaky_relu_bound{1};
template <class E>
void leaky_relu_forward(double slope, ConstRows<E> x, Rows<E> y, Options const& options = {});
template <class E>
void leaky_relu_backward(double slope, ConstRows<E> x, ConstRows<E> g, Rows<E> dx, Options const& options = {});

/// Leaky ReLU with a learned slope, one for all elements: the same y and dx, the same bounds; gradient = {dslope},
/// overwritten: the sum of g min(x, 0). Error: prelu_gradient_bound u times the sum of |g min(x, 0)|.
/// @cite he2015prelu
template <class E>
inline constexpr double prelu_gradient_bound = std::is_same_v<E, double> ? 172 : 64;
template <class E>
void prelu_forward(double slope, ConstRows<E> x, Rows<E> y, Options const& options = {});
template <class E>
void prelu_backward(double slope, ConstRows<E> x, ConstRows<E> g, Rows<E> dx, double* gradient,
                    Options const& options = {});

/// As checkpoints hold them: p = softplus(alpha_p), n = beta + softplus(alpha_n). @cite huang2024xielu
struct XieluCoefficients {
  double alpha_p, alpha_n, beta = 0.5, eps = -1e-6;
};

/// y = p x^2 + beta x where x > 0, n (exp(min(x, eps)) - 1 - x) + beta x elsewhere. p, n, beta and eps are computed in
/// double; for float and bf16 elements they are then rounded to float, and bounds count from there. Size
/// p x^2 + |beta| x for x > 0, n |exp(min(x, eps)) - 1| + |n - beta| |x| elsewhere, G = 0.
inline constexpr ErrorBound xielu_bound{6};
template <class E>
void xielu_forward(XieluCoefficients const& c, ConstRows<E> x, Rows<E> y, Options const& options = {});
/// dx = g (2 p x + beta), or g (n (exp(min(x, eps)) - 1) + beta); gradient = {dalpha_p, dalpha_n}, overwritten: sums of
/// g max(x, 0)^2 sigmoid(alpha_p) and of g (exp(min(x, eps)) - 1 - x) sigmoid(alpha_n) over x <= 0. Sizes of dx: |g|
/// times the sum of absolute terms, G = 0; of gradients: the sums of |g| x^2 and |g| |x| times the sigmoids
/// (relative to which eps counts |g eps|).
inline constexpr ErrorBound xielu_slope_bound{6};
template <class E>
inline constexpr double xielu_gradient_bound = (std::is_same_v<E, double> ? 178 : 72) + brief_units<E>;
template <class E>
void xielu_backward(XieluCoefficients const& c, ConstRows<E> x, ConstRows<E> g, Rows<E> dx, double* gradient,
                    Options const& options = {});

}  // namespace nwidth::kernels::cpu
