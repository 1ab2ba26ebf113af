// SPDX-License-Identifier: Apache-2.0
/// One hidden layer whose error over the whole Sobolev ball is the Kolmogorov N-width.
#pragma once
#include "theory/network/network.hpp"
#include "theory/target/target.hpp"

namespace nwidth::construct {

/// The spline of degree n - 1 with the knots of the least-norm perfect spline x_{N-n,n}, interpolating f at its N
/// zeros, as a network with one hidden layer of relu_power n - 1.
///
/// @theorem{tikhomirov1969, optimal interpolation}  For every f in W^n = {|f^(n)| <= 1} and every x in [-1, 1]:
///   |f(x) - S f(x)| <= |x_{N-n,n}(x)| <= d_N(W^n), with equality for f = x_{N-n,n}: no linear method, and no other
///   space of dimension N, does better on the class.
/// The network is S f up to 10^-12 d_N on [-1, 1] (rounding of the output weights to dyadics, bounded at construction).
/// Knots and nodes are dyadics within 2^-(48 + log2 N) of the optimal ones; what that does to the class is certified by
/// certify::class_certificate. S reproduces polynomials of degree < n.
///
/// N - 1 neurons relu(x - t)^(n-1) (N - n knots, n - 1 outer knots <= -2) and an output bias; size <= 3N - 2.
/// @deviation  n = 1: piecewise linear interpolation at the midpoints -1 + (2i - 1)/N, constant beyond, error
///   <= 1/N = d_N: continuous, unlike the step functions of the theorem, at the price of a neuron: N neurons, size <=
///   3N + 1.
/// @param n  1 ... 6   @param N  >= max(n, 2), N <= 10^6
/// @throws InvalidInput outside these ranges, or if f has no finite value at a node
/// Cost: N values of f at 100 + 2 n log2 N bits, and O(N n^2) operations.
Network optimal_spline_network(target::Target const& f, int n, int N);

}  // namespace nwidth::construct
