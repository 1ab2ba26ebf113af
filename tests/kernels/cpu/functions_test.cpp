// SPDX-License-Identifier: Apache-2.0
/// exp, expm1, erfc and the sigmoid of floats stay within the ulps that elementwise.hpp states, over floats of every
/// size: one in 997 of all of them, and special ones. (docs/kernels.md has what was seen at every float.)
#include "tests/kernels/cpu/functions.hpp"

#include <bit>
#include <cmath>
#include <cstdlib>

#include "tests/kernels/cpu/reference.hpp"

namespace nwidth::kernels::cpu {
namespace {

/// NWIDTH_TEST_EVERY_FLOAT=1 takes all of them.
std::uint64_t step() { return std::getenv("NWIDTH_TEST_EVERY_FLOAT") != nullptr ? 1 : 997; }

double ulp(double exact) {
  int const e = exact == 0 ? -126 : std::max(std::ilogb(exact), -126);
  return std::ldexp(1.0, e - 23);
}

struct Function {
  char const* called;
  Functions::Map Functions::*map;
  double (*exact)(double);
  double bound;  // in ulp
};

double sigmoid_exact(double x) { return x > 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
Function const all[] = {{"exp", &Functions::exp, [](double x) { return std::exp(x); }, 1.05},
                        {"expm1", &Functions::expm1, [](double x) { return std::expm1(x); }, 1.5},
                        {"erfc", &Functions::erfc, [](double x) { return std::erfc(x); }, 7},
                        {"sigmoid", &Functions::sigmoid, sigmoid_exact, 2.5}};

Functions const& of(Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::avx512) return functions_avx512;
  if (isa == Isa::avx2) return functions_avx2;
#endif
  static_cast<void>(isa);
  return functions_baseline;
}

/// The reference is a double, off by 2^-29 ulp of a float or so.
TEST(Functions, StayWithinTheirUlps) {
  constexpr std::size_t chunk = 4096;
  std::vector<float> x(chunk), y(chunk);
  for (Function const& f : all) {
    for (Isa isa : isas()) {
      double worst = 0, subnormal = 0;
      float at = 0;
      for (std::uint64_t bits = 0; bits < std::uint64_t{1} << 32U;) {
        for (float& one : x) {
          one = std::bit_cast<float>(static_cast<std::uint32_t>(std::min<std::uint64_t>(bits, 0xffffffffU)));
          bits += step();
        }
        (of(isa).*f.map)(x.data(), y.data(), chunk);
        for (std::size_t i = 0; i < chunk; ++i) {
          double const exact = f.exact(static_cast<double>(x[i]));
          if (std::isnan(x[i])) {
            ASSERT_TRUE(std::isnan(y[i]));
          } else if (std::fabs(exact) >= 0x1.ffffffp127) {
            ASSERT_EQ(y[i], std::copysign(HUGE_VALF, static_cast<float>(exact))) << f.called << " of " << x[i];
          } else {
            double const error = std::fabs(static_cast<double>(y[i]) - exact) / ulp(exact);
            double& w = std::fabs(exact) < 0x1p-126 ? subnormal : worst;
            if (!(error <= w)) {
              w = error;
              at = x[i];
            }
          }
        }
      }
      EXPECT_LE(worst, f.bound * (isa == Isa::baseline ? (f.bound == 7 ? 60 : baseline_factor) : 1))
          << f.called << ' ' << name(isa) << " at " << at;
      EXPECT_LE(subnormal, isa == Isa::baseline ? 40 : 2) << f.called << ' ' << name(isa) << " at " << at;
      report(std::string(f.called) + ' ' + std::string(name(isa)), worst);
      report(std::string(f.called) + ' ' + std::string(name(isa)) + ", subnormal", subnormal);
    }
  }
}

TEST(Functions, HaveEqualBitsOnAvx2AndAvx512) {
  if (!available(Isa::avx512) || !available(Isa::avx2)) GTEST_SKIP() << "one of the two is not there";
  constexpr std::size_t chunk = 65536;
  std::vector<std::uint32_t> x(chunk), y(chunk), z(chunk);
  for (std::size_t i = 0; i < chunk; ++i) x[i] = static_cast<std::uint32_t>(i * 65537 + i * i);
  for (Function const& f : all) {
    (functions_avx512.*f.map)(reinterpret_cast<float*>(x.data()), reinterpret_cast<float*>(y.data()), chunk);
    (functions_avx2.*f.map)(reinterpret_cast<float*>(x.data()), reinterpret_cast<float*>(z.data()), chunk);
    EXPECT_EQ(y, z) << f.called;
  }
}

}  // namespace
}  // namespace nwidth::kernels::cpu
