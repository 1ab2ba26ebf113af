// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/newton.hpp"

#include <limits>
#include <sstream>

#include "theory/number/real.hpp"

namespace nwidth::fitting {
namespace {

template <class T>
T sum(std::vector<T> const& values) {
  T total(0);
  for (T const& v : values) total += v;
  return total;
}

/// s moved by the step; false if knots come closer than `least` or lose more than 0.7 of their spacing.
template <class T>
bool moved(FreeKnotSpline<T> const& s, std::vector<T> const& step, T const& least, FreeKnotSpline<T>& to) {
  int const n = s.interior_knots();
  to = s;
  for (int k = 1; k <= n; ++k) to.knots[index(k)] += step[index(variable_of_knot(s.kind, k))];
  for (int j = 0; j < s.kind.dimension(n); ++j)
    to.coefficients[index(j)] += step[index(variable_of_coefficient(s.kind, n, j))];
  for (int k = 0; k <= n; ++k) {
    T const before = s.knots[index(k + 1)] - s.knots[index(k)], after = to.knots[index(k + 1)] - to.knots[index(k)];
    if (!(after > least && after > T(0.3) * before)) return false;
  }
  return true;
}

/// With p = 2 the best coefficients for the knots are known: take them.
template <class T>
bool refitted(Function const& f, MovingNodes<T> const& nodes, Objective const& objective, FreeKnotSpline<T>& s) {
  return objective.p != 2 || fit_coefficients<T>(f, nodes, objective.weights, s);
}

}  // namespace

template <class T>
NewtonResult<T> newton(Function const& f, MovingNodes<T> const& nodes, Objective const& objective,
                       NewtonOptions const& options, T const& scale, FreeKnotSpline<T>& s) {
  using std::abs;
  T const eps = std::numeric_limits<T>::epsilon(), noise = std::max(T(options.noise), T(T(4) * eps));
  T const least = T(options.least_spacing) * (s.end() - s.begin()) / s.segments();
  // with p = 2 damping acts on the knots only: the coefficients are best for the knots, and their part is definite
  std::vector<int> damped;
  for (int k = 1; k <= s.interior_knots(); ++k) damped.push_back(variable_of_knot(s.kind, k));
  for (int j = 0; objective.p != 2 && j < s.kind.dimension(s.interior_knots()); ++j)
    damped.push_back(variable_of_coefficient(s.kind, s.interior_knots(), j));
  NewtonResult<T> result;
  result.decrement = T(1);
  T damping(0), best_decrement(-1);
  bool definite = false;  // the undamped Hessian
  int stalled = 0;
  std::vector<T> past;  // values
  FreeKnotSpline<T> next;
  SecondOrder<T> here = second_order(f, nodes, objective, s, scale);
  for (;; ++result.iterations) {
    result.value = here.value;
    bool accepted = false;
    definite = false;
    for (int attempt = 0; attempt < 60 && !accepted; ++attempt) {
      BandedSymmetric<T> h = here.hessian;
      for (int const i : damped) h.at(i, i) += damping * abs(here.hessian.at(i, i));
      if (!h.factor()) {
        damping = std::max(T(damping * 10), T(1e-9));
        continue;
      }
      std::vector<T> step = here.gradient;
      h.solve(step);
      T slope(0), bend(0);
      for (std::size_t i = 0; i < step.size(); ++i) {
        slope += here.gradient[i] * step[i];
        step[i] = -step[i];
      }
      for (int const i : damped) bend += step[index(i)] * step[index(i)] * abs(here.hessian.at(i, i));
      T const promised = (slope + damping * bend) / 2;
      if (damping == 0) {
        definite = true;
        result.decrement = slope / (T(2) * here.value);
        if (!(result.decrement > T(options.tolerance))) {
          result.definite = true;
          result.outcome = {Status::converged, "Newton decrement at rounding level, Hessian positive definite"};
          return result;
        }
        stalled = best_decrement < 0 || result.decrement < best_decrement / 2 ? 0 : stalled + 1;
        if (stalled == 0) best_decrement = result.decrement;
      }
      if (moved(s, step, least, next) && refitted(f, nodes, objective, next)) {
        T const value = sum(segment_values(f, nodes, objective, next, scale));
        T const gain = (here.value - value) / promised;
        if (value < here.value || (definite && damping == 0 && value <= here.value * (T(1) + noise))) {
          accepted = true;
          if (gain > T(0.75) || value >= here.value) damping = damping > T(1e-8) ? T(damping / 10) : T(0);
          if (gain < T(0.25) && value < here.value) damping = std::max(T(damping * 4), T(1e-8));
          break;
        }
      }
      damping = std::max(T(damping * 10), T(1e-8));
    }
    past.push_back(here.value);
    std::size_t const steps = past.size();
    bool const level = steps > 5 && !(past[steps - 6] - here.value >
                                      std::max(T(std::min(1e-13, 1e4 * options.tolerance)), T(noise / 32)));
    if (!accepted || stalled > 6 || level || result.iterations >= options.max_iterations) {
      bool const still = definite && result.decrement < std::max(T(1e-13), T(T(100) * noise * noise));
      result.definite = definite;
      std::ostringstream text;
      if (level)
        text << "the last five Newton steps gained less than rounding";
      else if (definite)
        text << "Newton decrement " << static_cast<double>(result.decrement) << " after " << result.iterations
             << " steps";
      else
        text << "the Hessian is not positive definite after " << result.iterations << " steps";
      result.outcome = {still || level ? Status::flat : Status::max_iterations, text.str()};
      return result;
    }
    std::swap(s, next);
    here = second_order(f, nodes, objective, s, scale);
  }
}

template NewtonResult<double> newton(Function const&, MovingNodes<double> const&, Objective const&,
                                     NewtonOptions const&, double const&, FreeKnotSpline<double>&);
template NewtonResult<Real> newton(Function const&, MovingNodes<Real> const&, Objective const&, NewtonOptions const&,
                                   Real const&, FreeKnotSpline<Real>&);

}  // namespace nwidth::fitting
