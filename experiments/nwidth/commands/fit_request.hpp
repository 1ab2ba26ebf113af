// SPDX-License-Identifier: Apache-2.0
/// What `nwidth fit` is asked for, checked; and how its answer and files come out.
#pragma once
#include <optional>
#include <string>

#include "experiments/fit/network_file.hpp"
#include "experiments/nwidth/commands.hpp"
#include "experiments/nwidth/output.hpp"
#include "fitting/report/proved_fit.hpp"

namespace nwidth::program {

struct FitRequest {
  fitting::SplineClass kind;
  bool shared = false;  ///< one coefficient vector for the layer
  int knots = 0;
  fitting::Norm norm = fitting::Norm::sup;
  std::optional<std::pair<Rational, Rational>> domain;
  fit::Format format = fit::Format::json;
  int bits = 53, digits = 17;
  std::uint64_t seed = 1;
  Rational relative;

  /// @throws InvalidInput on a value that is not allowed, or options that do not go together
  explicit FitRequest(FitOptions const& o);
  std::string norm_name() const { return norm == fitting::Norm::sup ? "sup" : "l2"; }
};

/// Fails now if the files could not be written later. @throws record::FileError
void require_writable(FitOptions const& o);

/// Prints the answer and writes network, curves and figure: files appear only if the answer did. A figure that cannot
/// be drawn is a line on stderr that says how to draw it.
void deliver(FitOptions const& o, std::string const& text, std::string const& network, Json const& curves);

/// The fit to samples: --samples instead of --target.
int run_fit_samples(FitOptions const& o, FitRequest const& request);

}  // namespace nwidth::program
