// SPDX-License-Identifier: Apache-2.0
/// A fit from the first start to the last proof: the network with rounded weights, its certified error, and how far it
/// is from the best possible.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fitting/bound/lower_bound.hpp"
#include "fitting/problem/function.hpp"
#include "fitting/problem/spline.hpp"
#include "fitting/problem/status.hpp"
#include "theory/certify/enclosure.hpp"
#include "theory/network/network.hpp"

namespace nwidth::fitting {

enum class Norm { sup, l2 };

struct ProvedFitOptions {
  Norm norm = Norm::sup;
  int bits = 53;             ///< of each weight of the network: 53 means doubles
  std::uint64_t seed = 1;    ///< of random starts (L2 where knots are few for the oscillations of f)
  bool bounds = true;        ///< false: no lower bounds, which take most of the time for many knots
  bool blocks = true;        ///< false: no bound by blocks, which can take most of the time
  bool all_networks = true;  ///< false: none for networks of as many neurons either, which cost a second fit
  /// For the error of the rounded network.
  certify::Options certify;
  /// What is being done, for a person who waits: "fitting", "certifying", "lower bound".
  std::function<void(std::string const&)> progress;
};

/// What is known of a fit.
struct ProvedFit {
  FreeKnotSpline<double> spline;  ///< as fitted, nearest doubles
  Network network;                ///< of one hidden layer, weights rounded once; all that follows is about it
  int knots = 0;                  ///< interior knots of the spline, n
  Outcome outcome;    ///< the optimiser's, or optimal where it did not converge but the factor is < 1 + 1e-5
  Outcome optimiser;  ///< what the optimiser says, proved or not
  std::string start;  ///< the start that won
  int iterations = 0;
  double fitted = 0;                     ///< the fit's own, rounded view of its error in the norm asked for
  std::vector<double> alternation;       ///< sup: points where f - s alternates at about its largest
  certify::Enclosure sup;                ///< sup |f - network|
  std::optional<certify::Enclosure> l2;  ///< its L2 norm; absent where nothing encloses it
  std::optional<LowerBound> bound;       ///< for all functions of the class with n knots, in the norm asked for
  std::optional<ProvedFactor> factor;    ///< upper end of the error over that bound
  std::optional<LowerBound> all_bound;   ///< for all networks of as many neurons as this one has: k = neurons
  std::optional<ProvedFactor> all_factor;
};

/// Fits, rounds, certifies and bounds. Sup norm: starts by segments, then minimax_fit; a fit that converged is polished
/// in 100 digits if doubles do not resolve it. Bounds: the better of segments (A) and alternation (B), as the class
/// allows; where they leave a factor above 1 + 2e-6, for pieces that are only continuous joined pieces (E), and for
/// n <= 32, simple knots and degree >= 2 blocks (C) from 1.01 on. L2: fit_spline_l2, bound by cells (D).
/// @param n  interior knots, 0 <= n <= 512
/// @throws InvalidInput as the parts
/// Cost: 0.1 to 20 s for n <= 64.
ProvedFit proved_fit(Function const& f, SplineClass const& kind, int n, ProvedFitOptions const& options = {});

/// The same for networks of PolyReLU with one coefficient vector for the layer, in L2: fit_shared_polyrelu of degree 3,
/// its network with every number rounded to options.bits. Of `spline` the knots are filled in, no coefficients.
/// @throws InvalidInput unless options.norm is l2 and 1 <= n <= 64, or if numbers are out of the format's range
/// Cost: seconds for n <= 16, a minute for n = 64.
ProvedFit proved_shared_fit(Function const& f, int n, ProvedFitOptions const& options);

/// Every number of the network to `bits` significant bits, as round_to_bits does.
Network rounded(Network const& net, int bits);

}  // namespace nwidth::fitting
