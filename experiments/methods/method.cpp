// SPDX-License-Identifier: Apache-2.0
#include "experiments/methods/method.hpp"

#include <algorithm>

#include "theory/certify/class_certificate.hpp"
#include "theory/construct/local_taylor.hpp"
#include "theory/construct/log_free_relu.hpp"
#include "theory/construct/optimal_spline.hpp"
#include "theory/construct/two_level.hpp"
#include "theory/construct/yarotsky.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::methods {
namespace {

[[noreturn]] void reject(std::string const& parameter, std::string const& value, std::string const& allowed) {
  throw InvalidInput(parameter + " = " + value + " is out of range: allowed is " + allowed);
}

void check_range(std::string const& parameter, long value, long least, long most) {
  if (value < least || value > most)
    reject(parameter, std::to_string(value), std::to_string(least) + " to " + std::to_string(most));
}

int as_int(long x) { return static_cast<int>(x); }  // after check()

}  // namespace

bool Method::takes(std::string_view parameter) const {
  return std::find(parameters.begin(), parameters.end(), parameter) != parameters.end();
}

std::vector<Method> const& all() {
  static std::vector<Method> const methods = {
      {"optimal-spline", "one hidden layer that attains the n-width with N-1 neurons", {"N"}, 6, true},
      {"two-level", "size (1+o(1)) N: N1 coarse cells share the N2 knots of one", {"N1", "N2", "overlap"}, 4, true},
      {"local-taylor", "partition of unity times Taylor polynomials, exact products", {"N"}, 4, true},
      {"yarotsky-relu", "the same with ReLU products of some levels", {"N", "levels"}, 4, false},
      {"log-free-relu",
       "two-level with ReLU only and two products in all",
       {"N1", "N2", "levels", "overlap"},
       4,
       false}};
  return methods;
}

Method const& find(std::string_view name) {
  std::string names;
  for (Method const& m : all()) {
    if (m.name == name) return m;
    names += (names.empty() ? "" : ", ") + std::string(m.name);
  }
  throw InvalidInput("unknown method '" + std::string(name) + "': allowed are " + names);
}

long resolution(Method const& method, Parameters const& p) { return method.takes("N") ? p.N : p.N1 * p.N2; }

nlohmann::ordered_json to_json(Method const& method, Parameters const& p) {
  nlohmann::ordered_json j = nlohmann::ordered_json::object();
  if (method.takes("N")) j["N"] = p.N;
  if (method.takes("N1")) j["N1"] = p.N1;
  if (method.takes("N2")) j["N2"] = p.N2;
  if (method.takes("levels")) j["levels"] = p.levels;
  if (method.takes("overlap")) j["overlap"] = p.overlap.str();
  return j;
}

std::string to_text(Method const& method, Parameters const& p) {
  std::string text;
  nlohmann::ordered_json const parameters = to_json(method, p);
  for (auto const& [key, value] : parameters.items())
    text += (text.empty() ? "" : ",") + key + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
  return text;
}

Rational default_overlap() { return power_of_two(-8); }

void check(Method const& method, int n, Parameters const& p) {
  check_range("n", n, 1, method.n_max);
  long const least = method.name == "optimal-spline" ? std::max(n, 2) : 1;
  if (method.takes("N")) check_range("N", p.N, least, largest_N);
  if (method.takes("N1")) check_range("N1", p.N1, 2, largest_cells);
  if (method.takes("N2")) check_range("N2", p.N2, std::max(n, 2), largest_cells);
  if (method.takes("levels")) check_range("levels", p.levels, 1, largest_levels);
  if (method.takes("overlap") && (p.overlap <= 0 || p.overlap > Rational(1, 4) || p.overlap < power_of_two(-64)))
    reject("overlap", p.overlap.str(), "2^-64 to 1/4");
}

Network build(Method const& method, target::Target const& f, int n, Parameters const& p) {
  check(method, n, p);
  if (method.name == "optimal-spline") return construct::optimal_spline_network(f, n, as_int(p.N));
  if (method.name == "two-level") return construct::two_level_network(f, n, as_int(p.N1), as_int(p.N2), p.overlap);
  if (method.name == "local-taylor") return construct::local_taylor_network(f, n, as_int(p.N));
  if (method.name == "yarotsky-relu") return construct::yarotsky_relu_network(f, n, as_int(p.N), as_int(p.levels));
  return construct::log_free_relu_network(f, n, as_int(p.N1), as_int(p.N2), as_int(p.levels), p.overlap);
}

certify::Enclosure class_certificate(Method const& method, int n, Parameters const& p, Rational const& relative) {
  check(method, n, p);
  if (method.name == "optimal-spline")
    return certify::class_certificate(width::optimal_space(n, as_int(p.N)), relative);
  if (method.name == "two-level")
    return certify::class_certificate_two_level(n, as_int(p.N1), as_int(p.N2), p.overlap, relative);
  if (method.name == "local-taylor") return certify::class_certificate_local_taylor(n, as_int(p.N), relative);
  throw InvalidInput("method '" + std::string(method.name) +
                     "' has no class certificate: allowed are optimal-spline, two-level, local-taylor");
}

}  // namespace nwidth::methods
