// SPDX-License-Identifier: Apache-2.0
/// Random tests that anybody can run again: every number derives from one seed by portable arithmetic.
///
///   TEST(Thing, holds) {
///     nwidth::test::for_random(200, [](std::mt19937_64& g) { EXPECT_TRUE(holds(nwidth::test::random_rational(g))); });
///   }
///
/// NWIDTH_TEST_SEED        the seed (default 1); "random" takes a new one from the clock
/// NWIDTH_TEST_MULTIPLIER  scales the number of cases, 10 or 0.1 (default 1; at least one case always runs)
/// NWIDTH_TEST_CASE        runs only this case of each for_random: a failure prints the seed and the case to give
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "theory/number/rational.hpp"

namespace nwidth::test {

inline std::string environment(char const* name) {
  char const* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The seed of this run.
inline std::uint64_t seed() {
  static std::uint64_t const value = [] {
    std::string const s = environment("NWIDTH_TEST_SEED");
    if (s == "random") return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    return s.empty() ? std::uint64_t{1} : std::uint64_t{std::stoull(s)};
  }();
  return value;
}

inline double multiplier() {
  static double const value = [] {
    std::string const s = environment("NWIDTH_TEST_MULTIPLIER");
    return s.empty() ? 1.0 : std::stod(s);
  }();
  return value;
}

/// One step of splitmix64: turns (seed, case) into well mixed generator seeds.
inline std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

/// Calls f(g) for count * multiplier() cases, each with a generator of its own, and stops after the first case that
/// fails. A case depends on the seed and on its number only, so it can be run alone.
template <class F>
void for_random(int count, F&& f) {
  auto parts = [] { return ::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count(); };
  auto cases = static_cast<std::uint64_t>(std::max(1.0, std::round(count * multiplier())));
  std::uint64_t first = 0;
  if (std::string const one = environment("NWIDTH_TEST_CASE"); !one.empty()) {
    first = std::stoull(one);
    cases = first + 1;
  }
  for (std::uint64_t i = first; i < cases; ++i) {
    std::string const again =
        "run again with NWIDTH_TEST_SEED=" + std::to_string(seed()) + " NWIDTH_TEST_CASE=" + std::to_string(i);
    SCOPED_TRACE(again);
    std::mt19937_64 g(mix(mix(seed()) + i));
    int const before = parts();
    try {
      f(g);
    } catch (std::exception const& e) {
      ADD_FAILURE() << "exception: " << e.what();
    }
    if (parts() != before) return;
  }
}

/// An integer in [lo, hi]. (The bias of the remainder is of no consequence in tests.)
inline long uniform(std::mt19937_64& g, long lo, long hi) {
  return lo + static_cast<long>(g() % (static_cast<std::uint64_t>(hi - lo) + 1));
}

inline bool coin(std::mt19937_64& g) { return (g() >> 63) != 0; }

/// A double in [0, 1) with 53 random bits.
inline double uniform01(std::mt19937_64& g) { return static_cast<double>(g() >> 11) * 0x1p-53; }

/// A double in [a, b).
inline double uniform_real(std::mt19937_64& g, double a, double b) { return a + (b - a) * uniform01(g); }

template <class T>
T const& pick(std::mt19937_64& g, std::vector<T> const& v) {
  return v[g() % v.size()];
}

/// p/q with |p| <= size, 1 <= q <= size: often 0, an integer or a value met before.
inline Rational random_rational(std::mt19937_64& g, long size = 20) {
  long const p = uniform(g, -size, size);
  return Rational(p) / uniform(g, 1, size);
}

/// m 2^e with |m| < 2^bits and least <= e <= most.
inline Rational random_dyadic(std::mt19937_64& g, int bits = 12, long least = -12, long most = 0) {
  Integer m = 0;
  for (int i = 0; i < bits; i += 32) m = (m << 32) + static_cast<unsigned long>(g() >> 32);
  m %= Integer(1) << static_cast<unsigned>(bits);
  Rational const r = Rational(m) * power_of_two(uniform(g, least, most));
  return coin(g) ? Rational(-r) : r;
}

/// A rational k/denominator in [lo, hi], both ends possible.
inline Rational random_in(std::mt19937_64& g, Rational const& lo, Rational const& hi, long denominator = 1024) {
  return lo + (hi - lo) * Rational(uniform(g, 0, denominator)) / denominator;
}

/// Zeros, ones, the smallest and largest normal and subnormal numbers, neighbours of 1 and of powers of two.
inline std::vector<double> const& special_doubles() {
  static std::vector<double> const values = [] {
    using limits = std::numeric_limits<double>;
    std::vector<double> v;
    for (double x : {0.0,
                     limits::denorm_min(),
                     3 * limits::denorm_min(),
                     std::nextafter(limits::min(), 0.0),
                     limits::min(),
                     std::nextafter(limits::min(), 1.0),
                     0x1p-1000,
                     0x1p-53,
                     0.1,
                     0.5,
                     std::nextafter(1.0, 0.0),
                     1.0,
                     std::nextafter(1.0, 2.0),
                     2.0,
                     3.0,
                     10.0,
                     0x1p52 + 1,
                     0x1p53,
                     0x1p53 + 2,
                     0x1p1000,
                     limits::max() / 2,
                     std::nextafter(limits::max(), 0.0),
                     limits::max()}) {
      v.push_back(x);
      v.push_back(-x);
    }
    return v;
  }();
  return values;
}

/// A finite double of every kind: any bit pattern, moderate, special, or an integer.
inline double random_double(std::mt19937_64& g) {
  switch (g() % 4) {
    case 0: {
      double x = 0;
      do {
        std::uint64_t const bits = g();
        std::memcpy(&x, &bits, sizeof x);
      } while (!std::isfinite(x));
      return x;
    }
    case 1: return std::ldexp(uniform_real(g, -1, 1), static_cast<int>(uniform(g, -8, 8)));
    case 2: return pick(g, special_doubles());
    default: return static_cast<double>(uniform(g, -20, 20));
  }
}

}  // namespace nwidth::test
