// SPDX-License-Identifier: Apache-2.0
#include "theory/network/safetensors.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <vector>

#include "theory/network/state_dict.hpp"
#include "theory/number/safetensors_header.hpp"

namespace nwidth {
namespace {

using Json = nlohmann::json;
constexpr std::size_t longest_header = 100'000'000;  // as the reference implementation has it
constexpr std::size_t most_bytes = std::size_t{1} << 36;

[[noreturn]] void fail(std::string const& what) { throw InvalidInput("safetensors file: " + what); }

/// Foreign text in quotes: short, printable.
std::string shown(std::string_view s) {
  std::string text(s.substr(0, 60));
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return "\"" + text + (s.size() > 60 ? "...\"" : "\"");
}

/// JSON with no key twice and no deep nesting, which the parser would let pass.
Json parse_header(std::string_view text) {
  if (text.empty() || text[0] != '{') fail("the header is to begin with {");
  std::vector<std::set<std::string>> open;
  auto watch = [&open](int, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      if (open.size() >= 3) fail("the header is nested more than 3 deep");
      open.emplace_back();
    } else if (event == Event::object_end || event == Event::array_end) {
      open.pop_back();
    } else if (event == Event::key) {
      auto const& key = parsed.get_ref<std::string const&>();
      if (!open.back().insert(key).second) fail("the key " + shown(key) + " is given twice");
    }
    return true;
  };
  if (text.find('\0') != std::string_view::npos) fail("a zero byte in the header");  // the parser would stop there
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (Json::parse_error const& e) {
    fail("the header is no JSON at its byte " + std::to_string(e.byte));
  } catch (Json::exception const&) {
    fail("the header is no JSON");
  }
}

struct Stored {
  FloatFormat format;
  std::vector<std::size_t> shape;
  std::size_t begin, end;
  std::string_view data;
  bool used = false;
};

class File {
 public:
  explicit File(std::string_view bytes) {
    if (bytes.size() < 8) fail("8 bytes with the length of the header are needed, not " + std::to_string(bytes.size()));
    std::uint64_t length = 0;
    for (int i = 8; i-- > 0;) length = (length << 8) | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
    if (length > longest_header || length > bytes.size() - 8)
      fail("a header of " + std::to_string(length) + " bytes, where at most " +
           std::to_string(std::min(longest_header, bytes.size() - 8)) + " are possible");
    auto const header_size = static_cast<std::size_t>(length);
    Json const header = parse_header(bytes.substr(8, header_size));
    std::string_view const data = bytes.substr(8 + header_size);
    for (auto const& item : header.items())
      if (item.key() == "__metadata__")
        metadata(item.value());
      else
        tensor(item.key(), item.value(), data);
    require_cover(data.size());
  }

  std::string const& text(std::string const& key) const {
    auto const it = metadata_.find(key);
    if (it == metadata_.end()) fail("no " + shown(key) + " in __metadata__: without it the tensors are not a network");
    return it->second;
  }

  std::vector<std::size_t> const& shape(std::string const& name) const { return find(name).shape; }

  /// Calls f(place, number) for those that are not 0.
  template <class F>
  void read(std::string const& name, F&& f) {
    Stored& t = find(name);
    t.used = true;
    std::size_t const size = t.format == FloatFormat::f32 ? 4 : 8, count = t.data.size() / size;
    for (std::size_t i = 0; i < count; ++i) {
      double const x = read_float(t.data.data() + i * size, t.format);
      if (!std::isfinite(x)) fail(shown(name) + " holds NaN or an infinity at place " + std::to_string(i));
      if (x != 0) f(i, exact(x));
    }
  }

  void require_all_used() const {
    for (auto const& [name, t] : tensors_)
      if (!t.used) fail("the tensor " + shown(name) + " belongs to no layer");
  }

