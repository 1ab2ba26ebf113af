// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/moving_nodes.hpp"

#include <algorithm>
#include <cmath>

namespace nwidth::fitting {
namespace {

/// Does the seventh derivative grow towards x, from the side of `step`? It grows at least by 2^3 where f is like
/// |x|^s with s < 4 not an integer. A false alarm costs time only.
bool is_singular(Function const& f, double x, double step) {
  double const near = f.taylor(x + step / 4, 8)[7], far = f.taylor(x + step, 8)[7];
  return !(std::abs(near) <= 8 * std::abs(far)) && !(std::abs(near) * std::pow(std::abs(step), 7) < 1e-9 * f.scale());
}

}  // namespace

template <class T>
MovingNodes<T>::MovingNodes(Function const& f, Resolution resolution)
    : resolution_(resolution), rule_(&gauss_rule<T>(resolution.nodes)) {
  std::vector<Rational> at{f.begin()};
  for (Rational const& x : f.exact_breaks())  // an irrational break is two rationals, one double
    if (to_double(x) > to_double(at.back()) && to_double(x) < to_double(f.end())) at.push_back(x);
  at.push_back(f.end());
  for (std::size_t i = 0; i < at.size(); ++i) {
    double const x = to_double(at[i]);
    double const left = i > 0 ? x - to_double(at[i - 1]) : 0, right = i + 1 < at.size() ? to_double(at[i + 1]) - x : 0;
    T place;
    if constexpr (std::is_same_v<T, double>)
      place = x;
    else
      place = T(at[i]);
    special_.push_back({place, left > 0 && is_singular(f, x, -left / 64), right > 0 && is_singular(f, x, right / 64)});
  }
}

template <class T>
void MovingNodes<T>::part(T const& from, T const& to, bool with_l, bool with_r, std::vector<Node<T>>& nodes) const {
  T const length = to - from;
  if (!(length > 0)) return;
  // singular points at the ends, or outside but nearer than the part is long
  auto const after =
      std::lower_bound(special_.begin(), special_.end(), to, [](Special const& s, T const& x) { return s.at < x; });
  bool const grade_right = after != special_.end() && after->singular_left && after->at - to < length / 2;
  auto const before =
      std::upper_bound(special_.begin(), special_.end(), from, [](T const& x, Special const& s) { return x < s.at; });
  bool const grade_left =
      before != special_.begin() && (before - 1)->singular_right && from - (before - 1)->at < length / 2;
  int const pieces = grade_left && grade_right ? std::max(resolution_.pieces, 2) : resolution_.pieces;

  auto panel = [&](T const& s0, T const& s1, bool from_right) {  // [s0, s1] length from one end
    T const width = s1 - s0;
    for (int i = 0; i < resolution_.nodes; ++i) {
      int const k = from_right ? resolution_.nodes - 1 - i : i;
      T const s = s0 + rule_->node[static_cast<std::size_t>(k)] * width;
      T const weight = rule_->weight[static_cast<std::size_t>(k)] * width;
      T const tau = from_right ? T(1) - s : s;
      nodes.push_back({from_right ? to - s * length : from + s * length, weight * length, with_l ? T(T(1) - tau) : T(0),
                       with_r ? tau : T(0), with_l ? T(-weight) : T(0), with_r ? weight : T(0)});
    }
  };
  T const step = T(1) / pieces;
  for (int k = 0; k < pieces; ++k) {
    bool const left = k == 0 && grade_left, right = k == pieces - 1 && grade_right;
    if (!left && !right) {
      if (2 * k < pieces)
        panel(step * k, k + 1 == pieces ? T(1) : T(step * (k + 1)), false);
      else
        panel(k + 1 == pieces ? T(0) : T(step * (pieces - 1 - k)), step * (pieces - k), true);
      continue;
    }
    std::vector<T> cuts{step};  // step, step/2, ..., 0
    for (int level = 0; level < resolution_.levels; ++level) cuts.push_back(cuts.back() / 2);
    cuts.push_back(T(0));
    if (left)
      for (std::size_t i = cuts.size() - 1; i > 0; --i) panel(cuts[i], cuts[i - 1], false);
    else
      for (std::size_t i = 1; i < cuts.size(); ++i) panel(cuts[i], cuts[i - 1], true);
  }
}

template <class T>
void MovingNodes<T>::on(T const& l, T const& r, std::vector<Node<T>>& nodes) const {
  nodes.clear();
  T from = l;
  bool first = true;
  auto s = std::upper_bound(special_.begin(), special_.end(), l, [](T const& x, Special const& p) { return x < p.at; });
  for (; s != special_.end() && s->at < r; ++s) {
    part(from, s->at, first, false, nodes);
    from = s->at;
    first = false;
  }
  part(from, r, first, true, nodes);
}

template class MovingNodes<double>;
template class MovingNodes<Real>;

}  // namespace nwidth::fitting
