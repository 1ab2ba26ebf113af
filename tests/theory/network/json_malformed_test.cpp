// SPDX-License-Identifier: Apache-2.0
/// Each malformed network file gives one line that names the place and what is allowed.
#include <gtest/gtest.h>

#include "tests/random.hpp"
#include "theory/network/json.hpp"

namespace {

using namespace nwidth;

std::string message(std::string const& text) {
  try {
    read_network(text);
  } catch (InvalidInput const& e) {
    return e.what();
  }
  return "(accepted)";
}

/// The file with one part replaced.
struct File {
  std::string schema = R"("nwidth.network/1")", inputs = "1";
  std::string rows = "2", cols = "1", entries = R"([[0, 0, "1"], [1, 0, "0x1.8p-1"]])", bias = R"(["1/3", "-0.1"])";
  std::string activation = R"({"kind": "polyrelu", "coefficients": ["0", "1/3"]})";
  std::string last =
      R"({"weights": {"rows": 1, "cols": 2, "entries": [[0, 0, "1"]]}, "bias": ["0"], "activation": {"kind": "identity"}})";
  std::string more, after;  // keys behind the layers, text behind the end

  std::string text() const {
    return R"({"schema": )" + schema + R"(, "inputs": )" + inputs + R"(, "layers": [{"weights": {"rows": )" + rows +
           R"(, "cols": )" + cols + R"(, "entries": )" + entries + R"(}, "bias": )" + bias + R"(, "activation": )" +
           activation + "}, " + last + "]" + more + "}" + after;
  }
};

struct Case {
  std::string text;
  std::vector<std::string> fragments;
};

void expect(std::vector<Case> const& cases) {
  for (Case const& c : cases) {
    std::string const what = message(c.text);
    EXPECT_EQ(what.find('\n'), std::string::npos) << what;
    EXPECT_LT(what.size(), 400U) << what;
    for (std::string const& fragment : c.fragments)
      EXPECT_NE(what.find(fragment), std::string::npos) << "expected: " << fragment << "\ngot:      " << what;
  }
}

/// The case with `member` replaced by `value`.
Case with(std::string File::*member, std::string const& value, std::vector<std::string> const& fragments) {
  File f;
  f.*member = value;
  return {f.text(), fragments};
}

TEST(MalformedNetwork, TheUnchangedFileIsFine) { EXPECT_EQ(message(File().text()), "(accepted)"); }

TEST(MalformedNetwork, NotJson) {
  expect({
      {"", {"not JSON at byte 1", "unexpected end of input"}},
      {"   \n", {"not JSON at byte 5"}},
      {"network", {"not JSON at byte 2"}},
      {"{", {"not JSON at byte 2"}},
      {File().text().substr(0, 100), {"not JSON at byte 101"}},
      {File().text() + std::string("\0x", 2), {"not JSON at byte 34", "a zero byte"}},
      {std::string("\0", 1), {"not JSON at byte 1"}},
      {"\xff\xfe{}", {"not JSON at byte 1"}},
      {R"({"schema": "nwidth.network/1",})", {"not JSON at byte 31"}},
      {"{'schema': 1}", {"not JSON at byte 2"}},
      {"// a comment\n" + File().text(), {"not JSON at byte 1"}},
      with(&File::inputs, "NaN", {"not JSON at byte", "invalid literal"}),
      with(&File::inputs, "Infinity", {"not JSON at byte"}),
      with(&File::inputs, "01", {"not JSON at byte"}),
      with(&File::inputs, "1e999", {"not JSON", "1e999"}),
      with(&File::bias, "[\"1\xff\", \"0\"]", {"not JSON at byte", "UTF-8"}),
      with(&File::bias, "[\"1\", \"0\xc3\"]", {"not JSON at byte", "UTF-8"}),
      with(&File::bias, "[\"1\n\", \"0\"]", {"not JSON at byte", "control character"}),
      with(&File::after, "x", {"not JSON at byte 3"}),
      with(&File::after, "{}", {"not JSON at byte 3", "expected end of input"}),
      with(&File::after, std::string("\0", 1), {"not JSON at byte 3", "a zero byte"}),
  });
}

TEST(MalformedNetwork, WrongSchema) {
  expect({
      {"[]", {"an object with \"schema\": \"nwidth.network/1\" is needed, not a list of 0"}},
      {"null", {"is needed, not null"}},
      {"\"nwidth.network/1\"", {"an object with \"schema\""}},
      {"{}", {"the key \"schema\" is missing", "nwidth.network/1"}},
      {R"({"inputs": 1})", {"the key \"schema\" is missing"}},
      with(&File::schema, R"("nwidth.network/2")",
           {"schema: this reader knows \"nwidth.network/1\", not \"nwidth.network/2\""}),
      with(&File::schema, "1", {"schema: this reader knows", "not 1"}),
      with(&File::schema, "null", {"schema: this reader knows", "not null"}),
  });
}

TEST(MalformedNetwork, Keys) {
  expect({
      {R"({"schema": "nwidth.network/1"})",
       {"the key \"inputs\" is missing; needed are \"schema\", \"inputs\", \"layers\""}},
      {R"({"schema": "nwidth.network/1", "inputs": 1})", {"the key \"layers\" is missing"}},
      with(&File::more, R"(, "Inputs": 1)",
           {"network file: unknown key \"Inputs\"; allowed are \"schema\", \"inputs\", \"layers\""}),
      with(&File::more, R"(, "\u00e9\n": 1)", {"unknown key \"???\""}),
      with(&File::more, R"(, "inputs": 1)", {"network file: the key \"inputs\" is given twice"}),
      with(&File::rows, R"(2, "rows": 2)", {"layers[0].weights: the key \"rows\" is given twice"}),
      with(&File::activation, R"({"kind": "relu", "kind": "relu"})",
           {"layers[0].activation: the key \"kind\" is given twice"}),
      with(&File::last, R"({"bias": [], "bias": []})", {"layers[1]: the key \"bias\" is given twice"}),
      with(&File::last, "{}",
           {"layers[1]: the key \"weights\" is missing; needed are \"weights\", \"bias\", \"activation\""}),
      with(&File::last, R"({"weights": {"rows": 1, "cols": 2, "entries": []}, "bias": ["0"]})",
           {"layers[1]: the key \"activation\" is missing"}),
      with(&File::last, "[]", {"layers[1]: a layer is an object", "not a list of 0"}),
      with(&File::rows, R"(2, "name": "w")",
           {"layers[0].weights: unknown key \"name\"; allowed are \"rows\", \"cols\", \"entries\""}),
      with(&File::activation, R"({"kind": "relu", "k": 2})",
           {"layers[0].activation: unknown key \"k\"; allowed are \"kind\""}),
      with(&File::activation, R"({"kind": "relu_power"})", {"layers[0].activation: the key \"k\" is missing"}),
  });
}

TEST(MalformedNetwork, Numbers) {
  std::string const rule = R"(numbers are exact and therefore strings, "0.1", "-3", "1/3" or "0x1.8p-1", not )";
  expect({
      with(&File::bias, R"(["1/3", -0.1])", {"layers[0].bias[1]: " + rule + "-0.1"}),
      with(&File::bias, "[1, 2]", {"layers[0].bias[0]: " + rule + "1"}),
      with(&File::bias, R"(["0", null])", {"layers[0].bias[1]: " + rule + "null"}),
      with(&File::bias, R"(["0", ["0"]])", {"layers[0].bias[1]: " + rule.substr(0, 30), "not a list of 1"}),
      with(&File::entries, R"([[0, 0, "1"], [1, 0, 0.75]])", {"layers[0].weights.entries[1][2]: " + rule + "0.75"}),
      with(&File::bias, R"(["nan", "0"])", {"layers[0].bias[0]: 'nan' is not an exact number"}),
      with(&File::bias, R"(["0", "-inf"])", {"layers[0].bias[1]: '-inf' is not an exact number"}),
      with(&File::bias, R"(["0", ""])", {"layers[0].bias[1]: '' is not an exact number"}),
      with(&File::bias, R"(["0", "1/0"])", {"layers[0].bias[1]: '1/0' divides by zero"}),
      with(&File::bias, R"(["0", "1e100001"])", {"layers[0].bias[1]: '1e100001'"}),
      with(&File::bias, R"(["0", "1 "])", {"layers[0].bias[1]: '1 '"}),
      with(&File::bias, R"(["0", "1\n2"])", {"layers[0].bias[1]: '1?2'"}),
      with(&File::bias, R"(["0", ")" + std::string(100000, '7') + R"(x"])",
           {"layers[0].bias[1]: '7777", "...' is not an exact number"}),
      with(&File::bias, R"(["0", "1/)" + std::string(100000, '0') + R"("])",
           {"layers[0].bias[1]: '1/0000", "...' divides by zero"}),
      with(&File::activation, R"({"kind": "polyrelu", "coefficients": [0, 1]})",
           {"layers[0].activation.coefficients[0]: " + rule + "0"}),
      with(&File::activation, R"({"kind": "polyrelu", "coefficients": [["0"], ["1", 2]]})",
           {"layers[0].activation.coefficients[1][1]: " + rule + "2"}),
      with(&File::activation, R"({"kind": "rational", "numerator": ["1"], "denominator": ["1", "x"]})",
           {"layers[0].activation.denominator[1]: 'x'"}),
  });
}

TEST(MalformedNetwork, Shapes) {
  expect({
      with(&File::inputs, "0", {"inputs: a number of inputs from 1 to 1000000, not 0"}),
      with(&File::inputs, "-1", {"inputs: a number of inputs", "not -1"}),
      with(&File::inputs, "1.0", {"inputs: a number of inputs", "not 1.0"}),
      with(&File::inputs, "\"1\"", {"inputs: a number of inputs", "not \"1\""}),
      with(&File::inputs, "2000000", {"inputs: a number of inputs from 1 to 1000000, not 2000000"}),
      with(&File::inputs, "2", {"layers[0].weights.cols: must be 2, the number of inputs, not 1"}),
      with(&File::rows, "0", {"layers[0].weights.rows: a number of rows from 1 to 2147483647, not 0"}),
      with(&File::rows, "1000000000000", {"layers[0].weights.rows: a number of rows", "not 1000000000000"}),
      with(&File::rows, "18446744073709551615",
           {"layers[0].weights.rows: a number of rows", "not 18446744073709551615"}),
      with(&File::rows, "18446744073709551616", {"layers[0].weights.rows: a number of rows"}),
      with(&File::rows, "2000000000", {"layers[0].bias: 2000000000 numbers are needed, one per row, not 2"}),
      with(&File::rows, "3", {"layers[0].bias: 3 numbers are needed, one per row, not 2"}),
      with(&File::cols, "2000000000", {"layers[0].weights.cols: must be 1, the number of inputs, not 2000000000"}),
      with(&File::cols, "true", {"layers[0].weights.cols: a number of columns", "not true"}),
      with(&File::last,
           R"({"weights": {"rows": 1, "cols": 3, "entries": []}, "bias": ["0"], "activation": {"kind": "relu"}})",
           {"layers[1].weights.cols: must be 2, the rows of the layer before, not 3"}),
      with(&File::bias, "[]", {"layers[0].bias: 2 numbers are needed, one per row, not 0"}),
      with(&File::bias, "\"0\"", {"layers[0].bias: a list of numbers is needed, not \"0\""}),
      with(&File::bias, "{}", {"layers[0].bias: a list of numbers is needed, not an object"}),
      {R"({"schema": "nwidth.network/1", "inputs": 1, "layers": []})", {"layers: at least one layer is needed"}},
      {R"({"schema": "nwidth.network/1", "inputs": 1, "layers": {}})",
       {"layers: a list of layers is needed, not an object"}},
      {R"({"schema": "nwidth.network/1", "inputs": 1, "layers": [{"weights": [], "bias": [], "activation": {}}]})",
       {"layers[0].weights: an object with \"rows\", \"cols\", \"entries\" is needed, not a list of 0"}},
  });
}

TEST(MalformedNetwork, Entries) {
  expect({
      with(&File::entries, "{}",
           {"layers[0].weights.entries: a list of entries [row, column, \"value\"] is needed, not an object"}),
      with(&File::entries, R"([0, 0, "1"])",
           {"layers[0].weights.entries[0]: an entry is [row, column, \"value\"], not 0"}),
      with(&File::entries, R"([[0, 0, "1"], [1, "1"]])",
           {"layers[0].weights.entries[1]: an entry is", "not a list of 2"}),
      with(&File::entries, R"([[0, 0, "1", "2"]])", {"layers[0].weights.entries[0]: an entry is", "not a list of 4"}),
      with(&File::entries, R"([[0, 0, "1"], [2, 0, "1"]])",
           {"layers[0].weights.entries[1][0]: a row from 0 to 1, not 2"}),
      with(&File::entries, R"([[0, 1, "1"]])", {"layers[0].weights.entries[0][1]: a column from 0 to 0, not 1"}),
      with(&File::entries, R"([[-1, 0, "1"]])", {"layers[0].weights.entries[0][0]: a row from 0 to 1, not -1"}),
      with(&File::entries, R"([[0.0, 0, "1"]])", {"layers[0].weights.entries[0][0]: a row from 0 to 1, not 0.0"}),
      with(&File::entries, R"([["0", 0, "1"]])", {"layers[0].weights.entries[0][0]: a row from 0 to 1, not \"0\""}),
      with(&File::entries, R"([[9223372036854775808, 0, "1"]])",
           {"layers[0].weights.entries[0][0]: a row from 0 to 1"}),
      with(&File::entries, R"([[0, 0, "1"], [1, 0, "1"], [0, 0, "1"]])",
           {"layers[0].weights.entries[2]: row 0, column 0 is given already by entries[0]"}),
      with(&File::entries, R"([[0, 0, "0"], [0, 0, "1"]])",
           {"layers[0].weights.entries[1]: row 0, column 0 is given already"}),
  });
}

TEST(MalformedNetwork, Activations) {
  std::string const kinds = "kinds are identity, relu, relu_power, polyrelu, rational, gelu, silu";
  expect({
      with(&File::activation, "\"relu\"", {"layers[0].activation: an object with \"kind\" is needed, not \"relu\""}),
      with(&File::activation, "{}", {"layers[0].activation: the key \"kind\" is missing; " + kinds}),
      with(&File::activation, R"({"kind": "tanh"})", {"layers[0].activation.kind: " + kinds + ", not \"tanh\""}),
      with(&File::activation, R"({"kind": 1})", {"layers[0].activation.kind: " + kinds + ", not 1"}),
      with(&File::activation, R"({"kind": "relu_power", "k": 0})",
           {"layers[0].activation.k: a power from 1 to 1000, not 0"}),
      with(&File::activation, R"({"kind": "relu_power", "k": 2147483647})",
           {"layers[0].activation.k: a power from 1 to 1000, not 2147483647"}),
      with(&File::activation, R"({"kind": "relu_power", "k": "2"})",
           {"layers[0].activation.k: a power from 1 to 1000, not \"2\""}),
      with(&File::activation, R"({"kind": "polyrelu", "coefficients": []})",
           {"layers[0].activation.coefficients: at least one coefficient is needed"}),
      with(&File::activation, R"({"kind": "polyrelu", "coefficients": "1"})",
           {"layers[0].activation.coefficients: a list of numbers"}),
      with(&File::activation, R"({"kind": "polyrelu", "coefficients": [["1"]]})",
           {"layers[0].activation.coefficients: 2 lists are needed, one per neuron, not 1"}),
      with(&File::activation, R"({"kind": "polyrelu", "coefficients": [["1"], []]})",
           {"layers[0].activation.coefficients[1]: at least one coefficient is needed"}),
      with(&File::activation, R"({"kind": "polyrelu", "coefficients": [["1"], "1"]})",
           {"layers[0].activation.coefficients[1]: a list of numbers is needed"}),
      with(&File::activation, R"({"kind": "polyrelu", "coefficients": ["1", ["1"]]})",
           {"layers[0].activation.coefficients[1]: numbers are exact"}),
      with(&File::activation, R"({"kind": "rational", "numerator": [], "denominator": ["1"]})",
           {"layers[0].activation: a rational activation needs a numerator and a denominator"}),
      with(&File::activation, R"({"kind": "rational", "numerator": ["1"], "denominator": ["0", "0/7"]})",
           {"layers[0].activation: the denominator of a rational activation must not be 0"}),
  });
}

TEST(MalformedNetwork, SizesThatWouldTakeTheMachineDown) {
  expect({
      {std::string(1000000, '['), {"nested more than 8 deep"}},
      {R"({"schema": )" + std::string(100000, '[') + std::string(100000, ']') + "}",
       {"schema[0][0]", "nested more than 8 deep"}},
      {std::string(most_network_bytes + 1, ' '), {"longer than"}},
  });
  // 9 bytes of text for 10^5 bits each: refused before the memory is gone
  std::string many;
  for (int i = 0; i < 6000; ++i) many += R"("0x1p99999",)";
  File f;
  f.rows = "6001";
  f.bias = "[" + many + "\"0\"]";
  std::string const what = message(f.text());
  EXPECT_NE(what.find("the numbers up to here have more than"), std::string::npos) << what;
}

}  // namespace
