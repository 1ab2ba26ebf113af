// SPDX-License-Identifier: Apache-2.0
#include "theory/network/json.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/theory/network/random_network.hpp"

namespace {

using namespace nwidth;
using test::for_random;
using test::uniform;

char const* const example = R"({"schema": "nwidth.network/1", "inputs": 1, "layers": [
  {"weights": {"rows": 2, "cols": 1, "entries": [[0, 0, "1"], [1, 0, "0x1.8p-1"]]}, "bias": ["1/3", "-0.1"],
   "activation": {"kind": "polyrelu", "coefficients": ["0", "1/3", "1/3", "1/3"]}},
  {"weights": {"rows": 1, "cols": 2, "entries": [[0, 0, "1"], [0, 1, "-1"]]}, "bias": ["0"], "activation": {"kind": "identity"}}]})";

bool equal(Network const& a, Network const& b) {
  auto same_layer = [](Layer const& x, Layer const& y) {
    auto same_entry = [](Entry const& s, Entry const& t) {
      return s.row == t.row && s.column == t.column && s.value == t.value;
    };
    auto const &u = x.weights.entries(), &v = y.weights.entries();
    Activation const &p = x.activation, &q = y.activation;
    return x.weights.rows() == y.weights.rows() && x.weights.columns() == y.weights.columns() &&
           std::equal(u.begin(), u.end(), v.begin(), v.end(), same_entry) && x.bias == y.bias && p.kind == q.kind &&
           p.power == q.power && p.coefficients == q.coefficients && p.numerator == q.numerator &&
           p.denominator == q.denominator;
  };
  return a.inputs() == b.inputs() &&
         std::equal(a.layers().begin(), a.layers().end(), b.layers().begin(), b.layers().end(), same_layer);
}

TEST(ReadNetwork, TheExampleOfTheFormat) {
  Network const f = read_network(example);
  EXPECT_EQ(f.inputs(), 1);
  EXPECT_EQ(f.outputs(), 1);
  EXPECT_EQ(f.size(), 6U);
  EXPECT_EQ(f.neurons(), 2U);
  EXPECT_EQ(f.depth(), 1);
  EXPECT_EQ(f.coefficients(), 3U);
  EXPECT_EQ(f.layers()[0].bias, (std::vector<Rational>{Rational(1) / 3, Rational(-1) / 10}));
  EXPECT_EQ(f.layers()[0].weights.entries()[1].value, Rational(3) / 4);
  auto p = [](Rational const& t) { return Rational((t + t * t + t * t * t) / 3); };
  EXPECT_EQ(f(Rational(2)), p(Rational(7) / 3) - p(Rational(7) / 5));
}

TEST(ReadNetwork, EveryKindOfActivation) {
  auto activation = [](std::string const& a) {
    return read_network(
               R"({"layers":[{"activation":)" + a +
               R"(,"bias":["0","0"],"weights":{"entries":[],"cols":3,"rows":2}}],"inputs":3,"schema":"nwidth.network/1"})")
        .layers()[0]
        .activation;
  };
  using Kind = Activation::Kind;
  EXPECT_EQ(activation(R"({"kind":"identity"})").kind, Kind::identity);
  EXPECT_EQ(activation(R"({"kind":"relu"})").kind, Kind::relu);
  EXPECT_EQ(activation(R"({"kind":"gelu"})").kind, Kind::gelu);
  EXPECT_EQ(activation(R"({"kind":"silu"})").kind, Kind::silu);
  Activation const cube = activation(R"({"k":3,"kind":"relu_power"})");
  EXPECT_EQ(cube.kind, Kind::relu_power);
  EXPECT_EQ(cube.power, 3);
  Activation const ratio = activation(R"({"kind":"rational","numerator":["1","0.5"],"denominator":["1","0","2"]})");
  EXPECT_EQ(ratio.numerator, (std::vector<Rational>{1, Rational(1) / 2}));
  EXPECT_EQ(ratio.denominator, (std::vector<Rational>{1, 0, 2}));
  Activation const own = activation(R"({"kind":"polyrelu","coefficients":[["0","1"],["0","0","1e-1"]]})");
  EXPECT_TRUE(own.per_neuron());
  EXPECT_EQ(own.coefficients_of(1)[2], Rational(1) / 10);
}

TEST(ReadNetwork, FromAStream) {
  std::istringstream in(example);
  EXPECT_TRUE(equal(read_network(in), read_network(example)));
  std::istringstream nothing;
  EXPECT_THROW(read_network(nothing), InvalidInput);
  std::istringstream broken(example);
  broken.setstate(std::ios::badbit);
  EXPECT_THROW(read_network(broken), InvalidInput);
}

TEST(WriteNetwork, LooksLikeThis) {
  EXPECT_EQ(write_network(read_network(example)), R"({"schema": "nwidth.network/1", "inputs": 1, "layers": [
  {"weights": {"rows": 2, "cols": 1, "entries": [[0, 0, "1"], [1, 0, "0x1.8p-1"]]},
   "bias": ["1/3", "-1/10"],
   "activation": {"kind": "polyrelu", "coefficients": ["0", "1/3", "1/3", "1/3"]}},
  {"weights": {"rows": 1, "cols": 2, "entries": [[0, 0, "1"], [0, 1, "-1"]]},
   "bias": ["0"],
   "activation": {"kind": "identity"}}]}
)");
  EXPECT_THROW(write_network(Network()), InvalidInput);
}

