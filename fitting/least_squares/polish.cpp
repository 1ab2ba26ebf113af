// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/polish.hpp"

#include <cmath>
#include <string>

#include "fitting/least_squares/assembly.hpp"
#include "fitting/least_squares/newton.hpp"

namespace nwidth::fitting {
namespace {

Real total(Function const& f, Resolution const& resolution, Objective const& objective, FreeKnotSpline<Real> const& s,
           Real const& scale) {
  Real sum = 0;
  for (Real const& v : segment_values(f, MovingNodes<Real>(f, resolution), objective, s, scale)) sum += v;
  return sum;
}

}  // namespace

PolishedFit polish(Function const& f, FreeKnotSpline<double> const& start, int digits, Objective const& objective) {
  if (digits < 10 || digits > 40)
    throw InvalidInput("fits are polished to 10 to 40 digits, not " + std::to_string(digits));
  check(objective, start.kind);
  start.validate();
  PolishedFit result;
  result.spline = start.as<Real>();
  FreeKnotSpline<Real>& s = result.spline;
  s.knots.front() = to_real(f.begin());  // the domain need not end in doubles
  s.knots.back() = to_real(f.end());
  Resolution resolution{s.kind.degree + 8 + digits / 2, 1, 2 * digits};
  Real scale = 1;
  for (int doubling = 0; doubling < 6; ++doubling) {
    MovingNodes<Real> const nodes(f, resolution);
    if (objective.p == 2 && !fit_coefficients<Real>(f, nodes, objective.weights, s)) {
      result.outcome = {Status::rank_deficient, "the basis of the start"};
      return result;
    }
    Real const before = total(f, resolution, objective, s, scale);
    if (!(before > 0)) {
      result.outcome = {Status::below_precision, "the error vanishes"};
      return result;
    }
    scale *= pow(before, Real(1) / Real(objective.p));
    NewtonOptions options;
    options.tolerance = std::pow(10.0, -2 * digits);
    NewtonResult<Real> const newton_result = newton(f, nodes, objective, options, scale, s);
    result.iterations += newton_result.iterations;
    result.outcome = newton_result.outcome;
    Resolution finer = resolution;
    finer.pieces *= 2;
    Real const here = newton_result.value, there = total(f, finer, objective, s, scale);
    result.error = scale * pow(there, Real(1) / Real(objective.p));
    if (abs(Real(here - there)) <= Real(std::pow(10.0, -digits - 1)) * there) return result;
    resolution = finer;
  }
  if (is_usable(result.outcome.status))
    result.outcome = {Status::below_precision, "quadrature does not reach " + std::to_string(digits) + " digits"};
  return result;
}

}  // namespace nwidth::fitting
