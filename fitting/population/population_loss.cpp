// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/population_loss.hpp"

#include <cmath>

#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

double sigmoid(double g) { return g < 0 ? std::exp(g) / (1 + std::exp(g)) : 1 / (1 + std::exp(-g)); }

}  // namespace

double bernoulli_divergence(double g, double delta) {
  double const p = sigmoid(g), q = sigmoid(-g), v = p * q;
  if (std::abs(delta) < 1e-2) {  // log E exp(delta (y - p)): the cumulants of a Bernoulli law, k_2 ... k_7
    double const skew = q - p;
    double const k[] = {v,
                        v * skew,
                        v * (1 - 6 * v),
                        v * skew * (1 - 12 * v),
                        v * (1 - 30 * v + 120 * v * v),
                        v * skew * (1 - 60 * v + 360 * v * v)};
    double sum = 0;
    for (int j = 5; j >= 0; --j) sum = k[j] + sum * delta / (j + 3);
    return sum * delta * delta / 2;
  }
  // log(q + p e^delta) - p delta, written about the rarer of the two outcomes, where nothing cancels
  bool const by_p = std::abs(delta) > 700 ? delta < 0 : p < q;
  return by_p ? std::log1p(p * std::expm1(delta)) - p * delta : std::log1p(q * std::expm1(-delta)) + q * delta;
}

PopulationLoss::PopulationLoss(GaussianField const& field, int n)
    : PopulationLoss(field.dimension(), n, field.on_grid(n)) {}

PopulationLoss::PopulationLoss(int d, int n, std::vector<double> const& logits) : d_(d), n_(n) {
  if (d < 1 || d > 3) throw InvalidInput("a population in " + std::to_string(d) + " dimensions: 1, 2, 3 are possible");
  if (n < 2 || std::pow(n, d) > most_points)
    throw InvalidInput("a grid of " + std::to_string(n) + "^" + std::to_string(d) + " points: from 2 points an axis, " +
                       "at most " + std::to_string(most_points) + " in all");
  Eigen::Index const points = static_cast<Eigen::Index>(std::lround(std::pow(n, d)));
  if (static_cast<Eigen::Index>(logits.size()) != points)
    throw InvalidInput(std::to_string(logits.size()) + " logits for a grid of " + std::to_string(points) + " points");
  logits_.resize(points);
  root_weights_.resize(points);
  coordinates_.resize(points, d);
  for (Eigen::Index i = 0; i < points; ++i) {
    double const g = logits[static_cast<std::size_t>(i)];
    if (!(std::abs(g) <= 700))
      throw InvalidInput("the logit " + std::to_string(g) + " at point " + std::to_string(i) +
                         ": logits must lie in [-700, 700]");
    logits_[i] = g;
    root_weights_[i] = std::sqrt(sigmoid(g) * sigmoid(-g) / 2 / static_cast<double>(points));
    Eigen::Index rest = i;
    for (int axis = d - 1; axis >= 0; --axis) {
      coordinates_(i, axis) = static_cast<double>(2 * (rest % n) + 1 - n) / n;
      rest /= n;
    }
  }
}

void PopulationLoss::check(Eigen::VectorXd const& f) const {
  if (f.size() != points())
    throw InvalidInput(std::to_string(f.size()) + " values for a population of " + std::to_string(points()) +
                       " points");
}

double PopulationLoss::quadratic(Eigen::VectorXd const& f) const {
  check(f);
  double sum = 0;
  for (Eigen::Index i = 0; i < f.size(); ++i) {
    double const r = root_weights_[i] * (f[i] - logits_[i]);
    sum += r * r;
  }
  return sum;
}

double PopulationLoss::divergence(Eigen::VectorXd const& f) const {
  check(f);
  double sum = 0;
  for (Eigen::Index i = 0; i < f.size(); ++i) sum += bernoulli_divergence(logits_[i], f[i] - logits_[i]);
  return sum / static_cast<double>(points());
}

double PopulationLoss::entropy() const {
  double sum = 0;
  for (double g : logits_) {  // -p log p - q log q = log(1 + e^-|g|) + |g| sigmoid(-|g|)
    double const a = std::abs(g);
    sum += std::log1p(std::exp(-a)) + a * sigmoid(-a);
  }
  return sum / static_cast<double>(points());
}

}  // namespace nwidth::fitting::population
