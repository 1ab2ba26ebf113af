// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/block_bound.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "fitting/bound/free_knot_remez.hpp"
#include "fitting/bound/segment_bound.hpp"
#include "tests/fitting/bound/targets.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

using namespace test_targets;

Block block_of(Function const& f, std::vector<double> const& knots) {
  LevelledSpline<double> const s = free_knot_remez(f, 2, knots);
  Block b{exact(knots.front()), exact(knots.back()), static_cast<int>(knots.size()) - 2, {}, s.spline.as<Rational>()};
  for (double x : s.points) b.points.push_back(exact(x));
  return b;
}

BlockWitness three_blocks() {
  Function const f = runge();
  return {3,
          {block_of(f, {-1, -0.547, -0.339, -0.153}), block_of(f, {-0.153, -0.066, 0.066, 0.153}),
           block_of(f, {0.153, 0.339, 0.547, 1})},
          0};
}

TEST(BlockBound, has_the_known_blocks_of_the_runge_function) {
  // 8 knots, blocks of 2, 2 and 2 cut at -+0.153; the best fit known has the error 1.7051e-3, and its error alternates
  // too seldom for the alternation bound
  LowerBound const r = prove_block_bound(runge().target(), -1, 1, 8, three_blocks());
  ASSERT_TRUE(r.proved) << r.reason;
  EXPECT_GT(to_double(r.lower), 1.66355e-3);
  EXPECT_LT(to_double(r.lower), 1.7051e-3);
}

TEST(BlockBound, searches_between_the_segments_and_the_best) {
  BlockOptions options;
  options.relative = 1e-3;
  BlockBound const r = block_bound(runge(), 2, 8, options);
  ASSERT_TRUE(r.bound.proved) << r.bound.reason;
  EXPECT_GT(to_double(r.bound.lower), 1.3 * to_double(segment_bound(runge(), 2, 8).bound.lower));
  EXPECT_GT(to_double(r.bound.lower), 1.64e-3);
  EXPECT_LT(to_double(r.bound.lower), 1.7051e-3);
  BlockBound const e = block_bound(exp(), 2, 8, options);  // the least error is known
  ASSERT_TRUE(e.bound.proved);
  EXPECT_LT(to_double(e.bound.lower), 8.8410727e-5);
  EXPECT_GT(to_double(e.bound.lower), 7.97e-5);
  BlockBound const none = block_bound(exp(), 2, 5, {0, 1e-3});  // no knots inside: the segments
  EXPECT_EQ(none.bound.lower, segment_bound(exp(), 2, 5).bound.lower);
}

TEST(BlockBound, is_never_beaten_where_its_proof_looks) {
  Function const f = runge();
  BlockWitness const w = three_blocks();
  LowerBound const r = prove_block_bound(f.target(), -1, 1, 8, w);
  ASSERT_TRUE(r.proved);
  test::for_random(60, [&](std::mt19937_64& g) {
    // C^1 quadratics with 8 knots near those of the blocks and their ends, interpolating f up to noise
    FreeKnotSpline<double> s{
        SplineClass::relu_power(2), {-1, -0.547, -0.339, -0.153, -0.066, 0.066, 0.153, 0.339, 0.547, 1}, {}};
    double const spread = std::pow(10.0, test::uniform_real(g, -4, -1));
    for (std::size_t i = 1; i + 1 < s.knots.size(); ++i) s.knots[i] += spread * test::uniform_real(g, -1, 1);
    std::sort(s.knots.begin(), s.knots.end());
    s.coefficients.assign(static_cast<std::size_t>(s.kind.dimension(8)), 0.0);
    s = free_knot_remez(f, 2, s.knots).spline;
    for (double& c : s.coefficients) c += 1e-3 * spread * test::uniform_real(g, -1, 1);
    FreeKnotSpline<Rational> const q = s.as<Rational>();
    Ball worst(0);
    for (Block const& block : w.blocks)
      for (Rational const& x : block.points) worst = max(worst, abs(f(Ball(x)) - Ball(q(x))));
    EXPECT_FALSE(certainly_less(worst, Ball(r.lower)));
  });
}

TEST(BlockBound, refuses_wrong_witnesses) {
  BlockWitness const good = three_blocks();
  auto const prove = [](BlockWitness const& w, int k = 8) { return prove_block_bound(runge().target(), -1, 1, k, w); };
  LowerBound const r = prove(good);
  ASSERT_TRUE(r.proved);
  BlockWitness w = good;
  w.level = r.lower;
  EXPECT_TRUE(prove(w).proved);
  w.level *= parse_rational("1.000001");
  EXPECT_FALSE(prove(w).proved);
  EXPECT_EQ(prove(w).lower, 0);
  EXPECT_FALSE(prove(good, 9).proved);  // a knot more than is borne
  w = good;
  w.blocks.pop_back();
  EXPECT_FALSE(prove(w).proved);
  w = good;
  w.blocks[1].knots = 3;  // claims more than its points show
  EXPECT_FALSE(prove(w).proved);
  w = good;
  w.blocks[0].knots = 0;
  EXPECT_FALSE(prove(w).proved);
  w = good;
  std::swap(w.blocks[0], w.blocks[2]);
  EXPECT_FALSE(prove(w).proved);
  w = good;
  w.blocks[1] = w.blocks[0];
  EXPECT_FALSE(prove(w).proved);
  w = good;
  w.blocks[1].points.pop_back();
  EXPECT_FALSE(prove(w).proved);
  w = good;
  w.blocks[1].left += parse_rational("0.001");  // a point is left outside
  EXPECT_FALSE(prove(w).proved);
  w = good;
  w.blocks[2].right = parse_rational("1.5");
  EXPECT_FALSE(prove(w).proved);
  w = good;
  std::swap(w.blocks[1].points[2], w.blocks[1].points[3]);
  EXPECT_FALSE(prove(w).proved);
  EXPECT_THROW(block_bound(runge(), 0, 4), InvalidInput);
  EXPECT_THROW(block_bound(runge(), 2, 4, {5, 1e-3}), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
