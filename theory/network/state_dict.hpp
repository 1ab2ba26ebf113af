// SPDX-License-Identifier: Apache-2.0
/// A network as named dense tensors, as files for machines hold it: what onnx and safetensors have in common.
#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "theory/network/network.hpp"
#include "theory/number/machine_format.hpp"

namespace nwidth {

/// A dense tensor, row by row, of which the numbers that are not 0 are kept.
struct Tensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::vector<std::pair<std::size_t, Rational>> values;  ///< ascending places

  std::size_t count() const;
  Rational const* find(std::size_t place) const;
  void append(std::string& out, FloatWriter& writer) const;
};

/// layers.I.weight [rows, columns] and .bias [rows]; for polyrelu .activation.coefficients, [r + 1] or [rows, r + 1]
/// (one vector per neuron, padded with 0), a_0 first; for rational .activation.numerator and .denominator.
/// @param name  "layers.0"
std::vector<Tensor> tensors(Layer const& layer, std::string const& name);

inline constexpr char const* state_dict_schema = "nwidth.state_dict/1";

/// "relu", "relu_power:3", "polyrelu", ...
std::string activation_word(Activation const& a);

/// "schema", "activations" (a word per layer), "exact" ("true", "false"), "largest_relative_rounding" (rounded up).
std::vector<std::pair<std::string, std::string>> properties(Network const& net, Rounding const& rounding);

/// @throws InvalidInput if net has no layers, or its tensors take more than `most` bytes
void require_dense_size(Network const& net, FloatFormat format, std::size_t most, std::string const& what);

}  // namespace nwidth
