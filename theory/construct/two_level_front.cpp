// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/two_level_front.hpp"

namespace nwidth::construct {

TwoLevelFront two_level_front(Wiring& w, TwoLevelGrid const& grid) {
  int const N1 = grid.N1;
  // The local coordinate of cell i rises (or falls) by 1 between u = i + first and u = i + last.
  auto const [first, last] = grid.range();
  Form u = (w.input() + Form(1)) / grid.pitch();
  w.open(Activation::relu());
  Form const carried = w.neuron(u);
  std::array<Form, 2> y;
  for (int i = 0; i < N1; ++i) {
    Form rise = w.neuron(u - Form(Rational(i + first)));
    if (i + last < N1 + grid.overlap) rise -= w.neuron(u - Form(Rational(i + last)));
    y[static_cast<std::size_t>(i % 2)] += grid.reflected(i) ? -rise : rise;
  }
  w.open(Activation::relu());
  TwoLevelFront front;
  front.u = w.neuron(carried);
  for (std::size_t parity : {0U, 1U}) front.y[parity] = w.neuron(y[parity]);
  return front;
}

Ramps make_ramps(Wiring& w, TwoLevelGrid const& grid, Form const& multiple, int factor) {
  Ramps r;
  r.factor = factor;
  r.begin.resize(static_cast<std::size_t>(grid.N1));
  r.end.resize(static_cast<std::size_t>(grid.N1));
  for (int i = 1; i < grid.N1; ++i) {
    r.begin[static_cast<std::size_t>(i)] = w.neuron(multiple - Form(factor * i));
    r.end[static_cast<std::size_t>(i)] = w.neuron(multiple - Form(Rational(factor * (i + grid.overlap))));
  }
  return r;
}

}  // namespace nwidth::construct
