// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/two_level_front.hpp"

namespace nwidth::construct {

TwoLevelFront two_level_front(Wiring& w, TwoLevelGrid const& grid) {
  int const N1 = grid.N1, N2 = grid.N2;
  // The local coordinate of cell i rises (or falls) between u = i + first and u = i + last, by slope times the
  // difference.
  Rational first = 0, last = 1 + grid.overlap, slope = 1;
  if (grid.n == 1) {  // between the outer midpoints, in units of their distance
    Rational const half_mesh = (1 + grid.overlap) / (2 * N2);
    first = half_mesh;
    last = 1 + grid.overlap - half_mesh;
    slope = N2 / (1 + grid.overlap);
  }
  Form u = (w.input() + Form(1)) / grid.pitch();
  w.open(Activation::relu());
  Form const carried = w.neuron(u);
  std::array<Form, 2> y;
  for (int i = 0; i < N1; ++i) {
    Form rise = w.neuron(u - Form(Rational(i + first)));
    if (i + last < N1 + grid.overlap) rise -= w.neuron(u - Form(Rational(i + last)));
    y[static_cast<std::size_t>(i % 2)] += (grid.reflected(i) ? Rational(-slope) : slope) * rise;
  }
  w.open(Activation::relu());
  TwoLevelFront front;
  front.u = w.neuron(carried);
  for (std::size_t parity : {0U, 1U}) front.y[parity] = w.neuron(y[parity]);
  return front;
}

Ramps make_ramps(Wiring& w, TwoLevelGrid const& grid, Form const& u) {
  Ramps r;
  r.begin.resize(static_cast<std::size_t>(grid.N1));
  r.end.resize(static_cast<std::size_t>(grid.N1));
  for (int i = 1; i < grid.N1; ++i) {
    r.begin[static_cast<std::size_t>(i)] = w.neuron(u - Form(i));
    r.end[static_cast<std::size_t>(i)] = w.neuron(u - Form(Rational(i + grid.overlap)));
  }
  return r;
}

}  // namespace nwidth::construct
