// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/commands.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "experiments/lm/bytes.hpp"
#include "experiments/lm/checkpoint.hpp"
#include "experiments/lm/command_line.hpp"
#include "experiments/lm/describe.hpp"
#include "experiments/lm/evaluation.hpp"
#include "experiments/lm/log.hpp"
#include "experiments/lm/torch_compat.hpp"
#include "experiments/lm/trainer.hpp"
#include "experiments/record/atomic_file.hpp"
#include "experiments/record/build_info.hpp"
#include "experiments/record/json.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

at::Device device_named(std::string const& name, Ranks const& ranks) {
  if (name == "cpu") return at::kCPU;
  if (name != "cuda") throw InvalidInput("--device = '" + name + "': allowed are cpu, cuda");
  load_cuda();
  if (!at::globalContext().hasCUDA())
    throw InvalidInput("--device = 'cuda': this machine shows no CUDA device to torch");
  char const* const local = std::getenv("LOCAL_RANK");
  int const index = local != nullptr ? std::atoi(local) : ranks.rank();
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

/// @returns 0 where nothing is asked for and a launcher has divided the cores
int threads_of(std::optional<long> asked, Ranks const& ranks) {
  if (asked && (*asked < 1 || *asked > 1024))
    throw InvalidInput("--threads = " + std::to_string(*asked) + ": allowed are 1 to 1024");
  if (asked) return static_cast<int>(*asked);
  return ranks.size() > 1 || std::getenv("OMP_NUM_THREADS") != nullptr ? 0 : record::machine().cores;
}

/// @throws InvalidInput  where --data would name files that nothing reads
void require_files(Data const& data, std::vector<std::string> const& named) {
  if (data.stream == Stream::ifs)
    throw InvalidInput("--data = " + quoted(named) + " with stream = \"ifs\": allowed with bytes and shards");
}

/// A second signal ends the process at once.
extern "C" void stop_after_this_step(int signal) {
  request_stop(signal);
  std::signal(signal, SIG_DFL);
}

/// What the options say in place of the configuration, but for the activation.
void replace(Config& c, Source const& s) {
  auto const in_range = [](char const* option, std::optional<long> value, std::int64_t least, std::int64_t most) {
    if (value && (*value < least || *value > most))
      throw InvalidInput(std::string(option) + " = " + std::to_string(*value) + ": allowed are " +
                         std::to_string(least) + " to " + std::to_string(most));
  };
  in_range("--steps", s.steps, 1, most_steps);
  in_range("--seed", s.seed, 0, most_seed);
  if (s.steps) c.training.steps = *s.steps;
  if (s.seed) c.training.seed = static_cast<std::uint64_t>(*s.seed);
  if (s.data.empty()) return;
  require_files(c.data, s.data);
  c.data.train = s.data;
}

/// @throws InvalidInput  unless a checkpoint with this configuration can be read again
Config readable(Config const& c) { return parse_config(to_toml(c), "command line"); }

}  // namespace

Config configuration(Source const& s) {
  if (s.config.empty() == s.preset.empty())
    throw InvalidInput(s.config.empty() ? "no configuration: give a TOML file or --preset NAME"
                                        : "a file and --preset exclude each other");
  std::string const name = s.config.empty() ? "preset " + s.preset : s.config;
  Config c = s.config.empty() ? parse_config(preset(s.preset), name, s.activation)
                              : parse_config(record::read_whole(s.config), name, s.activation);
  replace(c, s);
  return readable(c);
}

Config configuration(TensorFile const& checkpoint, Source const& s) {
  Config c = parse_config(checkpoint.metadata("config"), "the configuration of the checkpoint");
  replace(c, s);
  if (!s.activation.empty()) c.model.activation = activation_named(s.activation).name;
  return readable(c);
}

