// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/gadgets_emulation.hpp"

#include "tests/theory/construct/gadgets_testing.hpp"

namespace nwidth::construct {
namespace {

Network random_relu_network(std::mt19937_64& g, bool activated_output, int most_power = 1) {
  int const inputs = static_cast<int>(test::uniform(g, 1, 3)), depth = static_cast<int>(test::uniform(g, 1, 3));
  std::vector<Layer> layers;
  int columns = inputs;
  for (int l = 0; l <= depth; ++l) {
    int const rows = static_cast<int>(test::uniform(g, 1, 4));
    std::vector<Entry> entries;
    std::vector<Rational> bias;
    for (int i = 0; i < rows; ++i) {
      bias.push_back(test::random_rational(g, 3));
      for (int j = 0; j < columns; ++j) entries.push_back({i, j, test::random_rational(g, 3)});
    }
    Activation act = Activation::identity();
    if (l < depth || activated_output) {
      int const k = static_cast<int>(test::uniform(g, 1, most_power));
      act = k == 1 ? Activation::relu() : Activation::relu_power(k);
    }
    layers.push_back({SparseMatrix(rows, columns, entries), bias, act});
    columns = rows;
  }
  return Network(inputs, layers);
}

void expect_same(std::mt19937_64& g, Network const& p, Network const& q) {
  for (int i = 0; i < 20; ++i) {
    std::vector<Rational> x;
    for (int j = 0; j < p.inputs(); ++j) x.push_back(test::random_rational(g, 9));
    ASSERT_EQ(p(x), q(x));
  }
}

TEST(ReluToPolyRelu, ChosenCoefficientsKeepTheSize) {
  test::for_random(30, [](std::mt19937_64& g) {
    Network const net = random_relu_network(g, test::coin(g), 3), same = relu_to_polyrelu(net);
    EXPECT_EQ(same.size(), net.size());
    EXPECT_EQ(same.width(), net.width());
    EXPECT_EQ(same.depth(), net.depth());
    EXPECT_EQ(same.coefficients(), static_cast<std::size_t>(net.depth()));
    for (Layer const& layer : same.layers())
      EXPECT_TRUE(layer.activation.kind == Activation::Kind::polyrelu ||
                  layer.activation.kind == Activation::Kind::identity);
    expect_same(g, net, same);
    EXPECT_EQ(relu_to_polyrelu(same).coefficients(), same.coefficients());
  });
}

TEST(ReluToPolyRelu, FrozenCoefficients) {
  test::for_random(40, [](std::mt19937_64& g) {
    Network const net = random_relu_network(g, false, 2);
    int const r = static_cast<int>(test::uniform(g, 2, 3));
    Frozen a = test::coin(g) ? Frozen::llm() : test::random_frozen(g, r, true);
    if (test::coin(g)) a.a[0] = 0;
    auto const q = static_cast<std::size_t>(a.degree());
    Network const same = relu_to_polyrelu(net, a);
    EXPECT_EQ(same.depth(), net.depth());
    EXPECT_EQ(same.width(), a.degree() * net.width());
    EXPECT_LE(same.size(),
              q * q * net.size() + (a.a[0] == 0 ? 0 : same.neurons() + static_cast<std::size_t>(net.outputs())));
    for (std::size_t l = 0; l + 1 < same.layers().size(); ++l)
      EXPECT_EQ(same.layers()[l].activation.coefficients[0], a.a);
    expect_same(g, net, same);
  });
}

TEST(ReluToPolyRelu, FreeCoefficientsByFrozenOnes) {
  test::for_random(30, [](std::mt19937_64& g) {
    Network const relu = random_relu_network(g, test::coin(g));
    std::vector<Layer> layers = relu.layers();
    bool const own = test::coin(g);
    for (Layer& layer : layers) {
      if (layer.activation.kind == Activation::Kind::identity) continue;
      std::vector<std::vector<Rational>> b;
      for (int i = 0; i < (own ? layer.weights.rows() : 1); ++i)
        b.push_back(test::random_frozen(g, static_cast<int>(test::uniform(g, 1, 3)), false).a);
      layer.activation = Activation::polyrelu_per_neuron(b);
    }
    Network const net(relu.inputs(), layers), frozen = relu_to_polyrelu(net, Frozen::llm());
    EXPECT_EQ(coefficient_model(frozen), Model::M3);
    EXPECT_EQ(frozen.width(), 3 * net.width());
    EXPECT_EQ(frozen.depth(), net.depth());
    expect_same(g, net, frozen);
    EXPECT_THROW(relu_to_polyrelu(net, Frozen::unit(4)), InvalidInput);
  });
}

TEST(CoefficientModel, IsTheMostRestrictive) {
  auto net = [](std::vector<Activation> const& activations) {
    std::vector<Layer> layers;
    for (Activation const& a : activations) layers.push_back({SparseMatrix(2, 2, {{0, 0, 1}, {1, 1, 1}}), {0, 0}, a});
    return Network(2, layers);
  };
  Activation const relu = Activation::relu(), e1 = Activation::polyrelu({0, 1, 0}), square = Activation::relu_power(2);
  EXPECT_EQ(coefficient_model(net({relu, e1, Activation::identity()})), Model::M3);
  EXPECT_EQ(coefficient_model(net({relu, square})), Model::M2);
  EXPECT_EQ(coefficient_model(net({Activation::polyrelu_per_neuron({{0, 1}, {0, 1}}), relu})), Model::M3);
  EXPECT_EQ(coefficient_model(net({Activation::polyrelu_per_neuron({{0, 1}, {0, 2}})})), Model::M1);
  EXPECT_EQ(coefficient_model(net({Activation::identity()})), Model::M3);
  EXPECT_THROW(coefficient_model(net({Activation::gelu()})), InvalidInput);
}

TEST(ReluToPolyRelu, AnActivatedOutputGetsAnAffineLayer) {
  test::for_random(10, [](std::mt19937_64& g) {
    Network const net = random_relu_network(g, true);
    expect_same(g, net, relu_to_polyrelu(net, Frozen::llm()));
  });
}

TEST(ReluToPolyRelu, RefusesOtherActivations) {
  Network const gelu(1, {{SparseMatrix(1, 1, {{0, 0, 1}}), {0}, Activation::gelu()}});
  Network const relu(1, {{SparseMatrix(1, 1, {{0, 0, 1}}), {0}, Activation::relu()}});
  EXPECT_THROW(relu_to_polyrelu(gelu), InvalidInput);
  EXPECT_THROW(relu_to_polyrelu(gelu, Frozen::llm()), InvalidInput);
  EXPECT_THROW(relu_to_polyrelu(relu, Frozen::unit(2)), InvalidInput);
}

}  // namespace
}  // namespace nwidth::construct
