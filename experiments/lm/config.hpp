// SPDX-License-Identifier: Apache-2.0
/// What `nwidth-lm` trains: a decoder-only transformer, the stream of tokens that it reads, and how it is trained.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/matched_width.hpp"

namespace nwidth::lm {

/// An activation of the feed-forward block: act(W_1 h), or act(W_gate h) * (W_up h).
struct Activation {
  std::string name;  ///< as configurations say it: "polynorm", "swiglu"
  bool gated = false;
  std::int64_t coefficients = 0;  ///< learned, one set a layer
  std::int64_t flops = 0;         ///< forward, per hidden channel and token, the gate's product included
};
/// All that can be configured, in the order of help texts. FLOPs of ReLU, ReLU^2, Swish, GELU and SwiGLU are those that
/// Lingvo counts, others counted likewise: they weigh some 1e-4 of the matrices.
std::vector<Activation> const& activations();
/// @throws InvalidInput  naming all that are known
Activation const& activation_named(std::string const& name);

enum class Positions { rope, learned };
enum class Norm { rms, layer, none };
/// polycom: N(0, 2/(5d)); gpt2: N(0, 0.02^2). Both divide the deviation of what writes to the residual stream by
/// sqrt(2 layers), and embeddings are drawn like the rest.
enum class Initialisation { polycom, gpt2 };

struct Model {
  std::int64_t vocabulary = 256;
  std::int64_t context = 256;  ///< tokens that a position sees at most: T
  std::int64_t layers = 4, width = 256, heads = 4;
  std::string activation = "polynorm";
  std::int64_t hidden = 0;  ///< of the feed-forward block; resolved by parse_config where a match is asked for
  Positions positions = Positions::rope;
  double rope_base = 10000;
  Norm norm = Norm::rms;
  double norm_eps = 1e-5;
  bool tied = true;     ///< the output matrix is the embedding
  bool biases = false;  ///< of all linear maps
  double dropout = 0;
  Initialisation initialisation = Initialisation::polycom;
};

/// The feed-forward block of this model, with that hidden width.
kernels::FeedForward feed_forward(Model const& m);

enum class Stream { bytes, shards, ifs };

/// The IFS stream: a source of tokens with exactly known entropy and a next-token law of known smoothness.
struct Ifs {
  int dimension = 2;       ///< d, 1 to 4
  int smoothness = 3;      ///< s, 1 to 8
  int symbols = 2;         ///< K: an address symbol is one of K^d tokens
  int memory = 6;          ///< m: the state is the last m address symbols; K^(m d) <= 2^24 states
  int outputs = 2;         ///< V_y, emitted symbols
  bool wavelet = false;    ///< a random-sign wavelet sum instead of a Gaussian field
  int frequencies = 32;    ///< of the field, per axis; levels of the wavelet sum are what memory resolves
  std::uint64_t seed = 1;  ///< of the target

  bool operator==(Ifs const&) const = default;
};

struct Data {
  Stream stream = Stream::bytes;
  std::vector<std::string> train;       ///< files or folders (bytes: all that lies in it), in this order
  std::vector<std::string> validation;  ///< empty: the last `held_out` of train
  double held_out = 0.05;
  std::vector<std::string> suffixes;  ///< of files in folders that are read; empty: all
  Ifs ifs;
};

/// The largest that are read.
inline constexpr std::int64_t most_steps = std::int64_t{1} << 40, most_seed = 1'000'000'000;

enum class Schedule { cosine, wsd, constant };

struct Training {
  std::int64_t batch = 8;        ///< sequences a step, over all processes
  std::int64_t micro_batch = 8;  ///< sequences a forward pass; divides batch over the number of processes
  std::int64_t steps = 1000;
  double rate = 1e-3;           ///< largest learning rate
  double final_rate = 0.1;      ///< the last one, relative to it
  double coefficient_rate = 1;  ///< of the activations' coefficients, relative to it
  Schedule schedule = Schedule::cosine;
  std::int64_t warmup_tokens = 0;  ///< rises linearly
  std::int64_t decay_tokens = 0;   ///< wsd: falls linearly over the last ones
  double beta1 = 0.9, beta2 = 0.95, eps = 1e-8, weight_decay = 0.1;
  double clip = 1;  ///< of the gradient's norm; 0: none
  bool bfloat16 = false;
  bool recompute = false;                                      ///< activations of a block again in the backward pass
  std::uint64_t seed = 1;                                      ///< of weights, order of data and dropout
  std::int64_t evaluate_every = 100, evaluate_sequences = 64;  ///< 0: never
  std::int64_t checkpoint_every = 200, keep = 2;               ///< 0: only at the end
  std::int64_t log_every = 1;                                  ///< steps; on a GPU each line waits for the device
  double spike = 3;  ///< stops when the loss exceeds this many times its running mean, above 1; 0: never
};

struct Config {
  Model model;
  Data data;
  Training training;
};

/// Names of the presets: polycom-dense-1b, gpt2-124m, small, tiny.
std::vector<std::string> const& presets();
/// The text of one. @throws InvalidInput  naming all
std::string_view preset(std::string const& name);

/// A TOML file, or the text of a preset. `preset = "tiny"` in it starts from that one; each key of [model], [data] and
/// [training] then replaces the preset's. A table [model.match] asks for the hidden width that makes the block equal to
/// a reference: activation, hidden, by = "parameters" or "flops", multiple, rounding.
/// @param activation  replaces the file's, before widths are matched; empty: the file's
/// @throws InvalidInput  one line with file, line, value and what is allowed; unknown keys are errors, and so are keys
/// that others make useless (decay_tokens without schedule = "wsd") unless they have their default
Config parse_config(std::string_view text, std::string const& name, std::string const& activation = {});

/// What a run depends on, written into checkpoints and compared on resuming: canonical TOML, hidden width resolved.
std::string to_toml(Config const& c);

}  // namespace nwidth::lm
