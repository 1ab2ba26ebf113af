// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/driver.hpp"

namespace nwidth::kernels::cpu {
constinit Table<AllOps> const table_avx512bf16 = table_of_bf16(AllOps{});
}  // namespace nwidth::kernels::cpu
