// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/driver.hpp"

namespace nwidth::kernels::cpu {
constinit Table<GatedOps> const gated_baseline = table(GatedOps{});
}  // namespace nwidth::kernels::cpu
