// SPDX-License-Identifier: Apache-2.0
/// A-priori bounds of the rounding errors of kernels and of whole networks in machine arithmetic, proved in balls.
///
/// Arithmetic rounds to nearest with gradual underflow (IEEE 754; on a GPU without -ftz): each operation of result z
/// gives z (1 + d) + t with |d| <= u, |t| <= tiny, and t = 0 for sums. Where a result could overflow the bound is
/// infinite.
/// @cite higham2002accuracy
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "theory/certify/enclosure.hpp"
#include "theory/network/network.hpp"
#include "theory/number/ball.hpp"
#include "theory/number/binary_format.hpp"
#include "theory/number/machine_format.hpp"

namespace nwidth::certify {

/// What a kernel rounds to, and when.
struct MachineArithmetic {
  BinaryFormat operations;  ///< after each operation
  BinaryFormat results;     ///< and once more what the kernel writes; the same format: not at all
  /// Each a b + c is rounded once. If false, a bound for both: with two roundings and with one, in any mixture.
  bool fused = false;
};

/// At least |fl(P(relu(x))) - P(relu(x))| for every x in the ball that is a number: Horner's rule from a_r down.
/// With q_i = a_i + a_(i+1) t + ... the bound is E_0 of E_r = 0, E_i = E_(i+1) t (1 + u) + u |q_i| + tiny where fused,
/// so it knows about the cancellation in P. @param a  a_0 ... a_r as the kernel holds them, no further rounding
/// @param x  a range of numbers of the format; real numbers between them do not matter
Ball polyrelu_rounding(std::vector<Rational> const& a, Ball const& x, MachineArithmetic const& arithmetic);

/// The same for relu(x)^k by k - 1 multiplications.
Ball relu_power_rounding(int k, Ball const& x, MachineArithmetic const& arithmetic);

/// At least the error of b + sum_j w_j h_j, summed in any order: gamma_k size + products tiny (1 + gamma_k), with
/// gamma_k = k u/(1 - k u). @param roundings  k, at most how many a term passes: the number of terms that are not 0 (b
/// among them), or one less where the products are exact but for underflow, since the w_j are powers of 2 or there is
/// none  @param size  at least |b| + sum_j |w_j| |h_j|
Ball dot_rounding(long roundings, long products, Ball const& size, BinaryFormat const& format);

/// How the network of a file is computed.
struct Evaluation {
  std::string name;
  BinaryFormat weights;  ///< that weights, biases and coefficients are rounded to, to nearest
  MachineArithmetic arithmetic;

  /// "double", "float32": weights and arithmetic of that format. "bfloat16": weights of bfloat16, arithmetic and what
  /// passes between layers in float32. "bfloat16-values": what layers read and write (pre-activations, too) is rounded
  /// to bfloat16 as well, as training in bfloat16 does. @throws InvalidInput on another name
  static Evaluation of(std::string_view name);
};

/// The network whose weights, biases and coefficients are those of the format nearest to the exact ones.
/// @throws InvalidInput if one is larger than every number of the format
Network rounded_network(Network const& net, BinaryFormat const& format, Rounding* what = nullptr);

/// At least |fl(net)(x) - net(x)| for every number x of the format in the ball, the weights of `net` being numbers of
/// the format themselves. Sums in any order. Infinite for rational, GELU and SiLU activations. @param why  then says so
/// Any depth; intervals through the layers make it pessimistic for deep networks on wide balls.
Ball network_rounding(Network const& net, Ball const& x, MachineArithmetic const& arithmetic,
                      std::string* why = nullptr);

/// The same over [a, b], which is cut until the bound is within 1 % of what more cuts could reach, or into 4096 parts.
Ball network_rounding(Network const& net, Rational const& a, Rational const& b, MachineArithmetic const& arithmetic,
                      std::string* why = nullptr);

}  // namespace nwidth::certify
