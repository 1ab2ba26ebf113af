// SPDX-License-Identifier: Apache-2.0
#include "theory/network/json.hpp"

#include <algorithm>
#include <istream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>
#include <vector>

namespace nwidth {
namespace {

using Json = nlohmann::json;
constexpr char const* schema = "nwidth.network/1";

/// Foreign text for a one-line message: short, printable.
std::string printable(std::string s, std::size_t most) {
  for (char& c : s)
    if (c < ' ' || c > '~') c = '?';
  if (s.size() > most) s = s.substr(0, most) + "...";
  return s;
}

/// Where in the file: a chain that becomes text only if there is something to complain about.
struct Place {
  Place const* parent = nullptr;
  std::string_view key;
  std::size_t index = 0;

  Place operator[](char const* k) const { return {this, k, 0}; }
  Place operator[](std::size_t i) const { return {this, {}, i}; }
  std::string text() const {
    if (parent == nullptr) return "";
    std::string const before = parent->text();
    if (key.empty()) return before + "[" + std::to_string(index) + "]";
    return before + (before.empty() ? "" : ".") + std::string(key);
  }
};

[[noreturn]] void fail(std::string const& place, std::string const& what) {
  throw InvalidInput("network file: " + (place.empty() ? "" : place + ": ") + what);
}
[[noreturn]] void fail(Place const& place, std::string const& what) { fail(place.text(), what); }

/// What the parser itself would let pass: duplicate keys and endless nesting.
class Watch {
 public:
  bool operator()(int, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    switch (event) {
      case Event::object_start:
      case Event::array_start:
        if (open_.size() >= deepest) fail(place(), "nested more than " + std::to_string(deepest) + " deep");
        open_.push_back({event == Event::object_start, {}, {}, 0});
        break;
      case Event::object_end:
      case Event::array_end:
        open_.pop_back();
        if (!open_.empty()) ++open_.back().index;
        break;
      case Event::key: {
        auto const& key = parsed.get_ref<std::string const&>();
        std::string const shown = "\"" + printable(key, 40) + "\"";
        if (!open_.back().keys.insert(key).second) fail(outer(), "the key " + shown + " is given twice");
        open_.back().key = printable(key, 40);
        break;
      }
      case Event::value:
        if (!open_.empty()) ++open_.back().index;
        break;
    }
    return true;
  }

 private:
  static constexpr std::size_t deepest = 8;  // the format needs 6
  struct Open {
    bool object;
    std::set<std::string> keys;
    std::string key;
    std::size_t index;
  };

  std::string path(std::size_t frames) const {
    std::string s;
    for (std::size_t i = 0; i < frames; ++i)
      s += open_[i].object ? (s.empty() ? "" : ".") + open_[i].key : "[" + std::to_string(open_[i].index) + "]";
    return s;
  }
  std::string place() const { return path(open_.size()); }
  std::string outer() const { return path(open_.size() - 1); }

