// SPDX-License-Identifier: Apache-2.0
#include "theory/network/onnx.hpp"

#include <algorithm>
#include <vector>

#include "theory/network/state_dict.hpp"

namespace nwidth {
namespace {

/// A protocol-buffer message as bytes: fields of varints (wire type 0) and of bytes, texts or messages (2).
class Message {
 public:
  Message& integer(unsigned field, unsigned long long value) {
    varint(field << 3);
    varint(value);
    return *this;
  }
  Message& bytes(unsigned field, std::string_view value) {
    varint((field << 3) | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(unsigned field, Message const& value) { return bytes(field, value.bytes_); }
  std::string& str() { return bytes_; }

 private:
  void varint(unsigned long long value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

// Field numbers are those of onnx.proto.
Message property(std::string_view key, std::string_view value) {
  Message m;
  m.bytes(1, key).bytes(2, value);
  return m;
}

class Graph {
 public:
  Graph(Network const& net, FloatFormat format) : writer_(format), type_(format == FloatFormat::f32 ? 1 : 11) {
    std::string h = "x";
    for (std::size_t l = 0; l < net.layers().size(); ++l) {
      Layer const& layer = net.layers()[l];
      layer_ = "layers." + std::to_string(l);
      for (Tensor& tensor : tensors(layer, layer_)) initializer(std::move(tensor));
      next_ = 0;
      h = node("Gemm", {h, layer_ + ".weight", layer_ + ".bias"}, true);
      h = activation(layer.activation, h);
    }
    nodes_.message(1, make_node("Identity", {h}, "y", false));
    nodes_.bytes(2, "nwidth");
    nodes_.str() += initializers_.str();
    nodes_.message(11, value("x", net.inputs())).message(12, value("y", net.outputs()));
  }

  Message const& message() const { return nodes_; }
  Rounding const& rounding() const { return writer_.rounding(); }

 private:
  std::string activation(Activation const& a, std::string const& z) {
    using Kind = Activation::Kind;
    switch (a.kind) {
      case Kind::identity: return z;
      case Kind::relu: return node("Relu", {z});
      case Kind::relu_power: return power(node("Relu", {z}), a.power);
      case Kind::polyrelu: return horner(node("Relu", {z}), most_coefficients(a), ".activation.coefficients");
      case Kind::rational: {
        std::string const p = horner(z, a.numerator.size(), ".activation.numerator");
        return node("Div", {p, horner(z, a.denominator.size(), ".activation.denominator")});
      }
      case Kind::gelu: {
        // sqrt(1/2) to 30 digits: what the nearest floats need
        std::string const root = constant("sqrt_half", parse_rational("0.707106781186547524400844362105"));
        std::string const e = node("Erf", {node("Mul", {z, root})});
        std::string const half = node("Mul", {z, constant("half", Rational(1, 2))});
        return node("Mul", {half, node("Add", {e, constant("one", 1)})});
      }
      case Kind::silu: return node("Mul", {z, node("Sigmoid", {z})});
    }
    throw InvalidInput("an activation that ONNX files do not know");
  }

  /// h^k with about 2 log2 k products.
  std::string power(std::string h, int k) {
    std::string result;
    for (;; k /= 2) {
      if (k % 2 == 1) result = result.empty() ? h : node("Mul", {result, h});
      if (k == 1) return result;
      h = node("Mul", {h, h});
    }
  }

  /// With the columns of the tensor of coefficients, cut out as initializers of their own.
  std::string horner(std::string const& t, std::size_t count, std::string const& suffix) {
    std::string const of = layer_ + suffix + ".";
    if (count == 1)  // a constant still has the shape of t
      return node("Add", {node("Mul", {t, constant("zero", 0)}), of + "0"});
    std::string s = of + std::to_string(count - 1);
    for (std::size_t i = count - 1; i-- > 0;) s = node("Add", {node("Mul", {s, t}), of + std::to_string(i)});
    return s;
  }

  static std::size_t most_coefficients(Activation const& a) {
    std::size_t most = 0;
    for (auto const& c : a.coefficients) most = std::max(most, c.size());
    return most;
  }

  /// The tensor, or for coefficients each of the columns.
  void initializer(Tensor tensor) {
    if (tensor.name.find(".activation.") == std::string::npos) {
      store(tensor.name, tensor.shape, tensor);
      return;
    }
    std::size_t const columns = tensor.shape.back();
    std::size_t const rows = tensor.shape.size() == 2 ? tensor.shape[0] : 1;
    for (std::size_t c = 0; c < columns; ++c) {
      Tensor column{tensor.name + "." + std::to_string(c), {rows}, {}};
      for (std::size_t r = 0; r < rows; ++r)
        if (Rational const* v = tensor.find(r * columns + c)) column.values.emplace_back(r, *v);
      store(column.name, column.shape, column);
    }
  }

  void store(std::string const& name, std::vector<std::size_t> const& shape, Tensor const& tensor) {
    Message m;
    for (std::size_t d : shape) m.integer(1, d);
    m.integer(2, type_).bytes(8, name);
    std::string raw;
    tensor.append(raw, writer_);
    m.bytes(9, raw);
    initializers_.message(5, m);
  }

  std::string constant(std::string const& name, Rational const& value) {
    std::string const full = "constant." + name;
    if (std::find(constants_.begin(), constants_.end(), full) == constants_.end()) {
      constants_.push_back(full);
      FloatWriter uncounted(type_ == 1 ? FloatFormat::f32 : FloatFormat::f64);
      std::string raw;
      uncounted.append(raw, value, full);
      Message m;
      m.integer(1, 1).integer(2, type_).bytes(8, full).bytes(9, raw);
      initializers_.message(5, m);
    }
    return full;
  }

  static Message make_node(char const* op, std::vector<std::string> const& in, std::string const& out,
                           bool transposed) {
    Message m;
    for (std::string const& i : in) m.bytes(1, i);
    m.bytes(2, out).bytes(3, out).bytes(4, op);
    if (transposed) {
      Message attribute;
      attribute.bytes(1, "transB").integer(3, 1).integer(20, 2);  // an INT
      m.message(5, attribute);
    }
    return m;
  }

  std::string node(char const* op, std::vector<std::string> const& in, bool transposed = false) {
    std::string const out = layer_ + "." + std::to_string(next_++);
    nodes_.message(1, make_node(op, in, out, transposed));
    return out;
  }

  Message value(char const* name, int columns) const {
    Message batch, width, shape, tensor, type, m;
    batch.bytes(2, "N");
    width.integer(1, static_cast<unsigned long long>(columns));
    shape.message(1, batch).message(1, width);
    tensor.integer(1, type_).message(2, shape);
    type.message(1, tensor);
    m.bytes(1, name).message(2, type);
    return m;
  }

  FloatWriter writer_;
  unsigned type_;
  Message nodes_, initializers_;
  std::vector<std::string> constants_;
  std::string layer_;
  int next_ = 0;
};

}  // namespace

NetworkFile write_onnx(Network const& net, FloatFormat format) {
  require_dense_size(net, format, most_model_bytes, "an ONNX model");
  Graph const graph(net, format);
  Message model, operators;
  operators.bytes(1, "").integer(2, 17);
  model.integer(1, 8).bytes(2, "nwidth").message(7, graph.message()).message(8, operators);
  for (auto const& [key, value] : properties(net, graph.rounding())) model.message(14, property(key, value));
  return {std::move(model.str()), graph.rounding()};
}

}  // namespace nwidth
