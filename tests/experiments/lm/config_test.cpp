// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/config.hpp"

#include <gtest/gtest.h>

#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

TEST(Config, PresetsAreValidAndSurviveBeingWritten) {
  for (std::string const& name : presets()) {
    Config const c = parse_config("preset = '" + name + "'\n", "f");
    std::string const text = to_toml(c);
    EXPECT_EQ(to_toml(parse_config(text, "again")), text) << name;
  }
}

TEST(Config, PublishedSizes) {
  Config const dense = parse_config("preset = 'polycom-dense-1b'\n", "f");
  EXPECT_EQ(dense.model.hidden, 8256);
  EXPECT_EQ(parse_config("preset = 'polycom-dense-1b'\n", "f", "swiglu").model.hidden, 5504);
  EXPECT_EQ(dense.model.width / dense.model.heads, 128);
  Config const gpt2 = parse_config("preset = 'gpt2-124m'\n", "f");
  EXPECT_EQ(gpt2.model.hidden, 3072);
  EXPECT_EQ(gpt2.training.batch * gpt2.model.context, 524288);
}

TEST(Config, EveryActivationIsMatchedInParametersAndInFlops) {
  for (Activation const& a : activations())
    for (std::string const by : {"parameters", "flops"}) {
      std::string const text = "[model]\nwidth = 256\nactivation = '" + a.name +
                               "'\n[model.match]\nactivation = 'swiglu'\nhidden = 704\nby = '" + by + "'\n";
      kernels::FeedForward const block = feed_forward(parse_config(text, "f").model);
      Model reference;
      reference.activation = "swiglu";
      reference.hidden = 704;
      kernels::FeedForward const swiglu = feed_forward(reference);
      double const ratio = by == "flops" ? static_cast<double>(forward_flops(block)) / forward_flops(swiglu)
                                         : static_cast<double>(parameters(block)) / parameters(swiglu);
      EXPECT_NEAR(ratio, 1, 0.001) << a.name << ' ' << by;
      EXPECT_EQ(a.gated, block.width < 800) << a.name;
    }
}

TEST(Config, TheFileReplacesItsPreset) {
  Config const c = parse_config("preset = 'tiny'\n[model]\nhidden = 100\n[training]\nsteps = 7\n", "f");
  EXPECT_EQ(c.model.hidden, 100);
  EXPECT_EQ(c.model.width, 128);
  EXPECT_EQ(c.training.steps, 7);
  EXPECT_EQ(parse_config("[model]\nwidth = 64\n", "f").model.hidden, 256);  // four times, as long as nothing is said
}

TEST(Config, BadInputNamesTheLineAndWhatIsAllowed) {
  struct Case {
    std::string text, words;
  };
  for (Case const& c : std::vector<Case>{
           {"preset = 'huge'\n", "f:1: preset = \"huge\": allowed are tiny, small, gpt2-124m, polycom-dense-1b"},
           {"[model]\nlayer = 3\n", "f:2: unknown key 'layer': allowed are activation, "},
           {"[model]\nlayers = 0\n", "f:2: layers = 0 is out of range: allowed is 1 to 10000"},
           {"[model]\nactivation = 'mish'\n", "f: activation = \"mish\": allowed are relu, relu2, "},
           {"[model]\nheads = 7\n", "f:2: heads = 7: allowed are divisors of width = 256"},
           {"[model]\nwidth = 6\nheads = 2\n", "rotary positions need an even number"},
           {"[model]\nnorm = 'batch'\n", "f:2: norm = \"batch\": allowed are rms, layer, none"},
           {"[model]\ndropout = nan\n", "f:2: dropout = nan is out of range: allowed is 0 to 0.999"},
           {"[model]\nhidden = 8\n[model.match]\nhidden = 8\n", "hidden and [model.match] exclude each other"},
           {"[model.match]\nby = 'flops'\n", "[model.match] needs hidden"},
           {"[model.match]\nhidden = 3\nactivation = 'x'\n", "activation = \"x\": allowed are"},
           {"[model]\nwidth = 4\nheads = 1\n[model.match]\nhidden = 1\nmultiple = 1000\n", "leaves no width"},
           {"[training]\nbatch = 6\nmicro_batch = 4\n", "f:3: micro_batch = 4: allowed are divisors of batch = 6"},
           {"[training]\neps = 0\n", "f:2: eps = 0 is out of range: allowed is 1e-30 to 1"},
           {"[training]\nspike = 1.0\n", "f:2: spike = 1.0: allowed are 0, for never, and more than 1"},
           {"[training]\nbatch = 1000000000000\nmicro_batch = 1\nsteps = 1000000000000\n",
            "f: batch * context * steps = 1000000000000 * 256 * 1000000000000: allowed are 2^62 tokens"},
           {"[data]\nstream = 'csv'\n", "allowed are bytes, shards, ifs"},
           {"[data.ifs]\ndimension = 4\nmemory = 7\n", "f:3: symbols^(memory dimension) = 2^28 states"},
           {"[data.ifs]\ntarget = 'sine'\n", "allowed are gaussian, wavelet"},
           {"seed = 3\n", "f:1: unknown key 'seed': allowed are data, model, preset, training"},
           {"[model\n", "f:1: "},
       }) {
    try {
      parse_config(c.text, "f");
      ADD_FAILURE() << c.text;
    } catch (InvalidInput const& e) {
      EXPECT_NE(std::string(e.what()).find(c.words), std::string::npos) << e.what() << "\nfor\n" << c.text;
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << e.what();
    }
  }
}

