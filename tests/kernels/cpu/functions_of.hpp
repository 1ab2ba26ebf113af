// SPDX-License-Identifier: Apache-2.0
/// For functions_*.cpp alone.
#pragma once
#include "kernels/cpu/block.hpp"
#include "tests/kernels/cpu/functions.hpp"

namespace nwidth::kernels::cpu {
namespace {

template <class F>
void map(float const* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i + 16 <= count; i += 16) {
    Lanes<float> v;
    __builtin_memcpy(v.v, x + i, sizeof v.v);
    v = F{}(v);
    __builtin_memcpy(y + i, v.v, sizeof v.v);
  }
}
template <Lanes<float> (*f)(Lanes<float> const&)>
struct Of {
  [[gnu::always_inline]] Lanes<float> operator()(Lanes<float> const& x) const { return f(x); }
};

using Lane = activation::ops<Lanes<float>>;

}  // namespace

constinit Functions const NWIDTH_FUNCTIONS{map<Of<&Lane::exp>>, map<Of<&Lane::expm1>>, map<Of<&Lane::erfc>>,
                                           map<Of<&Lane::sigmoid>>};

}  // namespace nwidth::kernels::cpu