TEST(WriteNetwork, BreaksLongLines) {
  std::vector<Entry> entries;
  for (int i = 0; i < 500; ++i) entries.push_back({i % 10, i, Rational(i + 1) / 3});
  Network const f(500,
                  {{SparseMatrix(10, 500, entries), std::vector<Rational>(10, Rational(1) / 7), Activation::relu()}});
  std::istringstream lines(write_network(f));
  std::string line;
  int count = 0;
  while (std::getline(lines, line)) {
    ++count;
    EXPECT_LE(line.size(), 120U) << line;
  }
  EXPECT_GT(count, 50);
  EXPECT_LT(count, 120);
}

/// Any network at all: other sizes of numbers than the calculus tests, and every activation.
Network any_network(std::mt19937_64& g) {
  auto number = [&g]() -> Rational {
    switch (g() % 4) {
      case 0: return test::random_rational(g, 1000000);
      case 1: return test::random_dyadic(g, 200, -300, 100);
      case 2: return exact(test::random_double(g));
      default: return test::random_rational(g, 3);
    }
  };
  auto numbers = [&](int n) {
    std::vector<Rational> v;
    for (int i = 0; i < n; ++i) v.push_back(number());
    return v;
  };
  std::vector<Layer> layers;
  int const inputs = static_cast<int>(uniform(g, 1, 4));
  int columns = inputs;
  for (long l = uniform(g, 1, 4); l > 0; --l) {
    int const rows = static_cast<int>(uniform(g, 1, 6));
    std::vector<Entry> entries;
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j)
        if (test::coin(g)) entries.push_back({i, j, number()});
    Activation a;
    switch (g() % 8) {
      case 0: break;
      case 1: a = Activation::relu(); break;
      case 2: a = Activation::relu_power(static_cast<int>(uniform(g, 1, Activation::most_power))); break;
      case 3: a = Activation::polyrelu(numbers(static_cast<int>(uniform(g, 1, 5)))); break;
      case 4: {
        std::vector<std::vector<Rational>> c;
        for (int i = 0; i < rows; ++i) c.push_back(numbers(static_cast<int>(uniform(g, 1, 5))));
        a = Activation::polyrelu_per_neuron(std::move(c));
        break;
      }
      case 5: {
        std::vector<Rational> q = numbers(3);
        q[0] = 1;
        a = Activation::rational(numbers(4), std::move(q));
        break;
      }
      case 6: a = Activation::gelu(); break;
      default: a = Activation::silu();
    }
    layers.push_back({SparseMatrix(rows, columns, std::move(entries)), numbers(rows), std::move(a)});
    columns = rows;
  }
  return {inputs, std::move(layers)};
}

TEST(WriteNetwork, RoundTripIsExact) {
  for_random(200, [](std::mt19937_64& g) {
    Network const f = any_network(g);
    std::string const text = write_network(f);
    Network const back = read_network(text);
    EXPECT_TRUE(equal(f, back)) << text;
    EXPECT_EQ(write_network(back), text);
  });
}

/// Whatever is done to a file, the reader throws InvalidInput with one printable line, or it is a network still.
TEST(ReadNetwork, SurvivesRandomEdits) {
  std::string const alphabet = "\"[]{},:0123456789-+.eExp/ntfalsu\\\n \x80\xff";
  int accepted = 0, rejected = 0;
  for_random(3000, [&](std::mt19937_64& g) {
    std::string text = g() % 3 == 0 ? std::string(example) : write_network(test::random_network(g, 2, 2, 1));
    for (long edits = uniform(g, 1, 4); edits > 0; --edits) {
      if (text.empty()) break;
      std::size_t const at = g() % text.size();
      char const c = g() % 4 == 0 ? static_cast<char>(g() % 256) : alphabet[g() % alphabet.size()];
      switch (g() % 5) {
        case 0: text[at] = c; break;
        case 1: text.insert(at, 1, c); break;
        case 2: text.erase(at, 1 + g() % 3); break;
        case 3: text.insert(at, text.substr(g() % text.size(), g() % 30)); break;
        default:
          if (g() % 10 == 0)
            text.resize(at);
          else
            text[at] = alphabet[g() % 20];
      }
    }
    try {
      Network const f = read_network(text);
      EXPECT_TRUE(equal(f, read_network(write_network(f)))) << text;
      ++accepted;
    } catch (InvalidInput const& e) {
      std::string const what = e.what();
      EXPECT_EQ(what.rfind("network file: ", 0), 0U) << what;
      EXPECT_TRUE(std::all_of(what.begin(), what.end(), [](char c) { return c >= ' ' && c <= '~'; })) << what;
      EXPECT_LT(what.size(), 400U) << what;
      ++rejected;
    }
  });
  if (test::environment("NWIDTH_TEST_CASE").empty()) {  // both happen, or the test tests nothing
    EXPECT_GT(accepted, 0);
    EXPECT_GT(rejected, 0);
  }
}

}  // namespace
