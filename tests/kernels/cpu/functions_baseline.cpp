// SPDX-License-Identifier: Apache-2.0
#define NWIDTH_FUNCTIONS functions_baseline
#include "tests/kernels/cpu/functions_of.hpp"
