// SPDX-License-Identifier: Apache-2.0
#include "fitting/shared/spacings.hpp"

#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

TEST(Spacings, give_back_the_knots_and_have_their_derivative) {
  test::for_random(30, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 0, 6));
    std::vector<double> knots;
    for (int i = 0; i < n; ++i) knots.push_back(test::uniform_real(g, -1, 3));
    std::sort(knots.begin(), knots.end());
    Eigen::VectorXd const u = log_spacings(-1, 3, knots);
    Spacings const s = spacings(-1, 3, u);
    ASSERT_EQ(s.knots.size(), knots.size());
    for (std::size_t i = 0; i < knots.size(); ++i) EXPECT_NEAR(s.knots[i], knots[i], 1e-13);
    for (Eigen::Index k = 0; k < u.size(); ++k) {
      Eigen::VectorXd up = u, down = u;
      up[k] += 1e-6;
      down[k] -= 1e-6;
      Spacings const a = spacings(-1, 3, up), b = spacings(-1, 3, down);
      for (std::size_t i = 0; i < knots.size(); ++i)
        EXPECT_NEAR(s.derivative(static_cast<Eigen::Index>(i), k), (a.knots[i] - b.knots[i]) / 2e-6, 1e-8);
    }
  });
  EXPECT_THROW(log_spacings(-1, 1, {0.5, 0.5}), InvalidInput);
  EXPECT_THROW(log_spacings(-1, 1, {std::nan("")}), InvalidInput);
  EXPECT_THROW(log_spacings(-1, 1, {1.0}), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
