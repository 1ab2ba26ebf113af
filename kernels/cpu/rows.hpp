// SPDX-License-Identifier: Apache-2.0
/// PolyReLU and PolyNorm on a CPU over the rows of a matrix, forward and backward, in float, bf16 and double.
///
///   Rows<float const> x{data, rows, width, stride};
///   polyrelu_forward(c, x, y);                                    // y = P(relu(x))
///   polyrelu_backward(c, x, g, dx, gradient);                     // dx = g P'(relu(x)) H(x), gradient[4]
///
/// What holds for every function here
/// - E is float, bf16 or double; float and bf16 are computed in float, rounded to bf16 once at the end.
/// - Memory: any width, any stride >= width, any alignment that E itself needs; 64-bit indices; no element outside the
///   rows is written or read. No rows or width 0: nothing is done (and a gradient is 0). An output may be the very
///   matrix of an input (same data, same stride: x = y, g = dx, x = dx); no other overlap.
/// - Bits: neither outputs nor gradients depend on the number of threads, on strides, alignments or on stream_bytes.
///   AVX2 and AVX-512 give equal bits, and statistics of one serve the other; the baseline, which has no fused
///   multiply-add, gives others. Where NaNs of both signs meet, the sign of the result is either.
/// - Gradients of coefficients are sums over all elements, by lanes, then segments of a row, then a tree over rows.
/// - The floating-point state of the calling thread (rounding, flush to zero) does not matter and is restored.
/// - Special values follow the formulas: NaN gives NaN; H(0) = 0; see each function. -0 counts as 0.
/// - Throws std::invalid_argument with one line that names the value for shapes that differ, negative sizes, strides
///   below the width, null data of a non-empty matrix, negative threads, an eps that is negative or NaN, an Isa that
///   this machine has not or a value of NWIDTH_ISA that is none; std::bad_alloc. Thread-safe.
///
/// Error bounds are in u * (sum of the absolute values of the terms), u = unit_roundoff<E> of the arithmetic, in the
/// absence of overflow; rounding to bf16 adds half an ulp of bf16 (2^-8 relative). They follow from the standard model
/// of rounding, and the tests assert these very numbers; errors seen are far smaller (docs/kernels.md).
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "kernels/cpu/bf16.hpp"

namespace nwidth::kernels::cpu {

/// What the kernels are compiled for: AVX-512 BF16 beside the next, which makes PolyReLU and PolyNorm of bf16 faster;
/// AVX-512 F, BW, DQ, VL (x86-64-v4); AVX2 and FMA (x86-64-v3); whatever the compiler's default is.
enum class Isa { baseline, avx2, avx512, avx512bf16 };

/// "baseline", "avx2", "avx512", "avx512bf16".
std::string_view name(Isa isa);

/// Whether this build and this machine have it. The baseline is always there.
bool available(Isa isa);

/// What Options::isa = nullopt means: NWIDTH_ISA (one of the names above) if the environment sets it, read at each
/// call, else the best that is available. @throws std::invalid_argument for another value or one that is not available
Isa default_isa();

struct Options {
  int threads = 0;                 ///< at most so many, the caller among them; 0: all cores that the process may use
  std::optional<Isa> isa = {};     ///< see default_isa
  std::int64_t stream_bytes = -1;  ///< calls that read and write so many bytes or more write past the caches; -1:
                                   ///< default_stream_bytes
};

/// Chosen by experiment, on a machine with 32 MiB of third-level cache: below it the next operation finds the output
/// there, and ordinary stores and that read together take less time; not much above it ordinary stores alone take twice
/// as long.
inline constexpr std::int64_t default_stream_bytes = std::int64_t{16} << 20;

/// A matrix in memory: element (r, j) is data[r * stride + j], 0 <= r < rows, 0 <= j < width.
template <class E>
struct Rows {
  E* data = nullptr;
  std::int64_t rows = 0, width = 0, stride = 0;

