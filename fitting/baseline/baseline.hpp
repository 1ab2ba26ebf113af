// SPDX-License-Identifier: Apache-2.0
/// How networks are usually fitted: in their own weights, at fixed samples, from a random start. Kept for contrast:
/// they end far above what the same networks can do, and tests hold them there.
#pragma once
#include <cstdint>
#include <vector>

#include "fitting/problem/function.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

/// s(x) = s_0 + s_1 x + sum_i c_i P(relu(w_i x + b_i)), P(z) = a_1 z + ... + a_r z^r for all neurons.
struct RawNetwork {
  double begin = -1, end = 1;      ///< where s_1 x is carried
  std::vector<double> activation;  ///< a_0 = 0, a_1, ..., a_r
  std::vector<double> w, b, c;
  double constant = 0, slope = 0;  ///< s_0, s_1

  double operator()(double x) const;
  /// Kinks -b_i/w_i inside the domain, sorted: about half of those that a random start has.
  std::vector<double> kinks() const;
  /// With r more neurons for s_1 x, by Lemma (T).
  Network to_network() const;
};

enum class RawKind {
  relu,             ///< a = (1)
  relu_squared,     ///< a = (0, 1)
  polyrelu_shared,  ///< a = (1/3, 1/3, 1/3) at the start, as in PolyCom, and fitted
};

struct BaselineOptions {
  RawKind kind = RawKind::relu;
  int seeds = 1;
  std::uint64_t seed = 1;                      ///< of the first start; the others take the next ones
  int samples = 1024;                          ///< midpoints of even cells
  int steps = 0;                               ///< 0: 400 of Levenberg-Marquardt, 20000 of Adam
  double first_rate = 1e-2, last_rate = 1e-5;  ///< of Adam: half a cosine from one to the other
};

struct BaselineFit {
  RawNetwork function;
  double l2 = 0;  ///< by Gauss nodes between the kinks: not the sampled error that was minimised
  int iterations = 0;
  std::vector<std::uint64_t> seeds;
  std::vector<double> start_l2;  ///< what each ended with
  Outcome outcome;
  Network to_network() const { return function.to_network(); }
};

/// Levenberg-Marquardt (Ceres) on all weights. Starts as PyTorch does: w, b uniform in [-1, 1], c and s_0 in
/// [-N^{-1/2}, N^{-1/2}].
/// @throws InvalidInput unless N, seeds, samples >= 1, steps >= 0
BaselineFit fit_raw(Function const& f, int neurons, BaselineOptions const& options = {});

/// Adam with all samples in each step, beta = (0.9, 0.999), from the same start.
/// @cite kingma2015adam
/// @throws InvalidInput as fit_raw, and unless the rates are positive
BaselineFit fit_adam(Function const& f, int neurons, BaselineOptions const& options = {});

}  // namespace nwidth::fitting
