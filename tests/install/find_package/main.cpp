// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nwidth/theory/certify/sup_norm.hpp>
#include <nwidth/theory/construct/optimal_spline.hpp>
#include <nwidth/theory/width/perfect_spline.hpp>

int main() {
  using namespace nwidth;
  int const n = 3, N = 16;
  // |f'''| <= e/3 < 1 on [-1, 1], so the width is a bound for f
  target::Target const f = target::resolve("exp(x)/3");
  Network const net = construct::optimal_spline_network(f, n, N);
  certify::Enclosure const error = certify::sup_error(net, f, -1, 1);
  Rational const width = width::kolmogorov_width(n, N).value.upper();
  std::cout << "size " << net.size() << ", depth " << net.depth() << '\n'
            << decimal_below(error.lower, 6) << " <= sup |f - net| <= " << decimal_above(error.upper, 6) << '\n'
            << "d_16 <= " << decimal_above(width, 6) << '\n';
  return error.proved && error.upper <= width ? 0 : 1;
}
