// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/layer_ops.hpp"

namespace nwidth::kernels::cpu {
constinit LayerTable const layer_avx512 = layer_table();
}  // namespace nwidth::kernels::cpu
