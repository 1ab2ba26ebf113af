// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/tokens.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experiments/lm/bytes.hpp"
#include "tests/experiments/lm/folder.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

using test::Folder;
using test::message_of;

TEST(Tokens, BytesAreSplitAtTheEnd) {
  Folder const folder;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i / 4);
  Data data;
  data.train = {folder.write("a", text)};
  data.held_out = 0.1;
  Model model;
  model.context = 9;
  auto const train = open_tokens(data, model, Split::train, 5), rest = open_tokens(data, model, Split::validation, 5);
  EXPECT_EQ(train->count(), std::int64_t{1} << 62);
  EXPECT_EQ(rest->count(), 99 / 9);
  EXPECT_TRUE(train->scored().empty());
  std::vector<std::int32_t> tokens(10);
  for (int i = 0; i < 200; ++i) {
    train->sequence(i, tokens);
    for (std::int32_t const t : tokens) ASSERT_LT(t, 225);
  }
  for (int i = 0; i < rest->count(); ++i) {
    rest->sequence(i, tokens);
    for (std::int32_t const t : tokens) ASSERT_GE(t, 225);
  }
  auto const json = nlohmann::json::parse(rest->describe());
  EXPECT_EQ(json["split"], "validation");
  EXPECT_EQ(json["first"], 900);
  EXPECT_EQ(json["tokens"], 100);
  EXPECT_EQ(open_bytes(data, Split::validation).text(), text.substr(900));
  EXPECT_EQ(open_bytes(data, Split::train).text(), text.substr(0, 900));
}

TEST(Tokens, ValidationOfItsOwnLeavesTrainingWhole) {
  Folder const folder;
  Data data;
  data.train = {folder.write("a", std::string(100, 'a'))};
  data.validation = {folder.write("b", std::string(50, 'b'))};
  Model model;
  model.context = 10;
  EXPECT_EQ(open_bytes(data, Split::train).text(), std::string(100, 'a'));
  std::vector<std::int32_t> tokens(11);
  open_tokens(data, model, Split::validation, 1)->sequence(0, tokens);
  EXPECT_EQ(tokens, std::vector<std::int32_t>(11, 'b'));
}

TEST(Tokens, WhatDoesNotFitTheModelIsOneLine) {
  Folder const folder;
  Data data;
  data.train = {folder.write("a", std::string(100, 'a'))};
  Model model;
  model.vocabulary = 128;
  EXPECT_EQ(message_of<InvalidInput>([&] { open_tokens(data, model, Split::train, 1); }),
            "vocabulary = 128: allowed is at least 256 for a stream of bytes");
  model.vocabulary = 256;
  data.held_out = 0;
  EXPECT_EQ(message_of<InvalidInput>([&] { open_tokens(data, model, Split::validation, 1); }),
            "'" + data.train[0] + "': held_out = 0.000000 leaves nothing to validation");
}

}  // namespace
}  // namespace nwidth::lm
