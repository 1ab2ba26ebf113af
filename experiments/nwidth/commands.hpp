// SPDX-License-Identifier: Apache-2.0
/// The commands: options as text, as the command line gave them; each returns its exit code.
#pragma once
#include <string>

namespace nwidth::program {

/// An option that was not given is empty.
struct WidthsOptions {
  std::string n, N, digits;
  bool json = false;
};
int run_widths(WidthsOptions const& o);

/// What fixes a construction: --N, or --N1 and --N2, and so on.
struct ParameterOptions {
  std::string N, N1, N2, levels, overlap;
};

struct ClassOptions {
  std::string method, n, rel, digits;
  ParameterOptions parameters;
  bool json = false;
};
int run_class(ClassOptions const& o);

struct ConstructOptions {
  std::string method, target, n, d, eps, rel, digits, out;
  ParameterOptions parameters;
  bool no_certify = false, json = false;
};
int run_construct(ConstructOptions const& o);

struct FitOptions {
  std::string target, samples, loss, activation, knots, width, depth, domain, norm, bits, rel, digits, seed;
  std::string out, format, figure;
  bool no_bound = false, json = false;
};
int run_fit(FitOptions const& o);

struct CertifyOptions {
  std::string network, target, domain, norm, evaluated_in, rel, digits;
  bool json = false;
};
int run_certify(CertifyOptions const& o);

struct RatesOptions {
  std::string config, out, threads;
  bool json = false, print_config = false, no_figure = false;
};
int run_rates(RatesOptions const& o);

int run_targets(bool json);
int run_version(bool json);

/// Parses argv and runs the command. @returns its exit code @throws InvalidInput for a bad command line
int run_command_line(int argc, char** argv);

}  // namespace nwidth::program
