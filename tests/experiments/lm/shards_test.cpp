// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/shards.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experiments/record/atomic_file.hpp"
#include "experiments/record/sha256.hpp"
#include "tests/experiments/lm/folder.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

using test::Folder;
using test::message_of;

std::string little(std::uint64_t value, std::size_t width) {
  std::string bytes;
  for (std::size_t i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

/// A shard as llm.c's write_datafile makes it.
std::string shard(std::vector<std::uint32_t> const& tokens, std::uint32_t magic = 20240520, std::uint32_t version = 1,
                  std::size_t width = 2) {
  std::string bytes = little(magic, 4) + little(version, 4) + little(tokens.size(), 4);
  bytes.resize(1024);
  for (std::uint32_t const t : tokens) bytes += little(t, width);
  return bytes;
}

std::vector<std::uint32_t> random_tokens(std::mt19937_64& g, std::size_t count, std::uint32_t below) {
  std::vector<std::uint32_t> tokens(count);
  for (std::uint32_t& t : tokens) t = static_cast<std::uint32_t>(g() % below);
  return tokens;
}

TEST(Shards, BothKindsReadAsOneRowOfTokens) {
  Folder const folder;
  test::for_random(30, [&](std::mt19937_64& g) {
    std::vector<std::uint32_t> all;
    std::vector<std::string> files;
    for (long n = test::uniform(g, 1, 5), i = 0; i < n; ++i) {
      bool const wide = test::coin(g);
      auto const tokens = random_tokens(g, static_cast<std::size_t>(test::uniform(g, 1, 500)), wide ? 128256 : 65536);
      files.push_back(folder.write(std::to_string(i) + ".bin", wide ? shard(tokens, 20240801, 7, 4) : shard(tokens)));
      all.insert(all.end(), tokens.begin(), tokens.end());
    }
    Shards const shards(files, {}, 128256);
    ASSERT_EQ(shards.size(), static_cast<std::int64_t>(all.size()));
    EXPECT_EQ(shards.vocabulary(), 128256);
    for (int i = 0; i < 30; ++i) {
      auto const first = static_cast<std::size_t>(g() % all.size());
      std::vector<std::int32_t> read(static_cast<std::size_t>(g() % (all.size() - first)) + 1);
      shards.read(static_cast<std::int64_t>(first), read);
      for (std::size_t j = 0; j < read.size(); ++j) ASSERT_EQ(static_cast<std::uint32_t>(read[j]), all[first + j]);
    }
  });
}

TEST(Shards, FoldersGiveTheirBinFilesByName) {
  Folder const folder;
  folder.write("b.bin", shard({3, 4}));
  folder.write("a.bin", shard({1, 2}));
  folder.write("readme.txt", "not a shard");
  Shards const shards({folder.path()}, {}, 10);
  std::vector<std::int32_t> tokens(4);
  shards.read(0, tokens);
  EXPECT_EQ(tokens, (std::vector<std::int32_t>{1, 2, 3, 4}));
  auto const json = nlohmann::json::parse(shards.describe());
  EXPECT_EQ(json["kind"], "shards");
  EXPECT_EQ(json["size"], 4);
  EXPECT_EQ(json["sha256"], record::sha256(shard({1, 2}) + shard({3, 4})));
}

TEST(Shards, EachCorruptionHasItsLine) {
  Folder const folder;
  std::string const good = shard({1, 2, 3});
  struct Case {
    std::string bytes, words;
  };
  auto const with = [&](std::size_t field, std::uint32_t value) {
    std::string bytes = good;
    return bytes.replace(4 * field, 4, little(value, 4));
  };
  for (Case const& c : std::vector<Case>{
           {"", "0 bytes: allowed are at least the 1024 of the header"},
           {good.substr(0, 1023), "1023 bytes: allowed are at least the 1024 of the header"},
           {with(0, 20240522),
            "magic number 20240522: allowed are 20240520 (uint16 tokens) and 20240801 (uint32 tokens)"},
           {with(0, 0x80000000U), "magic number -2147483648: allowed are 20240520 (uint16 tokens) and 20240801"},
           {with(1, 7), "version 7: allowed is 1 with magic number 20240520"},
           {shard({1}, 20240801, 1, 4), "version 1: allowed is 7 with magic number 20240801"},
           {with(2, 0), "0 tokens in the header: allowed are 1 to 2147483647"},
           {with(2, 0xffffffffU), "-1 tokens in the header: allowed are 1 to 2147483647"},
           {with(2, 2), "1030 bytes: allowed are 1028, for the 2 tokens of 2 bytes in its header"},
           {with(2, 0x7fffffff),
            "1030 bytes: allowed are 4294968318, for the 2147483647 tokens of 2 bytes in its header"},
           {good.substr(0, 1029), "1029 bytes: allowed are 1030, for the 3 tokens of 2 bytes in its header"},
           {good + '\0', "1031 bytes: allowed are 1030, for the 3 tokens of 2 bytes in its header"},
           {shard({1, 2, 3}, 20240801, 7, 2),
            "1030 bytes: allowed are 1036, for the 3 tokens of 4 bytes in its header"},
       }) {
    std::string const file = folder.write("bad.bin", c.bytes);
    std::string const line = message_of<InvalidInput>([&] { Shards({file}, {}, 10); });
    EXPECT_EQ(line.substr(0, file.size() + 10), "shard '" + file + "': ") << line;
    EXPECT_EQ(line.substr(file.size() + 10, c.words.size()), c.words) << line;
  }
  EXPECT_EQ(message_of<record::FileError>([&] { Shards({folder.path() / "none.bin"}, {}, 10); }),
            "cannot read '" + (folder.path() / "none.bin").string() + "': No such file or directory");
}

TEST(Shards, AnyTruncationAndAnyChangeOfTheFirstFieldsIsSeen) {
  Folder const folder;
  test::for_random(200, [&](std::mt19937_64& g) {
    bool const wide = test::coin(g);
    auto const tokens = random_tokens(g, 50, 1000);
    std::string bytes = wide ? shard(tokens, 20240801, 7, 4) : shard(tokens);
    if (test::coin(g))
      bytes.resize(g() % bytes.size());
    else
      bytes[g() % 12] ^= static_cast<char>(1 << (g() % 8));
    std::string const file = folder.write("bad.bin", bytes);
    EXPECT_THROW(Shards({file}, {}, 1000), InvalidInput);
  });
}

TEST(Shards, ATokenBeyondTheVocabularyIsFoundWhenItIsRead) {
  Folder const folder;
  std::string const a = folder.write("a.bin", shard({1, 2, 3})), b = folder.write("b.bin", shard({4, 50257, 5}));
  Shards const shards({a, b}, {}, 50257);
  std::vector<std::int32_t> tokens(4);
  shards.read(0, tokens);
  EXPECT_EQ(message_of<InvalidInput>([&] { shards.read(1, tokens); }),
            "shard '" + b + "': token 50257 at place 1: allowed are 0 to 50256, the vocabulary of the model");
  std::string const wide = folder.write("c.bin", shard({0xffffffffU}, 20240801, 7, 4));
  std::vector<std::int32_t> one(1);
  EXPECT_EQ(message_of<InvalidInput>([&] { Shards({wide}, {}, 50257).read(0, one); }),
            "shard '" + wide + "': token 4294967295 at place 0: allowed are 0 to 50256, the vocabulary of the model");
}

}  // namespace
}  // namespace nwidth::lm
