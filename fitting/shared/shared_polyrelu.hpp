// SPDX-License-Identifier: Apache-2.0
/// Shallow PolyReLU networks with one coefficient vector for the layer (model M2, the form of PolyCom), of one input.
#pragma once
#include <string>
#include <vector>

#include "fitting/problem/function.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

/// s(x) = p(x - a) + sum_i c_i P(relu(w_i (x - t_i))) on [a, b], P(z) = z + a_2 z^2 + ... + a_r z^r the same for every
/// neuron, w_i > 0, p of degree r.
struct SharedPolyReLU {
  double begin = -1, end = 1;
  std::vector<double> activation;                   ///< a_0 = 0, a_1 = 1, a_2, ..., a_r
  std::vector<double> polynomial;                   ///< of p: r + 1 of them, constant first
  std::vector<double> knots, slopes, coefficients;  ///< t_i (ascending), w_i, c_i

  int degree() const { return static_cast<int>(activation.size()) - 1; }  ///< r
  /// Free reals: 3n + r + 1 + r - 1. One of them moves along the scale of z, which changes nothing.
  int parameters() const { return static_cast<int>(3 * knots.size()) + 2 * degree(); }
  double operator()(double x) const;
  /// n neurons for the knots and r that are on in all of [a, b], for p, by Lemma (T): all with the activation above.
  /// Weights are these numbers and their products, exact; those of the r neurons are dyadic numbers that keep p to
  /// 2^-100 or so.
  Network to_network() const;
};

/// Where the descent begins: all slopes w = slope n 2/(b-a), all of a_2 ... a_r = 1 but a_2.
struct SharedStart {
  double slope = 30, a2 = -1;
};

struct SharedOptions {
  int degree = 3;  ///< r, 2 ... 5
  int nodes = 10;  ///< of the Gauss rule on each piece
  int closure_iterations = 200;
  int max_iterations = 300;  ///< for each start
  std::vector<SharedStart> starts{{3, 1}, {30, -1}, {300, 1}};
};

struct SharedFit {
  SharedPolyReLU function;
  double l2 = 0;          ///< error, by a rule of twice as many nodes
  double closure_l2 = 0;  ///< of the best C^{r-1} spline of degree r with n knots that was found: where starts begin
  double condition = 0;   ///< of the scaled basis, from below
  int iterations = 0;     ///< of the best start
  std::vector<double> start_l2;  ///< what each start ended with
  Outcome outcome;
  Network to_network() const { return function.to_network(); }
};

/// Least squares by variable projection on log-spacings, log w_i and a_2 ... a_r. Begins at the closure of the class:
/// P(z) ~ z^r for large w, so with the knots of a C^{r-1} spline of degree r, which is fitted first. knot_collapse:
/// knots closer than 2e-8 (b-a).
/// @deviation From small slopes (w ~ 1) the same descent ends 10^2 to 10^5 times as high; so the closure is where it
///   begins, not a random network.
/// @throws InvalidInput unless n >= 1 and the options are in range
SharedFit fit_shared_polyrelu(Function const& f, int n, SharedOptions const& options = {});

}  // namespace nwidth::fitting
