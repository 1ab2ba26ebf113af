// SPDX-License-Identifier: Apache-2.0
#include "experiments/nwidth/parameters.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "experiments/nwidth/arguments.hpp"
#include "theory/number/error.hpp"

namespace nwidth::program {
namespace {

using Given = std::pair<char const*, std::string const*>;

std::array<Given, 5> given(ParameterOptions const& o) {
  return {{{"N", &o.N}, {"N1", &o.N1}, {"N2", &o.N2}, {"levels", &o.levels}, {"overlap", &o.overlap}}};
}

std::string listed(methods::Method const& method) {
  std::string text;
  for (auto const& p : method.parameters) text += (text.empty() ? "--" : ", --") + std::string(p);
  return text;
}

void refuse_others(methods::Method const& method, ParameterOptions const& o) {
  for (auto const& [name, value] : given(o))
    if (!value->empty() && !method.takes(name))
      throw InvalidInput("--" + std::string(name) + " = '" + *value + "' is no parameter of " +
                         std::string(method.name) + ": allowed are " + listed(method));
}

Rational overlap_of(ParameterOptions const& o) {
  return o.overlap.empty() ? methods::default_overlap()
                           : parse_number("--overlap", o.overlap, power_of_two(-64), Rational(1, 4));
}

}  // namespace

int parse_smoothness(methods::Method const& method, std::string const& text) {
  return static_cast<int>(parse_integer("--n", text, 1, method.n_max));
}

methods::Parameters parse_parameters(methods::Method const& method, int n, ParameterOptions const& o) {
  refuse_others(method, o);
  methods::Parameters p;
  auto const read = [&](char const* name, std::string const& text, long least, long most) {
    if (!method.takes(name)) return 0L;
    if (text.empty())
      throw InvalidInput(std::string(method.name) + " needs --" + name + ", an integer from " + std::to_string(least) +
                         " to " + std::to_string(most));
    return parse_integer(std::string("--") + name, text, least, most);
  };
  long const least = std::max(n, 2);
  p.N = read("N", o.N, method.name == "optimal-spline" ? least : 1, methods::largest_N);
  p.N1 = read("N1", o.N1, 2, methods::largest_cells);
  p.N2 = read("N2", o.N2, least, methods::largest_cells);
  p.levels = read("levels", o.levels, 1, methods::largest_levels);
  if (method.takes("overlap")) p.overlap = overlap_of(o);
  methods::check(method, n, p);
  return p;
}

Rational parse_overlap_only(methods::Method const& method, ParameterOptions const& o) {
  refuse_others(method, o);
  for (auto const& [name, value] : given(o))
    if (!value->empty() && std::string(name) != "overlap")
      throw InvalidInput("--" + std::string(name) + " = '" + *value +
                         "' and --eps exclude each other: give one of them");
  return overlap_of(o);
}

}  // namespace nwidth::program
