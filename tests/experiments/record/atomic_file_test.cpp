// SPDX-License-Identifier: Apache-2.0
#include "experiments/record/atomic_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

namespace nwidth::record {
namespace {

namespace fs = std::filesystem;

class AtomicFile : public testing::Test {
 protected:
  AtomicFile() : folder_(fs::temp_directory_path() / ("nwidth_atomic_file_" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
    fs::create_directory(folder_);
  }
  ~AtomicFile() override { fs::remove_all(folder_); }

  long files() const { return std::distance(fs::directory_iterator(folder_), fs::directory_iterator()); }

  fs::path folder_;
};

TEST_F(AtomicFile, AppearsAtCommitAndNotBefore) {
  fs::path const path = folder_ / "a.txt";
  {
    StagedFile file(path, "new");
    EXPECT_FALSE(fs::exists(path));
    file.commit();
  }
  EXPECT_EQ(read_whole(path), "new");
  EXPECT_EQ(files(), 1);
}

TEST_F(AtomicFile, LeavesTheOldFileIfAbandoned) {
  fs::path const path = folder_ / "a.txt";
  write_whole(path, "old");
  { StagedFile file(path, "new"); }
  EXPECT_EQ(read_whole(path), "old");
  EXPECT_EQ(files(), 1);
}

TEST_F(AtomicFile, IsRemovedByTheSignalHandlersHelp) {
  fs::path const path = folder_ / "a.txt";
  StagedFile file(path, "new");
  EXPECT_EQ(files(), 1);
  remove_staged_files();
  EXPECT_EQ(files(), 0);
}

TEST_F(AtomicFile, KeepsALinkALink) {
  fs::path const path = folder_ / "a.txt", link = folder_ / "link";
  write_whole(path, "old");
  fs::create_symlink("a.txt", link);
  write_whole(link, "new");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(read_whole(path), "new");
}

TEST_F(AtomicFile, RefusesWhatCannotBeWritten) {
  EXPECT_THROW(write_whole(folder_, "x"), FileError);
  EXPECT_THROW(write_whole(folder_ / "missing" / "a", "x"), FileError);
  EXPECT_THROW(write_whole("", "x"), FileError);
  EXPECT_THROW(write_whole("/dev/full", "x"), FileError);
  EXPECT_TRUE(fs::is_character_file("/dev/full"));  // not replaced by a regular file, even by root
  write_whole("/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_EQ(files(), 0);
}

TEST_F(AtomicFile, ReadsNoMoreThanAllowed) {
  write_whole(folder_ / "a", "12345");
  EXPECT_EQ(read_whole(folder_ / "a", 5), "12345");
  EXPECT_THROW(read_whole(folder_ / "a", 4), FileError);
  EXPECT_THROW(read_whole("/dev/zero", 1000), FileError);
  EXPECT_THROW(read_whole(folder_), FileError);
  EXPECT_THROW(read_whole(folder_ / "missing"), FileError);
}

}  // namespace
}  // namespace nwidth::record
