// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/tensor_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "experiments/record/atomic_file.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

class TensorFiles : public ::testing::Test {
 protected:
  std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) /
      ("tensor_file_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
  std::filesystem::path path = folder / "t.safetensors";
  std::string a = std::string(24, '\0'), b = "12345", empty;

  void SetUp() override {
    std::filesystem::create_directories(folder);
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<char>(3 * i);
    write_tensors(path, {{"w", "F32", {2, 3}, a}, {"rng", "U8", {5}, b}, {"none", "F32", {0, 4}, empty}},
                  {{"config", "[model]\nname = \"\xc3\xa9\"\n"}, {"step", "7"}});
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  /// What it says of these bytes; empty if it takes them.
  std::string says(std::string const& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    try {
      TensorFile const f(path);
      return "";
    } catch (record::FileError const& e) {
      return e.what();
    }
  }
};

TEST_F(TensorFiles, ComesBackAsWritten) {
  TensorFile const f(path);
  EXPECT_EQ(f.metadata("config"), "[model]\nname = \"\xc3\xa9\"\n");
  EXPECT_EQ(f.metadata("step"), "7");
  ASSERT_EQ(f.tensors().size(), 3U);
  EXPECT_EQ(f.tensor("w").bytes, a);
  EXPECT_EQ(f.tensor("w").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(f.tensor("rng").bytes, b);
  EXPECT_EQ(f.tensor("none").bytes, "");
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(f.tensor("w").bytes.data()) % 64, 0U);
  EXPECT_FALSE(f.has("x"));
  EXPECT_THROW(f.tensor("x"), record::FileError);
  EXPECT_THROW(f.metadata("x"), record::FileError);
}

TEST_F(TensorFiles, EveryTruncationIsFound) {
  std::string const good = record::read_whole(path);
  for (std::size_t n = 0; n < good.size(); ++n) {
    std::string const what = says(good.substr(0, n));
    EXPECT_NE(what, "") << n;
    EXPECT_EQ(what.find('\n'), std::string::npos) << what;
    EXPECT_NE(what.find(path.string()), std::string::npos) << what;
  }
  EXPECT_NE(says(good + "x").find("1 bytes after"), std::string::npos);
  EXPECT_EQ(says(good), "");
}

TEST_F(TensorFiles, EveryFlippedBitIsFound) {
  std::string const good = record::read_whole(path);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    EXPECT_NE(says(bad), "") << "byte " << i;
  }
  std::string bad = good;
  bad[good.size() - 1] ^= 1;
  EXPECT_NE(says(bad).find("tensor 'rng'"), std::string::npos) << says(bad);
}

TEST_F(TensorFiles, RandomBytesAreNoFile) {
  test::for_random(200, [&](std::mt19937_64& g) {
    std::string bytes(static_cast<std::size_t>(test::uniform(g, 0, 300)), '\0');
    for (char& c : bytes) c = static_cast<char>(g());
    if (bytes.size() >= 8 && test::coin(g)) bytes.replace(1, 7, 7, '\0');  // a header that fits
    EXPECT_NE(says(bytes), "");
  });
  EXPECT_THROW(TensorFile(folder / "missing"), record::FileError);
  EXPECT_THROW(TensorFile(folder.string()), record::FileError);
}

TEST(TensorTypes, OnlyThoseOfTheFormat) {
  EXPECT_EQ(element_size("F64"), 8U);
  EXPECT_EQ(element_size("BOOL"), 1U);
  EXPECT_THROW(element_size("F8"), InvalidInput);
}

}  // namespace
}  // namespace nwidth::lm