  operator Rows<E const>() const  // NOLINT: as E* converts to E const*
      requires(!std::is_const_v<E>) {
    return {data, rows, width, stride};
  }
};
template <class E>
using ConstRows = std::type_identity_t<Rows<E const>>;  // E is deduced from the outputs

/// In the order of PolyCom's checkpoints: w[0] cubic, w[1] quadratic, w[2] linear, and the bias. eps is PolyNorm's.
/// For float and bf16 elements PolyReLU rounds w and bias to float first; PolyNorm uses them in double.
/// @cite zhuo2025polycom
struct Coefficients {
  double w[3], bias = 0, eps = 1e-6;
};

/// The type of PolyNorm's saved statistics.
template <class E>
using Statistic = Arithmetic<E>;

/// The arithmetic's: float's for bf16 as well.
template <class E>
inline constexpr double unit_roundoff = std::is_same_v<E, double> ? 0x1p-53 : 0x1p-24;

/// The bounds hold with fused multiply-adds; those of the baseline are so many times as large.
inline constexpr double baseline_factor = 2;

inline constexpr double polyrelu_bound = 3, polyrelu_slope_bound = 4, polyrelu_tiny = 2;
inline constexpr double polynorm_statistic_bound = 24, polynorm_bound = 25, polynorm_slope_bound = 192;
template <class E>
inline constexpr double polyrelu_gradient_bound = std::is_same_v<E, double> ? 176 : 68;
template <class E>
inline constexpr double polynorm_gradient_bound = std::is_same_v<E, double> ? 224 : 104;

/// Sums in double have nothing wider to go to: PolyNorm's bounds and those of gradients count so many times.
template <class E>
constexpr double width_factor(std::int64_t width) {
  return std::is_same_v<E, double> ? 1 + static_cast<double>(width) / 8192 : 1;
}

/// y = w_0 u^3 + w_1 u^2 + w_2 u + b, u = relu(x). Moves 2 sizeof(E) bytes an element.
/// x = NaN gives NaN, x = -inf gives b, x = inf what Horner's rule gives in IEEE arithmetic (NaN for w_0 = 0).
/// Error: polyrelu_bound; so at most polyrelu_bound ulp where no terms have opposite signs. Underflow adds at most
/// T = polyrelu_tiny max(1, u^2) smallest numbers, 2^-149 (2^-1074 in double), and nothing where the terms' sum is
/// above T 2^-126 (2^-1022).
template <class E>
void polyrelu_forward(Coefficients const& c, ConstRows<E> x, Rows<E> y, Options const& options = {});

/// dx = g (3 w_0 u^2 + 2 w_1 u + w_2) where x > 0, 0 elsewhere (also where g is not finite), NaN where x is;
/// gradient = {dw_0, dw_1, dw_2, db} = sums of g u^3, g u^2, g u, g, overwritten. Moves 3 sizeof(E) bytes an element.
/// Errors: polyrelu_slope_bound of |g| (3 |w_0| u^2 + 2 |w_1| u + |w_2|), underflow as above times
/// max(1, |g|); gradients: polyrelu_gradient_bound.
template <class E>
void polyrelu_backward(Coefficients const& c, ConstRows<E> x, ConstRows<E> g, Rows<E> dx, double* gradient,
                       Options const& options = {});

/// y = w_0 R_3 x^3 + w_1 R_2 x^2 + w_2 R_1 x + b, R_p = 1 / sqrt(mean over the row of x^(2p) + eps): PolyNorm of each
/// row. Reads x once as long as two rows fit the second-level cache. A NaN in a row makes all of the row NaN.
/// @param statistics  null, or 3 a row, written: R_1, R_2, R_3 (relative error: polynorm_statistic_bound u)
/// Error: polynorm_bound, for |x| <= 2^20 (x^6 must not overflow), |w| <= 2^20, eps >= 2^-100; underflow adds at most
/// 2^-88 (2^-970 in double).
template <class E>
void polynorm_forward(Coefficients const& c, ConstRows<E> x, Rows<E> y, Statistic<E>* statistics = nullptr,
                      Options const& options = {});

/// With n = width and S_p = sum over the row of g x^p:
/// dx = sum_p p w_(3-p) (g x^(p-1) R_p - x^(2p-1) R_p^3 S_p / n), gradient = {dw_0, dw_1, dw_2, db}: dw_(3-p) = sum
/// over the rows of R_p S_p, db = sum of g; overwritten.
/// @param statistics  what polynorm_forward wrote for this x, or null: then they are computed again
/// Errors: polynorm_slope_bound of the sum of |terms|, in which S_p counts as sum |g x^p|; gradients:
/// polynorm_gradient_bound of sum R_p |g x^p|; both for |x|, |g|, |w| <= 2^12, eps >= 1e-12; underflow as above.
template <class E>
void polynorm_backward(Coefficients const& c, ConstRows<E> x, ConstRows<E> g, Rows<E> dx, double* gradient,
                       Statistic<E> const* statistics = nullptr, Options const& options = {});

}  // namespace nwidth::kernels::cpu
