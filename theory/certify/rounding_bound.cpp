// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/rounding_bound.hpp"

#include <algorithm>

#include "kernels/activation/polyrelu.hpp"
#include "theory/number/error.hpp"

namespace nwidth::certify {
namespace {

Ball infinite() { return Ball(1) / Ball(); }

/// An upper bound of |x| as a point.
Ball size_of(Ball const& x) {
  Ball r;
  arf_t top;
  arf_init(top);
  arb_get_abs_ubound_arf(top, x.get(), working_precision());
  arb_set_arf(r.get(), top);
  arf_clear(top);
  return r;
}

Ball larger(Ball const& a, Ball const& b) { return size_of(max(a, b)); }

/// A computed number: the exact one and how far off it may be.
struct Computed {
  Ball exact, error;  // error is a point >= 0
};

/// The error bound, or infinity where |exact| + error could round to infinity.
Ball unless_overflow(Computed const& c, BinaryFormat const& format) {
  return certainly_less(size_of(c.exact) + c.error, Ball(format.overflow())) ? c.error : infinite();
}

/// One rounding of a result whose exact value and error before it are known.
void round(Computed& c, BinaryFormat const& format, bool sum = false) {
  Ball const computed = size_of(c.exact) + c.error;
  c.error = size_of(c.error + Ball(format.unit()) * computed + (sum ? Ball() : Ball(format.tiny())));
  c.error = unless_overflow(c, format);
}

void round_result(Computed& c, MachineArithmetic const& m) {
  if (!(m.results == m.operations)) round(c, m.results);
}

/// s t + a
Computed multiply_add(Computed const& s, Ball const& t, Ball const& a, MachineArithmetic const& m) {
  Computed r{s.exact * t, size_of(s.error * size_of(t))};
  if (!m.fused) round(r, m.operations);
  r.exact = r.exact + a;
  round(r, m.operations, !m.fused);
  return r;
}

Computed polyrelu(std::vector<Rational> const& a, Ball const& x, MachineArithmetic const& m) {
  Ball const t = relu(x);
  Computed s{Ball(a.back()), Ball()};
  for (std::size_t i = a.size() - 1; i-- > 0;) s = multiply_add(s, t, Ball(a[i]), m);
  round_result(s, m);
  return s;
}

Computed relu_power(int k, Ball const& x, MachineArithmetic const& m) {
  Ball const t = relu(x);
  Computed s{t, Ball()};
  for (int i = 1; i < k; ++i) {
    s = {s.exact * t, size_of(s.error * t)};
    round(s, m.operations);
  }
  round_result(s, m);
  return s;
}

/// sup |P'| over relu of the ball: what an error of the argument is multiplied by.
Ball steepness(std::vector<Rational> const& a, Ball const& x) {
  if (x.certainly_negative() || a.size() < 2) return {};
  return size_of(activation::polyrelu_derivative(x, a));
}

/// The ball widened by its error: where the computed number is.
Ball widened(Computed const& c) {
  Ball r = c.exact;
  arb_add_error(r.get(), c.error.get());
  return r;
}

bool is_power_of_two(Rational const& x) { return x != 0 && abs(x) == power_of_two(floor_log2(x)); }

/// Of an activation at a computed argument: its own rounding there, and the argument's error times its steepness.
bool activate(Activation const& a, int neuron, Computed& t, MachineArithmetic const& m, std::string* why) {
  using Kind = Activation::Kind;
  auto const finish = [&](Computed const& at, Ball const& exact, Ball const& slope) {
    t = {exact, size_of(at.error + (t.error.contains_zero() ? Ball() : slope * t.error))};
  };
  Ball const reached = widened(t);
  switch (a.kind) {
    case Kind::identity: return true;
    case Kind::relu: t.exact = relu(t.exact); return true;  // exact, and its steepness is 1
    case Kind::relu_power: {
      Ball const slope = Ball(a.power) * power(relu(reached), static_cast<unsigned>(a.power - 1));
      finish(relu_power(a.power, reached, m), power(relu(t.exact), static_cast<unsigned>(a.power)), size_of(slope));
      return true;
    }
    case Kind::polyrelu: {
      std::vector<Rational> const& c = a.coefficients_of(neuron);
      finish(polyrelu(c, reached, m), activation::polyrelu(t.exact, c), steepness(c, reached));
      return true;
    }
    default:
      if (why != nullptr) *why = "there is no rounding bound for rational, gelu and silu activations";
      return false;
  }
}

}  // namespace

Ball polyrelu_rounding(std::vector<Rational> const& a, Ball const& x, MachineArithmetic const& arithmetic) {
  if (a.empty()) throw InvalidInput("PolyReLU needs at least one coefficient");
  return polyrelu(a, x, arithmetic).error;
}

Ball relu_power_rounding(int k, Ball const& x, MachineArithmetic const& arithmetic) {
  if (k < 1) throw InvalidInput("relu^k needs k >= 1, not " + std::to_string(k));
  return relu_power(k, x, arithmetic).error;
}

Ball dot_rounding(long roundings, long products, Ball const& size, BinaryFormat const& format) {
  Ball const ku = Ball(roundings) * Ball(format.unit());
  if (!certainly_less(ku, Ball(1))) return infinite();
  Ball const gamma = ku / (Ball(1) - ku), growth = Ball(1) + gamma;
  Ball const tiny = Ball(products) * Ball(format.tiny()) * growth;
  Ball const largest = growth * size + tiny;
  return certainly_less(largest, Ball(format.overflow())) ? size_of(gamma * size + tiny) : infinite();
}

Evaluation Evaluation::of(std::string_view name) {
  constexpr BinaryFormat f64 = BinaryFormat::float64(), f32 = BinaryFormat::float32(), b16 = BinaryFormat::bfloat16();
  if (name == "double") return {"double", f64, {f64, f64, false}};
  if (name == "float32") return {"float32", f32, {f32, f32, false}};
  if (name == "bfloat16") return {"bfloat16", b16, {f32, f32, false}};
  if (name == "bfloat16-values") return {"bfloat16-values", b16, {f32, b16, false}};
  throw InvalidInput("a network cannot be evaluated in '" + std::string(name) +
                     "': allowed are double, float32, bfloat16 and bfloat16-values");
}

Network rounded_network(Network const& net, BinaryFormat const& format, Rounding* what) {
  Rounding stats;
  auto const rounded = [&](Rational const& x) {
    Rational const y = round_to_nearest(x, format);
    stats.add(x, y);
    return y;
  };
  auto const all = [&](std::vector<Rational>& v) {
    for (Rational& x : v) x = rounded(x);
  };
  std::vector<Layer> layers = net.layers();
  for (Layer& layer : layers) {
    std::vector<Entry> entries = layer.weights.entries();
    for (Entry& e : entries) e.value = rounded(e.value);
    layer.weights = SparseMatrix(layer.weights.rows(), layer.weights.columns(), std::move(entries));
    all(layer.bias);
    for (std::vector<Rational>& c : layer.activation.coefficients) all(c);
    all(layer.activation.numerator);
    all(layer.activation.denominator);
  }
  if (what != nullptr) *what = stats;
  return Network(net.inputs(), std::move(layers));
}

Ball network_rounding(Network const& net, Ball const& x, MachineArithmetic const& m, std::string* why) {
  if (net.inputs() != 1 || net.outputs() != 1)
    throw InvalidInput("a network of one input and one output is needed, not " + std::to_string(net.inputs()) +
                       " and " + std::to_string(net.outputs()));
  std::vector<Computed> h{{x, Ball()}};
  for (Layer const& layer : net.layers()) {
    std::vector<Computed> next;
    for (int i = 0; i < layer.weights.rows(); ++i) {
      Rational const& b = layer.bias[static_cast<std::size_t>(i)];
      Computed t{Ball(b), Ball()};
      Ball size = size_of(t.exact);
      long products = 0;
      bool exact_products = true;
      for (Entry const* e = layer.weights.row_begin(i); e != layer.weights.row_end(i); ++e, ++products) {
        Computed const& in = h[static_cast<std::size_t>(e->column)];
        Ball const w(e->value);
        t.exact += w * in.exact;
        t.error += abs(w) * in.error;
        size += abs(w) * size_of(widened(in));
        exact_products = exact_products && is_power_of_two(e->value);
      }
      // a term passes the sums, one fewer than there are terms, and the rounding of its product
      long const sums = std::max(0L, products + (b != 0 ? 1 : 0) - 1);
      t.error = size_of(t.error + dot_rounding(exact_products ? sums : sums + 1, products, size, m.operations));
      round_result(t, m);
      if (!activate(layer.activation, i, t, m, why)) return infinite();
      next.push_back(std::move(t));
    }
    h = std::move(next);
  }
  if (!h[0].error.is_finite() && why != nullptr) *why = "a number may overflow";
  return h[0].error;
}

Ball network_rounding(Network const& net, Rational const& a, Rational const& b, MachineArithmetic const& m,
                      std::string* why) {
  constexpr std::size_t first_parts = 64, most_parts = 4096;
  struct Part {
    Rational l, r;
    Ball bound;
  };
  auto const smaller = [](Part const& p, Part const& q) {
    return arb_is_finite(p.bound.get()) != 0 && (arb_is_finite(q.bound.get()) == 0 || certainly_less(p.bound, q.bound));
  };
  std::vector<Part> heap;
  Ball reached;  // the largest bound at a point: no cuts go below
  auto const add = [&](Rational const& l, Rational const& r) {
    reached = larger(reached, network_rounding(net, Ball((l + r) / 2), m));
    heap.push_back({l, r, network_rounding(net, Ball::from_bounds(l, r), m, why)});
    std::push_heap(heap.begin(), heap.end(), smaller);
  };
  for (std::size_t i = 0; i < first_parts; ++i)
    add(a + (b - a) * Rational(i) / first_parts, a + (b - a) * Rational(i + 1) / first_parts);
  Ball const slack(Rational(101) / 100);
  while (heap.size() < most_parts && reached.is_finite() && !certainly_less(heap.front().bound, slack * reached)) {
    std::pop_heap(heap.begin(), heap.end(), smaller);
    Part const p = std::move(heap.back());
    heap.pop_back();
    Rational const middle = (p.l + p.r) / 2;
    add(p.l, middle);
    add(middle, p.r);
  }
  Ball most;
  for (Part const& p : heap) most = larger(most, p.bound);
  if (most.is_finite() && why != nullptr) why->clear();
  return most;
}

}  // namespace nwidth::certify
