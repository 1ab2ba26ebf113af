// SPDX-License-Identifier: Apache-2.0
/// Proof that a stationary point of least squares over splines with free knots lies next to an approximate one.
#pragma once
#include <string>
#include <vector>

#include "fitting/problem/function.hpp"
#include "fitting/problem/spline.hpp"
#include "theory/number/ball.hpp"

namespace nwidth::fitting {

/// s(x) = sum_p a_p (x - a)^p + sum_q sum_{d-m < i <= d} c_{q,i} (x - t_q)_+^i, stationary for ||f - s||_2.
struct EnclosedStationary {
  SplineClass kind;
  std::vector<Ball> polynomial;          ///< a_0 ... a_d
  std::vector<std::vector<Ball>> jumps;  ///< c_{q,i} of knot q, i ascending: m of them
  std::vector<Ball> knots;               ///< t_1 ... t_k, in order, in (a, b)
  std::vector<bool> smooth;              ///< where c_{q,d-m+1} = 0 exactly: one derivative more than the class asks for
  Ball error;                            ///< ||f - s||_2 > 0, the L2 norm on [a, b]
  bool proved = false;  ///< exactly one solution of the theorem's equations, `smooth` telling which, lies in the balls;
                        ///< it is stationary
  bool minimum = false;  ///< moreover the Hessian is positive definite there: a strict local minimum, see below
  double contraction = 0;
  std::string reason;  ///< why not proved, or no minimum
};

/// Krawczyk's method at `bits` of precision on the system of the theorem, in a, c and t.
/// @theorem{nwidth, stationary splines} Let s be a spline of degree d with k knots t_q of multiplicity m. If e = f - s
///   is orthogonal in L2[a,b] to (x - a)^p, p <= d, and to (x - t_q)_+^i, d - m < i <= d, q <= k, and if for each q
///   also to (x - t_q)_+^{d-m}, or else c_{q,d-m+1} = 0, then all derivatives of ||f - s||^2 by coefficients and knots
///   vanish, and ||f - s||^2 = ||f||^2 - <f, s>. The converse holds as well.
/// Proof. Half the derivatives are -<e, (x - a)^p>, -<e, (x - t_q)_+^i>, i > d - m, and by t_q the sum over i > d - m
/// of i c_{q,i} <e, (x - t_q)_+^{i-1}>: all but its first term, i = d - m + 1, vanish with the others. s is in the
/// span, so <e, s> = 0. [(x - t)_+^0 is the step; f need only be continuous for ||f - s||^2 to be twice
/// differentiable.] Which of the two holds at a knot is read off `near`: c_{q,d-m+1} = 0 where it is small and m > 1.
/// Where the Hessian is positive definite, ||f - s|| is smaller than for all other splines of the class, with at most k
/// knots, near s in L2: no knot does nothing [its place would make a diagonal entry 0], so each of the k limits of
/// knots is needed, and splines that converge to s have knots and coefficients that do. This says nothing of other
/// stationary points: that s is the best spline is not proved here.
/// @cite krawczyk1969
/// @param near  1 <= d <= 8, 1 <= m <= d, on [f.begin(), f.end()]; to some 1e-6 of its spacing
/// @throws InvalidInput if near is no such spline or f has a network part
/// Cost: Moments once; O((d + 1 + k(m + 1))^3) operations; 0.05 s for an entire f and k = 8, seconds for |x|^1.5.
EnclosedStationary enclose_stationary(Function const& f, FreeKnotSpline<Real> const& near, long bits = 384);

}  // namespace nwidth::fitting
