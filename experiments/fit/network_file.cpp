// SPDX-License-Identifier: Apache-2.0
#include "experiments/fit/network_file.hpp"

#include "theory/network/json.hpp"
#include "theory/network/onnx.hpp"
#include "theory/network/safetensors.hpp"
#include "theory/number/ball.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fit {

char const* name(Format format) {
  switch (format) {
    case Format::json: return "json";
    case Format::onnx: return "onnx";
    case Format::safetensors: return "safetensors";
  }
  return "unknown";
}

Format parse_format(std::string const& given, std::string const& path) {
  for (Format f : {Format::json, Format::onnx, Format::safetensors}) {
    std::string const word = name(f);
    if (given == word || (given.empty() && path.ends_with("." + word))) return f;
  }
  if (!given.empty()) throw InvalidInput("--format = '" + given + "': allowed are json, onnx and safetensors");
  return Format::json;
}

NetworkFile write(Network const& net, Format format) {
  switch (format) {
    case Format::json: return {write_network(net), {}};
    case Format::onnx: return write_onnx(net);
    case Format::safetensors: return write_safetensors(net);
  }
  throw InvalidInput("a network has no such format");
}

std::string describe(Format format, Rounding const& rounding) {
  if (rounding.exact()) return std::string(name(format)) + ", no number rounded";
  return std::string(name(format)) + ", " + std::to_string(rounding.rounded) + " of " +
         std::to_string(rounding.numbers) + " numbers rounded, by " + decimal_above(rounding.largest, 2) +
         " of them at most: the proofs hold for the network before that";
}

}  // namespace nwidth::fit
