// SPDX-License-Identifier: Apache-2.0
/// The conversion to bf16, at all of its 65,536 numbers and between them. (Kernels at all of them: errors_test.)
#include <bit>

#include "tests/kernels/cpu/reference.hpp"

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

}  // namespace
}  // namespace nwidth::kernels::cpu