int run_train(TrainOptions const& o, Ranks& ranks) {
  Job job;
  job.out = o.out;
  job.resume = o.resume;
  job.threads = threads_of(o.threads, ranks);
  job.backend = backend_named(o.backend);
  job.device = device_named(o.device, ranks);
  job.compiled = o.compiled;
  if (!o.compiled.empty() && !job.device.is_cpu())
    throw InvalidInput("--device = '" + o.device + "': allowed is cpu with --compiled");
  if (o.resume && !o.source.given()) {
    Found const found = newest_checkpoint(job.out);
    if (!found.file)
      throw InvalidInput(found.bad.empty() ? "no checkpoint in '" + o.out + "': give the configuration as well"
                                           : found.bad.front() + "; there is no other checkpoint");
    job.config = configuration(*found.file, o.source);
  } else {
    job.config = configuration(o.source);
  }
  std::signal(SIGINT, stop_after_this_step);
  std::signal(SIGTERM, stop_after_this_step);
  Outcome const outcome = train(job, ranks);
  if (outcome.signal != 0) {
    if (ranks.rank() == 0)
      std::fprintf(stderr, "nwidth-lm: interrupted after step %lld; train --resume --out %s goes on\n",
                   static_cast<long long>(outcome.step), o.out.c_str());
    return 128 + outcome.signal;
  }
  if (outcome.stopped.empty()) return done;
  if (ranks.rank() == 0) std::fprintf(stderr, "nwidth-lm: %s\n", outcome.stopped.c_str());
  return stopped;
}

int run_evaluate(EvaluateOptions const& o, Ranks& ranks) {
  if (int const threads = threads_of(o.threads, ranks); threads > 0) at::set_num_threads(threads);
  Backend const backend = backend_named(o.backend);
  at::Device const device = device_named(o.device, ranks);
  std::filesystem::path path = o.checkpoint;
  std::unique_ptr<TensorFile> file;
  if (std::filesystem::is_directory(path)) {
    Found found = newest_checkpoint(path);
    if (!found.file)
      throw InvalidInput(found.bad.empty() ? "no checkpoint in '" + o.checkpoint + "'" : found.bad.front());
    for (std::string const& bad : found.bad)
      std::fprintf(stderr, "nwidth-lm: %s; an older checkpoint is used\n", bad.c_str());
    path = checkpoint_path(path, found.step);
    file = std::move(found.file);
  } else {
    file = open_checkpoint(path);
  }
  Config config = parse_config(file->metadata("config"), path.string());
  if (!o.data.empty()) {
    require_files(config.data, o.data);
    config.data.validation = o.data;
  }
  std::int64_t const sequences = o.sequences.value_or(config.training.evaluate_sequences);
  if (sequences < 1) throw InvalidInput("--sequences = " + std::to_string(sequences) + ": allowed are 1 and more");
  auto const source = open_tokens(config.data, config.model, Split::validation, config.training.seed);
  Transformer model(config.model, backend, device);
  restore_parameters(*file, model.parameters());
  Evaluation const e =
      evaluate(model, *source, sequences, config.training.micro_batch, config.training.bfloat16, ranks);
  Json line{{"checkpoint", path.string()}, {"step", std::stoll(file->metadata("step"))}};
  line.update(
      described(e, excess(model, *source, config.training.micro_batch, config.training.bfloat16), config.data.stream));
  line["data"] = described(source->describe());
  if (ranks.rank() == 0) std::printf("%s\n", line.dump().c_str());
  return done;
}

int run_describe(DescribeOptions const& o) {
  Config const config = configuration(o.source);
  Backend const backend = backend_named(o.backend);
  std::fputs((o.toml ? to_toml(config) : describe(config, backend)).c_str(), stdout);
  return done;
}

int run_text(Source const& s, std::string const& out) {
  Config const config = configuration(s);
  if (config.data.stream != Stream::bytes) throw InvalidInput("text: allowed is stream = \"bytes\"");
  if (!s.data.empty() && !config.data.validation.empty())
    throw InvalidInput("--data = " + quoted(s.data) + ": the configuration's validation = " +
                       quoted(config.data.validation) + " is written; allowed where it names none");
  record::write_whole(out, open_bytes(config.data, Split::validation).text());
  return done;
}

int run_presets(std::string const& name) {
  if (!name.empty()) {
    std::string const text(preset(name));
    std::fputs(text.c_str(), stdout);
    return done;
  }
  for (std::string const& p : presets()) {
    std::string const text(preset(p));  // its first line is a comment that says what it is
    std::printf("%-18s %s\n", p.c_str(), text.substr(2, text.find('\n') - 2).c_str());
  }
  return done;
}

}  // namespace nwidth::lm
