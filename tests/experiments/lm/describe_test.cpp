// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/describe.hpp"

#include <gtest/gtest.h>

#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

TEST(Describe, PublishedParameterCounts) {
  // GPT-2 small: 124,439,808, as llm.c and Hugging Face count it.
  Parameters const gpt2 = count_parameters(parse_config("preset = 'gpt2-124m'\n", "f").model);
  EXPECT_EQ(gpt2.total(), 124439808);
  EXPECT_EQ(gpt2.positions, 1024 * 768);
  EXPECT_EQ(gpt2.norms, 25 * 2 * 768);

  // PolyCom's dense model: 24 (4 d^2 + 2 d 8256) + 2 V d = 1.345 G, and 49 norms and 24 sets of 4 coefficients.
  Parameters const dense = count_parameters(parse_config("preset = 'polycom-dense-1b'\n", "f").model);
  EXPECT_EQ(dense.attention + dense.feed_forward, 24LL * (4LL * 2048 * 2048 + 2LL * 2048 * 8256));
  EXPECT_EQ(dense.output, 32000LL * 2048);
  EXPECT_EQ(dense.norms, 49 * 2048);
  EXPECT_EQ(dense.coefficients, 96);
  EXPECT_EQ(dense.total(), 1345423456);
}

TEST(Describe, FlopsByHand) {
  Model m{.vocabulary = 10, .context = 7, .layers = 3, .width = 8, .heads = 2, .activation = "swiglu", .hidden = 5};
  Flops f = count_flops(m);
  EXPECT_EQ(f.matrices, 3 * 2 * (4 * 64 + 3 * 40));
  std::int64_t attention = 0;  // query t meets t + 1 keys
  for (int t = 0; t < 7; ++t) attention += 3 * (t + 1) * (2 * 8 + 2 * 8);
  EXPECT_EQ(f.attention * 7, attention);
  EXPECT_EQ(f.output, 2 * 10 * 8);
  EXPECT_EQ(f.activations, 3 * 5 * activation_named("swiglu").flops);
  EXPECT_EQ(f.training(false), 3 * f.forward());
  EXPECT_EQ(f.training(true), 4 * f.forward() - f.output);
  m.tied = false;
  EXPECT_EQ(count_flops(m).forward(), f.forward());
}

TEST(Describe, ProcessesShareTheMomentsAlone) {
  Config const c = parse_config("preset = 'gpt2-124m'\n", "f");
  Memory const one = estimate_memory(c, Backend::fused), four = estimate_memory(c, Backend::fused, 4);
  EXPECT_EQ(one.weights, 4 * 124439808LL);
  EXPECT_EQ(four.moments * 4, one.moments);
  EXPECT_EQ(four.weights + four.gradients + four.activations, one.weights + one.gradients + one.activations);
}

TEST(Describe, RecomputingKeepsLess) {
  Config c = parse_config("preset = 'small'\n", "f");
  std::int64_t const kept = estimate_memory(c, Backend::fused).activations;
  c.training.recompute = true;
  EXPECT_LT(estimate_memory(c, Backend::fused).activations, kept / 2);
}

TEST(Describe, ATextForAPerson) {
  std::string const text = describe(parse_config("preset = 'polycom-dense-1b'\n", "f"), Backend::fused);
  EXPECT_NE(text.find("24 layers, width 2048, 16 heads, polynorm of 8256"), std::string::npos) << text;
  EXPECT_NE(text.find("1.345 G        1345423456"), std::string::npos) << text;
}

TEST(Describe, CountsThatDoNotFitThrow) {
  Model m;
  m.vocabulary = 1L << 40;
  m.width = 1L << 24;
  m.hidden = 8;
  EXPECT_THROW(count_parameters(m), InvalidInput);
  EXPECT_THROW(count_flops(m), InvalidInput);
}

}  // namespace
}  // namespace nwidth::lm
