// SPDX-License-Identifier: Apache-2.0
/// The constructions by name: their parameters, networks, class certificates, and which parameters to take for a size
/// or an error.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "theory/certify/sup_norm.hpp"
#include "theory/network/network.hpp"
#include "theory/target/target.hpp"

namespace nwidth::methods {

/// What fixes the architecture; a method reads those that Method::parameters names, the others are 0.
struct Parameters {
  long N = 0;        ///< degrees of freedom (optimal-spline) or grid cells (local-taylor, yarotsky-relu)
  long N1 = 0;       ///< coarse cells
  long N2 = 0;       ///< degrees of freedom in each
  long levels = 0;   ///< sawtooth layers of an emulated product
  Rational overlap;  ///< of neighbouring coarse cells, as a fraction of their width
};

struct Method {
  std::string_view name, summary;
  std::vector<std::string_view> parameters;  ///< of "N", "N1", "N2", "levels", "overlap"
  int n_max = 0;                             ///< n = 1..n_max
  bool linear = false;                       ///< has a class certificate: the network's function is linear in f

  bool takes(std::string_view parameter) const;
};
std::vector<Method> const& all();
/// @throws InvalidInput that lists the names
Method const& find(std::string_view name);

/// N for the rates: the degrees of freedom, N or N1 N2.
long resolution(Method const& method, Parameters const& p);
/// The method's parameters only, exact numbers as strings: {"N1": 4, "N2": 9, "overlap": "1/256"}.
nlohmann::ordered_json to_json(Method const& method, Parameters const& p);
/// "N=16" or "N1=4,N2=9,overlap=1/256": for keys and tables.
std::string to_text(Method const& method, Parameters const& p);

inline constexpr long largest_N = 20000, largest_cells = 2000, largest_levels = 40;
/// 1/256, the default of the two-level constructions.
Rational default_overlap();

/// @throws InvalidInput that names the parameter, the value and the range
void check(Method const& method, int n, Parameters const& p);

/// The network with exact weights. @throws InvalidInput as check() does
Network build(Method const& method, target::Target const& f, int n, Parameters const& p);
/// Bound of the error over {|f^(n)| <= 1} on [-1, 1]; only if method.linear.
certify::Enclosure class_certificate(Method const& method, int n, Parameters const& p, Rational const& relative);

}  // namespace nwidth::methods
