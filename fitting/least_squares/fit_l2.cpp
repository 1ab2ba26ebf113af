// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/fit_l2.hpp"

#include <cmath>
#include <limits>
#include <numeric>
#include <sstream>

#include "fitting/least_squares/assembly.hpp"
#include "fitting/least_squares/levenberg_marquardt.hpp"
#include "fitting/least_squares/newton.hpp"
#include "fitting/start/transplant.hpp"

namespace nwidth::fitting {
namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();
constexpr double nearly_met = 1e-4;  // spacing in mean spacings at which a knot without effect counts as collapsed

std::string in_scientific(double x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

class Fitter {
 public:
  Fitter(Function const& f, SplineClass const& kind, FitOptions const& options)
      : f_(f), options_(options), objective_(options.objective) {
    objective_.p = 2;
    fit_.spline.kind = kind;
    resolution_.nodes = kind.degree + 7;
  }

  SplineFit run(std::vector<double> const& start) {
    FreeKnotSpline<double>& s = fit_.spline;
    s.knots.push_back(to_double(f_.begin()));
    s.knots.insert(s.knots.end(), start.begin(), start.end());
    s.knots.push_back(to_double(f_.end()));
    s.coefficients.assign(index(s.kind.dimension(s.interior_knots())), 0.0);
    s.validate();
    mean_spacing_ = (s.end() - s.begin()) / s.segments();
    refine();
    if (!coefficients()) return deficient("the basis of the start");
    fit_.outcome = {Status::max_iterations, "knots as given"};
    for (double p = 2;; p = std::min(2 * p, options_.objective.p)) {  // from the fit in L^p to that in L^2p
      p_ = objective_.p = p;
      if (p > 2) refine();
      for (int round = 0; round < 4; ++round) {
        if (below_precision()) break;
        optimise();
        Resolution const before = resolution_;
        refine();
        if (resolution_.pieces == before.pieces) break;
      }
      if (!(p < options_.objective.p) || !(fit_.error > floor())) break;
    }
    if (saddle_power_ == p_ && !(fit_.error < saddle_.error)) fit_ = saddle_;
    finish();
    return fit_;
  }

 private:
  /// Halves the panels until the objective no longer depends on them.
  void refine() {
    std::vector<double> const& w = options_.objective.weights;
    FreeKnotSpline<double> s = fit_.spline;
    for (int doubling = 0; doubling < 8; ++doubling) {
      Resolution finer = resolution_;
      finer.pieces *= 2;
      MovingNodes<double> const here(f_, resolution_), there(f_, finer);
      if (fit_.iterations == 0 && !fit_coefficients<double>(f_, there, w, s)) return;
      double const scale = f_.scale() > 0 ? f_.scale() : 1;
      std::vector<double> const coarse = segment_values(f_, here, objective_, s, scale);
      std::vector<double> const fine = segment_values(f_, there, objective_, s, scale);
      double gap = 0, total = 0;
      for (std::size_t i = 0; i < fine.size(); ++i) {
        gap += std::abs(fine[i] - coarse[i]);
        total += fine[i];
      }
      double const noise = eps / std::pow(total, 1 / p_);  // relative, of the errors at the nodes
      if (gap <= std::max(std::fmod(p_, 2) == 0 ? 1e-10 : 1e-6, 4 * noise) * total || !(noise < 0.01)) return;
      if (nodes() > 200000) return;
      resolution_ = finer;
    }
  }
  double nodes() const { return static_cast<double>(resolution_.pieces) * resolution_.nodes * fit_.spline.segments(); }

  bool coefficients() {
    MovingNodes<double> const nodes(f_, resolution_);
    return fit_coefficients<double>(f_, nodes, options_.objective.weights, fit_.spline, &fit_.condition);
  }

  double norm(FreeKnotSpline<double> const& s, std::vector<double>* by_segment = nullptr) const {
    MovingNodes<double> const nodes(f_, resolution_);
    double const scale = last_error_ > 0 ? last_error_ : 1;
    std::vector<double> v = segment_values(f_, nodes, objective_, s, scale);
    double const total = std::accumulate(v.begin(), v.end(), 0.0);
    for (double& x : v) x = scale * std::pow(x, 1 / p_);
    if (by_segment != nullptr) *by_segment = v;
    return scale * std::pow(total, 1 / p_);
  }

  bool below_precision() {
    fit_.error = norm(fit_.spline);
    last_error_ = fit_.error;
    return !(fit_.error > floor());
  }
  double floor() const {
    double const length = fit_.spline.end() - fit_.spline.begin();
    return 10 * eps * f_.scale() * std::pow(length, 1 / p_);
  }

  /// The least spacing of knots, and the segment.
  double closest(int* at = nullptr) const {
    FreeKnotSpline<double> const& s = fit_.spline;
    double least = s.end() - s.begin();
    for (int i = 0; i < s.segments(); ++i)
      if (double const h = s.knots[index(i + 1)] - s.knots[index(i)]; h < least) {
        least = h;
        if (at != nullptr) *at = i;
      }
    return least;
  }
  double collapse() const { return 16 * options_.least_spacing * mean_spacing_; }

  /// Alternates Ceres and Newton: the first finds the valley, the second its lowest point.
  void optimise() {
    MovingNodes<double> const nodes(f_, resolution_);
    double const noise = floor() / fit_.error / 10;
    NewtonOptions newton_options;
    newton_options.least_spacing = options_.least_spacing;
    newton_options.tolerance = std::max(1e-15, noise * noise);
    newton_options.noise = noise;
    for (int round = 0; round < 6; ++round) {
      int const budget = options_.max_iterations - fit_.iterations;
      if (budget <= 0 || closest() <= collapse()) return;
      bool const last = round >= 4;
      MarquardtOptions marquardt;
      marquardt.solver = options_.solver;
      marquardt.least_spacing = options_.least_spacing * mean_spacing_;
      marquardt.max_iterations = last ? budget : std::min(budget, 30 << round);
      marquardt.function_tolerance = last ? 1e-16 : 1e-4 * std::pow(1e-3, round);
      MarquardtResult const lm = levenberg_marquardt(f_, nodes, objective_, marquardt, fit_.error, fit_.spline);
      fit_.iterations += lm.iterations;
      fit_.outcome = lm.outcome;
      if (below_precision() || lm.iterations >= budget) return;
      newton_options.max_iterations = std::min(budget - lm.iterations, 40);
      FreeKnotSpline<double> s = fit_.spline;
      NewtonResult<double> const result = newton(f_, nodes, objective_, newton_options, fit_.error, s);
      fit_.iterations += result.iterations;
      if (result.value <= 1 + 1e-12) fit_.spline = s;
      if (below_precision()) return;
      bool const usable = is_usable(result.outcome.status);
      if (usable) fit_.outcome = result.outcome;
      if (!result.definite && !escaped_ && noise < 1e-9 && (usable || result.iterations == 0) && leave_saddle())
        continue;
      if (usable) return;
      fit_.outcome = {Status::max_iterations, result.outcome.detail};
    }
  }

  /// Symmetric starts for symmetric functions end on saddles: moves the knots a little, not symmetrically, once.
  bool leave_saddle() {
    escaped_ = true;
    saddle_power_ = p_;
    saddle_ = fit_;
    FreeKnotSpline<double>& s = fit_.spline;
    for (int k = 1; k <= s.interior_knots(); ++k)
      s.knots[index(k)] += (k % 3 - 0.7) * 0.02 * (s.knots[index(k + 1)] - s.knots[index(k)]);
    if (p_ == 2 && !coefficients()) {
      fit_ = saddle_;
      return false;
    }
    below_precision();  // updates the error
    return true;
  }

  SplineFit deficient(std::string const& what) {
    fit_.outcome = {Status::rank_deficient, what};
    fit_.error = norm(fit_.spline, &fit_.segment_error);
    return fit_;
  }

  void finish() {
    FreeKnotSpline<double> const& s = fit_.spline;
    resolution_.pieces *= 2;
    fit_.error = norm(s, &fit_.segment_error);
    FreeKnotSpline<double> again = s;  // for the condition at the last knots
    MovingNodes<double> const nodes(f_, resolution_);
    if (!fit_coefficients<double>(f_, nodes, options_.objective.weights, again, &fit_.condition))
      fit_.condition = std::numeric_limits<double>::infinity();
    if (!(fit_.error > floor())) {
      fit_.outcome = {Status::below_precision,
                      "error " + in_scientific(fit_.error) + ", digits are lost below " + in_scientific(floor())};
      return;
    }
    int at = 0;
    if (double const h = closest(&at); !(h > collapse())) {
      fit_.outcome = {Status::knot_collapse, "at " + in_scientific(s.knots[index(at)]) + ": spacing " +
                                                 in_scientific(h) + ", the mean is " + in_scientific(mean_spacing_)};
      return;
    }
    for (int k = 1; k <= s.interior_knots(); ++k)
      if (!(knot_effect(s, k) > 1e-6 * fit_.error / std::pow(s.end() - s.begin(), 1 / p_))) {
        // beside a knot that it is about to meet, a knot does little for the spacing alone
        double const beside =
            std::min(s.knots[index(k)] - s.knots[index(k - 1)], s.knots[index(k + 1)] - s.knots[index(k)]);
        std::string const where = in_scientific(s.knots[index(k)]);
        if (beside < nearly_met * mean_spacing_) {
          fit_.outcome = {Status::knot_collapse, "at " + where + ": spacing " + in_scientific(beside) +
                                                     ", the mean is " + in_scientific(mean_spacing_)};
        } else {
          fit_.outcome = {Status::rank_deficient, "the knot at " + where + " has no effect"};
        }
        return;
      }
  }
  Function const& f_;
  FitOptions const& options_;
  Objective objective_;  // of the present stage: p_ is its power
  double p_ = 2, mean_spacing_ = 0, last_error_ = 0;
  Resolution resolution_;
  bool escaped_ = false;
  double saddle_power_ = 0;  // with which saddle_ was left
  SplineFit fit_, saddle_;
};

}  // namespace

SplineFit fit_l2(Function const& f, SplineClass const& kind, std::vector<double> const& start_knots,
                 FitOptions const& options) {
  check(options.objective, kind);
  return Fitter(f, kind, options).run(start_knots);
}

}  // namespace nwidth::fitting
