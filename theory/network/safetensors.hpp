// SPDX-License-Identifier: Apache-2.0
/// Networks as safetensors state dicts, for machine-learning frameworks.
///
/// A file is an 8-byte little-endian length, a JSON header of that length with "dtype", "shape" and "data_offsets" of
/// each tensor and texts under "__metadata__", then the data. The tensors of layer I = 0, 1, ... are
///
///   layers.I.weight [rows, columns]    layers.I.bias [rows]
///   layers.I.activation.coefficients   polyrelu: [r + 1], or [rows, r + 1] with one vector per neuron; a_0 first
///   layers.I.activation.numerator, layers.I.activation.denominator    rational: [count], constant term first
///
/// and the metadata hold "schema" = "nwidth.state_dict/1", "activations" (one word per layer: identity, relu,
/// relu_power:K, polyrelu, rational, gelu, silu), "exact" ("true" or "false") and "largest_relative_rounding".
///
/// THE FORMAT ROUNDS to the nearest 32- or 64-bit floats: see onnx.hpp for what certificates then say. In PyTorch:
///
///   import torch
///   from safetensors import safe_open
///   with safe_open("net.safetensors", framework="pt") as f:
///       words, p = f.metadata()["activations"].split(), {k: f.get_tensor(k) for k in f.keys()}
///   poly = lambda t, a: sum(a[..., i] * t**i for i in range(a.shape[-1]))
///   def net(h):  # [batch, inputs] -> [batch, outputs]
///       for i, (kind, _, k) in enumerate(word.partition(":") for word in words):
///           a = lambda key: p[f"layers.{i}.activation.{key}"]
///           h = torch.nn.functional.linear(h, p[f"layers.{i}.weight"], p[f"layers.{i}.bias"])
///           h = {"identity": lambda: h, "relu": lambda: h.relu(), "relu_power": lambda: h.relu() ** int(k),
///                "polyrelu": lambda: poly(h.relu(), a("coefficients")),
///                "rational": lambda: poly(h, a("numerator")) / poly(h, a("denominator")),
///                "gelu": lambda: torch.nn.functional.gelu(h), "silu": lambda: torch.nn.functional.silu(h)}[kind]()
///       return h
#pragma once
#include <string_view>

#include "theory/network/network.hpp"
#include "theory/number/machine_format.hpp"

namespace nwidth {

/// The network as a safetensors file, the same for the same network; data are aligned to 8 bytes.
/// @throws InvalidInput if the network has no layers, a number is larger than every float, or the dense weights take
///   more than 2^36 bytes
NetworkFile write_safetensors(Network const& net, FloatFormat format = FloatFormat::f64);

/// The network of a file that write_safetensors made, or another program in the same layout: exactly the floats that it
/// holds (dtypes F64, F32). Zeros at the end of a neuron's coefficients are dropped. What is reserved depends on the
/// length of `bytes` alone, not on what they claim.
/// @throws InvalidInput on anything else, in one line that names the place: a header that is longer than the file or
///   than 100 MB, is no JSON object, or gives a key twice; tensors that overlap, leave gaps, reach beyond the file or
///   do not have the size that shape and dtype ask; wrong shapes, unknown tensors, NaN and infinities
Network read_safetensors(std::string_view bytes);

}  // namespace nwidth
