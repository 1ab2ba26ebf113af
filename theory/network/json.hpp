// SPDX-License-Identifier: Apache-2.0
/// Networks as files: JSON with exact numbers, schema "nwidth.network/1".
///
///   {"schema": "nwidth.network/1", "inputs": 1, "layers": [
///     {"weights": {"rows": 2, "cols": 1, "entries": [[0, 0, "1"], [1, 0, "0x1.8p-1"]]},
///      "bias": ["1/3", "-0.1"],
///      "activation": {"kind": "polyrelu", "coefficients": ["0", "1/3", "1/3", "1/3"]}},
///     {"weights": {"rows": 1, "cols": 2, "entries": [[0, 0, "1"], [0, 1, "-1"]]},
///      "bias": ["0"],
///      "activation": {"kind": "identity"}}]}
///
/// Weights, biases and coefficients are strings, whose value parse_rational takes exactly: -0.1 is -1/10. The
/// `coefficients` of polyrelu run a_0 ... a_r; a list of lists gives one vector per neuron. Other kinds: relu,
/// relu_power (with "k": 2), rational (with `numerator`, `denominator`, constant terms first), identity, gelu, silu.
/// Each key shown is required, and there are no others; their order is free.
#pragma once
#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

#include "theory/network/network.hpp"

namespace nwidth {

/// What a network file may hold at most; beyond it is an error, not a long wait for memory.
inline constexpr std::size_t most_network_bytes = std::size_t{1} << 27;  // of text
inline constexpr std::size_t most_network_bits = std::size_t{1} << 29;   // of all its numbers, written out
inline constexpr int most_network_inputs = 1'000'000;

/// The network that the text describes, exactly.
/// @throws InvalidInput on anything else: one line that names the place, as in
///         network file: layers[2].weights.entries[5][0]: a row from 0 to 3, not 4
Network read_network(std::string_view text);
Network read_network(std::istream& in);

/// Text that read_network reads back to the same network: the same for the same network, some lines per layer.
/// @throws InvalidInput if the network has no layers
std::string write_network(Network const& net);

}  // namespace nwidth
