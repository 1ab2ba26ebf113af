// SPDX-License-Identifier: Apache-2.0
/// The fitted networks of a run: what is fitted, and how one is computed.
#pragma once
#include <string>
#include <vector>

#include "experiments/rates/jobs.hpp"

namespace nwidth::rates {

// Of Adam and Levenberg-Marquardt in the raw weights: the contrast.
inline constexpr int adam_steps = 5000, raw_lm_steps = 100, contrast_samples = 512;
// Of ridge fits.
inline constexpr int ridge_exchanges = 1;

/// "fit-relu", "adam-relu", "raw-lm-relu", "ridge-relu"
std::string fit_method(FitJob const& fit);
/// Franke's function on [0, 1]^2, in x = (1 + x1)/2, y = (1 + x2)/2.
std::string const& franke();

/// In the order of the figure: targets, then methods, then sizes; two variables last. Without keys.
/// @throws InvalidInput if a target cannot be resolved or is not finite on [-1, 1]
std::vector<Job> plan_fits(Fits const& fits, Rational const& relative, long seed);

std::string fit_key(Job const& job);

/// By knots: minimax fit, its weights rounded to doubles, the sup error of that network enclosed, and a lower bound for
/// all splines of as many segments proved. adam, raw_lm: relu networks of as many neurons, trained in L2 at samples,
/// sup error enclosed. ridge: the L2 error by quadrature, no proof.
record::Record fit_record(Job const& job);

}  // namespace nwidth::rates
