// SPDX-License-Identifier: Apache-2.0
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <fstream>
#include <iterator>
#include <optional>

#include "python/enclosures.hpp"
#include "theory/certify/class_certificate.hpp"
#include "theory/certify/l2_norm.hpp"
#include "theory/certify/sup_norm.hpp"
#include "theory/construct/optimal_spline.hpp"
#include "theory/network/json.hpp"
#include "theory/number/error.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::python {
namespace nb = nanobind;
using namespace nb::literals;
namespace {

constexpr int most_digits = 60;

using Point = std::pair<std::string, std::string>;

struct Width : Enclosure {
  std::vector<Point> knots, nodes, extrema;
};

std::vector<Point> points_of(std::vector<Ball> const& points, int digits) {
  std::vector<Point> r;
  for (Ball const& x : points) r.emplace_back(decimal_below(x.lower(), digits), decimal_above(x.upper(), digits));
  return r;
}

Width widths(long n, long N, long digits_asked) {
  int const digits = in_range("digits", digits_asked, 1, most_digits);
  width::Width const w = width::kolmogorov_width(in_range("n", n, 1, 6), in_range("N", N, n, 128), digits);
  Width r{enclosure_of(w.value, digits + 2), {}, {}, {}};  // two more, so that rounding outward hides nothing
  r.proved = r.proved && w.proved;
  if (!r.proved && !w.reason.empty()) r.reason = w.reason;
  r.method = w.method;
  if (r.proved) {
    r.knots = points_of(w.knots, digits + 2);
    r.nodes = points_of(w.zeros, digits + 2);
    r.extrema = points_of(w.extrema, digits + 2);
  }
  return r;
}

Rational relative_of(nb::handle rel) {
  Rational const r = exact("rel", rel);
  if (!(r >= parse_rational("1e-12") && r <= Rational(1, 2)))
    throw InvalidInput("rel = " + nb::cast<std::string>(nb::repr(rel)) + ": allowed is a number from 1e-12 to 1/2");
  return r;
}

/// The text of the network: the argument itself if it is JSON, else the file that it names.
std::string network_text(nb::handle network) {
  if (nb::isinstance<nb::str>(network)) {
    std::string text = nb::cast<std::string>(network);
    std::size_t const first = text.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && text[first] == '{') return text;
  }
  std::string const path = nb::cast<std::string>(nb::module_::import_("os").attr("fspath")(network));
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) throw InvalidInput("network '" + path + "': the file cannot be read");
  return text;
}

Enclosure certify_network(nb::handle network, std::string const& target, nb::handle domain, std::string const& norm,
                          nb::handle rel, long digits) {
  if (norm != "sup" && norm != "l2") throw InvalidInput("norm = '" + norm + "': allowed are 'sup' and 'l2'");
  auto const [a, b] = domain_of(domain);
  certify::Options options;
  options.relative = relative_of(rel);
  int const shown = in_range("digits", digits, 1, most_digits);
  Network const net = read_network(network_text(network));
  target::Target const f = target::resolve(target);
  return enclosure_of(
      norm == "l2" ? certify::l2_error(net, f, a, b, options) : certify::sup_error(net, f, a, b, options), shown);
}

Enclosure class_certificate(std::string const& method, long n, std::optional<long> N, std::optional<long> N1,
                            std::optional<long> N2, nb::handle overlap, nb::handle rel, long digits) {
  Rational const relative = relative_of(rel);
  int const shown = in_range("digits", digits, 1, most_digits);
  bool const two_level = method == "two-level";
  if (!two_level && method != "optimal-spline" && method != "local-taylor")
    throw InvalidInput("method = '" + method + "': allowed are 'optimal-spline', 'two-level' and 'local-taylor'");
  if (two_level ? !N1 || !N2 || N : !N || N1 || N2)
    throw InvalidInput("method = '" + method + "' takes " + (two_level ? "N1 and N2, not N" : "N, not N1 or N2"));
  int const smoothness = in_range("n", n, 1, method == "optimal-spline" ? 6 : 4);
  long const most_cells = 2000, most_N = 20000;
  if (two_level) {
    Rational const share = exact("overlap", overlap);
    if (!(share >= power_of_two(-64) && share <= Rational(1, 4)))
      throw InvalidInput("overlap = " + nb::cast<std::string>(nb::str(overlap)) + ": allowed is 2^-64 to 1/4");
    return enclosure_of(
        certify::class_certificate_two_level(smoothness, in_range("N1", *N1, 2, most_cells),
                                             in_range("N2", *N2, std::max(n, 2L), most_cells), share, relative),
        shown);
  }
  if (method == "local-taylor")
    return enclosure_of(certify::class_certificate_local_taylor(smoothness, in_range("N", *N, 1, most_N), relative),
                        shown);
  int const size = in_range("N", *N, std::max(n, 2L), most_N);
  return enclosure_of(certify::class_certificate(width::optimal_space(smoothness, size), relative), shown);
}

