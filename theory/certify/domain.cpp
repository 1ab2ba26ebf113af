// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/domain.hpp"

namespace nwidth::certify {
namespace {

constexpr long end_bits = 200;  // how closely a domain end that is not dyadic is enclosed

}  // namespace

void require_one_dimension(Network const& net, target::Target const* f, Rational const& a, Rational const& b) {
  if (!(a < b)) throw InvalidInput("the domain [" + exact_string(a) + ", " + exact_string(b) + "] is empty");
  if (net.inputs() != 1 || net.outputs() != 1)
    throw InvalidInput("a network of one input and one output is needed, not " + std::to_string(net.inputs()) +
                       " and " + std::to_string(net.outputs()));
  if (f != nullptr && f->inputs != 1)
    throw InvalidInput("a target of one variable is needed, not of " + std::to_string(f->inputs));
}

Domain make_domain(Rational const& a, Rational const& b, target::Expression const* f) {
  Domain d;
  Rational const ulp = power_of_two(-end_bits) * (b - a);
  auto bracket = [&](Rational const& x) {
    Rational const step =
        power_of_two(static_cast<long>(msb(numerator(ulp))) - static_cast<long>(msb(denominator(ulp))));
    Rational const q = x / step;
    Integer floor = numerator(q) / denominator(q);
    if (Rational(floor) > q) --floor;
    return std::pair<Rational, Rational>(Rational(floor) * step, Rational(floor + 1) * step);
  };
  std::vector<Rational> cuts;
  d.left_end_inside = is_dyadic(a);
  d.right_end_inside = is_dyadic(b);
  if (d.left_end_inside) {
    cuts.push_back(a);
  } else {
    auto const [lo, hi] = bracket(a);
    cuts.insert(cuts.end(), {lo, hi});
  }
  std::vector<Rational> right_end{b};
  if (!d.right_end_inside) {
    auto const [lo, hi] = bracket(b);
    right_end = {lo, hi};
  }
  if (f != nullptr)
    for (Rational const& x : f->cuts(a, b))
      if (cuts.back() < x && x < right_end.front()) cuts.push_back(x);
  cuts.insert(cuts.end(), right_end.begin(), right_end.end());
  for (Rational const& x : cuts) d.cuts.emplace_back(x);
  return d;
}

}  // namespace nwidth::certify
