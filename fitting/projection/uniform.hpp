// SPDX-License-Identifier: Apache-2.0
/// Random starts that are the same on every system.
#pragma once
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>

namespace nwidth::fitting {

/// Uniform and normal numbers from the bits of mt19937_64, seeded through splitmix64 so that neighbouring seeds differ.
class Uniform {
 public:
  explicit Uniform(std::uint64_t seed) : bits_(mix(seed)) {}
  /// In [0, 1), 53 random bits.
  double operator()() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }
  double operator()(double a, double b) { return a + (b - a) * (*this)(); }
  /// Standard normal, by Box and Muller.
  double normal() {
    double const u = 1 - (*this)(), v = (*this)();
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
  }
  std::uint64_t bits() { return bits_(); }

 private:
  static std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
  }
  std::mt19937_64 bits_;
};

}  // namespace nwidth::fitting
