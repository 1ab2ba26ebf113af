// SPDX-License-Identifier: Apache-2.0
/// Targets of the fits' test rows.
#pragma once
#include "fitting/problem/function.hpp"

namespace nwidth::test {

/// f'' = +-1 on 64 equal cells of [-1, 1], f = f' = 0 at -1; the signs are the binary digits of pi's fraction, as far
/// as 64 go, 1 for +. Exactly a C^1 quadratic spline with 33 knots, so a ReLU^2 network.
inline target::Target pi_signs() {
  constexpr std::uint64_t bits = 0x243F6A8885A308D3U;
  std::vector<std::vector<Rational>> slope, weight(1);
  std::vector<Rational> bias;
  int last = 0;
  for (int i = 0; i < 64; ++i) {
    int const sign = ((bits >> (63 - i)) & 1U) != 0 ? 1 : -1;
    if (sign == last) continue;
    slope.push_back({Rational(1)});
    bias.push_back(1 - Rational(i) / 32);
    weight[0].push_back(Rational(sign - last) / 2);
    last = sign;
  }
  target::Target t;
  t.name = "pi-signs";
  t.network = Network(1, {Layer{SparseMatrix::dense(slope), bias, Activation::relu_power(2)},
                          Layer{SparseMatrix::dense(weight), {Rational(0)}, Activation::identity()}});
  return t;
}

}  // namespace nwidth::test
