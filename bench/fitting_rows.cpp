// SPDX-License-Identifier: Apache-2.0
/// fitting_rows CLASS TARGET N [REPEATS]: least-squares fits by N free knots as JSON, for bench/fitting_peers.py.
/// Seconds of wall and of the processor, for each repetition, of `single` (fit_l2 from equidistribution, which is part
/// of the time) and of `search` (fit_spline_l2, all starts); and the network of each, rounded to double, as neurons
/// [w, b, [a_1, ..., a_r]] and a constant: s(x) = constant + sum_i sum_k a_ik relu(w_i x + b_i)^k.
#include <chrono>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "fitting/least_squares/fit_spline.hpp"
#include "fitting/network/shallow_network.hpp"
#include "fitting/start/equidistribution.hpp"

namespace {

using namespace nwidth;
using namespace nwidth::fitting;
using Json = nlohmann::json;

SplineClass class_of(std::string const& name) {
  if (name == "relu") return SplineClass::relu();
  if (name == "relu2") return SplineClass::relu_power(2);
  if (name == "polyrelu") return SplineClass::polyrelu(3);
  throw InvalidInput("class '" + name + "': one of relu, relu2, polyrelu");
}

Json network(FreeKnotSpline<double> const& s) {
  ShallowNetwork const shallow = shallow_network(s);
  Layer const& hidden = shallow.network.layers()[0];
  Layer const& output = shallow.network.layers()[1];
  std::vector<double> w(hidden.bias.size()), c(w.size());
  for (Entry const& e : hidden.weights.entries()) w[static_cast<std::size_t>(e.row)] = to_double(e.value);
  for (Entry const& e : output.weights.entries()) c[static_cast<std::size_t>(e.column)] = to_double(e.value);
  Json neurons = Json::array();
  for (std::size_t i = 0; i < w.size(); ++i) {
    std::vector<double> a;
    Activation const& act = hidden.activation;
    if (act.kind == Activation::Kind::polyrelu) {  // a_0 = 0: at a knot the value does not jump
      auto const& own = act.coefficients_of(static_cast<int>(i));
      if (own[0] != 0) throw InvalidInput("a neuron with a_0 that is not 0");
      for (std::size_t k = 1; k < own.size(); ++k) a.push_back(c[i] * to_double(own[k]));
    } else {
      a.assign(static_cast<std::size_t>(act.kind == Activation::Kind::relu ? 1 : act.power), 0.0);
      a.back() = c[i];
    }
    neurons.push_back({w[i], to_double(hidden.bias[i]), a});
  }
  return {{"neurons", neurons}, {"constant", to_double(output.bias[0])}, {"amplification", shallow.amplification()}};
}

/// Runs fit() repeatedly. @return times, and what the last one found
template <class Fit>
Json timed(int repeats, Fit const& fit) {
  Json wall = Json::array(), cpu = Json::array();
  SplineFit found;
  for (int i = 0; i < repeats; ++i) {
    auto const start = std::chrono::steady_clock::now();
    std::clock_t const used = std::clock();
    found = fit();
    cpu.push_back(static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC);
    wall.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return {{"wall", wall},
          {"cpu", cpu},
          {"l2", found.error},
          {"status", name(found.outcome.status)},
          {"iterations", found.iterations},
          {"network", network(found.spline)}};
}

}  // namespace

int main(int count, char** words) try {
  if (count < 4 || count > 5) throw InvalidInput("usage: fitting_rows CLASS TARGET N [REPEATS]");
  SplineClass const kind = class_of(words[1]);
  Function const f = Function::of(words[2]);
  int const n = std::stoi(words[3]), repeats = count == 5 ? std::stoi(words[4]) : 5;
  if (repeats < 1) throw InvalidInput("repeats = " + std::to_string(repeats) + ": at least 1");
  Json const single = timed(repeats, [&] { return fit_l2(f, kind, equidistribution(f, kind.order(), 2, n)); });
  Json const search = timed(repeats, [&] { return fit_spline_l2(f, kind, n).fit; });
  std::cout << Json{{"class", words[1]}, {"target", words[2]}, {"n", n}, {"single", single}, {"search", search}}
            << '\n';
} catch (std::exception const& e) {
  std::cerr << "fitting_rows: " << e.what() << '\n';
  return 2;
}
