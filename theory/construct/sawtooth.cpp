// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/sawtooth.hpp"

namespace nwidth::construct {
namespace {

void require_levels(int m) {
  if (m < 1 || m > 10000) throw InvalidInput("the number of levels m must lie in 1..10000, not " + std::to_string(m));
}

}  // namespace

void SquareInProgress::begin(Wiring& w, Form const& t) {
  Form const h1 = w.neuron(t), h2 = w.neuron(t - Rational(1, 2));
  layer_ = 1;
  tooth_ = 2 * h1 - 4 * h2;
  value_ = h1 - tooth_ / 4;
}

void SquareInProgress::advance(Wiring& w) {
  Form const h1 = w.neuron(tooth_), h2 = w.neuron(tooth_ - Rational(1, 2)), A = w.neuron(value_);
  ++layer_;
  tooth_ = 2 * h1 - 4 * h2;
  value_ = A - power_of_two(-2 * layer_) * tooth_;
}

void ProductInProgress::begin(Wiring& w, Form const& x, Form const& y) {
  auto fold = [&](Form const& t) {
    Form const right = w.neuron(t), left = w.neuron(-t);
    return right + left;
  };
  x_plus_y_ = fold((x + y) / 2);
  x_minus_y_ = fold((x - y) / 2);
}

void ProductInProgress::advance(Wiring& w) {
  if (layer_++ == 0) {
    sum_.begin(w, x_plus_y_);
    difference_.begin(w, x_minus_y_);
  } else {
    sum_.advance(w);
    difference_.advance(w);
  }
}

Network sawtooth_square(int m, bool shifted) {
  require_levels(m);
  Wiring w(1);
  SquareInProgress square;
  for (int s = 1; s <= m; ++s) {
    w.open(Activation::relu());
    if (s == 1) {
      square.begin(w, w.input());
    } else {
      square.advance(w);
    }
  }
  return w.close(square.value() - (shifted ? power_of_two(-2 * m - 3) : Rational(0)));
}

Network sawtooth_square_teeth(int m, int q, bool shifted) {
  require_levels(m);
  if (q < 2 || q > 1000) throw InvalidInput("the number of teeth q must lie in 2..1000, not " + std::to_string(q));
  Wiring w(1);
  Form tooth = w.input(), A = w.input();  // T_q o ... o T_q, and the sum of what the layers before contribute
  Rational const mesh = Rational(1, q);
  Rational scale = 1;  // q^(-2(s-1)) in layer s
  for (int s = 1; s <= m; ++s) {
    w.open(Activation::relu());
    Form next;   // slopes q, -q, q, ...
    Form chord;  // the interpolant of t^2 - t: slopes (2j + 1)/q - 1
    Form first;
    for (int j = 0; j < q; ++j) {
      Form const h = w.neuron(tooth - j * mesh);
      if (j == 0) first = h;
      next += (j == 0 ? Rational(q) : Rational(j % 2 == 1 ? -2 * q : 2 * q)) * h;
      chord += (j == 0 ? Rational(mesh - 1) : Rational(2 * mesh)) * h;
    }
    A = (s == 1 ? first : w.neuron(A)) + scale * chord;
    tooth = next;
    scale *= mesh * mesh;
  }
  return w.close(A - (shifted ? scale / 8 : Rational(0)));
}

Network relu_product(int m, Rational const& M) {
  require_levels(m);
  if (M <= 0) throw InvalidInput("the bound M must be positive, not " + exact_string(M));
  Wiring w(2);
  ProductInProgress product;
  w.open(Activation::relu());
  product.begin(w, w.input(0) / M, w.input(1) / M);
  for (int s = 1; s <= m; ++s) {
    w.open(Activation::relu());
    product.advance(w);
  }
  return w.close(M * M * product.value());
}

}  // namespace nwidth::construct
