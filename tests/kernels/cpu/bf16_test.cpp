// SPDX-License-Identifier: Apache-2.0
/// bf16 over all of its 65,536 numbers: conversion, and PolyReLU with its derivative for many coefficients.
#include <bit>

#include "tests/kernels/cpu/reference.hpp"
#include "tests/random.hpp"

namespace nwidth::kernels::cpu {
namespace {

constexpr int numbers = 65536;
bf16 number(int i) { return {static_cast<std::uint16_t>(i)}; }

TEST(Bf16, ConvertsToTheNearestEven) {
  for (int i = 0; i < numbers; ++i) {
    float const x = to_float(number(i));
    if (std::isnan(x)) {
      EXPECT_TRUE(std::isnan(to_float(to_bf16(x))));
      EXPECT_EQ(std::signbit(to_float(to_bf16(x))), std::signbit(x));
      continue;
    }
    EXPECT_EQ(to_bf16(x).bits, i);
    if (std::isinf(x) || (i & 0x7fff) == 0x7f7f) continue;            // halfway beyond the largest comes below
    std::uint32_t const bits = static_cast<std::uint32_t>(i) << 16U;  // x and, one further from 0, next: between them
    EXPECT_EQ(to_bf16(std::bit_cast<float>(bits + 0x7fffU)).bits, i);
    EXPECT_EQ(to_bf16(std::bit_cast<float>(bits + 0x8000U)).bits, i + (i & 1));
    EXPECT_EQ(to_bf16(std::bit_cast<float>(bits + 0x8001U)).bits, i + 1);
  }
  EXPECT_EQ(to_bf16(std::numeric_limits<float>::max()).bits, 0x7f80);
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x7f7f7fffU)).bits, 0x7f7f);
  for (std::uint32_t nan : {0x7f800001U, 0x7fffffffU, 0xff800001U, 0xffffffffU}) {
    EXPECT_TRUE(std::isnan(to_float(to_bf16(std::bit_cast<float>(nan)))));
  }
}

/// The classic ones, single terms, mixed signs, huge, tiny, subnormal, then random.
std::vector<Coefficients> coefficient_sets() {
  std::vector<Coefficients> all{{{1.0 / 3, 1.0 / 3, 1.0 / 3}, 0},
                                {{-0.4, 1.3, -0.7}, 0.1},
                                {{0, 0, 1}, 0},
                                {{1, 0, 0}, 0},
                                {{0, 1, 0}, 0},
                                {{0, 0, 0}, 1},
                                {{0, 0, 0}, 0},
                                {{1, -2, 1}, 0},
                                {{0.5, -0.5, 0.125}, -0.25},
                                {{1e20, 1e10, 1}, 1e-10},
                                {{1e-30, 1e-20, 1e-10}, 1e-38},
                                {{1e-40, -1e-41, 1e-39}, 1e-42},
                                {{0x1.fffffep0, 0x1.000002p0, -0x1.fffffep-1}, 0x1.000002p-5}};
  std::mt19937_64 g(test::mix(test::seed()));
  while (all.size() < 52) {
    double const scale = std::ldexp(1.0, static_cast<int>(test::uniform(g, -12, 6)));
    all.push_back({{test::uniform_real(g, -scale, scale), test::uniform_real(g, -2, 2), test::uniform_real(g, -2, 2)},
                   test::coin(g) ? 0 : test::uniform_real(g, -1, 1)});
  }
  return all;
}

class Exhaustive : public ::testing::TestWithParam<Isa> {};

/// Powers of a bf16 up to the third times a float are exact in long double or nearly so: the reference's own error,
/// 2^-62 of the sum of absolute terms, is added to what is allowed.
TEST_P(Exhaustive, PolyReluAtEveryNumber) {
  Isa const isa = GetParam();
  if (!available(isa)) GTEST_SKIP() << name(isa) << " is not there";
  std::vector<bf16> x, y(numbers), dx(numbers), g;
  for (int i = 0; i < numbers; ++i) {
    x.push_back(number(i));
    g.push_back(to_bf16(i % 3 == 0 ? 1.0F : i % 3 == 1 ? -0.75F : 1.5F));
  }
  long unequal = 0;
  for (Coefficients const& c : coefficient_sets()) {
    double gradient[4];
    polyrelu_forward(c, {x.data(), 1, numbers, numbers}, Rows<bf16>{y.data(), 1, numbers, numbers}, on(isa));
    polyrelu_backward(c, {x.data(), 1, numbers, numbers}, {g.data(), 1, numbers, numbers},
                      Rows<bf16>{dx.data(), 1, numbers, numbers}, gradient, on(isa));
    auto const a = by_power<bf16, long double>(c, true);
    for (int i = 0; i < numbers; ++i) {
      double const xi = value(x[i]), gi = value(g[i]), u = std::max(xi, 1.0);
      if (std::isnan(xi)) {
        ASSERT_TRUE(std::isnan(value(y[i])) && std::isnan(value(dx[i]))) << "bits " << i;
        continue;
      }
      if (std::isinf(xi) && xi > 0) continue;  // special_test
      auto const e = polyrelu_reference<long double>(a, std::max(xi, -1e30), gi);
      // Where floats may overflow on the way only what must not be NaN is checked.
      if (e.y.size < 0x1p126L) {
        long double const error = std::fabs(static_cast<long double>(value(y[i])) - e.y.value);
        long double const arithmetic =
            (slack(isa) * polyrelu_bound * 0x1p-24L + 0x1p-62L) * e.y.size + 0x1p-149L * u * u;
        ASSERT_LE(error, arithmetic + 0x1p-8L * (std::fabs(e.y.value) + arithmetic) + 0x1p-134L)
            << "x " << xi << ", y " << value(y[i]) << ", exact " << static_cast<double>(e.y.value);
      }
      if (e.dx.size < 0x1p126L) {
        long double const error = std::fabs(static_cast<long double>(value(dx[i])) - e.dx.value);
        long double const arithmetic =
            (slack(isa) * polyrelu_slope_bound * 0x1p-24L + 0x1p-62L) * e.dx.size + 0x1p-149L * u * u * 1.5L;
        ASSERT_LE(error, arithmetic + 0x1p-8L * (std::fabs(e.dx.value) + arithmetic) + 0x1p-134L)
            << "x " << xi << ", dx " << value(dx[i]) << ", exact " << static_cast<double>(e.dx.value);
      }
      if (e.y.size < 0x1p126L) unequal += to_bf16(static_cast<float>(e.y.value)).bits != y[i].bits;
    }
  }
  report("numbers not correctly rounded, of 52 * 65536", static_cast<double>(unequal));
}
INSTANTIATE_TEST_SUITE_P(Isas, Exhaustive, ::testing::Values(Isa::baseline, Isa::avx2, Isa::avx512, Isa::avx512bf16),
                         [](auto const& info) { return std::string(name(info.param)); });

}  // namespace
}  // namespace nwidth::kernels::cpu
