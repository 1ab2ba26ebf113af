// SPDX-License-Identifier: Apache-2.0
#define NWIDTH_FUNCTIONS functions_avx2
#include "tests/kernels/cpu/functions_of.hpp"
