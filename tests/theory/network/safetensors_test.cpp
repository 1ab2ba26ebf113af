// SPDX-License-Identifier: Apache-2.0
// machine_formats_test.py reads such files with the reference implementation.
#include "theory/network/safetensors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/theory/network/random_network.hpp"
#include "theory/network/json.hpp"

namespace nwidth {
namespace {

/// All numbers as the nearest floats, and no zeros at the end of a neuron's coefficients.
Network rounded(Network const& net, FloatFormat format) {
  auto number = [format](Rational const& q) {
    return exact(format == FloatFormat::f32 ? static_cast<double>(to_float(q)) : to_double(q));
  };
  auto numbers = [&](std::vector<Rational> v) {
    for (Rational& q : v) q = number(q);
    return v;
  };
  std::vector<Layer> layers;
  for (Layer layer : net.layers()) {
    std::vector<Entry> entries = layer.weights.entries();
    for (Entry& e : entries) e.value = number(e.value);
    layer.weights = SparseMatrix(layer.weights.rows(), layer.weights.columns(), entries);
    layer.bias = numbers(layer.bias);
    for (auto& c : layer.activation.coefficients) {
      bool const strip = layer.activation.per_neuron();
      c = numbers(c);
      while (strip && c.size() > 1 && c.back() == 0) c.pop_back();
    }
    layer.activation.numerator = numbers(layer.activation.numerator);
    layer.activation.denominator = numbers(layer.activation.denominator);
    layers.push_back(std::move(layer));
  }
  return {net.inputs(), layers};
}

Network random_net(std::mt19937_64& g) {
  Network net = test::random_network(g, static_cast<int>(test::uniform(g, 1, 3)), 2, static_cast<int>(g() % 4), false);
  std::vector<Layer> layers = net.layers();
  Activation& last = layers.back().activation;
  switch (g() % 4) {
    case 0: last = Activation::gelu(); break;
    case 1: last = Activation::silu(); break;
    case 2: last = Activation::rational({1, Rational(1, 3)}, {2, 0, Rational(1, 7)}); break;
    default: break;
  }
  return {net.inputs(), layers};
}

TEST(Safetensors, read_back_what_was_written_in_its_rounding) {
  test::for_random(200, [](std::mt19937_64& g) {
    Network const net = random_net(g);
    for (FloatFormat format : {FloatFormat::f64, FloatFormat::f32}) {
      NetworkFile const file = write_safetensors(net, format);
      EXPECT_EQ(file.bytes.size() % (format == FloatFormat::f32 ? 4 : 8), 0U);
      Network const back = read_safetensors(file.bytes);
      EXPECT_EQ(write_network(back), write_network(rounded(net, format)));
      EXPECT_TRUE(write_safetensors(back, format).rounding.exact());
      EXPECT_EQ(file.rounding.exact(), file.bytes.find(R"("exact":"true")") != std::string::npos);
    }
  });
}

std::string with_header(std::string const& header, std::string const& data) {
  std::string bytes;
  append_little_endian(bytes, header.size(), 8);
  return bytes + header + data;
}

std::string floats(std::vector<double> const& v) {
  std::string s;
  FloatWriter w(FloatFormat::f64);
  for (double x : v) w.append(s, exact(x), "x");
  return s;
}

std::string const meta = R"("__metadata__":{"schema":"nwidth.state_dict/1","activations":"relu"})";
std::string const weight = R"("layers.0.weight":{"dtype":"F64","shape":[1,1],"data_offsets":[0,8]})";
std::string const bias = R"("layers.0.bias":{"dtype":"F64","shape":[1],"data_offsets":[8,16]})";

TEST(Safetensors, of_other_hands_are_read) {
  std::string const data = floats({2, -1});
  Network const net = read_safetensors(with_header("{" + bias + "," + meta + "," + weight + "}   ", data));
  EXPECT_EQ(net(Rational(3)), 5);
  EXPECT_EQ(net(Rational(0)), 0);
}

void expect_refused(std::string const& bytes, std::string const& part) {
  try {
    read_safetensors(bytes);
    ADD_FAILURE() << "accepted, though: " << part;
  } catch (InvalidInput const& e) {
    std::string const what = e.what();
    EXPECT_NE(what.find(part), std::string::npos) << what << "\nshould say: " << part;
    EXPECT_EQ(what.find('\n'), std::string::npos);
  }
}

std::string replaced(std::string s, std::string const& a, std::string const& b) {
  std::size_t const at = s.find(a);
  EXPECT_NE(at, std::string::npos) << a;
  return s.replace(at, a.size(), b);
}

TEST(Safetensors, that_lie_are_refused_by_name) {
  std::string const header = "{" + meta + "," + weight + "," + bias + "}", data = floats({2, -1});
  ASSERT_NO_THROW(read_safetensors(with_header(header, data)));
  auto bad = [&](std::string const& from, std::string const& to, std::string const& part) {
    expect_refused(with_header(replaced(header, from, to), data), part);
  };
  expect_refused("", "8 bytes");
  expect_refused("1234567", "8 bytes");
  expect_refused(std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}", 10), "18446744073709551615");
  std::string longer = with_header(header, data);
  longer[2] = 1;
  expect_refused(longer, "a header of");
  expect_refused(with_header("", data), "begin with {");
  expect_refused(with_header(" " + header, data), "begin with {");
  expect_refused(with_header("{", ""), "no JSON");
  expect_refused(with_header(header + "x", data), "no JSON");
  expect_refused(with_header(header + std::string(1, '\0'), data), "zero byte");
  expect_refused(with_header("{\"a\":[[[[1]]]]}", ""), "nested");
  expect_refused(with_header("{" + weight + "," + bias + "}", data), "schema");
  bad("state_dict/1", "state_dict/2", "nwidth.state_dict/2");
  bad("\"relu\"", "\"tanh\"", "tanh");
  bad("\"relu\"", "\"relu_power:x\"", "relu_power:x");
  bad("\"relu\"", "\"relu_power:0\"", "1 <= k");
  bad("\"relu\"", "\"relu_power:99999999999\"", "relu_power:99999999999");
  bad("\"relu\"", "\"\"", "no layer");
  bad("\"relu\"", "7", "texts only");
  bad("\"relu\"", "\"polyrelu\"", "layers.0.activation.coefficients");
  bad("\"relu\"", "\"relu relu\"", "layers.1.weight");
  bad(weight, weight + "," + weight, "twice");
  bad("layers.0.bias", "layers.0.bios", "layers.0.bias");
  bad("[8,16]", "[0,8]", "overlap");
  bad("[8,16]", "[7,15]", "overlap");
  bad("[8,16]", "[8,24]", "data_offsets");
  bad("[8,16]", "[16,8]", "data_offsets");
  bad("[8,16]", "[8]", "data_offsets");
  bad("[8,16]", "[8,18446744073709551615]", "data_offsets");
  bad("[8,16]", "[8,-1]", "data_offsets");
  bad("[8,16]", "[8,16.0]", "data_offsets");
  bad("[8,16]", "\"8\"", "data_offsets");
  bad("\"shape\":[1]", "\"shape\":[2]", "ask for 16 bytes");
  bad("\"shape\":[1]", "\"shape\":[0]", "such a shape");
  bad("\"shape\":[1]", "\"shape\":[4294967296,4294967296,1]", "such a shape");
  bad("\"shape\":[1]", "\"shape\":[1,1]", "one dimension");
  bad("[1,1]", "[1]", "[rows, columns]");
  bad("\"dtype\":\"F64\"", "\"dtype\":\"F16\"", "F16");
  bad("\"dtype\":\"F64\"", "\"dtype\":\"F32\"", "ask for 4 bytes");
  bad("\"dtype\":\"F64\",", "", "dtype");
  bad("\"dtype\":\"F64\",", "\"dtype\":\"F64\",\"more\":1,", "nothing else");
  expect_refused(with_header(header, data + "12345678"), "no tensor covers byte 16");
  expect_refused(with_header(header, data.substr(0, 15)), "data_offsets");
  std::string const extra = R"(,"other":{"dtype":"F64","shape":[1],"data_offsets":[16,24]}})";
  expect_refused(with_header(header.substr(0, header.size() - 1) + extra, data + floats({1})), "\"other\"");
  std::string poisoned = data;
  poisoned.replace(0, 8, std::string("\0\0\0\0\0\0\xF8\x7F", 8));
  expect_refused(with_header(header, poisoned), "NaN");
}

TEST(Safetensors, of_any_bytes_are_refused_or_are_a_network_that_survives) {
  int accepted = 0, refused = 0;
  test::for_random(3000, [&](std::mt19937_64& g) {
    std::string bytes = write_safetensors(random_net(g), test::coin(g) ? FloatFormat::f32 : FloatFormat::f64).bytes;
    std::string const before = bytes;
    for (int i = static_cast<int>(test::uniform(g, 1, 2)); i > 0 && !bytes.empty(); --i) {
      std::size_t const at = test::coin(g) ? g() % bytes.size() : g() % std::min<std::size_t>(bytes.size(), 400);
      switch (g() % 6) {
        case 0: bytes[at] = static_cast<char>(g()); break;
        case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << (g() % 8))); break;
        case 2: bytes.erase(at, 1 + g() % 8); break;
        case 3: bytes.insert(at, std::string(1 + g() % 8, static_cast<char>(g()))); break;
        case 4: bytes.resize(at); break;
        default: bytes[at] = "0123456789{}[],:\"-e."[g() % 20]; break;
      }
    }
    try {
      Network const net = read_safetensors(bytes);
      ++accepted;
      // what was accepted is finite, and is the same after another round
      EXPECT_EQ(write_network(read_safetensors(write_safetensors(net).bytes)), write_network(net));
      EXPECT_TRUE(write_safetensors(net).rounding.exact());
    } catch (InvalidInput const& e) {
      ++refused;
      EXPECT_NE(std::string(e.what()), "");
    }
  });
  EXPECT_GT(refused, 0);
  if (test::multiplier() >= 1 && test::environment("NWIDTH_TEST_CASE").empty()) {
    EXPECT_GT(accepted, 100);  // changed numbers are numbers
    EXPECT_GT(refused, 1000);
  }
}

}  // namespace
}  // namespace nwidth
