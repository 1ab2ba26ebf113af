// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/driver.hpp"

namespace nwidth::kernels::cpu {
constinit Table<GatedOps> const gated_avx512 = table(GatedOps{});
}  // namespace nwidth::kernels::cpu
