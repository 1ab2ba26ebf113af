// SPDX-License-Identifier: Apache-2.0
/// The extension nwidth._kernels: what Python needs of kernels/ beside the operators of PyTorch. Built everywhere.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "kernels/matched_width.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using namespace nwidth::kernels;

[[noreturn]] void refuse(char const* name, std::string const& value, char const* allowed) {
  throw std::invalid_argument(std::string(name) + " = '" + value + "': allowed is " + allowed);
}

Match match_of(std::string const& name) {
  if (name == "parameters") return Match::parameters;
  if (name == "flops") return Match::flops;
  refuse("match", name, "'parameters' or 'flops'");
}

Rounding rounding_of(std::string const& name) {
  if (name == "nearest") return Rounding::nearest;
  if (name == "up") return Rounding::up;
  if (name == "down") return Rounding::down;
  refuse("rounding", name, "'nearest', 'up' or 'down'");
}

}  // namespace

NB_MODULE(_kernels, m) {
  m.doc() = "Sizes of feed-forward blocks. Bad input raises ValueError.";
  nb::class_<FeedForward>(
      m, "FeedForward",
      "W_down act(W_up h), or W_down (act(W_gate h) * (W_up h)) if gated: 2 or 3 matrices of model x width.\n\n"
      "coefficients: learned by the activation for the layer (PolyReLU of degree 3: 4); coefficients_per_channel: and\n"
      "for each hidden channel; biases: one per output of each matrix; activation_flops: per hidden channel and token.")
      .def(nb::init<std::int64_t, std::int64_t, bool, std::int64_t, std::int64_t, bool, std::int64_t>(), "model"_a,
           "width"_a = 0, nb::kw_only(), "gated"_a = false, "coefficients"_a = 0, "coefficients_per_channel"_a = 0,
           "biases"_a = false, "activation_flops"_a = 0)
      .def_ro("model", &FeedForward::model)
      .def_ro("width", &FeedForward::width)
      .def_ro("gated", &FeedForward::gated)
      .def_ro("coefficients", &FeedForward::coefficients)
      .def_ro("coefficients_per_channel", &FeedForward::coefficients_per_channel)
      .def_ro("biases", &FeedForward::biases)
      .def_ro("activation_flops", &FeedForward::activation_flops)
      .def_prop_ro("parameters", &parameters, "Learned numbers of the block.")
      .def_prop_ro("forward_flops", &forward_flops,
                   "Operations of a forward pass for one token; a multiplication and an addition are two.");
  nb::class_<MatchedWidth>(m, "MatchedWidth", "A width, and how near the block comes to what was to be matched.")
      .def_ro("width", &MatchedWidth::width)
      .def_ro("count", &MatchedWidth::count, "Parameters or FLOPs at that width.")
      .def_ro("target", &MatchedWidth::target, "Those of the reference.")
      .def_prop_ro("exact", &MatchedWidth::exact)
      .def_prop_ro("excess", &MatchedWidth::excess, "(count - target)/target.")
      .def("__repr__", [](MatchedWidth const& w) {
        return "MatchedWidth(width=" + std::to_string(w.width) + ", count=" + std::to_string(w.count) +
               ", target=" + std::to_string(w.target) + ")";
      });
  m.def(
      "matched_width",
      [](FeedForward const& reference, FeedForward const& block, std::string const& match, std::int64_t multiple,
         std::string const& rounding) {
        return matched_width(reference, block, match_of(match), multiple, rounding_of(rounding));
      },
      "reference"_a, "block"_a, "match"_a = "parameters", "multiple"_a = 1, "rounding"_a = "nearest",
      "The width at which block has as many parameters, or takes as many FLOPs, as reference.\n\n"
      "The exact quotient is rounded to a multiple: the nearest one (a tie goes up), or the next one up or down.\n"
      "ValueError if a size is not allowed or overflows 63 bits, or if no width >= multiple exists.");
}