  std::vector<Open> open_;
};

Json parse(std::string_view text) {
  if (text.size() > most_network_bytes) fail(Place{}, "longer than " + std::to_string(most_network_bytes) + " bytes");
  if (std::size_t const zero = text.find('\0'); zero != std::string_view::npos)  // the parser would stop there
    fail(Place{}, "not JSON at byte " + std::to_string(zero + 1) + ": a zero byte");
  Watch watch;
  auto reason = [](std::exception const& e) {
    std::string what = e.what();
    if (std::size_t const bracket = what.find("] "); bracket != std::string::npos) what.erase(0, bracket + 2);
    return printable(what, 200);
  };
  try {
    return Json::parse(text.begin(), text.end(), std::ref(watch));
  } catch (Json::parse_error const& e) {
    fail(Place{}, "not JSON at byte " + std::to_string(e.byte) + ": " + reason(e));
  } catch (Json::exception const& e) {
    fail(Place{}, "not JSON: " + reason(e));
  }
}

/// "not ...": the value got
std::string got(Json const& j) {
  if (j.is_object()) return ", not an object";
  if (j.is_array()) return ", not a list of " + std::to_string(j.size());
  return ", not " + printable(j.dump(-1, ' ', true, Json::error_handler_t::replace), 60);
}

class Reader {
 public:
  Network network(Json const& root) {
    Place const top;
    if (!root.is_object())
      fail(top, std::string("an object with \"schema\": \"") + schema + "\" is needed" + got(root));
    auto const version = root.find("schema");
    if (version == root.end())
      fail(top, std::string("the key \"schema\" is missing; this reader knows \"") + schema + "\"");
    if (*version != schema) fail(top["schema"], std::string("this reader knows \"") + schema + "\"" + got(*version));
    require_keys(top, root, {"schema", "inputs", "layers"});
    int const inputs = integer(top["inputs"], root["inputs"], "a number of inputs", 1, most_network_inputs);
    Place const place = top["layers"];
    Json const& list = array(place, root["layers"], "layers");
    if (list.empty()) fail(place, "at least one layer is needed");
    std::vector<Layer> layers;
    int columns = inputs;
    for (std::size_t l = 0; l < list.size(); ++l) {
      layers.push_back(layer(place[l], list[l], columns, l));
      columns = layers.back().weights.rows();
    }
    return {inputs, std::move(layers)};
  }

 private:
  static void require_keys(Place const& place, Json const& object, std::vector<std::string> const& keys) {
    std::string allowed;
    for (std::string const& key : keys) allowed += (allowed.empty() ? "\"" : ", \"") + key + "\"";
    for (auto const& item : object.items())
      if (std::find(keys.begin(), keys.end(), item.key()) == keys.end())
        fail(place, "unknown key \"" + printable(item.key(), 40) + "\"; allowed are " + allowed);
    for (std::string const& key : keys)
      if (!object.contains(key)) fail(place, "the key \"" + key + "\" is missing; needed are " + allowed);
  }

  static Json const& array(Place const& place, Json const& j, char const* of) {
    if (!j.is_array()) fail(place, std::string("a list of ") + of + " is needed" + got(j));
    return j;
  }

  static int integer(Place const& place, Json const& j, char const* what, int least, int most) {
    std::string const range = std::string(what) + " from " + std::to_string(least) + " to " + std::to_string(most);
    if (!j.is_number_integer()) fail(place, range + got(j) + (j.is_string() ? " (a string)" : ""));
    bool const fits = j.is_number_unsigned() ? j.get<std::uint64_t>() <= static_cast<std::uint64_t>(most) : true;
    if (!fits || j.get<std::int64_t>() < least) fail(place, range + got(j));
    return static_cast<int>(j.get<std::int64_t>());
  }

  Rational number(Place const& place, Json const& j) {
    if (!j.is_string())
      fail(place, R"(numbers are exact and therefore strings, "0.1", "-3", "1/3" or "0x1.8p-1")" + got(j));
    Rational value;
    try {
      value = parse_rational(j.get_ref<std::string const&>());
    } catch (InvalidInput const& e) {
      fail(place, e.what());
    }
    if (value != 0) bits_ += msb(abs(numerator(value))) + msb(denominator(value)) + 2;
    if (bits_ > most_network_bits)
      fail(place, "the numbers up to here have more than " + std::to_string(most_network_bits) + " bits");
    return value;
  }

  std::vector<Rational> numbers(Place const& place, Json const& j) {
    array(place, j, "numbers");
    std::vector<Rational> v;
    v.reserve(j.size());
    for (std::size_t i = 0; i < j.size(); ++i) v.push_back(number(place[i], j[i]));
    return v;
  }

