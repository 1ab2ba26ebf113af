// SPDX-License-Identifier: Apache-2.0
/// What errors at several sizes say about a rate, and no more: proved slopes, proved intervals of exponents, and fits
/// that are named estimates.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "fitting/rate/feasible.hpp"
#include "fitting/rate/sequence.hpp"

namespace nwidth::fitting {

/// -(log E(to) - log E(from))/log(to/from), enclosed.
struct Slope {
  long from, to;
  Bounds p;
};

/// 2 p(2N) - p(N) of the slopes from N and from 2N: the exponent if E = C N^{-p} (1 + c/N + ...); enclosed.
struct Extrapolated {
  long from;
  Bounds p;
};

/// A least-squares fit of log E at the logarithmic middles of the enclosures, in double. An estimate: nothing is
/// proved, and no standard error is given, since misfit of a model is not an uncertainty of its exponent.
struct RateFit {
  RateModel model;
  double constant = 0;  ///< C
  double p = 0;
  double s = 0;             ///< of the shifted model
  std::optional<double> q;  ///< of the logarithmic one, only if N spans three decades: on less, log log N is a line
  double misfit = 0;        ///< max |log E - log fit|
  bool at_edge = false;     ///< s is an end of its range: no such model
};

/// E(N) ~ K I N^{-r} where f^(r) is known: K the constant of the class, I = (int |f^(r)|^s)^{1/s}.
struct KnownConstant {
  int rate;         ///< r
  Bounds constant;  ///< K I, enclosed, > 0
};

/// E(N) N^r/(K I), enclosed: tends to 1 if the constant is right, a stronger test than a slope.
struct ConstantRatio {
  long N;
  Bounds ratio;
};

struct RateOptions {
  FeasibleOptions feasible;
  std::optional<KnownConstant> known;
};

struct RateReport {
  Abscissa abscissa;
  std::vector<RatePoint> points;
  std::vector<RateSequence::Excluded> excluded;
  std::vector<Slope> slopes;               ///< between neighbours
  std::vector<Extrapolated> extrapolated;  ///< only if the slopes are at least 3, dyadic, and certainly monotone
  std::string not_extrapolated;            ///< why not, if so
  std::vector<RateFit> fits;               ///< power (from 2 points), shifted and log (from 4)
  struct Feasible {
    RateModel model;
    FeasibleExponents exponents;
  };
  std::vector<Feasible> feasible;  ///< power (from 2 points), shifted and log (from 3)
  FeasibleOptions feasible_options;
  Bounds shifts;                     ///< over which s was sought
  bool logarithm_separable = false;  ///< N spans three decades; else exponents stand under both models, with no q
  std::vector<ConstantRatio> ratios;
};

/// All of it. Rules: enclosures of converged fits only; the abscissa is fixed by the sequence and a shift of it always
/// tried; extrapolation of certainly monotone slopes only; exponents with and without a logarithm, q on three decades
/// only; no standard errors.
/// @throws InvalidInput as feasible_exponents does, and for a known constant that is not positive, or rate < 1
RateReport analyse(RateSequence const& sequence, RateOptions const& options = {});

/// The report as text for people, lines of at most 120 columns; enclosures are rounded outward to the digits shown.
std::string table(RateReport const& report);

}  // namespace nwidth::fitting
