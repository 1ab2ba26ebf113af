// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/local_taylor.hpp"

namespace nwidth::construct {
namespace {

/// 60 + n log2 N: far below (4/(3N))^n/n!, what the method itself leaves.
long bits_for(int n, int N) {
  long log2 = 0;
  while ((1L << log2) < N) ++log2;
  return 60 + n * log2;
}

bool tight(std::vector<Ball> const& c, long bits) {
  for (Ball const& b : c)
    if (!b.is_finite() || b.upper() - b.lower() > power_of_two(-bits)) return false;
  return true;
}

}  // namespace

LocalTaylor local_taylor(target::Target const& f, int n, int N) {
  LocalTaylor data{n, N, {}};
  local_taylor_error(n, N);  // the checks of n and N
  if (f.inputs != 1) throw InvalidInput("a function of one variable is needed, not of " + std::to_string(f.inputs));
  long const bits = bits_for(n, N);
  for (int i = 0; i <= N; ++i) {
    Rational const x = data.node(i);
    std::vector<Ball> c;
    for (long precision = bits + 64; precision <= 8 * (bits + 64); precision *= 2) {
      PrecisionScope const scope(precision);
      c = f.taylor(x, n);
      if (tight(c, bits)) break;
    }
    if (!tight(c, bits))
      throw InvalidInput("f has no derivatives of all orders below n = " + std::to_string(n) + " at x = " +
                         exact_string(x) + ", or none that could be enclosed to " + std::to_string(bits) + " bits");
    std::vector<Rational> rounded;
    for (Ball const& b : c) rounded.push_back(round_to_dyadic(b.midpoint(), bits + 1));
    data.coefficients.push_back(std::move(rounded));
  }
  return data;
}

}  // namespace nwidth::construct
