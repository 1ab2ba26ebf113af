// SPDX-License-Identifier: Apache-2.0
/// The one file of nwidth-lm that knows CLI11, which takes long to compile.
#include "experiments/lm/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "experiments/lm/commands.hpp"
#include "experiments/record/build_info.hpp"
#include "experiments/record/text.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

constexpr char const* train_footer = R"(Examples:
  nwidth-lm train --preset tiny --data /usr/include/boost --out results/lm/tiny
  nwidth-lm train --preset tiny --activation swiglu --data text.txt --seed 2 --out results/lm/swiglu-2
  nwidth-lm train run.toml --out results/lm/run
  nwidth-lm train --resume --out results/lm/run          goes on from the newest good checkpoint
  python -m nwidth.lm.compile_step run.toml --threads 2 --out step.pt2
  nwidth-lm train run.toml --compiled step.pt2 --threads 2 --out results/lm/compiled
  torchrun --nproc-per-node 2 -m nwidth.lm.launch train run.toml --out results/lm/run
Losses are in --out/log.jsonl, a JSON object a line; checkpoints beside it are safetensors files.)";
constexpr char const* evaluate_footer = R"(Example:
  nwidth-lm evaluate results/lm/tiny --sequences 256)";
constexpr char const* footer = R"(Examples:
  nwidth-lm presets
  nwidth-lm describe --preset polycom-dense-1b
  nwidth-lm train --preset tiny --data /usr/include/boost --out results/lm/tiny
Exit codes: 0 done; 2 bad input; 3 stopped: by the guard against divergence, since another process was lost, or since a
compiled step has other gradients than the eager one; 128 + signal where SIGINT or SIGTERM asked for the end, with a
checkpoint.)";

void say(std::string const& what, int rank, int size) {
  // What all ranks have to say is said once: the launcher ends the others when the first is gone.
  if (rank > 0) std::this_thread::sleep_for(std::chrono::seconds(1));
  std::string const who = size > 1 ? "rank " + std::to_string(rank) + ": " : "";
  std::fprintf(stderr, "nwidth-lm: %s%s\n", who.c_str(), record::one_line(what).c_str());
}

/// @throws InvalidInput  for a value that is empty, as of a variable of the shell that is not set
void require_values(CLI::App& command) {
  for (CLI::Option const* const option : command.get_options())
    for (std::string const& value : option->results())
      if (value.empty()) throw InvalidInput(option->get_name() + " is empty: allowed is a value, or no such option");
}

/// Options that a command would make nothing of it does not have.
void add_source(CLI::App& c, Source& s) {
  c.add_option("config", s.config, "a TOML file");
  c.add_option("--preset", s.preset, "instead of a file: polycom-dense-1b, gpt2-124m, small or tiny");
}
void add_model(CLI::App& c, Source& s) {
  c.add_option("--activation", s.activation, "replaces the configuration's, before widths are matched");
  c.add_option("--steps", s.steps, "replaces the configuration's number of steps");
}
void add_data(CLI::App& c, Source& s) {
  c.add_option("--data", s.data, "replaces the configuration's training data: files or folders");
}

