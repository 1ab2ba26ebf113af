// SPDX-License-Identifier: Apache-2.0
/// Errors whose rates are known.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "fitting/rate/sequence.hpp"

namespace nwidth::test {

/// The least error in the sup norm of piecewise linear functions with N pieces for exp on [-1, 1]: 13 to 20 digits, by
/// Newton's iteration on the condition that each piece errs alike.
inline std::map<long, std::string> const exp_by_pieces{
    {1, "0.27880158579550234041"},     {2, "0.068376764039903695919"},     {4, "0.017002906682408389036"},
    {8, "0.0042448116478426425491"},   {16, "0.0010608292807246040779"},   {31, "0.00028256903314094443896"},
    {32, "0.00026518390288716830547"}, {64, "0.000066294511103356576304"}, {128, "1.657353622092e-05"},
    {256, "4.143378332766e-06"},       {512, "1.035844225505e-06"}};

/// Enclosures [E, E factor] of exp_by_pieces.
inline fitting::RateSequence exp_sequence(std::vector<long> const& N, Rational const& factor) {
  fitting::RateSequence s(fitting::Abscissa::segments);
  for (long n : N) {
    Rational const e = parse_rational(exp_by_pieces.at(n));
    s.add(n, e, e * factor, fitting::Status::converged);
  }
  return s;
}

/// Enclosures of hi/lo = 1 + 2^-40 around f(N).
inline fitting::RateSequence sequence(fitting::Abscissa abscissa, std::vector<long> const& N,
                                      std::function<double(double)> const& f) {
  fitting::RateSequence s(abscissa);
  for (long n : N) {
    Rational const e = exact(f(static_cast<double>(n)));
    s.add(n, e * (1 - power_of_two(-41)), e * (1 + power_of_two(-41)), fitting::Status::converged);
  }
  return s;
}

inline std::vector<long> dyadic(long from, long to) {
  std::vector<long> v;
  for (long n = from; n <= to; n *= 2) v.push_back(n);
  return v;
}

}  // namespace nwidth::test
