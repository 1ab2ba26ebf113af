// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/local_taylor.hpp"

namespace nwidth::construct {
namespace {

/// 2^-bits <= 2^-60 of what the method itself leaves.
long bits_for(int n, int N) {
  Rational const error = local_taylor_error(n, N);
  return 61 + static_cast<long>(msb(denominator(error))) - static_cast<long>(msb(numerator(error)));
}

bool tight(std::vector<Ball> const& c, int n, long bits) {
  if (c.size() != static_cast<std::size_t>(n)) return false;
  for (Ball const& b : c)
    if (!b.is_finite() || b.upper() - b.lower() > power_of_two(-bits)) return false;
  return true;
}

}  // namespace

LocalTaylor local_taylor(TaylorSource const& f, int n, int N) {
  long const bits = bits_for(n, N);
  LocalTaylor data{n, N, {}};
  for (int i = 0; i <= N; ++i) {
    Rational const x = data.node(i);
    std::vector<Ball> c;
    for (long precision = bits + 64; precision <= 8 * (bits + 64); precision *= 2) {
      PrecisionScope const scope(precision);
      c = f(x, n);
      if (tight(c, n, bits)) break;
    }
    if (!tight(c, n, bits))
      throw InvalidInput("f has no derivatives of all orders below n = " + std::to_string(n) + " at x = " +
                         exact_string(x) + ", or none that could be enclosed to " + std::to_string(bits) + " bits");
    std::vector<Rational> rounded;
    for (Ball const& b : c) rounded.push_back(round_to_dyadic(b.midpoint(), bits + 1));
    data.coefficients.push_back(std::move(rounded));
  }
  return data;
}

}  // namespace nwidth::construct
