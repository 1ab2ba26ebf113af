// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/driver.hpp"

namespace nwidth::kernels::cpu {
constinit Table<ElementwiseOps> const elementwise_baseline = table(ElementwiseOps{});
}  // namespace nwidth::kernels::cpu
