// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/cell_models.hpp"

#include <cmath>
#include <limits>

namespace nwidth::fitting {
namespace {

/// The network's Taylor coefficients at mid, if it is one polynomial of degree < length on [l, r].
bool network_polynomial(Network const& net, Rational const& l, Rational const& r, std::vector<Ball>& c) {
  using Kind = Activation::Kind;
  auto const& layers = net.layers();
  if (layers.size() != 2 || layers[1].activation.kind != Kind::identity) return false;
  Layer const &in = layers[0], &out = layers[1];
  if (in.activation.kind != Kind::relu && in.activation.kind != Kind::relu_power) return false;
  int const k = in.activation.kind == Kind::relu ? 1 : in.activation.power;
  if (k >= static_cast<int>(c.size())) return false;
  std::vector<Rational> slope(in.bias.size(), Rational(0)), weight = slope;
  for (Entry const& e : in.weights.entries()) slope[static_cast<std::size_t>(e.row)] += e.value;
  for (Entry const& e : out.weights.entries()) weight[static_cast<std::size_t>(e.column)] += e.value;
  c[0] += Ball(out.bias[0]);
  for (std::size_t i = 0; i < slope.size(); ++i) {
    Rational const at_l = slope[i] * l + in.bias[i], at_r = slope[i] * r + in.bias[i];
    if (at_l <= 0 && at_r <= 0) continue;
    if (at_l < 0 || at_r < 0) return false;
    Ball const middle((at_l + at_r) / 2), step(slope[i]);
    Ball term(weight[i]);  // weight C(k, j) slope^j middle^(k-j)
    for (int j = 0; j <= k; ++j) {
      c[static_cast<std::size_t>(j)] += term * power(middle, static_cast<unsigned>(k - j));
      term = term * step * Ball(k - j) / Ball(j + 1);
    }
  }
  return true;
}

}  // namespace

double CellModel::remainder() const {
  double const width = c.back().hi - c.back().lo;
  return width == width ? width * std::pow(half, static_cast<double>(c.size() - 1))
                        : std::numeric_limits<double>::infinity();
}

CellModel cell_model(target::Target const& f, double left, double right, int order) {
  CellModel cell{left, right, (left + right) / 2, (right - left) / 2, {}};
  Rational const l = exact(left), r = exact(right);
  if (!(left < right) || exact(cell.mid) * 2 != l + r || exact(cell.half) * 2 != r - l)
    throw InvalidInput("a cell must have an exact middle, not [" + exact_string(l) + ", " + exact_string(r) + "]");
  for (int m = order; m >= 1; --m) {
    std::vector<Ball> c(static_cast<std::size_t>(m) + 1);
    if (f.expression) {
      target::Expansion const e = f.expression->expand(l, r, m);
      if (e.status != target::Expansion::Status::smooth) continue;
      for (std::size_t i = 0; i < c.size(); ++i) c[i] = e.c[i];
    }
    if (f.network && !network_polynomial(*f.network, l, r, c)) continue;
    bool finite = true;
    for (Ball const& b : c) finite = finite && b.is_finite();
    if (!finite) continue;
    CellModel lower = cell;
    lower.c.clear();
    for (Ball const& b : c) lower.c.push_back(b.to_interval());
    if (!cell.c.empty() && !(lower.remainder() < cell.remainder())) break;
    cell = std::move(lower);
  }
  if (!cell.c.empty()) return cell;
  Ball range(0);
  if (f.expression) range += f.expression->range(l, r);
  if (f.network) range += (*f.network)(Ball::from_bounds(l, r));
  cell.c.push_back(range.is_finite() ? range.to_interval() : Interval::everything());
  return cell;
}

}  // namespace nwidth::fitting
