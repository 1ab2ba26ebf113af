// SPDX-License-Identifier: Apache-2.0
/// Compiled by a test that expects the #error.
#include "theory/number/interval.hpp"
int main() { return 0; }
