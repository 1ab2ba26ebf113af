// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/krawczyk.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting {
namespace {

/// x_i^2 + sum_j A_ij x_j - b_i, with A and b so that `zero` is one.
struct Quadratic final : BallSystem {
  std::vector<Rational> zero;
  std::vector<std::vector<Rational>> A;

  std::size_t size() const override { return zero.size(); }
  bool evaluate(std::vector<Ball> const& x, std::vector<Ball>& F, std::vector<Ball>* J, std::string&) const override {
    std::size_t const n = size();
    F.assign(n, Ball(0));
    if (J) J->assign(n * n, Ball(0));
    for (std::size_t i = 0; i < n; ++i) {
      Rational b = zero[i] * zero[i];
      F[i] = power(x[i], 2);
      if (J) (*J)[i * n + i] += Ball(2) * x[i];
      for (std::size_t j = 0; j < n; ++j) {
        b += A[i][j] * zero[j];
        F[i] += Ball(A[i][j]) * x[j];
        if (J) (*J)[i * n + j] += Ball(A[i][j]);
      }
      F[i] -= Ball(b);
    }
    return true;
  }
};

TEST(Krawczyk, encloses_the_zero_that_was_planted) {
  int proved = 0;
  test::for_random(30, [&](std::mt19937_64& g) {
    Quadratic q;
    std::size_t const n = static_cast<std::size_t>(test::uniform(g, 1, 8));
    for (std::size_t i = 0; i < n; ++i) {
      q.zero.push_back(test::random_rational(g));
      q.A.emplace_back();
      for (std::size_t j = 0; j < n; ++j) q.A[i].push_back(test::random_rational(g, 5) + (i == j ? 9 : 0));
    }
    std::vector<Ball> near;
    for (Rational const& z : q.zero) near.emplace_back(to_double(z) + 1e-7 * test::uniform_real(g, -1, 1));
    EnclosedZero const r = krawczyk(q, near, 300);
    if (!r.proved) return;  // a singular Jacobian can happen, but not often
    ++proved;
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_TRUE(r.x[i].contains(q.zero[i]));
      EXPECT_LT(r.x[i].upper() - r.x[i].lower(), power_of_two(-240));
    }
  });
  EXPECT_GE(proved, 25 * std::min(1.0, test::multiplier()));
}

struct OneVariable final : BallSystem {
  std::function<Ball(Ball const&)> f, slope;
  std::size_t size() const override { return 1; }
  bool evaluate(std::vector<Ball> const& x, std::vector<Ball>& F, std::vector<Ball>* J, std::string&) const override {
    F = {f(x[0])};
    if (J) *J = {slope(x[0])};
    return true;
  }
};

TEST(Krawczyk, proves_nothing_where_there_is_no_isolated_zero) {
  OneVariable none;  // x^2 + 2^-40 > 0
  none.f = [](Ball const& x) { return power(x, 2) + Ball(power_of_two(-40)); };
  none.slope = [](Ball const& x) { return Ball(2) * x; };
  EXPECT_FALSE(krawczyk(none, {Ball(1e-4)}, 200).proved);
  OneVariable twice;  // x^2: a double zero
  twice.f = [](Ball const& x) { return power(x, 2); };
  twice.slope = [](Ball const& x) { return Ball(2) * x; };
  EXPECT_FALSE(krawczyk(twice, {Ball(1e-4)}, 200).proved);
  EXPECT_FALSE(krawczyk(twice, {Ball(0)}, 200).proved);
  EXPECT_THROW(krawczyk(twice, {Ball(0), Ball(1)}, 200), InvalidInput);
  OneVariable root;  // x^2 - 2
  root.f = [](Ball const& x) { return power(x, 2) - Ball(2); };
  root.slope = twice.slope;
  EnclosedZero const r = krawczyk(root, {Ball(1.4)}, 400);
  ASSERT_TRUE(r.proved) << r.reason;
  EXPECT_TRUE(overlaps(r.x[0], sqrt(Ball(2))));
}

}  // namespace
}  // namespace nwidth::fitting
