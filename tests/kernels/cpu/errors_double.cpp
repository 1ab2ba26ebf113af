// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/cpu/measure_rows.hpp"

namespace nwidth::kernels::cpu {

template std::vector<Line> measure<double>(Effort const&);

}  // namespace nwidth::kernels::cpu
