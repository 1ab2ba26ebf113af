// SPDX-License-Identifier: Apache-2.0
/// Gated linear units on a CPU over the rows of two matrices: y = f(gate) up, forward and backward.
///
///   swiglu_forward(gate, up, y);
///   swiglu_backward(gate, up, g, dgate, dup);   // dgate = g up f'(gate), dup = g f(gate)
///
/// What rows.hpp and elementwise.hpp say holds here as well. A forward pass moves 3 sizeof(E) bytes an element, a
/// backward pass 5. gate and up may be halves of one matrix (its width as stride). An output may be the very matrix of
/// an input, so dgate = gate and dup = up; no other overlap. A gate that is closed (f = 0) gives 0 for every finite up
/// and NaN for an infinite one.
///
/// Error bounds: those of the activation, with brief_units, and glu_extra more in `constant`, of |up|, |g| or |g up|
/// times the size. Where a factor underflows the error is times the others: T is that of the activation at gate times
/// (1 + |g|) (1 + |up|); for PolyReLU it is elementwise_tiny max(1, u^2) (1 + |g|) (1 + |up|).
/// @cite shazeer2020glu
#pragma once
#include "kernels/cpu/elementwise.hpp"

namespace nwidth::kernels::cpu {

inline constexpr double glu_extra = 1;

/// f = SiLU.
template <class E>
void swiglu_forward(ConstRows<E> gate, ConstRows<E> up, Rows<E> y, Options const& options = {});
template <class E>
void swiglu_backward(ConstRows<E> gate, ConstRows<E> up, ConstRows<E> g, Rows<E> dgate, Rows<E> dup,
                     Options const& options = {});

/// f = GELU, the exact form.
template <class E>
void geglu_forward(ConstRows<E> gate, ConstRows<E> up, Rows<E> y, Options const& options = {});
template <class E>
void geglu_backward(ConstRows<E> gate, ConstRows<E> up, ConstRows<E> g, Rows<E> dgate, Rows<E> dup,
                    Options const& options = {});

/// f = GELU, the form with tanh, which most released models that say GeGLU compute.
template <class E>
void geglu_tanh_forward(ConstRows<E> gate, ConstRows<E> up, Rows<E> y, Options const& options = {});
template <class E>
void geglu_tanh_backward(ConstRows<E> gate, ConstRows<E> up, ConstRows<E> g, Rows<E> dgate, Rows<E> dup,
                         Options const& options = {});

/// f = ReLU.
template <class E>
void reglu_forward(ConstRows<E> gate, ConstRows<E> up, Rows<E> y, Options const& options = {});
template <class E>
void reglu_backward(ConstRows<E> gate, ConstRows<E> up, ConstRows<E> g, Rows<E> dgate, Rows<E> dup,
                    Options const& options = {});

/// f = PolyReLU (rows.hpp). gradient = {dw_0, dw_1, dw_2, db} = sums of g up u^3, g up u^2, g up u, g up,
/// u = relu(gate), overwritten. Bounds: polyrelu_bound, polyrelu_slope_bound and polyrelu_gradient_bound, each and
/// glu_extra more.
template <class E>
void polyrelu_glu_forward(Coefficients const& c, ConstRows<E> gate, ConstRows<E> up, Rows<E> y,
                          Options const& options = {});
template <class E>
void polyrelu_glu_backward(Coefficients const& c, ConstRows<E> gate, ConstRows<E> up, ConstRows<E> g, Rows<E> dgate,
                           Rows<E> dup, double* gradient, Options const& options = {});

/// y = scale PolyNorm(gate) up over rows (rows.hpp); with scale = 1/2 it is the gate of Motif's models (their own
/// squashing of coefficients stays with the caller). dup = g scale PolyNorm(gate), and dgate and gradient are those of
/// polynorm_backward with scale g up in place of g. Reads gate, up and g once as long as two rows of each fit the
/// second-level cache.
/// @param statistics  as polynorm_forward's and polynorm_backward's, of gate
/// Bounds and their conditions: PolyNorm's, with scale w and scale b in place of w and b, and g up in place of g; each
/// bound and 2 glu_extra more. Underflow adds (1 + |g|) (1 + |up|) times what it adds there.
/// @cite zhuo2025polycom
template <class E>
void polynorm_glu_forward(Coefficients const& c, double scale, ConstRows<E> gate, ConstRows<E> up, Rows<E> y,
                          Statistic<E>* statistics = nullptr, Options const& options = {});
template <class E>
void polynorm_glu_backward(Coefficients const& c, double scale, ConstRows<E> gate, ConstRows<E> up, ConstRows<E> g,
                           Rows<E> dgate, Rows<E> dup, double* gradient, Statistic<E> const* statistics = nullptr,
                           Options const& options = {});

}  // namespace nwidth::kernels::cpu
