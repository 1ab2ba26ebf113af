// SPDX-License-Identifier: Apache-2.0
/// The one file that knows CLI11, which takes long to compile.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <set>

#include "experiments/nwidth/commands.hpp"
#include "experiments/nwidth/help.hpp"
#include "experiments/nwidth/output.hpp"
#include "experiments/record/build_info.hpp"
#include "theory/number/error.hpp"

namespace nwidth::program {
namespace {

/// The arguments, last first, as CLI11 wants them. A value that begins with a minus ("--domain -1,1", "--target -x")
/// belongs to its option; CLI11 would take some of these for options: "--name value" becomes "--name=value".
/// @throws InvalidInput if a value is empty
std::vector<std::string> prepare(int argc, char** argv) {
  static std::set<std::string> const flags = {"--json",      "--help",         "--version", "--no-certify",
                                              "--no-figure", "--print-config", "--no-bound"};
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    std::string one = argv[i];
    std::string const name = one.substr(0, one.find('='));
    if (name.starts_with("--") && name.size() > 2 && !flags.contains(name)) {
      bool const apart = name == one && i + 1 < argc;
      std::string const value = apart ? argv[i + 1] : name == one ? "-" : one.substr(name.size() + 1);
      if (value.empty()) throw InvalidInput(name + " = '': allowed is a value that is not empty");
      if (apart && value[0] == '-' && !value.starts_with("--")) {
        one += "=" + value;
        ++i;
      }
    }
    arguments.push_back(std::move(one));
  }
  std::reverse(arguments.begin(), arguments.end());
  return arguments;
}

void add_parameters(CLI::App& c, ParameterOptions& p) {
  c.add_option("--N", p.N,
               "degrees of freedom (optimal-spline) or grid cells (local-taylor, yarotsky-relu), up to 20000");
  c.add_option("--N1", p.N1, "coarse cells (two-level, log-free-relu), 2 to 2000");
  c.add_option("--N2", p.N2, "degrees of freedom in each coarse cell, 2 to 2000");
  c.add_option("--levels", p.levels, "sawtooth layers of a ReLU product, 1 to 40");
  c.add_option("--overlap", p.overlap, "of coarse cells, as a part of their width, up to 1/4 (default 1/256)");
}

constexpr char const* n_help = "smoothness: the class is |f^(n)| <= 1";
constexpr char const* target_help = "a name from `nwidth targets` or an expression in x";
constexpr char const* rel_help = "width of the enclosure relative to its upper end, 1e-12 to 1/2";
constexpr char const* digits_help = "significant digits of the printed enclosures, 1 to 60";
constexpr char const* json_help = "one JSON object on stdout";

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app(help::program, "nwidth");
  app.footer(help::program_footer);
  app.set_version_flag("--version", "nwidth " + record::build_info().version);
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(26);
  std::map<CLI::App const*, char const*> long_descriptions;
  auto const command = [&](char const* name, char const* brief, char const* description, char const* footer,
                           bool& json) {
    CLI::App* const c = app.add_subcommand(name, brief);
    long_descriptions[c] = description;
    c->footer(footer);
    c->add_flag("--json", json, json_help);
    return c;
  };

  RatesOptions rates;
  CLI::App* const rates_command =
      command("rates", "certified error against size for all constructions, with the limit lines", help::rates,
              help::rates_footer, rates.json);
  rates_command->add_option("config", rates.config, "a TOML file; without it the built-in one (see --print-config)");
  rates_command->add_option("--out", rates.out, "folder for records and tables (default results/rates)");
  rates_command->add_option("--threads", rates.threads, "1 to 256 (default: the cores of this machine)");
  rates_command->add_flag("--no-figure", rates.no_figure, "records and tables only");
  rates_command->add_flag("--print-config", rates.print_config, "print the configuration that would run, and stop");

  ConstructOptions construct;
  CLI::App* const construct_command = command("construct", "build a network for a target, certify it, write it",
                                              help::construct, help::construct_footer, construct.json);
  construct_command->add_option("METHOD", construct.method, help::methods)->required();
  construct_command->add_option("--target", construct.target, target_help)->required();
  construct_command->add_option("--n", construct.n, n_help)->required();
  construct_command->add_option("--d", construct.d, "inputs: 1");
  construct_command->add_option(
      "--eps", construct.eps, "instead of parameters: the smallest network whose error over the class is at most this");
  add_parameters(*construct_command, construct.parameters);
  construct_command->add_option("--out", construct.out, "the network file to write")->required();
  construct_command->add_flag("--no-certify", construct.no_certify, "build and count only");
  construct_command->add_option("--rel", construct.rel, std::string(rel_help) + " (default 1e-6)");
  construct_command->add_option("--digits", construct.digits, std::string(digits_help) + " (default 17)");

