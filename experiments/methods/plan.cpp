// SPDX-License-Identifier: Apache-2.0
#include "experiments/methods/plan.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

#include "theory/construct/yarotsky.hpp"

namespace nwidth::methods {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// kappa_n / (N - c_n)^n, the n-width to some digits (docs: the n-width is enclosed by theory/width, not here).
double approximate_width(int n, double N) {
  static constexpr std::array<double, 6> kappa = {1, 1.0 / 2, 1.0 / 3, 5.0 / 24, 2.0 / 15, 61.0 / 720};
  static constexpr std::array<double, 6> offset = {0, 0.5857864376, 1, 1.4804580388, 1.954472, 2.43};
  auto const i = static_cast<std::size_t>(n - 1);
  return kappa[i] / std::pow(N - offset[i], n);
}

/// Size as a multilinear function of up to three parameters, from the sizes of 2, 4 or 8 small networks.
class SizeModel {
 public:
  SizeModel(Method const& method, int n, Rational const& overlap) {
    target::Target const generic = target::resolve("exp(x)");  // no sample and no coefficient of it vanishes
    names_ = method.parameters;
    std::erase(names_, "overlap");
    for (std::size_t corner = 0; corner < (std::size_t{1} << names_.size()); ++corner) {
      Parameters p;
      p.overlap = overlap;
      for (std::size_t i = 0; i < names_.size(); ++i) field(p, names_[i]) = sample(names_[i], n, corner >> i & 1);
      sizes_.push_back(static_cast<double>(build(method, generic, n, p).size()));
    }
    n_ = n;
  }

  double operator()(Parameters p) const {
    double total = 0;
    for (std::size_t corner = 0; corner < sizes_.size(); ++corner) {
      double weight = 1;
      for (std::size_t i = 0; i < names_.size(); ++i) {
        double const low = static_cast<double>(sample(names_[i], n_, 0)),
                     high = static_cast<double>(sample(names_[i], n_, 1));
        double const t = (static_cast<double>(field(p, names_[i])) - low) / (high - low);
        weight *= (corner >> i & 1) != 0 ? t : 1 - t;
      }
      total += weight * sizes_[corner];
    }
    return total;
  }

  static long& field(Parameters& p, std::string_view name) {
    return name == "N" ? p.N : name == "N1" ? p.N1 : name == "N2" ? p.N2 : p.levels;
  }

 private:
  static long sample(std::string_view name, int n, std::size_t which) {
    if (name == "N1") return which != 0 ? 10 : 6;
    if (name == "levels") return which != 0 ? 6 : 4;
    return which != 0 ? n + 12 : n + 6;
  }

  std::vector<std::string_view> names_;
  std::vector<double> sizes_;
  int n_ = 1;
};

SizeModel const& size_model(Method const& method, int n, Rational const& overlap) {
  static std::mutex mutex;
  static std::map<std::string, SizeModel> models;
  std::lock_guard const guard(mutex);
  std::string const key = std::string(method.name) + "/" + std::to_string(n) + "/" + overlap.str();
  auto found = models.find(key);
  if (found == models.end()) found = models.emplace(key, SizeModel(method, n, overlap)).first;
  return found->second;
}

/// The largest value of the last-varied parameter `name` that keeps `good`, in [least, most]; least - 1 if none. `good`
/// is true up to some point and false after it.
template <class Predicate>
long last_good(long least, long most, Predicate const& good) {
  long low = least - 1, high = most + 1;
  while (high - low > 1) {
    long const middle = low + (high - low) / 2;
    (good(middle) ? low : high) = middle;
  }
  return low;
}

long least_N(Method const& method, int n) { return method.name == "optimal-spline" ? std::max(n, 2) : 1; }

/// Calls visit(p) for every choice of N1 and levels (those that the method takes), with the other parameter left to it.
/// visit returns false if these are too many already: the size grows with each.
template <class Visit>
void for_outer_parameters(Method const& method, Rational const& overlap, Visit const& visit) {
  for (long N1 = 2; N1 <= (method.takes("N1") ? largest_cells : 2); ++N1)
    for (long levels = 1; levels <= (method.takes("levels") ? largest_levels : 1); ++levels) {
      Parameters p;
      if (method.takes("overlap")) p.overlap = overlap;
      if (method.takes("N1")) p.N1 = N1;
      if (method.takes("levels")) p.levels = levels;
      if (visit(p)) continue;
      if (levels == 1) return;
      break;
    }
}

long& inner(Method const& method, Parameters& p) { return method.takes("N") ? p.N : p.N2; }
long inner_least(Method const& method, int n) { return method.takes("N") ? least_N(method, n) : std::max(n, 2); }
long inner_most(Method const& method) { return method.takes("N") ? largest_N : largest_cells; }

/// The best parameters that the model allows.
std::optional<Parameters> best_within(Method const& method, int n, double size, Rational const& overlap) {
  SizeModel const& model = size_model(method, n, overlap);
  std::optional<Parameters> best;
  double best_error = infinity;
  for_outer_parameters(method, overlap, [&](Parameters p) {
    long const least = inner_least(method, n);
    inner(method, p) = last_good(least, inner_most(method), [&](long value) {
      Parameters q = p;
      inner(method, q) = value;
      return model(q) <= size + 0.5;
    });
    if (inner(method, p) < least) return false;
    double const error = estimated_error(method, n, p);
    if (error < best_error) best_error = error, best = p;
    return true;
  });
  return best;
}

}  // namespace

