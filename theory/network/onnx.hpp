// SPDX-License-Identifier: Apache-2.0
/// Networks as ONNX models, for inference engines.
#pragma once
#include "theory/network/network.hpp"
#include "theory/number/machine_format.hpp"

namespace nwidth {

/// The network as an ONNX model (IR version 8, operator set 17), input "x" of shape [N, inputs], output "y" of shape
/// [N, outputs], weights as dense initializers named as in safetensors.hpp.
///
/// THE FORMAT ROUNDS. Weights become the nearest floats, `rounding` says how many and by how much at most, and the
/// model is evaluated in floats: a certificate of the network is one of the model only if rounding.exact(), and then of
/// the real function of the model, not of what an engine computes. The properties "schema", "activations", "exact" and
/// "largest_relative_rounding" of the model say it too.
///
/// Operators: Gemm; Relu; Mul (squares and products) for relu_power; Mul and Add (Horner) for polyrelu and rational,
/// Div; for gelu Mul, Erf, Add; for silu Sigmoid, Mul. All are defined for 64-bit floats, but engines may lack some:
/// ONNX Runtime 1.32 has no Erf for them on the CPU, so it runs gelu with FloatFormat::f32 only.
///
/// @throws InvalidInput if the network has no layers, a number is larger than every float, or the dense weights take
///   more than most_model_bytes
NetworkFile write_onnx(Network const& net, FloatFormat format = FloatFormat::f64);

/// Engines read protobuf messages below 2 GiB.
inline constexpr std::size_t most_model_bytes = (std::size_t{1} << 31) - (std::size_t{1} << 20);

}  // namespace nwidth
