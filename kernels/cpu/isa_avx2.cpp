// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/driver.hpp"

namespace nwidth::kernels::cpu {
constinit Table<AllOps> const table_avx2 = table(AllOps{});
}  // namespace nwidth::kernels::cpu