std::string optimal_spline_network(std::string const& target, long n, long N) {
  return write_network(construct::optimal_spline_network(target::resolve(target), in_range("n", n, 1, 6),
                                                         in_range("N", N, std::max(n, 2L), 20000)));
}

}  // namespace

void bind_theory(nb::module_& m) {
  nb::class_<Enclosure>(m, "Enclosure",
                        "What is known for certain of a number: lower <= truth <= upper, decimal strings rounded "
                        "outward; 'inf' where no upper bound was proved.")
      .def_ro("lower", &Enclosure::lower)
      .def_ro("upper", &Enclosure::upper)
      .def_ro("proved", &Enclosure::proved, "Whether the tolerance or the digits asked for were reached.")
      .def_ro("reason", &Enclosure::reason, "Why not, if not proved.")
      .def_ro("method", &Enclosure::method)
      .def("__repr__", [](nb::handle self) {
        return nb::str("{}(lower='{}', upper='{}', proved={})")
            .format(nb::type_name(self.type()).attr("rpartition")(".")[2], self.attr("lower"), self.attr("upper"),
                    self.attr("proved"));
      });
  nb::class_<Width, Enclosure>(m, "Width", "An n-width with its perfect spline; points are pairs (lower, upper).")
      .def_ro("knots", &Width::knots, "The N - n knots.")
      .def_ro("nodes", &Width::nodes, "The N zeros.")
      .def_ro("extrema", &Width::extrema, "The N + 1 points of equioscillation, -1 and 1 included.");
  m.def("widths", &widths, "n"_a, "N"_a, "digits"_a = 30,
        "Kolmogorov width d_N of {|f^(n)| <= 1} in C[-1, 1], enclosed to so many significant digits.\n\n"
        "n = 1..6, N = n..128, digits = 1..60. Raises ValueError outside these ranges.");
  m.def("certify", &certify_network, "network"_a, "target"_a, "domain"_a = nb::make_tuple("-1", "1"), "norm"_a = "sup",
        "rel"_a = "1e-6", "digits"_a = 17,
        nb::sig("def certify(network: str | os.PathLike[str], target: str, domain: tuple[Exact, Exact] = ('-1', '1'), "
                "norm: str = 'sup', rel: Exact = '1e-6', digits: int = 17) -> Enclosure"),
        "Error of a network against a target on an interval, enclosed.\n\n"
        "network: the JSON text of a network, or the path of its file; one input, one output.\n"
        "target: a name of `nwidth targets` or an expression in x.\n"
        "domain: its ends.\n"
        "norm: 'sup' or 'l2'.\n"
        "rel: the enclosure's relative width, 1e-12 to 1/2.\n"
        "The error is that of the real function of the exact weights. Numbers are exact: '0.1' is one\n"
        "tenth, the float 0.1 is the dyadic that it holds. Raises ValueError on bad input.");
  m.def("class_certificate", &class_certificate, "method"_a, "n"_a, "N"_a = nb::none(), "N1"_a = nb::none(),
        "N2"_a = nb::none(), "overlap"_a = "1/256", "rel"_a = "1e-9", "digits"_a = 17,
        nb::sig("def class_certificate(method: str, n: int, N: int | None = None, N1: int | None = None, "
                "N2: int | None = None, overlap: Exact = '1/256', rel: Exact = '1e-9', digits: int = 17) -> Enclosure"),
        "Error of a linear method over the whole ball |f^(n)| <= 1 on [-1, 1], enclosed.\n\n"
        "method: 'optimal-spline' and 'local-taylor', which take N, or 'two-level', which takes N1, N2\n"
        "and overlap. Raises ValueError on bad input.");
  m.def("optimal_spline_network", &optimal_spline_network, "target"_a, "n"_a, "N"_a,
        "JSON text of the one-hidden-layer network whose error over |f^(n)| <= 1 is the Kolmogorov N-width.\n\n"
        "n = 1..6, N = max(n, 2)..20000. Raises ValueError on bad input.");
}

}  // namespace nwidth::python
