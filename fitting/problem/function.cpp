// SPDX-License-Identifier: Apache-2.0
#include "fitting/problem/function.hpp"

#include <algorithm>
#include <cmath>

namespace nwidth::fitting {
namespace {

constexpr int scan_points = 257;

/// One hidden layer of relu or relu_power on one input, then an affine output.
bool is_sum_of_hinges(Network const& net) {
  auto const& layers = net.layers();
  if (layers.size() != 2 || layers[1].activation.kind != Activation::Kind::identity) return false;
  return layers[0].activation.kind == Activation::Kind::relu ||
         layers[0].activation.kind == Activation::Kind::relu_power;
}

}  // namespace

template <>
Function::Hinges<double> const& Function::hinges() const {
  return hinges_double_;
}
template <>
Function::Hinges<Real> const& Function::hinges() const {
  return hinges_real_;
}

Function::Function(target::Target f, Rational a, Rational b)
    : target_(std::move(f)), a_(std::move(a)), b_(std::move(b)) {
  if (target_.inputs != 1)
    throw InvalidInput("a function of one variable is needed, not '" + target_.name + "' of " +
                       std::to_string(target_.inputs));
  if (!(a_ < b_))
    throw InvalidInput("the domain must have its ends in ascending order, not " + to_string(a_) + ", " + to_string(b_));
  if (target_.expression) exact_breaks_ = target_.expression->cuts(a_, b_);
  if (target_.network && target_.network->layers().size() >= 2) {
    Network const& net = *target_.network;
    Layer const& first = net.layers()[0];
    hinged_ = is_sum_of_hinges(net);
    std::vector<Rational> slope(first.bias.size(), Rational(0));
    for (Entry const& e : first.weights.entries()) slope[static_cast<std::size_t>(e.row)] += e.value;
    for (std::size_t i = 0; i < slope.size(); ++i) {
      if (slope[i] == 0) continue;
      Rational const kink = -first.bias[i] / slope[i];
      if (a_ < kink && kink < b_) exact_breaks_.push_back(kink);
    }
    if (hinged_) {
      Layer const& out = net.layers()[1];
      hinges_double_.constant = to_double(out.bias[0]);
      hinges_real_.constant = Real(out.bias[0]);
      for (Entry const* e = out.weights.row_begin(0); e != out.weights.row_end(0); ++e) {
        std::size_t const i = static_cast<std::size_t>(e->column);
        int const k = first.activation.kind == Activation::Kind::relu ? 1 : first.activation.power;
        hinges_double_.hinge.push_back({to_double(slope[i]), to_double(first.bias[i]), to_double(e->value), k});
        hinges_real_.hinge.push_back({Real(slope[i]), Real(first.bias[i]), Real(e->value), k});
      }
    }
  }
  std::sort(exact_breaks_.begin(), exact_breaks_.end());
  exact_breaks_.erase(std::unique(exact_breaks_.begin(), exact_breaks_.end()), exact_breaks_.end());
  double const left = to_double(a_), right = to_double(b_);
  for (Rational const& q : exact_breaks_) {
    double const x = to_double(q);  // cuts that enclose an irrational point are two rationals, one double
    if (left < x && x < right && (breaks_.empty() || x > breaks_.back())) breaks_.push_back(x);
  }
  for (int i = 0; i < scan_points; ++i) {
    double const x = i + 1 == scan_points ? right : left + (right - left) * i / (scan_points - 1);
    double const y = (*this)(x);
    if (!std::isfinite(y))
      throw InvalidInput("'" + target_.name + "' is not finite at x = " + std::to_string(x) + ", inside the domain");
    scale_ = std::max(scale_, std::abs(y));
  }
  for (double x : breaks_)
    if (!std::isfinite((*this)(x)))
      throw InvalidInput("'" + target_.name + "' is not finite at x = " + std::to_string(x) + ", inside the domain");
}

template <class T>
T Function::value(T const& x) const {
  if (!target_.network) return (*target_.expression)(x);
  if (!hinged_) return target_(x);
  T y = hinges<T>().constant;
  for (Hinge<T> const& h : hinges<T>().hinge) {
    T const t = h.w * x + h.b;
    if (!(t > 0)) continue;
    T p = h.v;
    for (int j = 0; j < h.k; ++j) p *= t;
    y += p;
  }
  if (target_.expression) y += (*target_.expression)(x);
  return y;
}

template <class T>
std::vector<T> Function::series(T const& x, int count) const {
  std::vector<T> c(static_cast<std::size_t>(count), T(0));
  if (target_.expression) c = target_.expression->rounded_taylor(x, count);
  if (!target_.network) return c;
  if (!hinged_) {
    target::Target network;
    network.network = target_.network;
    std::vector<Ball> const more = network.taylor(exact(Real(x)), count);
    for (std::size_t k = 0; k < c.size(); ++k) c[k] += static_cast<T>(Real(more[k].midpoint()));
    return c;
  }
  c[0] += hinges<T>().constant;
  for (Hinge<T> const& h : hinges<T>().hinge) {
    T const t = h.w * x + h.b;
    if (t < 0 || (t == 0 && h.w < 0)) continue;
    T binomial = h.v;  // v C(k, j) w^j t^(k-j)
    for (int j = 0; j <= h.k && j < count; ++j) {
      T power(1);
      for (int i = 0; i < h.k - j; ++i) power *= t;
      c[static_cast<std::size_t>(j)] += binomial * power;
      binomial = binomial * T(h.k - j) / T(j + 1) * h.w;
    }
  }
  return c;
}

double Function::operator()(double x) const { return value(x); }
Real Function::operator()(Real const& x) const { return value(x); }
std::vector<double> Function::taylor(double x, int count) const { return series(x, count); }
std::vector<Real> Function::taylor(Real const& x, int count) const { return series(x, count); }

}  // namespace nwidth::fitting