  Layer layer(Place const& place, Json const& j, int columns, std::size_t index) {
    if (!j.is_object()) fail(place, "a layer is an object with \"weights\", \"bias\", \"activation\"" + got(j));
    require_keys(place, j, {"weights", "bias", "activation"});
    Place const w = place["weights"];
    Json const& weights = j["weights"];
    if (!weights.is_object()) fail(w, "an object with \"rows\", \"cols\", \"entries\" is needed" + got(weights));
    require_keys(w, weights, {"rows", "cols", "entries"});
    int const most = std::numeric_limits<int>::max();
    int const rows = integer(w["rows"], weights["rows"], "a number of rows", 1, most);
    int const cols = integer(w["cols"], weights["cols"], "a number of columns", 1, most);
    if (cols != columns)
      fail(w["cols"], "must be " + std::to_string(columns) +
                          (index == 0 ? ", the number of inputs" : ", the rows of the layer before") + ", not " +
                          std::to_string(cols));
    // The bias is checked before anything of the size of `rows` is made.
    Json const& b = array(place["bias"], j["bias"], "numbers");
    if (b.size() != static_cast<std::size_t>(rows))
      fail(place["bias"], std::to_string(rows) + " numbers are needed, one per row, not " + std::to_string(b.size()));
    std::vector<Rational> bias = numbers(place["bias"], b);
    SparseMatrix matrix(rows, cols, entries(w["entries"], weights["entries"], rows, cols));
    return {std::move(matrix), std::move(bias), activation(place["activation"], j["activation"], rows)};
  }

  std::vector<Entry> entries(Place const& place, Json const& j, int rows, int cols) {
    array(place, j, "entries [row, column, \"value\"]");
    std::vector<Entry> result;
    result.reserve(j.size());
    std::unordered_map<std::int64_t, std::size_t> given;
    for (std::size_t i = 0; i < j.size(); ++i) {
      Place const here = place[i];
      Json const& e = j[i];
      if (!e.is_array() || e.size() != 3) fail(here, "an entry is [row, column, \"value\"]" + got(e));
      int const row = integer(here[std::size_t{0}], e[0], "a row", 0, rows - 1);
      int const column = integer(here[std::size_t{1}], e[1], "a column", 0, cols - 1);
      auto const [before, fresh] = given.emplace(std::int64_t{row} * cols + column, i);
      if (!fresh)
        fail(here, "row " + std::to_string(row) + ", column " + std::to_string(column) +
                       " is given already by entries[" + std::to_string(before->second) + "]");
      result.push_back({row, column, number(here[std::size_t{2}], e[2])});
    }
    return result;
  }

  Activation activation(Place const& place, Json const& j, int rows) {
    std::string const kinds = "identity, relu, relu_power, polyrelu, rational, gelu, silu";
    if (!j.is_object()) fail(place, "an object with \"kind\" is needed" + got(j));
    auto const found = j.find("kind");
    if (found == j.end()) fail(place, "the key \"kind\" is missing; kinds are " + kinds);
    std::string const kind = found->is_string() ? found->get<std::string>() : "";
    try {
      if (kind == "relu_power") {
        require_keys(place, j, {"kind", "k"});
        return Activation::relu_power(integer(place["k"], j["k"], "a power", 1, Activation::most_power));
      }
      if (kind == "polyrelu") {
        require_keys(place, j, {"kind", "coefficients"});
        return polyrelu(place["coefficients"], j["coefficients"], rows);
      }
      if (kind == "rational") {
        require_keys(place, j, {"kind", "numerator", "denominator"});
        std::vector<Rational> p = numbers(place["numerator"], j["numerator"]);
        return Activation::rational(std::move(p), numbers(place["denominator"], j["denominator"]));
      }
    } catch (InvalidInput const& e) {
      std::string const what = e.what();
      if (what.rfind("network file: ", 0) == 0) throw;
      fail(place, what);
    }
    if (kind != "identity" && kind != "relu" && kind != "gelu" && kind != "silu")
      fail(place["kind"], "kinds are " + kinds + got(*found));
    require_keys(place, j, {"kind"});
    return kind == "identity" ? Activation::identity()
           : kind == "relu"   ? Activation::relu()
           : kind == "gelu"   ? Activation::gelu()
                              : Activation::silu();
  }

