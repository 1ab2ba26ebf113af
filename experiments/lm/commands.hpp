// SPDX-License-Identifier: Apache-2.0
/// What the commands of nwidth-lm take and do; all throw InvalidInput or record::FileError for bad input.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "experiments/lm/config.hpp"
#include "experiments/lm/group.hpp"
#include "experiments/lm/tensor_file.hpp"

namespace nwidth::lm {

/// Where a configuration comes from.
struct Source {
  std::string config, preset, activation;
  std::vector<std::string> data;
  std::optional<long> steps, seed;

  bool given() const { return !config.empty() || !preset.empty(); }
};
/// What the options name replaces what the file or the preset says.
/// @throws InvalidInput  unless exactly one of config and preset is given; for a value that is not allowed
Config configuration(Source const& s);
/// That of a checkpoint instead. A resumed run then refuses what differs (train()), so that no option is ignored.
Config configuration(TensorFile const& checkpoint, Source const& s);

struct TrainOptions {
  Source source;
  std::string out = "results/lm", device = "cpu", backend = "fused", compiled;
  bool resume = false;
  std::optional<long> threads;
};
int run_train(TrainOptions const& o, Ranks& ranks);

struct EvaluateOptions {
  std::string checkpoint, device = "cpu", backend = "fused";
  std::optional<long> sequences, threads;
  std::vector<std::string> data;
};
/// Prints one JSON object.
int run_evaluate(EvaluateOptions const& o, Ranks& ranks);

struct DescribeOptions {
  Source source;
  std::string backend = "fused";
  bool toml = false;  ///< print the configuration instead, as a run writes it into its checkpoints
};
int run_describe(DescribeOptions const& o);
int run_presets(std::string const& name);
/// Writes the held-out text as it lies in the files, for programs that compress it.
int run_text(Source const& s, std::string const& out);

}  // namespace nwidth::lm
