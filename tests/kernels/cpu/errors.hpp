// SPDX-License-Identifier: Apache-2.0
/// The worst errors of every kernel of kernels/cpu over structured points, beside the bounds of the headers: for
/// errors_test, which looks at few points, and for kernel_errors, which looks at many and writes docs/kernels.md.
///
/// References. Floats and bf16 are judged by the formula in double arithmetic. Its own error obeys the analysis of the
/// kernel's with 2^-53 for 2^-24 (libm's exp, expm1 and erfc are within a few ulp): about 2^-29 of the bound, and at
/// most 2^-19 of it where 65,536 terms are added one by one. errors_test asserts 2^-20 against 100 digits. Doubles are
/// judged by 100 digits (MPFR).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace nwidth::kernels::cpu {

/// The worst of one output of a kernel.
struct Seen {
  double of_bound = 0;      ///< error / what is allowed; NaN and wrong infinities count as infinite
  double at = 0;            ///< the x of that
  double in_u = 0;          ///< error / (u size), where nothing is subnormal
  std::int64_t points = 0;  ///< how many were judged: not those that may overflow
  std::int64_t off = 0;     ///< bf16: how many are not the nearest number
  void add(Seen const& later);
};

/// A line of the table. bf16's half ulp is taken off before an error is judged.
struct Line {
  std::string output, bound;  ///< "gelu dx", "18 + 2 x²"
  Seen fused, baseline;       ///< with fused multiply-add; without, of baseline_factor times the bound
};

struct Effort {
  std::int64_t points;         ///< at least so many of each output (bf16: all numbers in any case)
  int sets;                    ///< bf16: at most so many sets of coefficients
  int threads = 1;             ///< results do not depend on it
  bool every_machine = false;  ///< AVX2 beside AVX-512
};

/// Every output of every kernel, for E float, bf16 or double.
template <class E>
std::vector<Line> measure(Effort const& effort);

/// How far the references of floats are from 100 digits at most, as a part of the bounds, over so many points a family
/// and rows of PolyNorm.
double reference_error(int points);

/// "| gelu dx | 18 + 2 x² |", the head of a row of the table, from the constants of the headers.
std::string head(Line const& f, Line const& b, Line const& d);

/// Four digits, rounded upwards.
std::string digits(double x);

/// By what the bounds of long rows grow, in words.
std::string width_note();

/// The table in Markdown; each of the three has the same outputs.
std::string table(std::vector<Line> const& f, std::vector<Line> const& b, std::vector<Line> const& d);
inline constexpr char const *table_begin = "<!-- errors: made by kernel_errors -->",
                            *table_end = "<!-- errors: end -->";

}  // namespace nwidth::kernels::cpu
