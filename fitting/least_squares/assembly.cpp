// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/assembly.hpp"

#include <limits>
#include <string>

#include "theory/number/real.hpp"

namespace nwidth::fitting {
namespace {

[[noreturn]] void not_finite(Function const& f, double x) {
  throw InvalidInput("'" + f.target().name + "' or a derivative that the fit needs is not finite at x = " +
                     std::to_string(x) + ", inside the domain");
}

}  // namespace

void check(Objective const& objective, SplineClass const& kind) {
  if (!(objective.p >= 2 && objective.p <= 64))
    throw InvalidInput("the power p of a fit must be from 2 to 64, not " + std::to_string(objective.p));
  bool any = false;
  for (double w : objective.weights) {
    if (!(w >= 0 && w < 1e100)) throw InvalidInput("the weight of a derivative cannot be " + std::to_string(w));
    any = any || w > 0;
  }
  int const most = kind.degree - kind.multiplicity + 1;
  if (!any || static_cast<int>(objective.weights.size()) > most + 1)
    throw InvalidInput("splines of degree " + std::to_string(kind.degree) + " with knots of multiplicity " +
                       std::to_string(kind.multiplicity) + " are fitted with 1 to " + std::to_string(most + 1) +
                       " weights, not all zero; got " + std::to_string(objective.weights.size()));
}

Support support(SplineClass const& kind, int interior_knots, int segment) {
  int const half = knots_around(kind) / 2, low = segment - half + 1;
  Support s;
  s.first_knot = std::max(low, 0);
  s.slot = s.first_knot - low;
  s.knots = std::min(segment + half, interior_knots + 1) - s.first_knot + 1;
  s.first_coefficient = kind.multiplicity * segment;
  return s;
}

template <class T>
BernsteinMap<T> bernstein_map(FreeKnotSpline<T> const& s, int i) {
  int const K = knots_around(s.kind);
  std::vector<T> t(index(K));
  for (int k = 0; k < K; ++k) t[index(k)] = s.knots[index(std::clamp(i - K / 2 + 1 + k, 0, s.interior_knots() + 1))];
  return bernstein_map(s.kind, t.data());
}

template <class T>
bool fit_coefficients(Function const& f, MovingNodes<T> const& nodes, std::vector<double> const& weights,
                      FreeKnotSpline<T>& s, T* condition) {
  int const d = s.kind.degree;
  BandedLeastSquares<T> system(s.kind.dimension(s.interior_knots()), d + 1);
  SegmentTerms<T> terms(f, nodes, {2, weights}, d, T(1));
  for (int i = 0; i < s.segments(); ++i) {
    BernsteinMap<T> const map = bernstein_map(s, i);
    bool const good = terms.rows(s.knots[index(i)], s.knots[index(i + 1)],
                                 [&](T const& root, T const& y, std::vector<T> const& by_b) {
                                   std::vector<T> row(index(d + 1), T(0));
                                   for (int j = 0; j <= d; ++j)
                                     if (map.constant)
                                       row[index(j)] = root * by_b[index(j)];
                                     else
                                       for (int k = 0; k <= d; ++k)
                                         row[index(j)] += root * by_b[index(k)] * map.value(k, j);
                                   system.add(s.first_coefficient(i), std::move(row), root * y);
                                 });
    if (!good) not_finite(f, static_cast<double>(terms.bad_point()));
  }
  std::vector<T> c;
  if (!system.solve(c, T(1000) * std::numeric_limits<T>::epsilon())) return false;
  s.coefficients = std::move(c);
  if (condition != nullptr) *condition = system.condition();
  return true;
}

template <class T>
std::vector<T> segment_values(Function const& f, MovingNodes<T> const& nodes, Objective const& objective,
                              FreeKnotSpline<T> const& s, T const& scale) {
  SegmentTerms<T> terms(f, nodes, objective, s.kind.degree, scale);
  std::vector<T> values;
  SegmentSum<T> sum;
  for (int i = 0; i < s.segments(); ++i) {
    std::vector<T> const b = s.bernstein(i);
    if (!segment_sum(terms, s.knots[index(i)], s.knots[index(i + 1)], b.data(), 0, sum))
      not_finite(f, static_cast<double>(terms.bad_point()));
    values.push_back(sum.value);
  }
  return values;
}

template <class T>
SecondOrder<T> second_order(Function const& f, MovingNodes<T> const& nodes, Objective const& objective,
                            FreeKnotSpline<T> const& s, T const& scale) {
  int const d = s.kind.degree, n = s.interior_knots(), z = d + 3;
  int band = 0;
  for (int i = 0; i <= n; ++i) {
    Support const at = support(s.kind, n, i);
    int low = variable_of_coefficient(s.kind, n, at.first_coefficient);
    int high = variable_of_coefficient(s.kind, n, at.first_coefficient + d);
    int const first = std::max(at.first_knot, 1), last = std::min(at.first_knot + at.knots - 1, n);
    if (first <= last) {  // the ends of the domain are no variables
      low = std::min(low, variable_of_knot(s.kind, first));
      high = std::max(high, variable_of_knot(s.kind, last));
    }
    band = std::max(band, high - low);
  }
  SecondOrder<T> total{T(0), std::vector<T>(index(n + s.kind.dimension(n)), T(0)),
                       BandedSymmetric<T>(n + s.kind.dimension(n), band)};
  SegmentTerms<T> terms(f, nodes, objective, d, scale);
  SegmentSum<T> sum;
  std::vector<T> b(index(d + 1));
  for (int i = 0; i < s.segments(); ++i) {
    BernsteinMap<T> const map = bernstein_map(s, i);
    Support const at = support(s.kind, n, i);
    T const* const c = &s.coefficients[index(at.first_coefficient)];
    for (int k = 0; k <= d; ++k) {
      b[index(k)] = map.constant ? c[k] : T(0);
      for (int j = 0; !map.constant && j <= d; ++j) b[index(k)] += map.value(k, j) * c[j];
    }
    if (!segment_sum(terms, s.knots[index(i)], s.knots[index(i + 1)], b.data(), 2, sum))
      not_finite(f, static_cast<double>(terms.bad_point()));
    total.value += sum.value;

    // z by the variables of this segment: knots first, then coefficients; -1 marks the ends of the domain
    int const p = at.knots + d + 1;
    std::vector<int> variable(index(p), -1);
    std::vector<T> dz(index(z * p), T(0));
    auto by = [&](int row, int column) -> T& { return dz[index(row * p + column)]; };
    for (int k = 0; k < at.knots; ++k) {
      int const knot = at.first_knot + k, slot = at.slot + k;
      if (knot > 0 && knot <= n) variable[index(k)] = variable_of_knot(s.kind, knot);
      by(0, k) = T(knot == i ? 1 : 0);
      by(1, k) = T(knot == i + 1 ? 1 : 0);
      for (int q = 0; !map.constant && q <= d; ++q)
        for (int j = 0; j <= d; ++j) by(2 + q, k) += map.first(q, j, slot) * c[j];
    }
    for (int j = 0; j <= d; ++j) {
      variable[index(at.knots + j)] = variable_of_coefficient(s.kind, n, at.first_coefficient + j);
      for (int q = 0; q <= d; ++q) by(2 + q, at.knots + j) = map.constant ? T(q == j ? 1 : 0) : map.value(q, j);
    }
    std::vector<T> product(index(z * p), T(0));  // H_z dz
    for (int a = 0; a < z; ++a)
      for (int e = 0; e < z; ++e) {
        T const& h = sum.hessian[index(a * z + e)];
        for (int v = 0; v < p; ++v) product[index(a * p + v)] += h * by(e, v);
      }
    for (int v = 0; v < p; ++v) {
      if (variable[index(v)] < 0) continue;
      for (int a = 0; a < z; ++a) total.gradient[index(variable[index(v)])] += sum.gradient[index(a)] * by(a, v);
      for (int w = 0; w < p; ++w) {
        if (variable[index(w)] < 0 || variable[index(w)] > variable[index(v)]) continue;
        T entry(0);
        for (int a = 0; a < z; ++a) entry += by(a, v) * product[index(a * p + w)];
        for (int q = 0; !map.constant && q <= d; ++q) {  // the second derivatives of b
          T bend(0);
          if (v < at.knots && w < at.knots)
            for (int j = 0; j <= d; ++j) bend += map.second(q, j, at.slot + v, at.slot + w) * c[j];
          else if (v < at.knots || w < at.knots)
            bend = map.first(q, std::max(v, w) - at.knots, at.slot + std::min(v, w));
          entry += sum.gradient[index(2 + q)] * bend;
        }
        total.hessian.at(variable[index(v)], variable[index(w)]) += entry;
      }
    }
  }
  return total;
}

#define NWIDTH_INSTANTIATE(T)                                                                        \
  template BernsteinMap<T> bernstein_map(FreeKnotSpline<T> const&, int);                             \
  template bool fit_coefficients(Function const&, MovingNodes<T> const&, std::vector<double> const&, \
                                 FreeKnotSpline<T>&, T*);                                            \
  template std::vector<T> segment_values(Function const&, MovingNodes<T> const&, Objective const&,   \
                                         FreeKnotSpline<T> const&, T const&);                        \
  template SecondOrder<T> second_order(Function const&, MovingNodes<T> const&, Objective const&,     \
                                       FreeKnotSpline<T> const&, T const&);
NWIDTH_INSTANTIATE(double)
NWIDTH_INSTANTIATE(Real)

}  // namespace nwidth::fitting