double estimated_error(Method const& method, int n, Parameters const& p) {
  if (method.name == "optimal-spline") return approximate_width(n, static_cast<double>(p.N));
  if (method.takes("N1")) {
    double const overlap = p.overlap.convert_to<double>();
    double const cell = (1 + overlap) / (static_cast<double>(p.N1) + overlap);  // half its width
    double const error = approximate_width(n, static_cast<double>(p.N2)) * std::pow(cell, n);
    if (!method.takes("levels")) return error;
    double const gap = std::pow(2.0, -static_cast<double>(p.levels));
    return error * (1 + 2 * gap) * (1 + gap);
  }
  auto const N = static_cast<int>(p.N);
  Rational error = construct::local_taylor_error(n, N);
  if (method.takes("levels")) error += construct::yarotsky_product_error(n, N, static_cast<int>(p.levels));
  return error.convert_to<double>();
}

std::optional<Parameters> plan_for_size(Method const& method, int n, long size, Rational const& overlap) {
  double const wanted = static_cast<double>(size);
  auto best = best_within(method, n, wanted, overlap);
  // The emulated powers of log-free-relu have as many levels as the error asks for: there the model is only a start.
  if (method.name != "log-free-relu" || n < 3) return best;
  double aim = wanted;
  for (int tries = 0; best && tries < 8; ++tries) {
    auto const got = static_cast<double>(build(method, target::resolve("exp(x)"), n, *best).size());
    if (got <= wanted) return best;
    aim *= std::min(0.95, wanted / got);
    best = best_within(method, n, aim, overlap);
  }
  return std::nullopt;
}

Parameters plan_for_error(Method const& method, int n, Rational const& eps, Rational const& overlap) {
  if (eps <= 0) throw InvalidInput("eps = " + eps.str() + " is out of range: allowed is a number above 0");
  double const wanted = eps.convert_to<double>();
  SizeModel const& model = size_model(method, n, overlap);
  std::optional<Parameters> best;
  double best_size = infinity;
  for_outer_parameters(method, overlap, [&](Parameters p) {
    long const least = inner_least(method, n), most = inner_most(method);
    inner(method, p) = least;
    if (model(p) > best_size) return false;
    long const value = 1 + last_good(least, most, [&](long v) {
                         Parameters q = p;
                         inner(method, q) = v;
                         return estimated_error(method, n, q) > wanted;
                       });
    if (value > most) return true;
    inner(method, p) = value;
    double const size = model(p);
    if (size < best_size) best_size = size, best = p;
    return true;
  });
  for (int tries = 0; best && tries < 64; ++tries) {
    if (!method.linear || class_certificate(method, n, *best, Rational(1, 1000000)).upper <= eps) return *best;
    if (++inner(method, *best) > inner_most(method)) break;
  }
  throw InvalidInput("eps = " + decimal_below(eps, 3) + " is out of reach of " + std::string(method.name) +
                     " with n = " + std::to_string(n) + ": allowed are up to " + std::to_string(inner_most(method)) +
                     (method.takes("N") ? " cells or knots" : " knots in a cell"));
}

}  // namespace nwidth::methods