  Activation polyrelu(Place const& place, Json const& j, int rows) {
    array(place, j, "numbers, or of one such list per neuron,");
    if (j.empty()) fail(place, "at least one coefficient is needed");
    if (!j[0].is_array()) return Activation::polyrelu(numbers(place, j));
    if (j.size() != static_cast<std::size_t>(rows))
      fail(place, std::to_string(rows) + " lists are needed, one per neuron, not " + std::to_string(j.size()));
    std::vector<std::vector<Rational>> a;
    for (std::size_t i = 0; i < j.size(); ++i) {
      a.push_back(numbers(place[i], j[i]));
      if (a.back().empty()) fail(place[i], "at least one coefficient is needed");
    }
    return Activation::polyrelu_per_neuron(std::move(a));
  }

  std::size_t bits_ = 0;
};

/// A list of items, broken into lines that end before column 120 where an item is not longer itself.
void append_list(std::string& out, std::vector<std::string> const& items) {
  constexpr std::size_t columns = 118;
  out += '[';
  bool first = true;
  for (std::string const& item : items) {
    if (!first) out += ',';
    std::size_t const line = out.size() - (out.rfind('\n') + 1);
    if (line + item.size() + 1 > columns) {
      out += "\n    ";
    } else if (!first) {
      out += ' ';
    }
    out += item;
    first = false;
  }
  out += ']';
}

std::vector<std::string> quoted(std::vector<Rational> const& v) {
  std::vector<std::string> items;
  for (Rational const& q : v) items.push_back('"' + exact_string(q) + '"');
  return items;
}

void append_activation(std::string& out, Activation const& a) {
  using Kind = Activation::Kind;
  auto vector = [&out](char const* key, std::vector<Rational> const& v) {
    out += std::string(", \"") + key + "\": ";
    append_list(out, quoted(v));
  };
  out += R"({"kind": )";
  switch (a.kind) {
    case Kind::identity: out += "\"identity\""; break;
    case Kind::relu: out += "\"relu\""; break;
    case Kind::relu_power: out += "\"relu_power\", \"k\": " + std::to_string(a.power); break;
    case Kind::polyrelu:
      out += "\"polyrelu\"";
      if (a.per_neuron()) {
        std::vector<std::string> lists;
        for (auto const& c : a.coefficients) append_list(lists.emplace_back(), quoted(c));
        out += ", \"coefficients\": ";
        append_list(out, lists);
      } else {
        vector("coefficients", a.coefficients[0]);
      }
      break;
    case Kind::rational:
      out += "\"rational\"";
      vector("numerator", a.numerator);
      vector("denominator", a.denominator);
      break;
    case Kind::gelu: out += "\"gelu\""; break;
    case Kind::silu: out += "\"silu\""; break;
  }
  out += '}';
}

}  // namespace

Network read_network(std::string_view text) {
  Json const root = parse(text);
  return Reader().network(root);
}

Network read_network(std::istream& in) {
  std::string text;
  std::vector<char> block(std::size_t{1} << 16);
  while (in && text.size() <= most_network_bytes) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad() || (text.empty() && !in.eof())) fail(Place{}, "cannot be read");
  return read_network(text);
}

std::string write_network(Network const& net) {
  if (net.layers().empty()) throw InvalidInput("a network without layers cannot be written");
  std::string out =
      std::string("{\"schema\": \"") + schema + "\", \"inputs\": " + std::to_string(net.inputs()) + ", \"layers\": [";
  bool first = true;
  for (Layer const& layer : net.layers()) {
    out += first ? "\n" : ",\n";
    first = false;
    out += "  {\"weights\": {\"rows\": " + std::to_string(layer.weights.rows()) +
           ", \"cols\": " + std::to_string(layer.weights.columns()) + ", \"entries\": ";
    std::vector<std::string> items;
    for (Entry const& e : layer.weights.entries())
      items.push_back("[" + std::to_string(e.row) + ", " + std::to_string(e.column) + ", \"" + exact_string(e.value) +
                      "\"]");
    append_list(out, items);
    out += "},\n   \"bias\": ";
    append_list(out, quoted(layer.bias));
    out += ",\n   \"activation\": ";
    append_activation(out, layer.activation);
    out += '}';
  }
  out += "]}\n";
  return out;
}

}  // namespace nwidth
