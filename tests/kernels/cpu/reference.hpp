// SPDX-License-Identifier: Apache-2.0
/// PolyNorm from its formula, in a wide number type Q, with the sums of absolute terms that the bounds
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

/// A coefficient as the kernels for E see it.
/// Not inlined: g++ 12.2 at -O2 may leave out the way through float where two conversions
/// stand side by side.
template <class E>
[[gnu::noinline]] double rounded(double c) {
  return std::is_same_v<E, double> ? c : static_cast<double>(static_cast<float>(c));
}

/// Coefficients by power, as the kernels for E see them.
template <class E, class Q>
std::vector<Q> by_power(Coefficients const& c, bool to_float) {
  std::vector<Q> a;
  for (double w : {c.bias, c.w[2], c.w[1], c.w[0]}) a.push_back(to_float ? Q(rounded<E>(w)) : Q(w));
  return a;
}

template <class Q>
struct Element {
  Sum<Q> y, dx;
};

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

/// |got - exact| <= bound u size + tiny.
template <class E, class Q>
void expect_within(double got, Sum<Q> const& exact, double bound, double tiny) {
  Q const error = size_of(Q(Q(got) - exact.value)), allowed = Q(bound * unit_roundoff<E>) * exact.size + Q(tiny);
  EXPECT_TRUE(error <= allowed) << "got " << got << ", exact " << static_cast<double>(exact.value) << ", off by "
                                << static_cast<double>(error) << ", allowed " << static_cast<double>(allowed);
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
