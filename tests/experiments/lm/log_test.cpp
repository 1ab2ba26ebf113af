// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/log.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "experiments/lm/progress.hpp"
#include "experiments/record/atomic_file.hpp"

namespace nwidth::lm {
namespace {

class Log : public ::testing::Test {
 protected:
  std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) /
      ("log_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + ".jsonl");
  void SetUp() override { std::filesystem::remove(path); }
  void TearDown() override { std::filesystem::remove(path); }

  std::string reopened(std::int64_t step) {
    { RunLog const log(path, step); }
    return record::read_whole(path);
  }
};

TEST_F(Log, KeepsThePastAndDropsTheFutureAndTornLines) {
  {
    RunLog log(path, 0);
    log.append({{"kind", "run"}});
    for (int s = 1; s <= 3; ++s) log.append({{"kind", "step"}, {"step", s}});
    log.append({{"kind", "run"}});
    log.append({{"kind", "step"}, {"step", 4}});
    log.sync();
  }
  std::string const all = record::read_whole(path);
  EXPECT_EQ(reopened(4), all);
  record::write_whole(path, all + "{\"kind\": \"st");
  EXPECT_EQ(reopened(9), all);
  EXPECT_EQ(reopened(3), all.substr(0, all.rfind("{\"kind\":\"step\"")));
  EXPECT_EQ(reopened(1), "{\"kind\":\"run\"}\n{\"kind\":\"step\",\"step\":1}\n");
  EXPECT_EQ(reopened(0), "{\"kind\":\"run\"}\n");
}

TEST_F(Log, FloatsSurvive) {
  float const loss = 3.14159274F;
  {
    RunLog log(path, 0);
    log.append({{"loss", static_cast<double>(loss)}});
  }
  Json const line = Json::parse(record::read_whole(path));
  EXPECT_EQ(line["loss"].get<double>(), static_cast<double>(loss));
}

TEST_F(Log, ALineThatIsNoneOfOursIsNamed) {
  record::write_whole(path, "{}\nhello\n");
  try {
    RunLog const log(path, 5);
    FAIL();
  } catch (record::FileError const& e) {
    EXPECT_NE(std::string(e.what()).find("line 2"), std::string::npos) << e.what();
  }
}

TEST(Progress, ShortNumbersAndTimes) {
  EXPECT_EQ(short_number(12), "12");
  EXPECT_EQ(short_number(999.7), "1.0k");
  EXPECT_EQ(short_number(12345), "12.3k");
  EXPECT_EQ(short_number(1234567), "1.23M");
}

}  // namespace
}  // namespace nwidth::lm
