// SPDX-License-Identifier: Apache-2.0
#include "theory/network/calculus.hpp"

#include <gtest/gtest.h>

#include "tests/theory/network/random_network.hpp"

namespace {

using namespace nwidth;
using test::for_random;
using test::random_network;
using test::random_vector;
using test::uniform;

using Vector = std::vector<Rational>;

int small(std::mt19937_64& g, int lo = 1, int hi = 3) { return static_cast<int>(uniform(g, lo, hi)); }

Network modulus() {  // |x| on two neurons: size 4
  return {1,
          {{SparseMatrix::dense({{1}, {-1}}), {0, 0}, Activation::relu()},
           {SparseMatrix::dense({{1, 1}}), {0}, Activation::identity()}}};
}

TEST(Affine, IsOneLayer) {
  Network const f = affine(SparseMatrix::dense({{1, 2}, {0, Rational(1) / 3}}), {0, 5});
  EXPECT_EQ(f.depth(), 0);
  EXPECT_EQ(f.size(), 4U);
  EXPECT_EQ(f(Vector{3, 6}), (Vector{15, 7}));
  EXPECT_EQ(affine(2, 3)(Rational(5)), 13);
  EXPECT_THROW(affine(SparseMatrix::identity(2), {1}), InvalidInput);
}

TEST(Compose, IsComposition) {
  for_random(200, [](std::mt19937_64& g) {
    int const n = small(g), m = small(g), k = small(g);
    Network const inner = random_network(g, n, m, small(g, 0), false),
                  outer = random_network(g, m, k, small(g, 0), false);
    Network const both = compose(outer, inner);
    EXPECT_EQ(both.depth(), outer.depth() + inner.depth());
    EXPECT_EQ(both.neurons(), outer.neurons() + inner.neurons());
    EXPECT_EQ(both.coefficients(), outer.coefficients() + inner.coefficients());
    for (int i = 0; i < 5; ++i) {
      Vector const x = random_vector(g, n);
      EXPECT_EQ(both(x), outer(inner(x)));
    }
  });
}

TEST(Compose, IsAssociativeToTheLastWeight) {
  for_random(100, [](std::mt19937_64& g) {
    Network const f = random_network(g, 2, 2, 1), h = random_network(g, 2, 2, small(g, 0)),
                  k = random_network(g, 2, 1, 1);
    Network const left = compose(compose(k, h), f), right = compose(k, compose(h, f));
    ASSERT_EQ(left.layers().size(), right.layers().size());
    EXPECT_EQ(left.size(), right.size());
    for (int i = 0; i < 3; ++i) {
      Vector const x = random_vector(g, 2);
      EXPECT_EQ(left(x), right(x));
    }
  });
}

TEST(Compose, MergesTheOutputLayer) {
  // |  |x| - 1/2 |: the output layer of the inner net disappears, 2 + (4 + 2) + 2 weights
  Network const teeth = compose(modulus(), compose(affine(1, Rational(-1) / 2), modulus()));
  EXPECT_EQ(teeth.size(), 10U);
  EXPECT_EQ(teeth.layers().size(), 3U);
  EXPECT_EQ(teeth(Rational(1) / 5), Rational(3) / 10);
  // cancelling weights are not stored
  EXPECT_EQ(
      compose(affine(SparseMatrix::dense({{1, 1}}), {1}), affine(SparseMatrix::dense({{1}, {-1}}), {0, -1})).size(),
      0U);
  EXPECT_THROW(compose(modulus(), affine(SparseMatrix::identity(2), {0, 0})), InvalidInput);
}

TEST(NormalForm, HasHiddenLayersAndOneOutputLayer) {
  for_random(200, [](std::mt19937_64& g) {
    Network const f = random_network(g, small(g), small(g), small(g, 0, 4), false);
    Network const p = normal_form(f);
    ASSERT_EQ(static_cast<int>(p.layers().size()), f.depth() + 1);
    EXPECT_EQ(p.neurons(), f.neurons());
    for (Layer const& layer : p.layers())
      EXPECT_EQ(layer.activation.kind == Activation::Kind::identity, &layer == &p.layers().back());
    for (int i = 0; i < 3; ++i) {
      Vector const x = random_vector(g, f.inputs());
      EXPECT_EQ(p(x), f(x));
    }
  });
}

TEST(Carry, IsTheIdentityAtTheDocumentedSize) {
  for (int k = 0; k <= 4; ++k)
    for (int v = 1; v <= 3; ++v) {
      std::size_t const layers = static_cast<std::size_t>(k), values = static_cast<std::size_t>(v);
      Network const pair = carry(v, k, {Carry::unbounded()}), one = carry(v, k, {Carry::bounded(7)}),
                    plain = carry(v, k, {Carry::nonnegative()});
      EXPECT_EQ(pair.size(), k == 0 ? values : values * (2 * layers + 2));
      EXPECT_EQ(one.size(), k == 0 ? values : values * (layers + 3));
      EXPECT_EQ(plain.size(), values * (layers + 1));
      EXPECT_EQ(pair.neurons(), 2 * values * layers);
      EXPECT_EQ(one.neurons(), values * layers);
      EXPECT_EQ(plain.neurons(), values * layers);
      EXPECT_EQ(pair.depth(), k);
      for (long x = -9; x <= 9; ++x) {
        Vector const y(values, Rational(x) / 1);
        EXPECT_EQ(pair(y), y);
        EXPECT_EQ(one(y), k == 0 ? y : Vector(values, std::max(x, -7L)));
        EXPECT_EQ(plain(y), k == 0 ? y : Vector(values, std::max(x, 0L)));
      }
    }
  EXPECT_EQ(carry(3, 2, {Carry::unbounded(), Carry::bounded(2), Carry::nonnegative()}).size(), 6U + 5U + 3U);
  EXPECT_THROW(Carry::bounded(-1), InvalidInput);
  EXPECT_THROW(carry(0, 1), InvalidInput);
  EXPECT_THROW(carry(1, -1), InvalidInput);
  EXPECT_THROW(carry(3, 1, {Carry::unbounded(), Carry::unbounded()}), InvalidInput);
}

TEST(Pad, WaitsAtEitherEnd) {
  for_random(100, [](std::mt19937_64& g) {
    Network const f = random_network(g, small(g), small(g), small(g, 0), false);
    int const depth = f.depth() + small(g, 0);
    Network const late = pad(f, depth), early = delay(f, depth);
    EXPECT_EQ(late.depth(), depth);
    EXPECT_EQ(early.depth(), depth);
    for (int i = 0; i < 3; ++i) {
      Vector const x = random_vector(g, f.inputs());
      EXPECT_EQ(late(x), f(x));
      EXPECT_EQ(early(x), f(x));
    }
  });
  EXPECT_EQ(pad(modulus(), 3, {Carry::nonnegative()}).size(), 4U + 2U);
  EXPECT_EQ(delay(modulus(), 3, {Carry::bounded(1)}).size(),
            1U + 1U + 1U + 4U + 2U);  // the shift comes back in both neurons
  EXPECT_THROW(pad(modulus(), 0), InvalidInput);
  EXPECT_THROW(delay(modulus(), 0), InvalidInput);
}

TEST(Parallel, StacksOutputs) {
  for_random(200, [](std::mt19937_64& g) {
    int const n = small(g);
    std::vector<Network> nets;
    std::size_t size = 0, neurons = 0;
    int depth = 0, outputs = 0;
    for (int i = small(g); i > 0; --i) nets.push_back(random_network(g, n, small(g), small(g, 0), false));
    for (Network const& f : nets) depth = std::max(depth, f.depth());
    for (Network const& f : nets) {
      size += pad(f, depth).size();
      neurons += f.neurons() + 2 * static_cast<std::size_t>(f.outputs() * (depth - f.depth()));
      outputs += f.outputs();
    }
    Network const all = parallel(nets);
    EXPECT_EQ(all.outputs(), outputs);
    EXPECT_EQ(all.depth(), depth);
    EXPECT_EQ(all.size(), size);
    EXPECT_EQ(all.neurons(), neurons);
    for (int i = 0; i < 3; ++i) {
      Vector const x = random_vector(g, n);
      Vector expected;
      for (Network const& f : nets)
        for (Rational const& y : f(x)) expected.push_back(y);
      EXPECT_EQ(all(x), expected);
    }
  });
}

TEST(Stack, KeepsInputsApart) {
  for_random(100, [](std::mt19937_64& g) {
    Network const f = random_network(g, small(g), small(g), small(g, 0), false),
                  h = random_network(g, small(g), small(g), small(g, 0), false);
    Network const both = stack({f, h});
    EXPECT_EQ(both.inputs(), f.inputs() + h.inputs());
    Vector x = random_vector(g, f.inputs()), y = random_vector(g, h.inputs()), expected = f(x);
    for (Rational const& v : h(y)) expected.push_back(v);
    x.insert(x.end(), y.begin(), y.end());
    EXPECT_EQ(both(x), expected);
  });
}

TEST(Parallel, WaysToCarry) {
  Network const deep = compose(modulus(), compose(affine(1, -1), modulus())), line = affine(1, 0);
  EXPECT_EQ(parallel({deep, line}).size(), deep.size() + 6);
  EXPECT_EQ(parallel({deep, line}, {Carry::bounded(5)}).size(), deep.size() + 5);
  EXPECT_EQ(parallel({deep, line}, {Carry::unbounded(), Carry::nonnegative()}).size(), deep.size() + 3);
  Network const two = affine(SparseMatrix::dense({{1}, {2}}), {0, 0});
  Network const mixed = parallel({deep, two}, {Carry::unbounded(), Carry::bounded(5), Carry::nonnegative()});
  EXPECT_EQ(mixed.size(), deep.size() + 5 + 3);
  EXPECT_EQ(mixed(Vector{3}), (Vector{deep(Rational(3)), 3, 6}));
  EXPECT_EQ(mixed(Vector{-4}), (Vector{deep(Rational(-4)), -4, 0}));  // -8 is not nonnegative: as documented
  EXPECT_THROW(parallel({deep, deep, two}, {Carry::unbounded(), Carry::unbounded()}), InvalidInput);
  EXPECT_THROW(parallel({}), InvalidInput);
  EXPECT_THROW(parallel({deep, affine(SparseMatrix::identity(2), {0, 0})}), InvalidInput);
}

Network one_neuron(Activation a) {
  return {1,
          {{SparseMatrix::dense({{1}}), {0}, std::move(a)}, {SparseMatrix::dense({{1}}), {0}, Activation::identity()}}};
}

TEST(Parallel, ActivationsOfALayer) {
  auto joined = [](Activation a, Activation b) {
    return parallel({one_neuron(std::move(a)), one_neuron(std::move(b))}).layers()[0].activation;
  };
  using Kind = Activation::Kind;
  EXPECT_EQ(joined(Activation::relu(), Activation::relu()).kind, Kind::relu);
  EXPECT_EQ(joined(Activation::relu(), Activation::relu_power(1)).kind, Kind::relu);
  EXPECT_EQ(joined(Activation::relu(), Activation::polyrelu({0, 1, 0})).kind, Kind::relu);
  Activation const square = joined(Activation::relu_power(2), Activation::polyrelu({0, 0, 1}));
  EXPECT_EQ(square.kind, Kind::relu_power);
  EXPECT_EQ(square.power, 2);
  Activation const shared = joined(Activation::polyrelu({0, 1, 2}), Activation::polyrelu({0, 1, 2}));
  EXPECT_FALSE(shared.per_neuron());
  Activation const mixed = joined(Activation::relu(), Activation::relu_power(3));
  EXPECT_EQ(mixed.coefficients, (std::vector<Vector>{{0, 1}, {0, 0, 0, 1}}));
  Network const both = parallel({one_neuron(Activation::polyrelu({1, 2, 3})), one_neuron(Activation::relu())});
  EXPECT_EQ(both.coefficients(), 3U + 1U);
  EXPECT_EQ(both.size(), 4U);
  EXPECT_EQ(joined(Activation::silu(), Activation::silu()).kind, Kind::silu);
  EXPECT_EQ(joined(Activation::rational({1}, {1, 2}), Activation::rational({1}, {1, 2})).kind, Kind::rational);
  EXPECT_THROW(joined(Activation::rational({1}, {1, 2}), Activation::rational({1}, {1, 3})), InvalidInput);
  EXPECT_THROW(joined(Activation::gelu(), Activation::relu()), InvalidInput);
  EXPECT_THROW(joined(Activation::relu(), Activation::gelu()), InvalidInput);
}

TEST(Sum, IsTheWeightedSum) {
  for_random(200, [](std::mt19937_64& g) {
    int const n = small(g), m = small(g);
    std::vector<Network> nets;
    for (int i = small(g, 1, 4); i > 0; --i) nets.push_back(random_network(g, n, m, small(g, 0), false));
    Vector const w = random_vector(g, static_cast<int>(nets.size()));
    Network const total = sum(nets, w);
    int depth = 0;
    for (std::size_t i = 0; i < nets.size(); ++i)
      if (w[i] != 0) depth = std::max(depth, nets[i].depth());
    EXPECT_EQ(total.depth(), depth);
    for (int k = 0; k < 3; ++k) {
      Vector const x = random_vector(g, n);
      Vector expected(static_cast<std::size_t>(m));
      for (std::size_t i = 0; i < nets.size(); ++i) {
        Vector const y = nets[i](x);
        for (std::size_t o = 0; o < y.size(); ++o) expected[o] += w[i] * y[o];
      }
      EXPECT_EQ(total(x), expected);
    }
  });
}

TEST(Sum, CarriesOneValueHoweverManyNetworksWait) {
  Network const deep =
      compose(modulus(), compose(affine(1, -1), compose(modulus(), compose(affine(1, -1), modulus()))));
  std::vector<Network> nets(5, modulus());
  nets.push_back(deep);
  Network const total = sum(nets, Vector(6, 1), {Carry::nonnegative()});
  EXPECT_EQ(total.neurons(), 5 * 2 + 6U + 2U);  // two more layers, one carry in each
  EXPECT_EQ(total.size(), 5 * 4 + deep.size() + 1U + 1U);
  EXPECT_EQ(sum({modulus(), deep}, {1, 0}).depth(), 1);
  EXPECT_EQ(sum({modulus()}, {0}).size(), 0U);
  EXPECT_THROW(sum({modulus()}, {1, 2}), InvalidInput);
  EXPECT_THROW(sum({}, {}), InvalidInput);
  EXPECT_THROW(sum({modulus(), affine(SparseMatrix::identity(2), {0, 0})}, {1, 1}), InvalidInput);
}

TEST(ScaleAndShift, OfInputAndOutput) {
  for_random(100, [](std::mt19937_64& g) {
    Network const f = random_network(g, small(g), small(g), small(g, 0), false);
    Rational const a = test::random_rational(g), b = test::random_rational(g);
    Vector const x = random_vector(g, f.inputs()), shift = random_vector(g, f.outputs());
    Vector scaled = f(x), shifted = f(x), moved = x;
    for (Rational& y : scaled) y *= a;
    for (std::size_t i = 0; i < shifted.size(); ++i) shifted[i] += shift[i];
    for (Rational& y : moved) y = a * y + b;
    EXPECT_EQ(scale_output(f, a)(x), scaled);
    EXPECT_EQ(shift_output(f, shift)(x), shifted);
    EXPECT_EQ(rescale_input(f, a, b)(x), f(moved));
  });
  EXPECT_EQ(scale_output(modulus(), 3).size(), 4U);
  EXPECT_EQ(rescale_input(modulus(), 3, 0).size(), 4U);
}

}  // namespace
