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

/// s moved by `fraction` of the step; false if knots come closer than `least`.
template <class T>
bool moved(FreeKnotSpline<T> const& s, std::vector<T> const& step, T const& fraction, T const& least,
           FreeKnotSpline<T>& to) {
  int const n = s.interior_knots();
  to = s;
  for (int k = 1; k <= n; ++k) to.knots[index(k)] += fraction * step[index(variable_of_knot(s.kind, k))];
  for (int j = 0; j < s.kind.dimension(n); ++j)
    to.coefficients[index(j)] += fraction * step[index(variable_of_coefficient(s.kind, n, j))];
  for (int k = 0; k <= n; ++k)
    if (!(to.knots[index(k + 1)] - to.knots[index(k)] > least)) return false;
  return true;
}

}  // namespace

template <class T>
NewtonResult<T> newton(Function const& f, MovingNodes<T> const& nodes, Objective const& objective,
                       NewtonOptions const& options, T const& scale, FreeKnotSpline<T>& s) {
  using std::abs;
  T const eps = std::numeric_limits<T>::epsilon();
  T const noise = std::max(T(options.noise), T(T(4) * eps));
  T const least = T(options.least_spacing) * (s.end() - s.begin()) / s.segments();
  NewtonResult<T> result;
  T damping(0), best_decrement(-1);
  int stalled = 0;
  FreeKnotSpline<T> next;
  SecondOrder<T> here = second_order(f, nodes, objective, s, scale);
  for (;; ++result.iterations) {
    result.value = here.value;
    int const size = here.hessian.size();
    std::vector<T> step;
    bool accepted = false, definite = false;
    for (int attempt = 0; attempt < 40 && !accepted; ++attempt) {
      BandedSymmetric<T> h = here.hessian;
      for (int i = 0; i < size; ++i) h.at(i, i) += damping * abs(here.hessian.at(i, i)) + (damping > 0 ? eps : T(0));
      if (!h.factor()) {
        damping = damping > 0 ? T(damping * 10) : T(1e-6);
        continue;
      }
      step = here.gradient;
      h.solve(step);
      T promised(0);  // g H^-1 g: twice the decrease that the model promises
      for (int i = 0; i < size; ++i) {
        promised += here.gradient[index(i)] * step[index(i)];
        step[index(i)] = -step[index(i)];
      }
      promised /= here.value;
      definite = damping == 0;
      if (definite) {
        result.decrement = promised / 2;
        if (!(result.decrement > T(options.tolerance))) {
          result.outcome = {Status::converged, "Newton decrement at rounding level, Hessian positive definite"};
          return result;
        }
        if (best_decrement < 0 || result.decrement < best_decrement / 2) {
          best_decrement = result.decrement;
          stalled = 0;
        } else {
          ++stalled;
        }
      }
      if (moved(s, step, T(1), least, next)) {
        T const value = sum(segment_values(f, nodes, objective, next, scale));
        if (value < here.value || (definite && value <= here.value * (T(1) + noise))) {
          accepted = true;
          damping =
              here.value - value > promised * here.value / 8 ? (damping > T(1e-7) ? T(damping / 10) : T(0)) : damping;
          break;
        }
      }
      damping = damping > 0 ? T(damping * 8) : T(1e-4);
    }
    if (!accepted || stalled > 3 || result.iterations >= options.max_iterations) {
      std::ostringstream text;
      text << "decrement " << static_cast<double>(result.decrement) << " after " << result.iterations << " steps";
      bool const still = definite && result.decrement < std::max(T(1e-13), T(T(100) * noise * noise));
      result.outcome = {still ? Status::flat : Status::max_iterations, text.str()};
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