 private:
  void metadata(Json const& j) {
    if (!j.is_object()) fail("__metadata__ is to be an object");
    for (auto const& item : j.items()) {
      if (!item.value().is_string()) fail("__metadata__ holds texts only, but not under " + shown(item.key()));
      metadata_[item.key()] = item.value().get<std::string>();
    }
  }

  static std::vector<std::size_t> naturals(std::string const& name, Json const& j, char const* key) {
    if (!j.is_array()) fail(shown(name) + ": " + key + " is to be a list");
    std::vector<std::size_t> v;
    for (Json const& x : j) {
      if (!x.is_number_unsigned()) fail(shown(name) + ": " + key + " holds " + shown(x.dump(-1, ' ', true)));
      v.push_back(x.get<std::size_t>());
    }
    return v;
  }

  void tensor(std::string const& name, Json const& j, std::string_view data) {
    if (!j.is_object() || j.size() != 3 || !j.contains("dtype") || !j.contains("shape") || !j.contains("data_offsets"))
      fail(shown(name) + " is to have dtype, shape, data_offsets and nothing else");
    Stored t{FloatFormat::f64, naturals(name, j["shape"], "shape"), 0, 0, {}};
    if (j["dtype"] == "F32")
      t.format = FloatFormat::f32;
    else if (j["dtype"] != "F64")
      fail(shown(name) + ": dtypes are F64 and F32, not " + shown(j["dtype"].dump(-1, ' ', true)));
    std::vector<std::size_t> const offsets = naturals(name, j["data_offsets"], "data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size())
      fail(shown(name) + ": data_offsets are to be a begin and an end in the " + std::to_string(data.size()) +
           " bytes of data");
    t.begin = offsets[0];
    t.end = offsets[1];
    t.data = data.substr(t.begin, t.end - t.begin);
    std::size_t size = t.format == FloatFormat::f32 ? 4 : 8;
    for (std::size_t d : t.shape) {
      if (d == 0 || size > most_bytes / d) fail(shown(name) + ": no network has a tensor of such a shape");
      size *= d;
    }
    if (size != t.data.size())
      fail(shown(name) + ": shape and dtype ask for " + std::to_string(size) + " bytes, data_offsets give " +
           std::to_string(t.data.size()));
    tensors_.emplace(name, std::move(t));
  }

  void require_cover(std::size_t size) const {
    std::vector<std::pair<std::size_t, std::size_t>> parts;
    for (auto const& item : tensors_) parts.emplace_back(item.second.begin, item.second.end);
    std::sort(parts.begin(), parts.end());
    std::size_t at = 0;
    for (auto const& [begin, end] : parts) {
      if (begin != at)
        fail((begin < at ? "tensors overlap at byte " : "no tensor covers byte ") +
             std::to_string(std::min(at, begin)) + " of the data");
      at = end;
    }
    if (at != size) fail("no tensor covers byte " + std::to_string(at) + " of the data");
  }

  Stored const& find(std::string const& name) const {
    auto const it = tensors_.find(name);
    if (it == tensors_.end()) fail("the tensor " + shown(name) + " is missing");
    return it->second;
  }
  Stored& find(std::string const& name) { return const_cast<Stored&>(std::as_const(*this).find(name)); }

  std::map<std::string, std::string> metadata_;
  std::map<std::string, Stored> tensors_;
};

std::vector<Rational> read_vector(File& file, std::string const& name) {
  std::vector<std::size_t> const& shape = file.shape(name);
  if (shape.size() != 1) fail(shown(name) + " is to have one dimension, not " + std::to_string(shape.size()));
  std::vector<Rational> v(shape[0]);
  file.read(name, [&v](std::size_t i, Rational x) { v[i] = std::move(x); });
  return v;
}

Activation read_activation(File& file, std::string const& word, std::string const& name, std::size_t rows) {
  std::string const coefficients = name + ".activation.coefficients";
  for (Activation const& a : {Activation::identity(), Activation::relu(), Activation::gelu(), Activation::silu()})
    if (word == activation_word(a)) return a;
  if (word.rfind("relu_power:", 0) == 0) {
    int k = 0;
    char const* const end = word.data() + word.size();
    auto const [stop, error] = std::from_chars(word.data() + 11, end, k);
    if (error != std::errc{} || stop != end) fail("no power in the activation " + shown(word));
    return Activation::relu_power(k);
  }
  if (word == "rational")
    return Activation::rational(read_vector(file, name + ".activation.numerator"),
                                read_vector(file, name + ".activation.denominator"));
  if (word != "polyrelu") fail("the activation " + shown(word) + " is unknown");
  std::vector<std::size_t> const& shape = file.shape(coefficients);
  if (shape.size() == 1) return Activation::polyrelu(read_vector(file, coefficients));
  if (shape.size() != 2 || shape[0] != rows)
    fail(shown(coefficients) + " is to have the shape [r + 1] or [" + std::to_string(rows) + ", r + 1]");
  std::vector<std::vector<Rational>> a(rows);
  file.read(coefficients, [&](std::size_t i, Rational x) {
    std::vector<Rational>& of = a[i / shape[1]];
    of.resize(i % shape[1] + 1);
    of.back() = std::move(x);
  });
  for (auto& of : a)
    if (of.empty()) of.emplace_back(0);
  return Activation::polyrelu_per_neuron(std::move(a));
}

}  // namespace

NetworkFile write_safetensors(Network const& net, FloatFormat format) {
  require_dense_size(net, format, most_bytes, "a safetensors file");
  FloatWriter writer(format);
  std::vector<TensorEntry> entries;
  std::string data;
  for (std::size_t l = 0; l < net.layers().size(); ++l)
    for (Tensor const& t : tensors(net.layers()[l], "layers." + std::to_string(l))) {
      std::size_t const begin = data.size();
      t.append(data, writer);
      entries.push_back({t.name, format == FloatFormat::f32 ? "F32" : "F64", {}, data.size() - begin});
      entries.back().shape.assign(t.shape.begin(), t.shape.end());
    }
  return {safetensors_head(entries, properties(net, writer.rounding()), 8) + data, writer.rounding()};
}

Network read_safetensors(std::string_view bytes) {
  File file(bytes);
  if (file.text("schema") != state_dict_schema)
    fail(std::string("this reader knows the schema \"") + state_dict_schema + "\", not " + shown(file.text("schema")));
  std::istringstream words(file.text("activations"));
  std::vector<Layer> layers;
  std::size_t inputs = 0, columns = 0;
  std::size_t const most = static_cast<std::size_t>(std::numeric_limits<int>::max());
  for (std::string word; words >> word;) {
    std::string const name = "layers." + std::to_string(layers.size());
    std::vector<std::size_t> const shape = file.shape(name + ".weight");
    if (shape.size() != 2 || shape[0] > most || shape[1] > most || (!layers.empty() && shape[1] != columns))
      fail(shown(name + ".weight") + " is to have the shape [rows, columns]" +
           (layers.empty() ? "" : " with " + std::to_string(columns) + " columns"));
    if (layers.empty()) inputs = shape[1];
    columns = shape[0];
    std::vector<Rational> bias = read_vector(file, name + ".bias");
    if (bias.size() != shape[0])
      fail(shown(name + ".bias") + " is to have the shape [" + std::to_string(shape[0]) + "]");
    std::vector<Entry> entries;
    file.read(name + ".weight", [&](std::size_t i, Rational x) {
      entries.push_back({static_cast<int>(i / shape[1]), static_cast<int>(i % shape[1]), std::move(x)});
    });
    Activation activation = read_activation(file, word, name, shape[0]);
    layers.push_back({SparseMatrix(static_cast<int>(shape[0]), static_cast<int>(shape[1]), std::move(entries)),
                      std::move(bias), std::move(activation)});
  }
  if (layers.empty()) fail("\"activations\" name no layer");
  file.require_all_used();
  return {static_cast<int>(inputs), std::move(layers)};
}

}  // namespace nwidth
