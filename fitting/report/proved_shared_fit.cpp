// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/l2_bound.hpp"
#include "fitting/network/shallow_network.hpp"
#include "fitting/report/proved_fit.hpp"
#include "fitting/shared/shared_polyrelu.hpp"
#include "theory/certify/l2_norm.hpp"
#include "theory/certify/sup_norm.hpp"

namespace nwidth::fitting {
namespace {

constexpr int most_knots = 64;

std::vector<Rational> rounded(std::vector<Rational> numbers, int bits) {
  for (Rational& x : numbers) x = round_to_bits(x, bits);
  return numbers;
}

}  // namespace

Network rounded(Network const& net, int bits) {
  std::vector<Layer> layers;
  for (Layer const& from : net.layers()) {
    std::vector<Entry> entries = from.weights.entries();
    for (Entry& e : entries) e.value = round_to_bits(e.value, bits);
    Activation activation = from.activation;
    for (auto& a : activation.coefficients) a = rounded(a, bits);
    activation.numerator = rounded(activation.numerator, bits);
    activation.denominator = rounded(activation.denominator, bits);
    layers.push_back({SparseMatrix(from.weights.rows(), from.weights.columns(), std::move(entries)),
                      rounded(from.bias, bits), std::move(activation)});
  }
  return Network(net.inputs(), std::move(layers));
}

ProvedFit proved_shared_fit(Function const& f, int n, ProvedFitOptions const& options) {
  if (options.norm != Norm::l2) throw InvalidInput("networks with shared coefficients are fitted in L2 only");
  if (n < 1 || n > most_knots)
    throw InvalidInput("fits with shared coefficients have 1 to 64 interior knots, not " + std::to_string(n));
  if (options.progress) options.progress("fitting");
  SharedFit const fit = fit_shared_polyrelu(f, n);
  ProvedFit r;
  r.knots = n;
  r.spline.kind = SplineClass::polyrelu(fit.function.degree());
  r.spline.knots = fit.function.knots;
  r.spline.knots.insert(r.spline.knots.begin(), to_double(f.begin()));
  r.spline.knots.push_back(to_double(f.end()));
  r.outcome = r.optimiser = fit.outcome;
  r.start = "closure";
  r.iterations = fit.iterations;
  r.fitted = fit.l2;
  r.network = rounded(fit.to_network(), options.bits);
  if (options.progress) options.progress("certifying");
  r.sup = certify::sup_error(r.network, f.target(), f.begin(), f.end(), options.certify);
  r.l2 = certify::l2_error(r.network, f.target(), f.begin(), f.end(), options.certify);
  if (!options.bounds || !r.l2->bounded) return r;
  if (options.progress) options.progress("lower bound");
  LowerBound const bound = l2_bound(f, r.spline.kind.degree, n).bound;
  if (bound.proved && bound.lower > 0) {
    r.bound = bound;
    r.factor = proved_factor(bound, r.spline.kind, r.l2->upper);
  }
  return r;
}

}  // namespace nwidth::fitting
