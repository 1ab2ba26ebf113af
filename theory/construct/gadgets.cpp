// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/gadgets.hpp"

namespace nwidth::construct {
namespace {

void require_positive(Rational const& B) {
  if (B <= 0) throw InvalidInput("the bound B must be positive, not " + exact_string(B));
}

/// (t - b)^3
Frozen shifted_cube(Rational const& b) { return {{-b * b * b, 3 * b * b, -3 * b, 1}}; }

/// A wiring whose only layer so far is open with the coefficients a.
Wiring one_layer(int inputs, Frozen const& a) {
  Wiring w(inputs);
  w.open(activation(a));
  return w;
}

int scales_needed(Frozen const& a) {
  int q = 0;
  for (int i = 1; i <= a.degree(); ++i) q += a.coefficient(i) != 0;
  return q;
}

}  // namespace

Network carry(Rational const& B) { return carry(B, Frozen::unit(1)); }
Network carry(Rational const& B, Frozen const& a) {
  Wiring w = one_layer(1, a);
  return w.close(carry_in(w, a, w.input(), B));
}

Network square(Rational const& B) { return square(B, Frozen{{0, -2 * B, 1}}); }
Network square(Rational const& B, Frozen const& a) {
  Wiring w = one_layer(1, a);
  return w.close(square_in(w, a, w.input(), B));
}

Network cube(Rational const& B) {
  require_positive(B);
  Wiring w = one_layer(1, shifted_cube(B));
  return w.close(w.neuron(w.input() + B));
}
Network cube(Rational const& B, Frozen const& a) {
  Wiring w = one_layer(1, a);
  Form const x = w.input();
  if (a.degree() != 2) return w.close(polynomial_in(w, a, x, {0, 0, 0, 1}, B));
  Form const x1 = polynomial_in(w, a, x, {0, 1}, B), x2 = polynomial_in(w, a, x, {0, 0, 1}, B);
  w.open(activation(a));
  return w.close(product_in(w, a, x1, x2, B + B * B));
}

Network product(Rational const& B) { return product(B, Frozen{{0, -4 * B, 1}}); }
Network product(Rational const& B, Frozen const& a) {
  Wiring w = one_layer(2, a);
  return w.close(product_in(w, a, w.input(0), w.input(1), 2 * B));
}

Network product_nonnegative() { return product_nonnegative(Frozen::unit(2)); }
Network product_nonnegative(Frozen const& a) {
  Wiring w = one_layer(2, a);
  return w.close(product_nonnegative_in(w, a, w.input(0), w.input(1)));
}

Network triple_product(Rational const& B) {
  require_positive(B);
  Wiring w = one_layer(3, shifted_cube(3 * B));
  Form const x = w.input(0), y = w.input(1), z = w.input(2);
  auto cubed = [&](Form const& t) { return w.neuron(t + 3 * B); };
  Form const c1 = cubed(x + y + z), c2 = cubed(x + y - z), c3 = cubed(x - y + z), c4 = cubed(x - y - z);
  return w.close((c1 - c2 - c3 + c4) / 24);
}

Network relu_power(int k) { return relu_power(k, Frozen::unit(k)); }
Network relu_power(int k, Frozen const& a) {
  Wiring w = one_layer(1, a);
  return w.close(relu_power_in(w, a, w.input(), k));
}

Network absolute_value() { return absolute_value(1, Frozen::unit(1)); }
Network absolute_value(Rational const& B, Frozen const& a) {
  require_positive(B);
  Wiring w = one_layer(1, a);
  Form const x = w.input();
  Form const positive = relu_power_in(w, a, x, 1);
  if (scales_needed(a) <= 2) return w.close(positive + relu_power_in(w, a, -x, 1));
  return w.close(2 * positive - carry_in(w, a, x, B));
}

Network maximum() {
  Wiring w = one_layer(2, Frozen::unit(1));
  Form const x = w.input(0), y = w.input(1);
  Form const positive = w.neuron(y), negative = w.neuron(-y), above = w.neuron(x - y);
  return w.close(positive - negative + above);
}
Network maximum(Rational const& B) { return maximum(B, Frozen::unit(1)); }
Network maximum(Rational const& B, Frozen const& a) {
  Wiring w = one_layer(2, a);
  Form const x = w.input(0), y = w.input(1);
  Form const carried = carry_in(w, a, y, B), above = relu_power_in(w, a, x - y, 1);
  return w.close(carried + above);
}

Network trapezoid() { return trapezoid(Frozen::unit(1)); }
Network trapezoid(Frozen const& a) {
  Wiring w = one_layer(1, a);
  Form const x = w.input();
  auto relu = [&](Form const& t) { return relu_power_in(w, a, t, 1); };
  Form const h1 = relu(x + 2), h2 = relu(x + 1), h3 = relu(x - 1), h4 = relu(x - 2);
  return w.close(h1 - h2 - h3 + h4);
}

std::optional<Rational> cancellation(Network const& net, std::vector<Rational> const& x) {
  Layer const& last = net.layers().back();
  std::vector<Rational> h = x;
  if (net.layers().size() > 1) h = Network(net.inputs(), {net.layers().begin(), net.layers().end() - 1})(h);
  Rational terms = 0, sum = last.bias[0];
  for (Entry const* e = last.weights.row_begin(0); e != last.weights.row_end(0); ++e) {
    Rational const term = e->value * h[static_cast<std::size_t>(e->column)];
    terms += abs(term);
    sum += term;
  }
  if (sum == 0) return std::nullopt;
  return Rational(terms / abs(sum));
}

}  // namespace nwidth::construct
