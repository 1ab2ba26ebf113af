// SPDX-License-Identifier: Apache-2.0
/// Normal numbers that are the same in every standard library.
#pragma once
#include <cmath>
#include <cstdint>
#include <random>

namespace nwidth::fitting::population {

/// One step of splitmix64: neighbouring seeds give unrelated generators.
inline std::uint64_t mix_seed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

/// Uniform and normal numbers from the bits of std::mt19937_64, by Marsaglia's polar method. Which bits are used
/// depends on exact arithmetic only, so every platform draws the same sequence; a normal number itself carries the
/// rounding of the platform's log (an ulp).
class Normal {
 public:
  explicit Normal(std::uint64_t seed) : bits_(mix_seed(seed)) {}

  /// Uniform on [0, 1): 53 bits.
  double uniform() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }
  /// Uniform on [a, b).
  double uniform(double a, double b) { return a + (b - a) * uniform(); }

  /// N(0, 1).
  double operator()() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    double u = 0, v = 0, q = 0;
    do {  // u, v are multiples of 2^-52
      u = 2 * uniform() - 1;
      v = 2 * uniform() - 1;
      q = u * u + v * v;
    } while (!(q > 0 && q < 1));
    double const factor = std::sqrt(-2 * std::log(q) / q);
    spare_ = v * factor;
    has_spare_ = true;
    return u * factor;
  }

 private:
  std::mt19937_64 bits_;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace nwidth::fitting::population
