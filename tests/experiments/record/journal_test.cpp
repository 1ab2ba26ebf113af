// SPDX-License-Identifier: Apache-2.0
#include "experiments/record/journal.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "experiments/record/atomic_file.hpp"

namespace nwidth::record {
namespace {

namespace fs = std::filesystem;

class JournalTest : public testing::Test {
 protected:
  JournalTest() : folder_(fs::temp_directory_path() / ("nwidth_journal_" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
  }
  ~JournalTest() override { fs::remove_all(folder_); }

  static Json record(std::string const& key) {
    return {{"schema", schema}, {"key", key}, {"commit", "c"}, {"dirty", false}};
  }
  static std::vector<std::string> keys(Journal const& journal) {
    std::vector<std::string> all;
    for (Line const& l : journal.lines()) all.push_back(l.json["key"].get<std::string>());
    return all;
  }
  void add(std::string const& text) { std::ofstream(folder_ / "records.jsonl", std::ios::app) << text; }

  fs::path folder_;
};

TEST_F(JournalTest, KeepsWhatWasAppended) {
  {
    Journal journal(folder_ / "a" / "b");  // folders are made
    journal.append(record("1"));
    journal.append(record("2"));
  }
  Journal const again(folder_ / "a" / "b");
  EXPECT_EQ(keys(again), (std::vector<std::string>{"1", "2"}));
  EXPECT_FALSE(again.dropped_torn_line());
}

// Whatever prefix of a line a killed process left, the complete lines stay and the torn one goes.
TEST_F(JournalTest, DropsATornLastLine) {
  std::string const torn = record("2").dump() + "\n";
  for (std::size_t length = 1; length < torn.size(); ++length) {
    fs::remove_all(folder_);
    {
      Journal journal(folder_);
      journal.append(record("1"));
    }
    add(torn.substr(0, length));
    {
      Journal journal(folder_);
      EXPECT_TRUE(journal.dropped_torn_line());
      EXPECT_EQ(keys(journal), std::vector<std::string>{"1"});
      journal.append(record("3"));
    }
    EXPECT_EQ(keys(Journal(folder_)), (std::vector<std::string>{"1", "3"}));
  }
}

TEST_F(JournalTest, NamesALineThatIsNoRecord) {
  for (std::string const bad : {"{\"schema\": \"other\"}", "not JSON", "[]", "{\"schema\": \"nwidth.record/1\"}", ""}) {
    fs::remove_all(folder_);
    { Journal{folder_}.append(record("1")); }
    add(bad + "\n");
    try {
      Journal const journal(folder_);
      FAIL() << bad;
    } catch (FileError const& e) {
      EXPECT_NE(std::string(e.what()).find("line 2"), std::string::npos) << e.what();
    }
  }
}

TEST_F(JournalTest, BelongsToOneAtATime) {
  {
    Journal const first(folder_);
    EXPECT_THROW(Journal{folder_}, FileError);
  }
  Journal const later(folder_);
}

TEST_F(JournalTest, RewritesAsAWholeAndGoesOn) {
  Journal journal(folder_);
  journal.append(record("1"));
  journal.append(record("2"));
  journal.rewrite({journal.lines()[1], journal.lines()[0]});
  journal.append(record("3"));
  EXPECT_EQ(keys(journal), (std::vector<std::string>{"2", "1", "3"}));
  EXPECT_EQ(read_whole(journal.path()),
            record("2").dump() + "\n" + record("1").dump() + "\n" + record("3").dump() + "\n");
}

TEST_F(JournalTest, TakesLinesFromManyThreads) {
  Journal journal(folder_);
  {
    std::vector<std::jthread> pool;
    for (int t = 0; t < 4; ++t)
      pool.emplace_back([&journal, t] {
        for (int i = 0; i < 25; ++i) journal.append(record(std::to_string(t) + "/" + std::to_string(i)));
      });
  }
  EXPECT_EQ(journal.lines().size(), 100u);
  std::string const text = read_whole(journal.path());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 100);
}

}  // namespace
}  // namespace nwidth::record
