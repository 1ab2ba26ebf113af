// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/bernstein_map.hpp"

#include <string>

#include "theory/number/real.hpp"

namespace nwidth::fitting {
namespace {

template <class T, int K>
void fill(BernsteinMap<T>& map, int multiplicity, T const* t) {
  using D = Dual<T, K>;
  int const d = map.d;
  std::vector<D> u(index(2 * d));
  for (int j = 0; j < d; ++j) {
    int const left = K / 2 - 1 - j / multiplicity, right = K / 2 + j / multiplicity;
    u[index(d - 1 - j)] = D::variable(t[left], left);
    u[index(d + j)] = D::variable(t[right], right);
  }
  D const l = u[index(d - 1)], r = u[index(d)];
  for (int k = 0; k <= d; ++k) {
    std::vector<D> b(index(d + 1));
    b[0] = D(T(1));
    for (int level = 1; level <= d; ++level) {
      D const& x = level <= k ? r : l;
      D carried;
      for (int i = 0; i < level; ++i) {
        D const &right = u[index(d + i)], &left = u[index(d + i - level)];
        D const share = b[index(i)] / (right - left);
        b[index(i)] = carried + (right - x) * share;
        carried = (x - left) * share;
      }
      b[index(level)] = carried;
    }
    for (D const& entry : b) {
      map.m.push_back(entry.v);
      map.g.insert(map.g.end(), entry.g.begin(), entry.g.end());
      map.h.insert(map.h.end(), entry.h.begin(), entry.h.end());
    }
  }
}

}  // namespace

template <class T>
BernsteinMap<T> bernstein_map(SplineClass const& kind, T const* t) {
  BernsteinMap<T> map;
  map.d = kind.degree;
  map.K = knots_around(kind);
  map.constant = kind.multiplicity == kind.degree;
  if (map.constant) return map;
  switch (map.K) {
    case 4: fill<T, 4>(map, kind.multiplicity, t); break;
    case 6: fill<T, 6>(map, kind.multiplicity, t); break;
    case 8: fill<T, 8>(map, kind.multiplicity, t); break;
    case 10: fill<T, 10>(map, kind.multiplicity, t); break;
    default: throw InvalidInput("free knots are fitted up to degree 5, not " + std::to_string(kind.degree));
  }
  return map;
}

template BernsteinMap<double> bernstein_map(SplineClass const&, double const*);
template BernsteinMap<Real> bernstein_map(SplineClass const&, Real const*);

}  // namespace nwidth::fitting
