// SPDX-License-Identifier: Apache-2.0
/// The vocabulary that every activation is written in: + - * / and the operations of `ops<T>`.
///
/// `ops<T>` is specialised once per number type, in that type's own header. Free functions found by ADL do not
/// work here: mpfr numbers and Jets are aliases of templates in other people's namespaces, so overloads of ours
/// would be invisible to two-phase lookup. Nothing here includes a number library, so that CUDA and SIMD code
/// can include it. An activation never branches on a comparison: an interval could not answer it.
#pragma once
#include <cmath>
#include <concepts>
#include <numbers>

#if defined(__CUDACC__)
#define NWIDTH_HD __host__ __device__
#elif !defined(NWIDTH_HD)
#define NWIDTH_HD inline
#endif

namespace nwidth::activation {

template <class T>
struct ops;

template <std::floating_point T>
struct ops<T> {
  NWIDTH_HD static T relu(T x) { return x < T(0) ? T(0) : x; }  // NaN passes through
  /// a where x > 0, b where x <= 0: H(0) = 0. NaN where x is. A scalar that cannot decide gives what contains both.
  NWIDTH_HD static T select(T x, T a, T b) { return x > T(0) ? a : x <= T(0) ? b : x; }
  NWIDTH_HD static T fma(T a, T b, T c) { return a * b + c; }
  NWIDTH_HD static T ratio(long p, long q) { return T(p) / T(q); }  // nearest T to p/q for |p|, |q| < 2^24
  NWIDTH_HD static T exp(T x) { return std::exp(x); }
  NWIDTH_HD static T erf(T x) { return std::erf(x); }
  NWIDTH_HD static T sqrt(T x) { return std::sqrt(x); }
  NWIDTH_HD static T erfc(T x) { return std::erfc(x); }
  NWIDTH_HD static T expm1(T x) { return std::expm1(x); }
  NWIDTH_HD static T log1p(T x) { return std::log1p(x); }
  NWIDTH_HD static T pi() { return std::numbers::pi_v<T>; }
  /// 1/(1 + exp(-x)) by exp(-|x|), which cannot overflow. An operation, since scalars that do not overflow (balls,
  /// their series, high-precision reals) have narrower enclosures and no kink without |x|.
  NWIDTH_HD static T sigmoid(T x) {
    T const e = std::exp(-std::fabs(x));
    return (x > T(0) ? T(1) : e) / (T(1) + e);
  }
};

/// A number type that the piecewise polynomial activations accept.
template <class T>
concept Scalar = requires(T a) {
  { a + a } -> std::convertible_to<T>;
  { (a * a) } -> std::convertible_to<T>;
  { ops<T>::relu(a) } -> std::convertible_to<T>;
  { ops<T>::fma(a, a, a) } -> std::convertible_to<T>;
};

/// A number type that has the elementary functions as well (GELU, SiLU); exact rationals do not.
template <class T>
concept SmoothScalar = Scalar<T> && requires(T a) {
  { ops<T>::select(a, a, a) } -> std::convertible_to<T>;
  { ops<T>::exp(a) } -> std::convertible_to<T>;
  { ops<T>::erf(a) } -> std::convertible_to<T>;
  { ops<T>::sqrt(a) } -> std::convertible_to<T>;
  { ops<T>::erfc(a) } -> std::convertible_to<T>;
  { ops<T>::expm1(a) } -> std::convertible_to<T>;
  { ops<T>::log1p(a) } -> std::convertible_to<T>;
  { ops<T>::sigmoid(a) } -> std::convertible_to<T>;
  { ops<T>::pi() } -> std::convertible_to<T>;
};

}  // namespace nwidth::activation