TEST(Config, CanonicalTextsAreThoseOfCheckpoints) {
  EXPECT_EQ(to_toml(parse_config("[model]\nhidden = 7\n[data]\ntrain = ['a', \"b'c\"]\n", "f")),
            R"([model]
vocabulary = 256
context = 256
layers = 4
width = 256
heads = 4
activation = 'polynorm'
hidden = 7
positions = 'rope'
rope_base = 1e+04
norm = 'rms'
norm_eps = 1e-05
tied = true
biases = false
dropout = 0.0
initialisation = 'polycom'
[data]
stream = 'bytes'
train = ['a', "b'c"]
validation = []
suffixes = []
held_out = 0.05
[data.ifs]
dimension = 2
smoothness = 3
symbols = 2
memory = 6
outputs = 2
target = 'gaussian'
frequencies = 32
seed = 1
[training]
batch = 8
micro_batch = 8
steps = 1000
rate = 0.001
final_rate = 0.1
coefficient_rate = 1.0
schedule = 'cosine'
warmup_tokens = 0
decay_tokens = 0
beta1 = 0.9
beta2 = 0.95
eps = 1e-08
weight_decay = 0.1
clip = 1.0
bfloat16 = false
recompute = false
seed = 1
evaluate_every = 100
evaluate_sequences = 64
checkpoint_every = 200
keep = 2
log_every = 1
spike = 3.0
)");
}

TEST(Config, KeysWithoutEffectAreErrors) {
  std::string const ifs = "[data]\nstream = 'ifs'\n";
  struct Case {
    std::string text, words;
  };
  for (Case const& c : std::vector<Case>{
           {"[training]\ndecay_tokens = 5\n", "f:2: decay_tokens has no effect: allowed with schedule = \"wsd\""},
           {"[training]\nschedule = 'constant'\nfinal_rate = 0.2\n", "f:3: final_rate has no effect"},
           {"[model]\npositions = 'learned'\nrope_base = 5.0\n", "f:3: rope_base has no effect"},
           {ifs + "train = ['a']\n", "f:3: train has no effect: allowed with stream = \"bytes\" and \"shards\""},
           {ifs + "validation = ['a']\n", "f:3: validation has no effect"},
           {ifs + "suffixes = ['a']\n", "f:3: suffixes has no effect"},
           {ifs + "held_out = 0.5\n", "f:3: held_out has no effect"},
           {"[data]\nvalidation = ['a']\nheld_out = 0.5\n", "f:3: held_out has no effect: allowed with no files"},
           {"[data.ifs]\nmemory = 3\n", "f:1: ifs has no effect: allowed with stream = \"ifs\""},
           {ifs + "[data.ifs]\ntarget = 'wavelet'\nfrequencies = 3\n", "f:5: frequencies has no effect"},
       }) {
    try {
      parse_config(c.text, "f");
      ADD_FAILURE() << c.text;
    } catch (InvalidInput const& e) {
      EXPECT_EQ(std::string(e.what()).substr(0, c.words.size()), c.words) << c.text;
    }
  }
  // what a preset says loses its effect without a word, and is gone from the canonical text
  Config const c = parse_config("preset = 'gpt2-124m'\n[training]\nschedule = 'constant'\n", "f");
  EXPECT_EQ(c.training.final_rate, Training{}.final_rate);
  EXPECT_EQ(to_toml(parse_config(to_toml(c), "again")), to_toml(c));
  // a default may be said
  EXPECT_EQ(parse_config("[training]\ndecay_tokens = 0\n", "f").training.decay_tokens, 0);
}

}  // namespace
}  // namespace nwidth::lm
