// SPDX-License-Identifier: Apache-2.0
#include "fitting/deep/deep_network.hpp"

#include <algorithm>
#include <cmath>

#include "theory/construct/gadgets_frozen.hpp"

namespace nwidth::fitting {
namespace {

double value(Eigen::Vector3d const& a, double t) {
  double const z = t > 0 ? t : 0;
  return z * (a[0] + z * (a[1] + z * a[2]));
}

std::vector<Rational> coefficients(Eigen::Vector3d const& a) { return {0, exact(a[0]), exact(a[1]), exact(a[2])}; }

}  // namespace

double DeepPolyReLU::operator()(double x) const {
  double sum = constant + slope * x;
  for (Eigen::Index i = 0; i < d.size(); ++i) {
    double t = d[i];
    for (Eigen::Index j = 0; j < w.size(); ++j) t += W(i, j) * value(first, w[j] * x + b[j]);
    sum += v[i] * value(second, t);
  }
  return sum;
}

Network DeepPolyReLU::to_network() const {
  std::vector<std::vector<Rational>> one, two, out(1);
  std::vector<Rational> bias_one, bias_two;
  for (Eigen::Index j = 0; j < w.size(); ++j) {
    one.push_back({exact(w[j])});
    bias_one.push_back(exact(b[j]));
  }
  for (Eigen::Index i = 0; i < d.size(); ++i) {
    std::vector<Rational> row;
    for (Eigen::Index j = 0; j < w.size(); ++j) row.push_back(exact(W(i, j)));
    two.push_back(row);
    bias_two.push_back(exact(d[i]));
    out[0].push_back(exact(v[i]));
  }
  Rational c0 = exact(constant);
  if (slope != 0 && !first.isZero(0) && !second.isZero(0)) {
    constexpr long bits = 200;
    Rational const reach = exact(std::max(std::abs(begin), std::abs(end)));
    construct::Shifts const in = construct::shifts({coefficients(first)}, {0, 1}, reach);
    construct::Shifts const on = construct::shifts({coefficients(second)}, {0, 1}, reach);
    for (Rational const& shift : in.b) {
      one.push_back({1});
      bias_one.push_back(shift);
    }
    for (std::size_t i = 0; i < two.size(); ++i) two[i].resize(one.size(), Rational(0));
    for (std::size_t k = 0; k < on.b.size(); ++k) {
      std::vector<Rational> row(static_cast<std::size_t>(w.size()), Rational(0));
      for (Rational const& share : in.v) row.push_back(round_to_dyadic(share, bits));
      two.push_back(row);
      bias_two.push_back(round_to_dyadic(in.constant + on.b[k], bits));
      out[0].push_back(round_to_dyadic(exact(slope) * on.v[k], bits));
    }
    c0 += round_to_dyadic(exact(slope) * on.constant, bits);
  }
  return Network(1, {{SparseMatrix::dense(one), bias_one, Activation::polyrelu(coefficients(first))},
                     {SparseMatrix::dense(two), bias_two, Activation::polyrelu(coefficients(second))},
                     {SparseMatrix::dense(out), {c0}, Activation::identity()}});
}

}  // namespace nwidth::fitting
