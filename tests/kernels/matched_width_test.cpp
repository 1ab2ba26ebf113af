// SPDX-License-Identifier: Apache-2.0
#include "kernels/matched_width.hpp"

#include <cmath>

#include "tests/random.hpp"

namespace {

using namespace nwidth::kernels;
using nwidth::Rational;
using nwidth::test::for_random;
using nwidth::test::uniform;

FeedForward plain(std::int64_t d, std::int64_t w = 0) { return {.model = d, .width = w}; }
FeedForward gated(std::int64_t d, std::int64_t w = 0) { return {.model = d, .width = w, .gated = true}; }
FeedForward cubic(std::int64_t d, std::int64_t w = 0) { return {.model = d, .width = w, .coefficients = 4}; }

TEST(MatchedWidth, PublishedPairs) {
  // LLaMA: 4d without a gate -> 8/3 d with one, up to a multiple of 256
  struct Pair {
    std::int64_t d, width;
  };
  for (Pair const p : {Pair{2048, 5632}, {4096, 11008}, {5120, 13824}, {6656, 17920}, {8192, 22016}})
    EXPECT_EQ(matched_width(plain(p.d, 4 * p.d), gated(p.d), Match::parameters, 256, Rounding::up).width, p.width);
  // T5 v1.1: base 3072 -> 2048, large 4096 -> 2816
  MatchedWidth const base = matched_width(plain(768, 3072), gated(768), Match::parameters, 64);
  EXPECT_EQ(base.width, 2048);
  EXPECT_TRUE(base.exact());
  EXPECT_EQ(matched_width(plain(1024, 4096), gated(1024), Match::parameters, 256, Rounding::up).width, 2816);
  // PolyCom: 5504 -> 8256 dense, 1024 -> 1536 per expert; the four coefficients are the whole difference
  MatchedWidth const dense = matched_width(gated(2048, 5504), cubic(2048), Match::parameters, 64);
  EXPECT_EQ(dense.width, 8256);
  EXPECT_EQ(dense.target, 3 * 2048L * 5504);
  EXPECT_EQ(dense.count, dense.target + 4);
  MatchedWidth const expert = matched_width(gated(2048, 1024), cubic(2048), Match::parameters, 128);
  EXPECT_EQ(expert.width, 1536);
  // without a multiple the coefficients cost a channel, if it must not be larger
  EXPECT_EQ(matched_width(gated(2048, 5504), cubic(2048), Match::parameters, 1, Rounding::down).width, 8255);
}

TEST(MatchedWidth, MultiplesOfTheEightThirds) {
  // 8/3 of 4096 is 10922.67
  auto const width = [](std::int64_t multiple, Rounding r) {
    return matched_width(plain(4096, 16384), gated(4096), Match::parameters, multiple, r).width;
  };
  EXPECT_EQ(width(1, Rounding::nearest), 10923);
  EXPECT_EQ(width(8, Rounding::nearest), 10920);
  EXPECT_EQ(width(8, Rounding::up), 10928);
  EXPECT_EQ(width(64, Rounding::nearest), 10944);
  EXPECT_EQ(width(64, Rounding::down), 10880);
  EXPECT_EQ(width(256, Rounding::nearest), 11008);
  EXPECT_EQ(width(256, Rounding::down), 10752);
}

TEST(MatchedWidth, FlopsCountTheActivation) {
  FeedForward swiglu = gated(2048, 5504), polynorm = cubic(2048);
  swiglu.activation_flops = 6;
  polynorm.activation_flops = 14;
  EXPECT_EQ(forward_flops(swiglu), (6 * 2048L + 6) * 5504);
  MatchedWidth const m = matched_width(swiglu, polynorm, Match::flops);
  EXPECT_EQ(m.width, 8246);  // (12288 + 6) 5504/(8192 + 14) = 8245.97
  EXPECT_EQ(m.count, (4 * 2048L + 14) * 8246);
  EXPECT_LT(std::fabs(m.excess()), 1e-5);
}

TEST(MatchedWidth, CountsBiasesAndCoefficientsOfChannels) {
  FeedForward f = gated(10, 7);
  f.biases = true;
  f.coefficients = 4;
  f.coefficients_per_channel = 2;
  EXPECT_EQ(parameters(f), 3 * 70 + 2 * 7 + 10 + 4 + 2 * 7);
  EXPECT_EQ(parameters(plain(10, 7)), 140);
}

TEST(MatchedWidth, IsTheRoundedQuotient) {
  for_random(2000, [](std::mt19937_64& g) {
    FeedForward a, b;
    for (FeedForward* const f : {&a, &b}) {
      *f = {uniform(g, 1, 5000), uniform(g, 1, 20000),  nwidth::test::coin(g), uniform(g, 0, 9),
            uniform(g, 0, 3),    nwidth::test::coin(g), uniform(g, 0, 20)};
    }
    Match const match = nwidth::test::coin(g) ? Match::parameters : Match::flops;
    std::int64_t const multiple = nwidth::test::pick(g, std::vector<std::int64_t>{1, 8, 64, 256});
    auto const counted = [&](std::int64_t w) {
      FeedForward c = b;
      c.width = w;
      return match == Match::flops ? forward_flops(c) : parameters(c);
    };
    std::int64_t const target = match == Match::flops ? forward_flops(a) : parameters(a);
    if (counted(2 * multiple) > target) return;  // too small for this multiple
    auto const up = matched_width(a, b, match, multiple, Rounding::up);
    auto const down = matched_width(a, b, match, multiple, Rounding::down);
    auto const nearest = matched_width(a, b, match, multiple);
    EXPECT_EQ(up.target, target);
    EXPECT_GE(up.count, target);
    EXPECT_LT(counted(up.width - multiple), target);
    EXPECT_LE(down.count, target);
    EXPECT_GT(counted(down.width + multiple), target);
    EXPECT_EQ(nearest.count, counted(nearest.width));
    EXPECT_EQ(nearest.width % multiple, 0);
    EXPECT_EQ(std::abs(nearest.count - target), std::min(up.count - target, target - down.count));
    // there and back: to the same width, where no rounding came between
    if (nearest.exact()) {
      FeedForward c = b;
      c.width = nearest.width;
      EXPECT_EQ(matched_width(c, a, match).width, a.width);
    }
  });
}

TEST(MatchedWidth, RefusesWhatItCannotCount) {
  auto const refused = [](auto const& f, std::string const& part) {
    try {
      f();
      ADD_FAILURE() << "not refused: " << part;
    } catch (std::invalid_argument const& e) {
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
    }
  };
  refused([] { parameters(plain(0, 4)); }, "model = 0");
  refused([] { parameters(plain(4, -1)); }, "width = -1");
  refused([] { matched_width(plain(4, 4), gated(4), Match::parameters, 0); }, "multiple = 0");
  refused([] { matched_width(plain(4, 4), gated(4), Match::parameters, 256, Rounding::down); }, "no width");
  refused([] { parameters(plain(1L << 40, 1L << 40)); }, "63 bits");
  refused([] { matched_width(plain(1L << 30, 1L << 30), gated(1L << 62), Match::flops); }, "63 bits");
  refused([] { matched_width(plain(4, 4), FeedForward{.model = 4, .coefficients = 1000}, Match::parameters); },
          "no width");
  EXPECT_EQ(parameters(plain(1L << 30, 1L << 30)), 1L << 61);  // the largest there are still fit
}

}  // namespace
