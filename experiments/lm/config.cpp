// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/config.hpp"

#include <algorithm>
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

/// The value of the file, else of what stands already.
class Reader : public config::TomlReader {
 public:
  using TomlReader::TomlReader;

  void set(std::string_view key, std::int64_t& value, long least, long most) {
    value = integer(key, value, least, most);
  }
  void set(std::string_view key, int& value, int least, int most) {
    value = static_cast<int>(integer(key, value, least, most));
  }
  void set(std::string_view key, std::uint64_t& value) {
    value = static_cast<std::uint64_t>(integer(key, static_cast<long>(value), 0, most_seed));
  }
  void set(std::string_view key, double& value, double least, double most) { value = real(key, value, least, most); }
  void set(std::string_view key, bool& value) { value = boolean(key, value); }
  template <class Enum>
  void set(std::string_view key, Enum& value, std::vector<std::string> const& names) {
    value = static_cast<Enum>(choice(key, static_cast<std::size_t>(value), names));
  }
};

/// What [model.match] asks for; it survives from a preset until a width or another match replaces it.
struct Matching {
  std::string activation;
  std::int64_t hidden = 0, multiple = 1;
  kernels::Match by = kernels::Match::parameters;
  kernels::Rounding rounding = kernels::Rounding::nearest;
};

