// SPDX-License-Identifier: Apache-2.0
#include <nanobind/stl/optional.h>

#include <optional>

#include "fitting/report/proved_fit.hpp"
#include "python/enclosures.hpp"
#include "theory/network/json.hpp"
#include "theory/number/error.hpp"

namespace nwidth::python {
namespace nb = nanobind;
using namespace nb::literals;
namespace {

using fitting::Norm;
using fitting::SplineClass;

struct Fit {
  std::string network, status, detail;
  int knots = 0;
  Enclosure sup;
  std::optional<Enclosure> l2;
  std::optional<std::string> bound;
  std::optional<double> factor;
};

SplineClass class_of(std::string const& activation) {
  if (activation == "relu") return SplineClass::relu();
  if (activation == "relu2") return SplineClass::relu_power(2);
  if (activation == "relu3") return SplineClass::relu_power(3);
  if (activation == "polyrelu" || activation == "polyrelu-shared") return SplineClass::polyrelu(3);
  throw InvalidInput("activation = '" + activation +
                     "': allowed are 'relu', 'relu2', 'relu3', 'polyrelu' and 'polyrelu-shared'");
}

Fit fit(std::string const& target, std::string const& activation, long knots, nb::handle domain,
        std::string const& norm, long bits, bool bounds, long seed, long digits) {
  SplineClass const kind = class_of(activation);
  bool const shared = activation == "polyrelu-shared";
  if (norm != "l2" && (norm != "sup" || shared))
    throw InvalidInput("norm = '" + norm + "': allowed " + (shared ? "is 'l2'" : "are 'sup' and 'l2'"));
  auto const [a, b] = domain_of(domain);
  int const shown = in_range("digits", digits, 1, 60);
  int const n = in_range("knots", knots, shared ? 1 : 0, shared ? 64 : 512);
  fitting::ProvedFitOptions options;
  options.norm = norm == "l2" ? Norm::l2 : Norm::sup;
  options.bits = in_range("bits", bits, 2, 1000);
  if (seed < 0) throw InvalidInput("seed = " + std::to_string(seed) + ": allowed is 0 or more");
  options.seed = static_cast<std::uint64_t>(seed);
  options.bounds = bounds;
  fitting::Function const f(target::resolve(target), a, b);
  fitting::ProvedFit const p =
      shared ? fitting::proved_shared_fit(f, n, options) : fitting::proved_fit(f, kind, n, options);
  Fit r;
  r.network = write_network(p.network);
  r.status = fitting::name(p.outcome.status);
  r.detail = p.outcome.detail;
  r.knots = p.knots;
  r.sup = enclosure_of(p.sup, shown);
  if (p.l2) r.l2 = enclosure_of(*p.l2, shown);
  if (p.factor) {
    r.bound = decimal_below(p.bound->lower, shown);
    r.factor = p.factor->factor;
  }
  return r;
}

}  // namespace

void bind_fitting(nb::module_& m) {
  nb::class_<Fit>(m, "Fit", "A fitted network with its certified errors, and how far it is from the best possible.")
      .def_ro("network", &Fit::network, "JSON text of the network, weights rounded to `bits` bits.")
      .def_ro("status", &Fit::status, "How the optimiser ended: 'converged', 'flat', ...; its word, not a proof.")
      .def_ro("detail", &Fit::detail)
      .def_ro("knots", &Fit::knots)
      .def_ro("sup", &Fit::sup, "sup |f - network|, enclosed.")
      .def_ro("l2", &Fit::l2, "Its L2 norm, enclosed; None where nothing encloses it.")
      .def_ro("bound", &Fit::bound, "Proved lower bound over all splines of the kind with as many knots; or None.")
      .def_ro("factor", &Fit::factor, "Proved: the error is at most so many times the least possible; or None.")
      .def("__repr__", [](Fit const& f) {
        return "Fit(knots=" + std::to_string(f.knots) + ", status='" + f.status + "', sup<='" + f.sup.upper + "')";
      });
  m.def(
      "fit", &fit, "target"_a, "activation"_a = "relu2", nb::kw_only(), "knots"_a,
      "domain"_a = nb::make_tuple("-1", "1"), "norm"_a = "sup", "bits"_a = 53, "bounds"_a = true, "seed"_a = 1,
      "digits"_a = 17,
      nb::sig("def fit(target: str, activation: str = 'relu2', *, knots: int, domain: tuple[Exact, Exact] = ('-1', "
              "'1'), norm: str = 'sup', bits: int = 53, bounds: bool = True, seed: int = 1, digits: int = 17) -> Fit"),
      "Fit a network of one hidden layer with free knots, round its weights, certify it and bound it from below.\n\n"
      "activation: 'relu', 'relu2', 'relu3', 'polyrelu' or, in L2, 'polyrelu-shared'.\n"
      "knots: 0..512 interior knots.\n"
      "norm: 'sup' or 'l2'.\n"
      "bits: of each weight.\n"
      "bounds: False leaves the lower bound out, which takes most of the time.\n"
      "0.1 to 20 s for up to 64 knots. Raises ValueError on bad input.");
}

}  // namespace nwidth::python
