// SPDX-License-Identifier: Apache-2.0
/// The targets of the table of fits.
#pragma once
#include <cstdint>

#include "fitting/problem/function.hpp"

namespace nwidth::fitting::test_targets {

inline Function exp() { return Function::of("exp(x)"); }
inline Function sin4pi() { return Function::of("sin(4*pi*x)"); }
inline Function runge() { return Function::of("1/(1+25*x^2)"); }
inline Function abs_power() { return Function::of("abs(x)^1.5"); }

/// f'' = +-1 on 64 equal cells of [-1, 1], f(-1) = f'(-1) = 0; the signs are the bits of 0x243F6A8885A308D3, first bit
/// first: 33 changes.
inline Function w2inf() {
  std::uint64_t const bits = 0x243F6A8885A308D3U;
  std::vector<Rational> bias;
  std::vector<Entry> in, out;
  int before = 0;
  for (int i = 0; i < 64; ++i) {
    int const sign = ((bits >> (63 - i)) & 1) != 0 ? 1 : -1;
    if (sign != before) {
      int const row = static_cast<int>(bias.size());
      in.push_back({row, 0, 1});
      bias.push_back(1 - Rational(i) / 32);
      out.push_back({0, row, Rational(sign - before) / 2});
    }
    before = sign;
  }
  int const n = static_cast<int>(bias.size());
  target::Target t;
  t.name = "w2inf";
  t.network = Network(1, {{SparseMatrix(n, 1, in), bias, Activation::relu_power(2)},
                          {SparseMatrix(1, n, out), {Rational(0)}, Activation::identity()}});
  return Function(t, -1, 1);
}

}  // namespace nwidth::fitting::test_targets
