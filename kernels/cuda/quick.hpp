// SPDX-License-Identifier: Apache-2.0
/// The arithmetic of what is rounded to bf16 at the end: floats, with elementary functions that are quick rather than
/// exact to the last bits. At the speed of a GPU's memory there is time for some 16 instructions an element of bf16;
/// the device's own erfc and expm1 take more.
///
/// exp and the sigmoid, and divisions, are the device's approximations, within 2^-17 of their results for arguments up
/// to 100; erfc is within 2^-15 of its result for y > 0, expm1 within 2^-17 for x <= 0: before the rounding to bf16 at
/// 2^-8.
#pragma once
#include <cmath>

#include "kernels/activation/scalar.hpp"
#include "kernels/cuda/grid.hpp"

namespace nwidth::kernels::cuda {

struct Quick {
  float v;
  Quick() = default;
  __device__ __forceinline__ Quick(float x) : v(x) {}
  __device__ __forceinline__ friend Quick operator+(Quick a, Quick b) { return a.v + b.v; }
  __device__ __forceinline__ friend Quick operator-(Quick a, Quick b) { return a.v - b.v; }
  __device__ __forceinline__ friend Quick operator*(Quick a, Quick b) { return a.v * b.v; }
  __device__ __forceinline__ friend Quick operator/(Quick a, Quick b) { return divided(a.v, b.v); }
};

}  // namespace nwidth::kernels::cuda

template <>
struct nwidth::activation::ops<nwidth::kernels::cuda::Quick> {
  using T = nwidth::kernels::cuda::Quick;
  using F = ops<float>;
  __device__ __forceinline__ static T relu(T x) { return F::relu(x.v); }
  __device__ __forceinline__ static T select(T x, T a, T b) { return F::select(x.v, a.v, b.v); }
  __device__ __forceinline__ static T fma(T a, T b, T c) { return F::fma(a.v, b.v, c.v); }
  __device__ __forceinline__ static T ratio(long p, long q) { return F::ratio(p, q); }
  __device__ __forceinline__ static T pi() { return F::pi(); }
  __device__ __forceinline__ static T sqrt(T x) { return F::sqrt(x.v); }
  __device__ __forceinline__ static T log1p(T x) { return F::log1p(x.v); }
  __device__ __forceinline__ static T exp(T x) { return kernels::cuda::quick_exp(x.v); }
  __device__ __forceinline__ static T sigmoid(T x) {
    T const e = exp(-std::fabs(x.v));
    return T(x.v > 0.F ? 1.F : e.v) / (T(1.F) + e);
  }
  /// exp(-y^2) Q(t)/(|y| + 2), t = (|y| - 2)/(|y| + 2), for y > 0, and 2 minus that for y < 0; Q as in
  /// kernels/cpu/functions.hpp and of less degree, by kernels/cpu/coefficients.py.
  __device__ __forceinline__ static T erfc(T y) {
    float const a = std::fabs(y.v), r = kernels::cuda::divided(1.F, a + 2.F), t = 1.F - 4.F * r;
    float q = 0x1.e1f73ep-9F;
    q = q * t + -0x1.3b7becp-6F;
    q = q * t + -0x1.1ee5b6p-5F;
    q = q * t + 0x1.1da496p-2F;
    q = q * t + -0x1.5fe696p-1F;
    q = q * t + 0x1.0587d6p+0F;
    float const tail = q * r * exp(-a * a).v;
    return y.v < 0.F ? 2.F - tail : tail;
  }
  __device__ __forceinline__ static T erf(T x) { return T(1.F) - erfc(x); }
  /// For x <= 0; a polynomial from -1/2 on.
  __device__ __forceinline__ static T expm1(T x) {
    float const near = x.v + x.v * x.v * ((0x1.19adfap-5F * x.v + 0x1.5110ep-3F) * x.v + 0x1.ffd204p-2F);
    return x.v > -0.5F ? near : exp(x).v - 1.F;
  }
};