void read(Reader& r, Model& m, std::optional<Matching>& match) {
  r.set("vocabulary", m.vocabulary, 2, large);
  r.set("context", m.context, 1, 1L << 24);
  r.set("layers", m.layers, 1, 10000);
  r.set("width", m.width, 1, 1L << 24);
  r.set("heads", m.heads, 1, 65536);
  m.activation = r.string("activation", m.activation);
  if (auto const* const node = r.find("hidden")) {
    m.hidden = r.integer(*node, "hidden", 1, large);
    match.reset();
  }
  r.set("positions", m.positions, positions_names);
  r.set("rope_base", m.rope_base, 1, 1e12);
  r.set("norm", m.norm, norm_names);
  r.set("norm_eps", m.norm_eps, 0, 1);
  r.set("tied", m.tied);
  r.set("biases", m.biases);
  r.set("dropout", m.dropout, 0, 0.999);
  r.set("initialisation", m.initialisation, initialisation_names);
  if (toml::table const* const table = r.table("match")) {
    if (r.has("hidden")) r.fail("match", "hidden and [model.match] exclude each other");
    Reader one(*table, r.name());
    match.emplace();
    match->activation = one.string("activation", "swiglu");
    match->hidden = one.integer("hidden", 0, 1, large);
    if (match->hidden == 0) one.fail("hidden", "[model.match] needs hidden, the width of the reference");
    one.set("by", match->by, match_names);
    one.set("multiple", match->multiple, 1, 1L << 20);
    one.set("rounding", match->rounding, rounding_names);
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
  r.set("dimension", f.dimension, 1, 4);
  r.set("smoothness", f.smoothness, 1, 8);
  r.set("symbols", f.symbols, 2, 16);
  r.set("memory", f.memory, 1, 24);
  r.set("outputs", f.outputs, 2, 256);
  f.wavelet = r.choice("target", f.wavelet ? 1 : 0, target_names) == 1;
  r.set("frequencies", f.frequencies, 1, 4096);
  r.set("seed", f.seed);
  r.finish();
  double states = 1;
  for (int i = 0; i < f.memory * f.dimension; ++i) states *= f.symbols;
  if (states > 16777216)
    r.fail("memory", "symbols^(memory dimension) = " + std::to_string(f.symbols) + "^" +
                         std::to_string(f.memory * f.dimension) + " states: allowed are 2^24");
}

void read(Reader& r, Data& d) {
  r.set("stream", d.stream, stream_names);
  d.train = r.strings("train", d.train);
  d.validation = r.strings("validation", d.validation);
  d.suffixes = r.strings("suffixes", d.suffixes);
  r.set("held_out", d.held_out, 0, 0.9);
  if (toml::table const* const table = r.table("ifs")) {
    Reader one(*table, r.name());
    read(one, d.ifs);
  }
  r.finish();
}

void read(Reader& r, Training& t) {
  r.set("batch", t.batch, 1, large);
  r.set("micro_batch", t.micro_batch, 1, large);
  r.set("steps", t.steps, 1, most_steps);
  r.set("rate", t.rate, 0, 100);
  r.set("final_rate", t.final_rate, 0, 1);
  r.set("coefficient_rate", t.coefficient_rate, 0, 1000);
  r.set("schedule", t.schedule, schedule_names);
  r.set("warmup_tokens", t.warmup_tokens, 0, large);
  r.set("decay_tokens", t.decay_tokens, 0, large);
  r.set("beta1", t.beta1, 0, 0.999999);
  r.set("beta2", t.beta2, 0, 0.999999);
  r.set("eps", t.eps, 0, 1);
  r.set("weight_decay", t.weight_decay, 0, 10);
  r.set("clip", t.clip, 0, 1e9);
  r.set("bfloat16", t.bfloat16);
  r.set("recompute", t.recompute);
  r.set("seed", t.seed);
  r.set("evaluate_every", t.evaluate_every, 0, large);
  r.set("evaluate_sequences", t.evaluate_sequences, 1, large);
  r.set("checkpoint_every", t.checkpoint_every, 0, large);
  r.set("keep", t.keep, 1, 1000000);
  r.set("log_every", t.log_every, 1, large);
  r.set("spike", t.spike, 0, 1e9);
  r.finish();
  if (t.batch % t.micro_batch != 0)
    r.fail("micro_batch", "micro_batch = " + std::to_string(t.micro_batch) +
                              ": allowed are divisors of batch = " + std::to_string(t.batch));
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
  std::ostringstream s;
  Model const& m = c.model;
  s << "[model]\nvocabulary = " << m.vocabulary << "\ncontext = " << m.context << "\nlayers = " << m.layers
    << "\nwidth = " << m.width << "\nheads = " << m.heads << "\nactivation = " << quoted(m.activation)
    << "\nhidden = " << m.hidden << "\npositions = " << quoted(positions_names[static_cast<std::size_t>(m.positions)])
    << "\nrope_base = " << shortest(m.rope_base) << "\nnorm = " << quoted(norm_names[static_cast<std::size_t>(m.norm)])
    << "\nnorm_eps = " << shortest(m.norm_eps) << "\ntied = " << (m.tied ? "true" : "false")
    << "\nbiases = " << (m.biases ? "true" : "false") << "\ndropout = " << shortest(m.dropout)
    << "\ninitialisation = " << quoted(initialisation_names[static_cast<std::size_t>(m.initialisation)]) << '\n';
  Data const& d = c.data;
  s << "[data]\nstream = " << quoted(stream_names[static_cast<std::size_t>(d.stream)])
    << "\ntrain = " << quoted(d.train) << "\nvalidation = " << quoted(d.validation)
    << "\nsuffixes = " << quoted(d.suffixes) << "\nheld_out = " << shortest(d.held_out) << '\n';
  Ifs const& f = d.ifs;
  s << "[data.ifs]\ndimension = " << f.dimension << "\nsmoothness = " << f.smoothness << "\nsymbols = " << f.symbols
    << "\nmemory = " << f.memory << "\noutputs = " << f.outputs << "\ntarget = " << quoted(target_names[f.wavelet])
    << "\nfrequencies = " << f.frequencies << "\nseed = " << f.seed << '\n';
  Training const& t = c.training;
  s << "[training]\nbatch = " << t.batch << "\nmicro_batch = " << t.micro_batch << "\nsteps = " << t.steps
    << "\nrate = " << shortest(t.rate) << "\nfinal_rate = " << shortest(t.final_rate)
    << "\ncoefficient_rate = " << shortest(t.coefficient_rate)
    << "\nschedule = " << quoted(schedule_names[static_cast<std::size_t>(t.schedule)])
    << "\nwarmup_tokens = " << t.warmup_tokens << "\ndecay_tokens = " << t.decay_tokens
    << "\nbeta1 = " << shortest(t.beta1) << "\nbeta2 = " << shortest(t.beta2) << "\neps = " << shortest(t.eps)
    << "\nweight_decay = " << shortest(t.weight_decay) << "\nclip = " << shortest(t.clip)
    << "\nbfloat16 = " << (t.bfloat16 ? "true" : "false") << "\nrecompute = " << (t.recompute ? "true" : "false")
    << "\nseed = " << t.seed << "\nevaluate_every = " << t.evaluate_every
    << "\nevaluate_sequences = " << t.evaluate_sequences << "\ncheckpoint_every = " << t.checkpoint_every
    << "\nkeep = " << t.keep << "\nlog_every = " << t.log_every << "\nspike = " << shortest(t.spike) << '\n';
  return s.str();
}

}  // namespace nwidth::lm
