// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/config.hpp"

#include <algorithm>
#include <concepts>
#include <limits>
#include <sstream>

#include "experiments/config/toml_reader.hpp"

namespace nwidth::lm {
namespace {

using config::listed;

constexpr long large = 1L << 40;
std::vector<std::string> const positions_names{"rope", "learned"}, norm_names{"rms", "layer", "none"},
    initialisation_names{"polycom", "gpt2"}, stream_names{"bytes", "shards", "ifs"},
    schedule_names{"cosine", "wsd", "constant"}, match_names{"parameters", "flops"},
    rounding_names{"nearest", "up", "down"}, target_names{"gaussian", "wavelet"};

struct Preset {
  std::string name;
  std::string_view text;
};

std::vector<Preset> const& all_presets() {
  static std::vector<Preset> const all{
      {"tiny", R"(# A few minutes on two cores.
[model]
vocabulary = 256
context = 128
layers = 2
width = 128
heads = 4
activation = "polynorm"
[model.match]
activation = "swiglu"
hidden = 352
by = "parameters"
multiple = 8
[training]
batch = 16
micro_batch = 16
steps = 600
rate = 3e-3
warmup_tokens = 65536
)"},
      {"small", R"(# An hour on two cores.
[model]
vocabulary = 256
context = 256
layers = 4
width = 256
heads = 4
activation = "polynorm"
[model.match]
activation = "swiglu"
hidden = 704
by = "parameters"
multiple = 8
[training]
batch = 16
micro_batch = 8
steps = 5000
rate = 1e-3
warmup_tokens = 1048576
)"},
      {"gpt2-124m", R"(# GPT-2 small as llm.c trains it.
[model]
vocabulary = 50257
context = 1024
layers = 12
width = 768
heads = 12
activation = "gelu-tanh"
hidden = 3072
positions = "learned"
norm = "layer"
tied = true
biases = true
initialisation = "gpt2"
[data]
stream = "shards"
[training]
batch = 512
micro_batch = 4
steps = 19073
rate = 6e-4
final_rate = 0
warmup_tokens = 367001600
checkpoint_every = 1000
bfloat16 = true
)"},
      {"polycom-dense-1b", R"(# arXiv 2411.03884, the dense model of the released scripts.
[model]
vocabulary = 32000
context = 4096
layers = 24
width = 2048
heads = 16
activation = "polynorm"
tied = false
[model.match]
activation = "swiglu"
hidden = 5504
by = "parameters"
multiple = 64
[data]
stream = "shards"
[training]
batch = 64
micro_batch = 2
steps = 381470
rate = 3e-4
warmup_tokens = 620000000
checkpoint_every = 1000
bfloat16 = true
seed = 1234
)"}};
  return all;
}

/// Each key once, with its variable and what is allowed, in the order of canonical texts; `f` reads or writes it.
template <class F>
void each_key(Model& m, F&& f) {
  f("vocabulary", m.vocabulary, 2, large);
  f("context", m.context, 1, 1L << 24);
  f("layers", m.layers, 1, 10000);
  f("width", m.width, 1, 1L << 24);
  f("heads", m.heads, 1, 65536);
  f("activation", m.activation);
  f("hidden", m.hidden, 1, large);
  f("positions", m.positions, positions_names);
  f("rope_base", m.rope_base, 1, 1e12);
  f("norm", m.norm, norm_names);
  f("norm_eps", m.norm_eps, 0, 1);
  f("tied", m.tied);
  f("biases", m.biases);
  f("dropout", m.dropout, 0, 0.999);
  f("initialisation", m.initialisation, initialisation_names);
}

template <class F>
void each_key(Data& d, F&& f) {
  f("stream", d.stream, stream_names);
  f("train", d.train);
  f("validation", d.validation);
  f("suffixes", d.suffixes);
  f("held_out", d.held_out, 0, 0.9);
}

template <class F>
void each_key(Ifs& i, F&& f) {
  f("dimension", i.dimension, 1, 4);
  f("smoothness", i.smoothness, 1, 8);
  f("symbols", i.symbols, 2, 16);
  f("memory", i.memory, 1, 24);
  f("outputs", i.outputs, 2, 256);
  f("target", i.wavelet, target_names);
  f("frequencies", i.frequencies, 1, 4096);
  f("seed", i.seed, 0, most_seed);
}

template <class F>
void each_key(Training& t, F&& f) {
  f("batch", t.batch, 1, large);
  f("micro_batch", t.micro_batch, 1, large);
  f("steps", t.steps, 1, most_steps);
  f("rate", t.rate, 0, 100);
  f("final_rate", t.final_rate, 0, 1);
  f("coefficient_rate", t.coefficient_rate, 0, 1000);
  f("schedule", t.schedule, schedule_names);
  f("warmup_tokens", t.warmup_tokens, 0, large);
  f("decay_tokens", t.decay_tokens, 0, large);
  f("beta1", t.beta1, 0, 0.999999);
  f("beta2", t.beta2, 0, 0.999999);
  f("eps", t.eps, 1e-30, 1);  // 0 / 0 where a gradient is 0
  f("weight_decay", t.weight_decay, 0, 10);
  f("clip", t.clip, 0, 1e9);
  f("bfloat16", t.bfloat16);
  f("recompute", t.recompute);
  f("seed", t.seed, 0, most_seed);
  f("evaluate_every", t.evaluate_every, 0, large);
  f("evaluate_sequences", t.evaluate_sequences, 1, large);
  f("checkpoint_every", t.checkpoint_every, 0, large);
  f("keep", t.keep, 1, 1000000);
  f("log_every", t.log_every, 1, large);
  f("spike", t.spike, 0, 1e9);
}

/// Shortest decimal that is this double; always with a point or an exponent, as TOML's floats.
std::string shortest(double x) {
  for (int digits = 1;; ++digits) {
    std::ostringstream s;
    s.precision(digits);
    s << x;
    if (digits >= std::numeric_limits<double>::max_digits10 || std::stod(s.str()) == x)
      return s.str().find_first_of(".e") == std::string::npos ? s.str() + ".0" : s.str();
  }
}

/// What [model.match] asks for; it survives from a preset until a width or another match replaces it.
struct Matching {
  std::string activation = "swiglu";
  std::int64_t hidden = 0, multiple = 1;
  kernels::Match by = kernels::Match::parameters;
  kernels::Rounding rounding = kernels::Rounding::nearest;
};

template <class F>
void each_key(Matching& m, F&& f) {
  f("activation", m.activation);
  f("hidden", m.hidden, 1, large);
  f("by", m.by, match_names);
  f("multiple", m.multiple, 1, 1L << 20);
  f("rounding", m.rounding, rounding_names);
}

/// The value of the file, else of what stands already.
class Reader : public config::TomlReader {
 public:
  using TomlReader::TomlReader;

  template <class Integer>
  requires std::integral<Integer>
  void operator()(std::string_view key, Integer& value, std::int64_t least, std::int64_t most) {
    value = static_cast<Integer>(integer(key, static_cast<long>(value), least, most));
  }
  void operator()(std::string_view key, double& value, double least, double most) {
    value = real(key, value, least, most);
  }
  void operator()(std::string_view key, bool& value) { value = boolean(key, value); }
  void operator()(std::string_view key, std::string& value) { value = string(key, value); }
  void operator()(std::string_view key, std::vector<std::string>& value) { value = strings(key, value); }
  template <class Choice>
  void operator()(std::string_view key, Choice& value, std::vector<std::string> const& names) {
    value = static_cast<Choice>(choice(key, static_cast<std::size_t>(value), names));
  }
};

void read(Reader& r, Model& m, std::optional<Matching>& match) {
  each_key(m, r);
  if (r.has("hidden")) match.reset();
  if (toml::table const* const table = r.table("match")) {
    if (r.has("hidden")) r.fail("match", "hidden and [model.match] exclude each other");
    Reader one(*table, r.name());
    each_key(match.emplace(), one);
    if (match->hidden == 0) one.fail("hidden", "[model.match] needs hidden, the width of the reference");
    one.finish();
    try {
      activation_named(match->activation);
    } catch (InvalidInput const& e) {
      one.fail("activation", e.what());
    }
  }
  r.finish();
  if (m.width % m.heads != 0)
    r.fail("heads",
           "heads = " + std::to_string(m.heads) + ": allowed are divisors of width = " + std::to_string(m.width));
  if (m.positions == Positions::rope && m.width / m.heads % 2 != 0)
    r.fail("heads", "width / heads = " + std::to_string(m.width / m.heads) + ": rotary positions need an even number");
}

void read(Reader& r, Ifs& f) {
  each_key(f, r);
  r.finish();
  double states = 1;
  for (int i = 0; i < f.memory * f.dimension; ++i) states *= f.symbols;
  if (states > 16777216)
    r.fail("memory", "symbols^(memory dimension) = " + std::to_string(f.symbols) + "^" +
                         std::to_string(f.memory * f.dimension) + " states: allowed are 2^24");
}

void read(Reader& r, Data& d) {
  each_key(d, r);
  if (toml::table const* const table = r.table("ifs")) {
    Reader one(*table, r.name());
    read(one, d.ifs);
  }
  r.finish();
}

void read(Reader& r, Training& t) {
  each_key(t, r);
  r.finish();
  if (t.batch % t.micro_batch != 0)
    r.fail("micro_batch", "micro_batch = " + std::to_string(t.micro_batch) +
                              ": allowed are divisors of batch = " + std::to_string(t.batch));
  if (t.spike > 0 && t.spike <= 1)
    r.fail("spike", "spike = " + shortest(t.spike) + ": allowed are 0, for never, and more than 1");
}

/// Keys that others make useless: refused where this file gives them a value, else their default, which canonical texts
/// have then.
void drop_useless(toml::table const& file, std::string const& name, Config& c) {
  Config const standard;
  auto const drop = [&](bool useless, std::string_view table, std::string_view key, auto& value, auto const& usual,
                        std::string const& where) {
    if (!useless || value == usual) return;
    if (toml::node const* const node = file.at_path(table)[key].node())
      throw InvalidInput(name + ":" + std::to_string(node->source().begin.line) + ": " + std::string(key) +
                         " has no effect: allowed with " + where);
    value = usual;
  };
  Model& m = c.model;
  drop(m.positions != Positions::rope, "model", "rope_base", m.rope_base, standard.model.rope_base,
       "positions = \"rope\"");
  Data& d = c.data;
  Data const& usual = standard.data;
  bool const stream = d.stream == Stream::ifs;
  std::string const files = "stream = \"bytes\" and \"shards\"";
  drop(stream, "data", "train", d.train, usual.train, files);
  drop(stream, "data", "validation", d.validation, usual.validation, files);
  drop(stream, "data", "suffixes", d.suffixes, usual.suffixes, files);
  drop(stream, "data", "held_out", d.held_out, usual.held_out, files);
  drop(!d.validation.empty(), "data", "held_out", d.held_out, usual.held_out, "no files for validation");
  drop(!stream, "data", "ifs", d.ifs, usual.ifs, "stream = \"ifs\"");
  drop(d.ifs.wavelet, "data.ifs", "frequencies", d.ifs.frequencies, usual.ifs.frequencies, "target = \"gaussian\"");
  Training& t = c.training;
  drop(t.schedule == Schedule::constant, "training", "final_rate", t.final_rate, standard.training.final_rate,
       "schedule = \"cosine\" and \"wsd\"");
  drop(t.schedule != Schedule::wsd, "training", "decay_tokens", t.decay_tokens, standard.training.decay_tokens,
       "schedule = \"wsd\"");
}

struct Reading {
  Config config;
  std::optional<Matching> match;
};

void read(toml::table const& table, std::string const& name, Reading& all, int depth) {
  Reader top(table, name);
  if (auto const* const node = top.find("preset")) {
    if (!node->is_string()) top.fail("preset", "preset must be a string: allowed are " + listed(presets()));
    if (depth > 0) top.fail("preset", "a preset has no preset");
    try {
      std::string const& base = node->as_string()->get();
      read(config::parse_toml(preset(base), "preset " + base), "preset " + base, all, depth + 1);
    } catch (InvalidInput const& e) {
      top.fail("preset", e.what());
    }
  }
  if (toml::table const* const t = top.table("model")) {
    Reader one(*t, name);
    read(one, all.config.model, all.match);
  }
  if (toml::table const* const t = top.table("data")) {
    Reader one(*t, name);
    read(one, all.config.data);
  }
  if (toml::table const* const t = top.table("training")) {
    Reader one(*t, name);
    read(one, all.config.training);
  }
  top.finish();
  if (depth == 0) drop_useless(table, name, all.config);
}

std::string quoted(std::string const& s) {
  std::ostringstream out;
  out << toml::value<std::string>(s);
  return out.str();
}

std::string quoted(std::vector<std::string> const& all) {
  std::string out = "[";
  for (std::string const& s : all) out += (out.size() > 1 ? ", " : "") + quoted(s);
  return out + "]";
}

/// Writes what Reader reads; what is allowed is not its business.
class Writer {
 public:
  void table(char const* name) { out_ << '[' << name << "]\n"; }
  template <class Value, class Least, class Most>
  void operator()(char const* key, Value const& value, Least, Most) {
    if constexpr (std::floating_point<Value>)
      line(key, shortest(value));
    else
      line(key, std::to_string(value));
  }
  void operator()(char const* key, bool value) { line(key, value ? "true" : "false"); }
  void operator()(char const* key, std::string const& value) { line(key, quoted(value)); }
  void operator()(char const* key, std::vector<std::string> const& value) { line(key, quoted(value)); }
  template <class Choice>
  void operator()(char const* key, Choice value, std::vector<std::string> const& names) {
    line(key, quoted(names[static_cast<std::size_t>(value)]));
  }
  std::string text() const { return out_.str(); }

 private:
  void line(char const* key, std::string const& value) { out_ << key << " = " << value << '\n'; }

  std::ostringstream out_;
};

}  // namespace

std::vector<Activation> const& activations() {
  static std::vector<Activation> const all{
      {"relu", false, 0, 1},    {"relu2", false, 0, 2},       {"leaky-relu", false, 0, 2},
      {"gelu", false, 0, 15},   {"gelu-tanh", false, 0, 15},  {"silu", false, 0, 5},
      {"xielu", false, 2, 12},  {"polyrelu", false, 4, 7},    {"polynorm", false, 4, 14},
      {"reglu", true, 0, 2},    {"geglu", true, 0, 16},       {"geglu-tanh", true, 0, 16},
      {"swiglu", true, 0, 6},   {"polyrelu-glu", true, 4, 8}, {"polynorm-glu", true, 4, 15},
      {"identity", false, 0, 0}};
  return all;
}

Activation const& activation_named(std::string const& name) {
  for (Activation const& a : activations())
    if (a.name == name) return a;
  std::vector<std::string> names;
  for (Activation const& a : activations()) names.push_back(a.name);
  throw InvalidInput("activation = \"" + name + "\": allowed are " + listed(names));
}

kernels::FeedForward feed_forward(Model const& m) {
  Activation const& a = activation_named(m.activation);
  return {.model = m.width,
          .width = m.hidden,
          .gated = a.gated,
          .coefficients = a.coefficients,
          .biases = m.biases,
          .activation_flops = a.flops};
}

std::vector<std::string> const& presets() {
  static std::vector<std::string> const names = [] {
    std::vector<std::string> n;
    for (Preset const& p : all_presets()) n.push_back(p.name);
    return n;
  }();
  return names;
}

std::string_view preset(std::string const& name) {
  for (Preset const& p : all_presets())
    if (p.name == name) return p.text;
  throw InvalidInput("preset = \"" + name + "\": allowed are " + listed(presets()));
}

Config parse_config(std::string_view text, std::string const& name, std::string const& activation) {
  Reading all;
  read(config::parse_toml(text, name), name, all, 0);
  Model& m = all.config.model;
  if (!activation.empty()) m.activation = activation;
  try {
    activation_named(m.activation);
    Training const& t = all.config.training;
    if (static_cast<double>(t.batch) * static_cast<double>(m.context) * static_cast<double>(t.steps) > 0x1p62)
      throw InvalidInput("batch * context * steps = " + std::to_string(t.batch) + " * " + std::to_string(m.context) +
                         " * " + std::to_string(t.steps) + ": allowed are 2^62 tokens");
    if (all.match) {
      Model reference = m;
      reference.activation = all.match->activation;
      reference.hidden = all.match->hidden;
      m.hidden = kernels::matched_width(feed_forward(reference), feed_forward(m), all.match->by, all.match->multiple,
                                        all.match->rounding)
                     .width;
    } else if (m.hidden == 0) {
      m.hidden = 4 * m.width;
    }
  } catch (std::invalid_argument const& e) {
    throw InvalidInput(name + ": " + e.what());
  }
  return all.config;
}

std::string to_toml(Config const& c) {
  Config all = c;
  Writer w;
  w.table("model");
  each_key(all.model, w);
  w.table("data");
  each_key(all.data, w);
  w.table("data.ifs");
  each_key(all.data.ifs, w);
  w.table("training");
  each_key(all.training, w);
  return w.text();
}

}  // namespace nwidth::lm
