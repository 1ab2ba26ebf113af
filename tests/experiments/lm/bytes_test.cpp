// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/bytes.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experiments/record/atomic_file.hpp"
#include "experiments/record/sha256.hpp"
#include "tests/experiments/lm/folder.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

namespace fs = std::filesystem;
using record::FileError;
using test::Folder;
using test::message_of;

TEST(Bytes, OneFileIsItsBytes) {
  Folder const folder;
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  ByteFiles const text({folder.write("a", bytes)}, {".txt"});  // a file that is named needs no suffix
  ASSERT_EQ(text.size(), 256);
  EXPECT_EQ(text.vocabulary(), 256);
  std::vector<std::int32_t> tokens(256);
  text.read(0, tokens);
  for (int i = 0; i < 256; ++i) EXPECT_EQ(tokens[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(text.text(0, 256), bytes);
}

TEST(Bytes, FoldersAreReadByPathWithAZeroAfterEachFile) {
  Folder const folder;
  folder.write("b/z.hpp", "zz");
  folder.write("b/a/x.hpp", "x");
  folder.write("b-a.hpp", "minus");  // '-' sorts before '/'
  folder.write("c.txt", "not read");
  folder.write("empty.hpp", "");
  folder.write("d.ipp", "i");
  fs::create_symlink("nowhere", folder.path() / "broken.hpp");
  fs::create_directory_symlink("b", folder.path() / "again");
  std::string const expected("minus\0x\0zz\0i\0", 13);
  ByteFiles const text({folder.path()}, {".hpp", ".ipp"});
  EXPECT_EQ(text.files(), 4U);
  EXPECT_EQ(text.text(0, text.size()), expected);
  ByteFiles const listed({folder.path() / "d.ipp", folder.path() / "b"}, {".hpp"});
  EXPECT_EQ(listed.text(0, listed.size()), std::string("i\0x\0zz\0", 7));
  EXPECT_EQ(ByteFiles({folder.path()}, {}).files(), 5U);
}

TEST(Bytes, AnyRangeIsThatOfTheWholeText) {
  Folder const folder;
  test::for_random(30, [&](std::mt19937_64& g) {
    std::string whole;
    std::vector<std::string> files;
    for (long n = test::uniform(g, 1, 8), i = 0; i < n; ++i) {
      std::string content(static_cast<std::size_t>(test::coin(g) ? test::uniform(g, 0, 3) : test::uniform(g, 0, 9000)),
                          0);
      for (char& c : content) c = static_cast<char>(g());
      files.push_back(folder.write(std::to_string(i), content));
      if (!content.empty()) whole += content + '\0';
    }
    if (whole.empty()) return;
    ByteFiles const text(files, {});
    if (text.files() == 1) whole.pop_back();
    ASSERT_EQ(text.size(), static_cast<std::int64_t>(whole.size()));
    for (int i = 0; i < 50; ++i) {
      auto const first = static_cast<std::size_t>(g() % whole.size());
      auto const size = static_cast<std::size_t>(g() % (std::min<std::size_t>(whole.size() - first, 300) + 1));
      std::vector<std::int32_t> tokens(size);
      text.read(static_cast<std::int64_t>(first), tokens);
      for (std::size_t j = 0; j < size; ++j) ASSERT_EQ(tokens[j], static_cast<unsigned char>(whole[first + j]));
      ASSERT_EQ(text.text(static_cast<std::int64_t>(first), static_cast<std::int64_t>(first + size)),
                whole.substr(first, size));
    }
  });
}

TEST(Bytes, MissingAndEmptyFilesAreOneLine) {
  Folder const folder;
  std::string const here = folder.path().string();
  EXPECT_EQ(message_of<FileError>([&] { ByteFiles({here + "/none"}, {}); }),
            "cannot read '" + here + "/none': No such file or directory");
  EXPECT_EQ(message_of<InvalidInput>([&] { ByteFiles({here}, {}); }),
            "folder '" + here + "' holds no file: allowed is at least one");
  std::string const empty = folder.write("empty", "");
  EXPECT_EQ(message_of<InvalidInput>([&] {
              ByteFiles({here}, {".a", ".b"});
            }),
            "folder '" + here + "' holds no file that ends in '.a', '.b': allowed is at least one");
  EXPECT_EQ(message_of<InvalidInput>([&] { ByteFiles({empty}, {}); }),
            "'" + empty + "': every file is empty: allowed is at least one byte");
  EXPECT_EQ(message_of<InvalidInput>([&] { ByteFiles({}, {}); }),
            "[data] names no file: allowed is a list of files or folders");
  EXPECT_EQ(message_of<FileError>([&] { ByteFiles({"/dev/null"}, {}); }), "cannot read '/dev/null': No such device");
}

TEST(Bytes, ADescriptionNamesAndHashesTheFiles) {
  Folder const folder;
  std::string const a = folder.write("a", "first"), b = folder.write("b", "second");
  auto const json = nlohmann::json::parse(ByteFiles({a, b}, {}).describe());
  EXPECT_EQ(json["kind"], "bytes");
  EXPECT_EQ(json["files"], 2);
  EXPECT_EQ(json["bytes"], 11);
  EXPECT_EQ(json["paths"], nlohmann::json({a, b}));
  EXPECT_EQ(json["sha256"], record::sha256("firstsecond"));
  EXPECT_EQ(json["sha256_of"], "contents");
}

TEST(Bytes, LargeFilesAreHashedByASampleOfAllOfThem) {
  Folder const folder;
  std::string content(std::size_t{1} << 24, 'a');
  std::vector<std::string> const files{folder.write("a", "x"), folder.write("b", content), folder.write("c", "y")};
  auto const hash = [&] {
    auto const json = nlohmann::json::parse(ByteFiles(files, {}).describe());
    EXPECT_EQ(json["sha256_of"], "sample");
    return json["sha256"].get<std::string>();
  };
  std::string const before = hash();
  EXPECT_EQ(hash(), before);
  folder.write("c", "z");
  std::string const last = hash();
  EXPECT_NE(last, before);
  folder.write("a", "z");
  EXPECT_NE(hash(), last);
  folder.write("a", "x");
  folder.write("c", "y");
  content.replace(content.size() / 2, 20000, 20000, 'b');  // longer than the gaps of the sample
  folder.write("b", content);
  EXPECT_NE(hash(), before);
}

}  // namespace
}  // namespace nwidth::lm
