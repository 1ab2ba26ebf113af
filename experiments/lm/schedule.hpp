// SPDX-License-Identifier: Apache-2.0
/// The learning rate, a function of the tokens that have been read.
#pragma once
#include <cstdint>

#include "experiments/lm/config.hpp"

namespace nwidth::lm {

/// The learning rate of step 0, 1, ..., steps - 1. With t tokens read when the step is done, of S in all, W to warm up
/// and D to decay, it is rate times
///   t / W                                        while t < W, whatever the schedule;
///   f + (1 - f) (1 + cos(pi (t - W)/(S - W)))/2  cosine, f = final_rate: the last step has f exactly;
///   f + (1 - f) min(1, (S - t)/D)                wsd: flat, then linear;
///   1                                            constant.
double learning_rate(Training const& training, std::int64_t context, std::int64_t step);

}  // namespace nwidth::lm
