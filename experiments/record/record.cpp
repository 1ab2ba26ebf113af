// SPDX-License-Identifier: Apache-2.0
#include "experiments/record/record.hpp"

#include <cmath>

#include "experiments/record/build_info.hpp"

namespace nwidth::record {

Counts Counts::of(Network const& net) {
  return {net.size(), net.neurons(), net.depth(), net.width(), net.coefficients()};
}

char const* name(Kind kind) {
  switch (kind) {
    case Kind::of_class: return "class";
    case Kind::of_target: return "target";
    case Kind::limit: return "limit";
  }
  return "";
}

Json to_json(Record const& r) {
  auto const text_or_null = [](std::string const& s) { return s.empty() ? Json() : Json(s); };
  BuildInfo const& b = build_info();
  Json j;
  j["schema"] = schema;
  j["key"] = r.key;
  j["commit"] = b.commit;
  j["dirty"] = b.dirty;
  j["compiler"] = b.compiler;
  j["flags"] = b.flags;
  j["machine"] = {{"cpu", machine().cpu}, {"cores", machine().cores}};
  j["seed"] = r.seed;
  j["kind"] = name(r.kind);
  j["method"] = r.method;
  j["target"] = text_or_null(r.target);
  j["n"] = r.n;
  j["parameters"] = r.parameters;
  j["size"] = r.counts.size;
  bool const has_network = r.kind != Kind::limit;
  j["neurons"] = has_network ? Json(r.counts.neurons) : Json();
  j["depth"] = has_network ? Json(r.counts.depth) : Json();
  j["width"] = has_network ? Json(r.counts.width) : Json();
  j["coefficients"] = has_network ? Json(r.counts.coefficients) : Json();
  j["lower"] = r.bounds.lower;
  j["upper"] = r.bounds.upper;
  j["status"] = r.estimate ? "quadrature" : r.bounds.proved ? "proved" : "not_proved";
  j["reason"] = text_or_null(r.bounds.reason);
  j["seconds"] = std::round(r.seconds * 1e6) / 1e6;
  j["network_sha256"] = text_or_null(r.network_sha256);
  if (!r.fit.is_null()) j["fit"] = r.fit;
  if (!r.bound.is_null()) j["bound"] = r.bound;
  return j;
}

}  // namespace nwidth::record