int dispatch(std::vector<std::string> const& arguments, Ranks& ranks) {
  CLI::App app("Trains transformer language models whose activation is what is studied.", "nwidth-lm");
  app.footer(footer);
  app.set_version_flag("--version", "nwidth-lm " + record::build_info().version);
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(26);

  TrainOptions train;
  CLI::App* const train_command = app.add_subcommand("train", "train a model, or go on with it");
  add_source(*train_command, train.source);
  add_model(*train_command, train.source);
  add_data(*train_command, train.source);
  train_command->add_option("--seed", train.source.seed, "replaces the configuration's seed");
  train_command->add_option("--out", train.out, "folder of the log and the checkpoints (default results/lm)");
  train_command->add_flag("--resume", train.resume, "go on from the newest good checkpoint in --out");
  train_command->add_option("--threads", train.threads, "1 to 1024 (default: the cores of this process)");
  train_command->add_option("--device", train.device, "cpu or cuda (default cpu)");
  train_command->add_option("--backend", train.backend, "of kernels: fused or torch (default fused)");
  train_command->add_option("--compiled", train.compiled,
                            "a step of python -m nwidth.lm.compile_step; it runs as code of this program");
  train_command->footer(train_footer);

  DescribeOptions described;
  CLI::App* const describe_command =
      app.add_subcommand("describe", "parameters, FLOPs a token and memory, without making the model");
  add_source(*describe_command, described.source);
  add_model(*describe_command, described.source);
  describe_command->add_option("--backend", described.backend,
                               "whose memory: fused, our kernels on a CPU, or torch (default fused)");
  describe_command->add_flag("--toml", described.toml,
                             "print the whole configuration instead, with the width that matches");

  EvaluateOptions evaluate;
  CLI::App* const evaluate_command = app.add_subcommand("evaluate", "held-out loss of a checkpoint");
  evaluate_command->add_option("CHECKPOINT", evaluate.checkpoint, "a file, or a folder: its newest good one")
      ->required();
  evaluate_command->add_option("--sequences", evaluate.sequences, "at most (default: what the run evaluated)");
  evaluate_command->add_option("--data", evaluate.data, "instead of the run's held-out data: files or folders");
  evaluate_command->add_option("--threads", evaluate.threads, "1 to 1024 (default: the cores of this process)");
  evaluate_command->add_option("--device", evaluate.device, "cpu or cuda (default cpu)");
  evaluate_command->add_option("--backend", evaluate.backend, "of kernels: fused or torch (default fused)");
  evaluate_command->footer(evaluate_footer);

  Source text;
  std::string text_out = "held_out.txt";
  CLI::App* const text_command = app.add_subcommand("text", "write the held-out text into a file, to compress it");
  add_source(*text_command, text);
  add_data(*text_command, text);
  text_command->add_option("--out", text_out, "the file (default held_out.txt)");

  std::string shown;
  CLI::App* const presets_command = app.add_subcommand("presets", "the configurations that the program carries");
  presets_command->add_option("NAME", shown, "print this one");

  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (CLI::CallForHelp const&) {
    CLI::App* const one = app.get_subcommands().empty() ? &app : app.get_subcommands().front();
    if (ranks.rank() == 0) std::fputs(one->help(one == &app ? "" : "nwidth-lm").c_str(), stdout);
    return done;
  } catch (CLI::CallForVersion const& e) {
    if (ranks.rank() == 0) std::printf("%s\n", e.what());
    return done;
  } catch (CLI::ParseError const& e) {
    std::string const name = app.get_subcommands().empty() ? "" : " " + app.get_subcommands().front()->get_name();
    std::string what = e.what();
    while (!what.empty() && (what.back() == '\n' || what.back() == '.')) what.pop_back();
    throw InvalidInput(what + "; see nwidth-lm" + name + " --help");
  }
  for (CLI::App* const command : app.get_subcommands()) require_values(*command);
  if (train_command->parsed()) return run_train(train, ranks);
  if (evaluate_command->parsed()) return run_evaluate(evaluate, ranks);
  if (ranks.rank() > 0 && !app.get_subcommands().empty()) return done;  // the rest is said or written by one
  if (describe_command->parsed()) return run_describe(described);
  if (text_command->parsed()) return run_text(text, text_out);
  if (presets_command->parsed()) return run_presets(shown);
  throw InvalidInput("no command: allowed are train, describe, evaluate, text, presets; see nwidth-lm --help");
}

}  // namespace

int run(std::vector<std::string> const& arguments, std::string const& group) {
  int rank = 0, size = 1;
  try {
    Ranks ranks(group);
    rank = ranks.rank();
    size = ranks.size();
    return dispatch(arguments, ranks);
  } catch (CollectiveError const&) {
    throw;
  } catch (std::bad_alloc const&) {
    say("out of memory: ask for a smaller model or micro_batch", rank, size);
  } catch (std::exception const& e) {
    std::string const text = e.what();
    say(text.substr(0, text.find('\n')), rank, size);  // torch appends a stack
  }
  return bad_input;
}

}  // namespace nwidth::lm
