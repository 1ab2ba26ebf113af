// SPDX-License-Identifier: Apache-2.0
#include "fitting/ridge/ridge_network.hpp"

#include <cmath>

#include "theory/construct/gadgets_frozen.hpp"

namespace nwidth::fitting {

void RidgeKind::validate() const {
  if (low < 1 || high < low || high > 8 || (low > 1 && low < high))
    throw InvalidInput("ridge neurons have the power k or the powers 1 ... r, at most 8, not " + std::to_string(low) +
                       " ... " + std::to_string(high));
}

Eigen::VectorXd RidgeNetwork::values(Eigen::MatrixXd const& x) const {
  Eigen::VectorXd y = (x * affine.tail(inputs())).array() + affine[0];
  for (Eigen::Index i = 0; i < offsets.size(); ++i) {
    Eigen::ArrayXd const z = ((x * directions.row(i).transpose()).array() + offsets[i]).max(0.0);
    Eigen::ArrayXd sum = Eigen::ArrayXd::Zero(z.size());
    for (Eigen::Index k = kind.terms() - 1; k >= 0; --k) {
      sum += coefficients(i, k);
      sum *= z;
    }
    for (int k = 1; k < kind.low; ++k) sum *= z;
    y.array() += sum;
  }
  return y;
}

double RidgeNetwork::operator()(std::vector<double> const& x) const {
  return values(Eigen::Map<Eigen::RowVectorXd const>(x.data(), inputs()))[0];
}

Network RidgeNetwork::to_network() const {
  std::vector<std::vector<Rational>> weights, out(1), activations;
  std::vector<Rational> bias;
  Rational constant = exact(affine[0]);
  auto row_of = [&](Eigen::VectorXd const& v) {
    std::vector<Rational> row;
    for (double c : v) row.push_back(exact(c));
    return row;
  };
  std::size_t const powers = static_cast<std::size_t>(kind.high) + 1;

  std::vector<Rational> const slope = row_of(affine.tail(inputs()));
  Rational reach = 0;  // |p.x| <= reach on the cube
  for (Rational const& p : slope) reach += abs(p);
  if (reach != 0 && kind.low == 1) {  // p.x + reach >= 0 passes one neuron
    weights.push_back(slope);
    bias.push_back(reach);
    out[0].push_back(1);
    constant -= reach;
    std::vector<Rational> identity(powers, Rational(0));
    identity[1] = 1;
    activations.push_back(identity);
  } else if (reach != 0) {
    Rational const bound = power_of_two(std::ilogb(to_double(reach)) + 1);
    construct::Shifts const s = construct::shifts(construct::Frozen::unit(kind.high), {0, 1}, bound);
    // v is near the size of bound^{1 - k}: bits relative to it
    long const bits = 120 + static_cast<long>(kind.high) * std::abs(std::ilogb(to_double(bound)));
    constant += round_to_dyadic(s.constant, bits);
    for (std::size_t j = 0; j < s.b.size(); ++j) {
      weights.push_back(slope);
      bias.push_back(s.b[j]);
      out[0].push_back(round_to_dyadic(s.v[j], bits));
    }
  }

  for (Eigen::Index i = 0; i < offsets.size(); ++i) {
    if (coefficients.row(i).isZero(0)) continue;
    weights.push_back(row_of(directions.row(i)));
    bias.push_back(exact(offsets[i]));
    if (kind.terms() == 1) {
      out[0].push_back(exact(coefficients(i, 0)));
    } else {
      std::vector<Rational> a{0};
      for (double c : coefficients.row(i)) a.push_back(exact(c));
      activations.push_back(a);
      out[0].push_back(1);
    }
  }
  if (weights.empty()) return Network(inputs(), {{SparseMatrix(1, inputs(), {}), {constant}, Activation::identity()}});
  Activation const act = kind.terms() > 1 ? Activation::polyrelu_per_neuron(activations)
                         : kind.high == 1 ? Activation::relu()
                                          : Activation::relu_power(kind.high);
  return Network(inputs(), {{SparseMatrix::dense(weights), bias, act},
                            {SparseMatrix::dense(out), {constant}, Activation::identity()}});
}

}  // namespace nwidth::fitting
