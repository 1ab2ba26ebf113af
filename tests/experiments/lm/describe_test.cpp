// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/describe.hpp"

#include <gtest/gtest.h>

#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

TEST(Describe, Gpt2SmallHasItsPublishedParameters) {
  Size const s = size_of(parse_config("preset = 'gpt2-124m'\n", "f"));
  EXPECT_EQ(s.parameters, 124439808);  // 50257 * 768 + 1024 * 768 + 12 * 7087872 + 1536
  EXPECT_EQ(s.embeddings, 51281 * 768);
}

TEST(Describe, FlopsOfASmallModelByHand) {
  Config const c = parse_config(
      "[model]\nvocabulary = 10\ncontext = 3\nlayers = 2\nwidth = 4\nheads = 2\nactivation = 'relu'\nhidden = 5\n",
      "f");
  // a layer: qkv 2*4*12, attention 2 * 2*4 at 2 positions on average, projection 2*4*4, up and down 2*2*4*5, relu 5
  EXPECT_DOUBLE_EQ(size_of(c).forward_flops, 2 * (96 + 32 + 32 + 80 + 5) + 2 * 4 * 10);
  EXPECT_DOUBLE_EQ(size_of(c).training_flops, 3 * size_of(c).forward_flops);
  EXPECT_EQ(size_of(c).parameters, 40 + 2 * (64 + 40 + 8) + 4);
  EXPECT_EQ(size_of(c, 3).moments, 8 * 90);  // of 268 / 3, rounded up
}

TEST(Describe, TextNamesAllAndHugeModelsAreRefused) {
  Config c = parse_config("preset = 'polycom-dense-1b'\n", "f");
  std::string const text = description(c);
  for (char const* part : {"parameters", "FLOPs a token", "memory", "8256", "polynorm", "whole run"})
    EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
  c.model.vocabulary = 1L << 40;
  c.model.width = 1L << 24;
  EXPECT_THROW(size_of(c), InvalidInput);
}

}  // namespace
}  // namespace nwidth::lm
