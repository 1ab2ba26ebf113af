// SPDX-License-Identifier: Apache-2.0
/// What the figure of a fit is drawn from.
#pragma once
#include "experiments/record/record.hpp"
#include "fitting/report/proved_fit.hpp"
#include "fitting/samples/samples.hpp"

namespace nwidth::fit {

/// Target, network and error on a grid with the knots and the alternation among its points, sampled in 100 digits and
/// rounded to doubles; knots, alternation, the certified error and the lower bound. Read by experiments/plot/fit.py.
record::Json curves(fitting::Function const& f, fitting::ProvedFit const& fit, fitting::Norm norm);

/// The samples and the network on a grid, and y - s at the samples in their order.
record::Json curves(std::string const& name, fitting::Samples const& samples, fitting::SplineSampleFit const& fit,
                    Network const& network);

}  // namespace nwidth::fit
