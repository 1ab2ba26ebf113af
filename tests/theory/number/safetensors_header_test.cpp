// SPDX-License-Identifier: Apache-2.0
#include "theory/number/safetensors_header.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "tests/random.hpp"

namespace nwidth {
namespace {

TEST(SafetensorsHeader, IsTheBytesOfTheFormat) {
  std::string const head =
      safetensors_head({{"w", "F32", {2, 3}, 24}, {"b", "U8", {}, 1}}, {{"z", "1"}, {"a", "\""}}, 8);
  std::string const text =
      R"({"__metadata__":{"z":"1","a":"\""},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
      R"("b":{"dtype":"U8","shape":[],"data_offsets":[24,25]}})";
  ASSERT_EQ(head.substr(8, text.size()), text);
  EXPECT_EQ(head.size() % 8, 0U);
  EXPECT_LT(head.size(), 8 + text.size() + 8);
  EXPECT_EQ(head.find_first_not_of(' ', 8 + text.size()), std::string::npos);
  EXPECT_EQ(static_cast<std::size_t>(static_cast<unsigned char>(head[0])), head.size() - 8);
  EXPECT_EQ(head.substr(1, 7), std::string(7, '\0'));
}

TEST(SafetensorsHeader, DataFollowWithoutGapsWhereAsked) {
  test::for_random(100, [](std::mt19937_64& g) {
    std::size_t const alignment = std::size_t{1} << test::uniform(g, 0, 8);
    std::vector<TensorEntry> entries;
    for (std::int64_t i = test::uniform(g, 0, 5); i > 0; --i)
      entries.push_back({std::to_string(i) + "t", "F64", {i, 3}, static_cast<std::size_t>(i) * 24});
    std::string const head = safetensors_head(entries, {}, alignment);
    EXPECT_EQ(head.size() % alignment, 0U);
    std::uint64_t length = 0;
    std::memcpy(&length, head.data(), 8);
    ASSERT_EQ(8 + length, head.size());
    auto const json = nlohmann::json::parse(head.substr(8));
    ASSERT_EQ(json.size(), entries.size() + 1);
    EXPECT_EQ(json["__metadata__"], nlohmann::json::object());
    std::size_t offset = 0;
    for (TensorEntry const& t : entries) {
      EXPECT_EQ(json[t.name]["data_offsets"], nlohmann::json::array({offset, offset + t.bytes}));
      EXPECT_EQ(json[t.name]["shape"], nlohmann::json(t.shape));
      offset += t.bytes;
    }
  });
}

}  // namespace
}  // namespace nwidth
