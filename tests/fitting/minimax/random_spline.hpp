// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "fitting/problem/spline.hpp"
#include "tests/random.hpp"

namespace nwidth::test {

inline std::vector<fitting::SplineClass> const& spline_classes() {
  using fitting::SplineClass;
  static std::vector<SplineClass> const all{SplineClass::relu(),        SplineClass::relu_power(2),
                                            SplineClass::relu_power(3), SplineClass::polyrelu(2),
                                            SplineClass::polyrelu(3),   {4, 2},
                                            SplineClass::relu_power(5)};
  return all;
}

/// On [-1, 1], knots at least 0.5/(n+1) apart, coefficients in [-1, 1].
template <class T>
fitting::FreeKnotSpline<T> random_spline(std::mt19937_64& g, fitting::SplineClass kind, int n) {
  fitting::FreeKnotSpline<T> s{kind, {T(-1)}, {}};
  for (int i = 1; i <= n; ++i) s.knots.push_back(T((2.0 * i + uniform_real(g, -0.5, 0.5)) / (n + 1) - 1));
  s.knots.push_back(T(1));
  for (int i = 0; i < kind.dimension(n); ++i) s.coefficients.push_back(T(uniform_real(g, -1, 1)));
  s.validate();
  return s;
}

}  // namespace nwidth::test
