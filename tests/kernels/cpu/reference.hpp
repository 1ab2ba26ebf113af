// SPDX-License-Identifier: Apache-2.0
/// PolyReLU and PolyNorm from their formulas, in a wide number type Q, with the sums of absolute terms that the bounds
/// are stated in; and one check for all of them.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <ostream>
#include <vector>

#include "kernels/cpu/rows.hpp"
#include "tests/random.hpp"
#include "theory/number/real.hpp"

namespace nwidth::kernels::cpu {

// On a machine without 128-bit floats the 100-digit numbers do it, slower.
#if defined(__SIZEOF_FLOAT128__)
__extension__ typedef __float128 Quad;
#else
using Quad = Real;
#endif

inline double value(float x) { return static_cast<double>(x); }
inline double value(double x) { return x; }
inline double value(bf16 x) { return static_cast<double>(to_float(x)); }
template <class E>
E element(double x) {
  if constexpr (std::is_same_v<E, bf16>) {
    return to_bf16(static_cast<float>(x));
  } else {
    return static_cast<E>(x);
  }
}

inline std::ostream& operator<<(std::ostream& out, bf16 x) { return out << to_float(x); }

template <class Q>
Q square_root(Q const& x) {
  if constexpr (std::is_same_v<Q, Real>) {
    return boost::multiprecision::sqrt(x);
  } else {
    Q r = std::sqrt(static_cast<double>(x));
    for (int i = 0; i < 3; ++i) r = (r + x / r) / 2;
    return r;
  }
}
template <class Q>
Q size_of(Q const& x) {
  return x < 0 ? Q(-x) : x;
}

/// A sum, and the sum of absolute values of its terms.
template <class Q>
struct Sum {
  Q value = 0, size = 0;
  void add(Q const& term) {
    value += term;
    size += size_of(term);
  }
};

/// Coefficients by power, as the kernels for E see them.
template <class E, class Q>
std::vector<Q> by_power(Coefficients const& c, bool rounded) {
  std::vector<Q> a;
  for (double w : {c.bias, c.w[2], c.w[1], c.w[0]}) {
    a.push_back(rounded && !std::is_same_v<E, double> ? Q(static_cast<double>(static_cast<float>(w))) : Q(w));
  }
  return a;
}

template <class Q>
struct Element {
  Sum<Q> y, dx;
};

/// PolyReLU at one element, and its share of the gradients dw_0, dw_1, dw_2, db.
template <class Q>
Element<Q> polyrelu_reference(std::vector<Q> const& a, Q const& x, Q const& g, Sum<Q>* gradient = nullptr) {
  Element<Q> e;
  Q const u = x > 0 ? x : Q(0);
  Q power = 1;
  for (int k = 0; k < 4; ++k) {
    e.y.add(a[static_cast<std::size_t>(k)] * power);
    if (gradient != nullptr) gradient[3 - k].add(g * power);
    if (k < 3 && x > 0) e.dx.add(g * (k + 1) * a[static_cast<std::size_t>(k + 1)] * power);
    power *= u;
  }
  return e;
}

/// PolyNorm of one row; R are the reciprocal roots.
template <class Q>
struct NormRow {
  std::vector<Element<Q>> elements;
  Q R[4];
};
template <class Q>
NormRow<Q> polynorm_reference(std::vector<Q> const& a, Q const& eps, std::vector<Q> const& x, std::vector<Q> const& g,
                              Sum<Q>* gradient = nullptr) {
  NormRow<Q> row;
  auto const n = static_cast<double>(x.size());
  Sum<Q> S[4];
  Q mean[4] = {};
  for (std::size_t j = 0; j < x.size(); ++j) {
    Q power = 1;
    for (int p = 0; p < 4; ++p) {
      mean[p] += power * power;
      S[p].add(g[j] * power);
      power *= x[j];
    }
  }
  for (int p = 1; p < 4; ++p) row.R[p] = 1 / square_root(Q(mean[p] / n + eps));
  if (gradient != nullptr) {
    for (int p = 0; p < 4; ++p) {
      Q const R = p == 0 ? Q(1) : row.R[p];
      gradient[3 - p].value += R * S[p].value;
      gradient[3 - p].size += R * S[p].size;
    }
  }
  for (std::size_t j = 0; j < x.size(); ++j) {
    Element<Q> e;
    e.y.add(a[0]);
    Q low = 1;  // x^(p-1)
    for (int p = 1; p < 4; ++p) {
      Q const w = a[static_cast<std::size_t>(p)], R = row.R[p], power = low * x[j];
      e.y.add(w * R * power);
      Q const own = p * w * R * low * g[j], shared = p * w / n * power * low * R * R * R;
      e.dx.add(own);
      e.dx.value -= shared * S[p].value;
      e.dx.size += size_of(shared) * S[p].size;
      low = power;
    }
    row.elements.push_back(e);
  }
  return row;
}

/// Rows as networks have them, and rows that are unkind: rounding all one way, one huge entry, eps alone, x^6 near the
/// top of what the bounds allow.
inline std::vector<double> norm_row(std::mt19937_64& g, int n, int kind) {
  std::vector<double> x;
  double const constant = 1 + static_cast<double>(test::uniform(g, 1, 4095)) * 0x1p-12;
  for (int j = 0; j < n; ++j) {
    switch (kind) {
      case 0: x.push_back(test::uniform_real(g, -1, 1) + test::uniform_real(g, -1, 1)); break;
      case 1: x.push_back(constant); break;
      case 2: x.push_back(j == n / 2 ? 50 : test::uniform_real(g, -0.1, 0.1)); break;
      case 3: x.push_back(test::uniform_real(g, -1, 1) * 0x1p-12); break;
      case 4: x.push_back(test::uniform_real(g, -1, 1) * 0x1p12); break;
      case 6: x.push_back(test::uniform_real(g, -1, 1) * 0x1p20); break;
      case 5: x.push_back(j % 2 == 0 ? constant : -constant * 0x1p-8); break;
      default: x.push_back(0);
    }
  }
  return x;
}
inline constexpr int norm_kinds = 8, forward_only = 6;  // x too large for the bounds of dx

/// The largest error met, in u * (sum of absolute terms): what docs/kernels.md calls "seen".
struct Worst {
  double seen = 0;
};

/// |got - exact| <= bound u size + tiny, for E = bf16 after rounding.
template <class E, class Q>
void expect_within(double got, Sum<Q> const& exact, double bound, double tiny, Worst* worst = nullptr) {
  Q const error = size_of(Q(Q(got) - exact.value));
  Q const arithmetic = Q(bound * unit_roundoff<E>) * exact.size + Q(tiny);
  Q allowed = arithmetic;
  if constexpr (std::is_same_v<E, bf16>) allowed += Q(0x1p-8) * (size_of(exact.value) + arithmetic) + Q(0x1p-134);
  EXPECT_TRUE(error <= allowed) << "got " << got << ", exact " << static_cast<double>(exact.value) << ", off by "
                                << static_cast<double>(error) << ", allowed " << static_cast<double>(allowed);
  if (!std::is_same_v<E, bf16> && worst != nullptr && exact.size > 0 &&
      exact.size * unit_roundoff < E >> Q(1e3 * tiny)) {
    worst->seen = std::max(worst->seen, static_cast<double>(error / (exact.size * unit_roundoff<E>)));
  }
}

/// All instruction sets of this machine.
inline std::vector<Isa> isas() {
  std::vector<Isa> v;
  for (Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
    if (available(isa)) v.push_back(isa);
  }
  return v;
}
/// How many times as large as documented a bound is on it.
inline double slack(Isa isa) { return isa == Isa::baseline ? baseline_factor : 1; }

/// Options that leave nothing to the environment.
inline Options on(Isa isa, std::int64_t stream_bytes = -1, int threads = 1) {
  Options o;
  o.isa = isa;
  o.stream_bytes = stream_bytes;
  o.threads = threads;
  return o;
}

/// Adds what was seen to the report of the test (--gtest_output), and prints it.
inline void report(std::string const& what, double seen) {
  ::testing::Test::RecordProperty(what, std::to_string(seen));
  std::cout << "  seen: " << what << ' ' << seen << '\n';
}

using Elements = ::testing::Types<float, bf16, double>;
struct ElementNames {
  template <class E>
  static std::string GetName(int) {
    return std::is_same_v<E, float> ? "float" : std::is_same_v<E, bf16> ? "bf16" : "double";
  }
};

}  // namespace nwidth::kernels::cpu
