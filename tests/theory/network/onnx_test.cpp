// SPDX-License-Identifier: Apache-2.0
// That the models are valid and compute what the networks do is what machine_formats_test.py finds out, with ONNX
// Runtime.
#include "theory/network/onnx.hpp"

#include <gtest/gtest.h>

#include "tests/theory/network/random_network.hpp"
#include "theory/network/safetensors.hpp"

namespace nwidth {
namespace {

/// A protobuf message taken apart: (field, bytes or decimal number). Fails the test on anything that is none.
std::vector<std::pair<unsigned, std::string>> fields(std::string_view m) {
  std::vector<std::pair<unsigned, std::string>> result;
  std::size_t i = 0;
  auto varint = [&] {
    unsigned long long x = 0;
    for (int shift = 0; i < m.size(); shift += 7) {
      auto const byte = static_cast<unsigned char>(m[i++]);
      x |= static_cast<unsigned long long>(byte & 0x7F) << shift;
      if (byte < 0x80) return x;
    }
    ADD_FAILURE() << "a varint without end";
    return x;
  };
  while (i < m.size()) {
    unsigned long long const key = varint();
    auto const field = static_cast<unsigned>(key >> 3);
    if (key % 8 == 0) {
      result.emplace_back(field, std::to_string(varint()));
    } else {
      EXPECT_EQ(key % 8, 2U);
      auto const size = static_cast<std::size_t>(varint());
      EXPECT_LE(size, m.size() - i);
      if (size > m.size() - i) return result;
      result.emplace_back(field, std::string(m.substr(i, size)));
      i += size;
    }
  }
  return result;
}

std::vector<std::string> all(std::vector<std::pair<unsigned, std::string>> const& m, unsigned field) {
  std::vector<std::string> v;
  for (auto const& [f, value] : m)
    if (f == field) v.push_back(value);
  return v;
}

TEST(WriteOnnx, holds_the_weights_under_their_names_and_says_how_they_were_rounded) {
  Network const net(2, {{SparseMatrix::dense({{1, Rational(1, 3)}, {0, Rational(-5, 4)}, {7, 0}}),
                         {0, Rational(1, 2), -3},
                         Activation::polyrelu({0, 1, Rational(1, 5)})},
                        {SparseMatrix::dense({{1, 2, 3}}), {Rational(1, 4)}, Activation::relu_power(5)}});
  for (FloatFormat format : {FloatFormat::f64, FloatFormat::f32}) {
    NetworkFile const file = write_onnx(net, format);
    EXPECT_EQ(file.rounding.numbers, 12U);
    EXPECT_EQ(file.rounding.rounded, 2U);
    bool const wide = format == FloatFormat::f64;
    Rational const third = exact(wide ? 1.0 / 3 : static_cast<double>(1.0F / 3));
    Rational const fifth = exact(wide ? 1.0 / 5 : static_cast<double>(1.0F / 5));
    EXPECT_EQ(file.rounding.largest, std::max(Rational(abs(third * 3 - 1)), Rational(abs(fifth * 5 - 1))));
    auto const model = fields(file.bytes);
    EXPECT_EQ(all(model, 1), std::vector<std::string>{"8"});
    EXPECT_EQ(all(fields(all(model, 8).at(0)), 2), std::vector<std::string>{"17"});
    std::vector<std::string> properties;
    for (std::string const& p : all(model, 14))
      for (auto const& [field, text] : fields(p)) properties.push_back(text);
    EXPECT_EQ(properties[1], "nwidth.state_dict/1");
    EXPECT_EQ(properties[3], "polyrelu relu_power:5");
    EXPECT_EQ(properties[5], "false");
    auto const graph = fields(all(model, 7).at(0));
    bool found = false;
    for (std::string const& t : all(graph, 5)) {
      auto const tensor = fields(t);
      if (all(tensor, 8).at(0) != "layers.0.weight") continue;
      found = true;
      EXPECT_EQ(all(tensor, 1), (std::vector<std::string>{"3", "2"}));
      EXPECT_EQ(all(tensor, 2).at(0), wide ? "11" : "1");
      std::string const raw = all(tensor, 9).at(0);
      std::size_t const size = wide ? 8 : 4;
      ASSERT_EQ(raw.size(), 6 * size);
      std::vector<double> const expected{1, to_double(third), 0, -1.25, 7, 0};
      for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(read_float(raw.data() + i * size, format), expected[i]);
    }
    EXPECT_TRUE(found);
    std::vector<std::string> operators;
    for (std::string const& n : all(graph, 1)) operators.push_back(all(fields(n), 4).at(0));
    EXPECT_EQ(operators, (std::vector<std::string>{"Gemm", "Relu", "Mul", "Add", "Mul", "Add", "Gemm", "Relu", "Mul",
                                                   "Mul", "Mul", "Identity"}));
  }
}

TEST(WriteOnnx, counts_roundings_as_safetensors_does_and_refuses_what_does_not_fit) {
  test::for_random(50, [](std::mt19937_64& g) {
    Network const net = test::random_network(g, 2, 2, static_cast<int>(g() % 3), false);
    FloatFormat const format = test::coin(g) ? FloatFormat::f32 : FloatFormat::f64;
    Rounding const a = write_onnx(net, format).rounding, b = write_safetensors(net, format).rounding;
    EXPECT_EQ(a.numbers, b.numbers);
    EXPECT_EQ(a.rounded, b.rounded);
    EXPECT_EQ(a.largest, b.largest);
    EXPECT_LE(a.largest, power_of_two(format == FloatFormat::f32 ? -24 : -53));
  });
  auto one = [](Rational const& w) { return Network(1, {{SparseMatrix::dense({{w}}), {0}, Activation::identity()}}); };
  EXPECT_THROW(write_onnx(one(power_of_two(1024))), InvalidInput);
  EXPECT_THROW(write_onnx(one(power_of_two(128)), FloatFormat::f32), InvalidInput);
  EXPECT_NO_THROW(write_onnx(one(power_of_two(128))));
  EXPECT_THROW(write_onnx(Network()), InvalidInput);
  Network const wide(100'000, {{SparseMatrix(30'000, 100'000, {}), std::vector<Rational>(30'000), {}}});
  EXPECT_THROW(write_onnx(wide), InvalidInput);
}

}  // namespace
}  // namespace nwidth