  FitOptions fit;
  CLI::App* const fit_command =
      command("fit", "fit a network to a target, and prove how far it is from the best possible", help::fit,
              help::fit_footer, fit.json);
  fit_command->add_option("--target", fit.target, target_help);
  fit_command->add_option("--samples", fit.samples, "instead of a target: a text file of lines x,y or x,y,weight");
  fit_command->add_option("--loss", fit.loss, "on samples: l2, huber or cauchy (default l2)");
  fit_command
      ->add_option("--activation", fit.activation,
                   "relu, relu2, relu3, polyrelu (cubic, per neuron) or polyrelu-shared (cubic, per layer)")
      ->required();
  fit_command->add_option("--knots", fit.knots, "interior knots, 0 to 512 (polyrelu-shared: 1 to 64)");
  fit_command->add_option("--width", fit.width, "or neurons in all: knots and what is always on");
  fit_command->add_option("--depth", fit.depth, "hidden layers: 1");
  fit_command->add_option("--domain", fit.domain, "the interval a,b (default -1,1, or that of the samples)");
  fit_command->add_option("--norm", fit.norm, "sup or l2 (default sup; polyrelu-shared and samples: l2 only)");
  fit_command->add_option("--out", fit.out, "the network file to write")->required();
  fit_command->add_option("--format", fit.format, "json, onnx or safetensors (default by the ending of --out)");
  fit_command->add_option("--bits", fit.bits, "of each weight, 2 to 1000 (default 53: doubles)");
  fit_command->add_option("--figure", fit.figure, "also write FIGURE.json, .svg, .pdf and .png");
  fit_command->add_option("--seed", fit.seed, "of random starts, 0 to 2^53 (default 1)");
  fit_command->add_flag("--no-bound", fit.no_bound, "leave the lower bounds out");
  fit_command->add_option("--rel", fit.rel, std::string(rel_help) + " (default 1e-6)");
  fit_command->add_option("--digits", fit.digits, std::string(digits_help) + " (default 17)");

  CertifyOptions certify;
  CLI::App* const certify_command =
      command("certify", "enclose the error of a network file", help::certify, help::certify_footer, certify.json);
  certify_command->add_option("--network", certify.network, "a network file")->required();
  certify_command->add_option("--target", certify.target, target_help)->required();
  certify_command->add_option("--domain", certify.domain, "the interval a,b (default -1,1)");
  certify_command->add_option("--norm", certify.norm, "sup or l2 (default sup)");
  certify_command->add_option("--evaluated-in", certify.evaluated_in,
                              "double, float32, bfloat16 or bfloat16-values: the error with rounding");
  certify_command->add_option("--rel", certify.rel, std::string(rel_help) + " (default 1e-6)");
  certify_command->add_option("--digits", certify.digits, std::string(digits_help) + " (default 17)");

  ClassOptions class_options;
  CLI::App* const class_command =
      command("class", "enclose the error of a construction over the whole class |f^(n)| <= 1", help::class_,
              help::class_footer, class_options.json);
  class_command->add_option("--method", class_options.method, "optimal-spline, two-level or local-taylor")->required();
  class_command->add_option("--n", class_options.n, n_help)->required();
  add_parameters(*class_command, class_options.parameters);
  class_command->add_option("--rel", class_options.rel, std::string(rel_help) + " (default 1e-9)");
  class_command->add_option("--digits", class_options.digits, std::string(digits_help) + " (default 17)");

  WidthsOptions widths;
  CLI::App* const widths_command =
      command("widths", "enclose the n-width, with its perfect spline", help::widths, help::widths_footer, widths.json);
  widths_command->add_option("--n", widths.n, n_help)->required();
  widths_command->add_option("--N", widths.N, "dimension of the approximating spaces, from n to 1000000")->required();
  widths_command->add_option("--digits", widths.digits, std::string(digits_help) + " (default 30; 9 beyond N = 128)");

  bool targets_json = false, version_json = false;
  CLI::App* const targets_command =
      command("targets", "the named test functions", help::targets, help::targets_footer, targets_json);
  CLI::App* const version_command =
      command("version", "commit, compiler, libraries and machine", help::version, help::version_footer, version_json);

  try {
    app.parse(prepare(argc, argv));
  } catch (CLI::CallForHelp const&) {
    CLI::App* const shown = app.get_subcommands().empty() ? &app : app.get_subcommands().front();
    if (shown != &app) shown->description(std::string(long_descriptions[shown]) + "\n");
    print(shown->help(shown == &app ? "" : "nwidth"));
    return done;
  } catch (CLI::CallForVersion const& e) {
    print(std::string(e.what()) + "\n");
    return done;
  } catch (CLI::ParseError const& e) {
    std::string const name = app.get_subcommands().empty() ? "" : " " + app.get_subcommands().front()->get_name();
    std::string what = e.what();
    while (!what.empty() && (what.back() == '\n' || what.back() == '.')) what.pop_back();
    throw InvalidInput(what + "; see nwidth" + name + " --help");
  }
  if (rates_command->parsed()) return run_rates(rates);
  if (construct_command->parsed()) return run_construct(construct);
  if (fit_command->parsed()) return run_fit(fit);
  if (certify_command->parsed()) return run_certify(certify);
  if (class_command->parsed()) return run_class(class_options);
  if (widths_command->parsed()) return run_widths(widths);
  if (targets_command->parsed()) return run_targets(targets_json);
  if (version_command->parsed()) return run_version(version_json);
  throw InvalidInput(
      "no command: allowed are rates, construct, fit, certify, class, widths, targets, version; see nwidth --help");
}

}  // namespace nwidth::program
