// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nwidth/theory/network/network.hpp>

int main() {
  using namespace nwidth;
  // |x| = relu(x) + relu(-x)
  Network const abs(1, {Layer{SparseMatrix(2, 1, {{0, 0, 1}, {1, 0, -1}}), {0, 0}, Activation::relu()},
                        Layer{SparseMatrix(1, 2, {{0, 0, 1}, {0, 1, 1}}), {0}, Activation::identity()}});
  Rational const x = parse_rational("-0.1");
  std::cout << "abs(" << x << ") = " << abs(x) << ", size " << abs.size() << '\n';
  return abs(x) == Rational(1, 10) && abs.size() == 4 ? 0 : 1;
}
