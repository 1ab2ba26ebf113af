// SPDX-License-Identifier: Apache-2.0
/// Networks in the file formats that a person may ask for.
#pragma once
#include <string>

#include "theory/network/network.hpp"
#include "theory/number/machine_format.hpp"

namespace nwidth::fit {

enum class Format { json, onnx, safetensors };

char const* name(Format format);
/// @param given  "json", "onnx", "safetensors", or empty: by the ending of the path, json if that says nothing
/// @throws InvalidInput on anything else
Format parse_format(std::string const& given, std::string const& path);
/// The bytes of the file, and what the format rounded: JSON is exact, the others hold doubles.
NetworkFile write(Network const& net, Format format);
/// "onnx, no number rounded" or "onnx, 3 of 57 numbers rounded, by 1.1e-16 of them at most: the proofs hold for the
/// network before that".
std::string describe(Format format, Rounding const& rounding);

}  // namespace nwidth::fit
