// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/windows.hpp"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>
#include <thread>

#include "experiments/lm/random.hpp"
#include "tests/experiments/lm/folder.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

using test::message_of;

/// Token i is i.
class Count : public TokenArray {
 public:
  explicit Count(std::int64_t size) : size_(size) {}
  std::int64_t vocabulary() const override { return size_; }
  std::int64_t size() const override { return size_; }
  void read(std::int64_t first, std::span<std::int32_t> tokens) const override {
    ASSERT_GE(first, 0);
    ASSERT_LE(first + static_cast<std::int64_t>(tokens.size()), size_);
    std::iota(tokens.begin(), tokens.end(), static_cast<std::int32_t>(first));
  }
  std::string describe() const override { return R"({"kind":"count"})"; }
  std::string name() const override { return "count"; }

 private:
  std::int64_t size_;
};

std::vector<std::int32_t> sequence(TokenSource const& source, std::int64_t index, std::int64_t context) {
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(context) + 1);
  source.sequence(index, tokens);
  return tokens;
}

TEST(Permutation, EveryImageOnceForEverySmallSize) {
  for (std::uint64_t size = 1; size <= 600; ++size)
    for (std::uint64_t key : {std::uint64_t{0}, std::uint64_t{1}, bits_at(7, size)}) {
      Permutation const p(size, key);
      std::vector<char> seen(size);
      for (std::uint64_t i = 0; i < size; ++i) {
        ASSERT_LT(p(i), size);
        ASSERT_EQ(seen[p(i)]++, 0) << size;
      }
    }
}

TEST(Permutation, LargeSizesHaveNoCollisionAndStayWithin) {
  test::for_random(20, [](std::mt19937_64& g) {
    std::uint64_t const size = 1 + (g() >> test::uniform(g, 2, 50));
    Permutation const p(size, g());
    std::set<std::uint64_t> places, images;
    std::uint64_t const first = g() % size;
    for (std::uint64_t i = 0; i < 2000; ++i) {
      std::uint64_t const place = i < 1000 ? (first + i) % size : g() % size;
      places.insert(place);
      images.insert(p(place));
      ASSERT_LT(p(place), size);
    }
    EXPECT_EQ(places.size(), images.size());
  });
}

/// Images of each place over many keys: chi-square with 99 degrees of freedom lies below 148.2 with probability 0.999,
/// and so does that of the pairs of images of two neighbours, with 90 * 99 of them, below 10 000 * 0.945.
TEST(Permutation, ImagesAreUniformOverTheKeys) {
  constexpr std::size_t size = 100, keys = 200000;
  for (std::uint64_t const place : {0, 1, 57, 99}) {
    std::vector<double> counts(size), pairs(size * size);
    for (std::uint64_t key = 0; key < keys; ++key) {
      Permutation const p(size, key_of(place, key));
      std::uint64_t const here = p(place), next = p((place + 1) % size);
      ++counts[here];
      ++pairs[here * size + next];
    }
    double one = 0, two = 0;
    for (double const n : counts) one += (n - 2000) * (n - 2000) / 2000;
    double const mean = keys / 9900.0;
    for (std::size_t i = 0; i < pairs.size(); ++i)
      if (i / size != i % size) two += (pairs[i] - mean) * (pairs[i] - mean) / mean;
    EXPECT_LT(one, 148.2);
    EXPECT_LT(two, 9899 + 3.1 * std::sqrt(2 * 9899.0));  // p = 0.001
  }
}

TEST(Windows, AnEpochHoldsEachTargetOnceButForLessThanAContext) {
  test::for_random(300, [](std::mt19937_64& g) {
    std::int64_t const context = test::uniform(g, 1, 20), size = context + test::uniform(g, 1, 400);
    std::int64_t const first = test::uniform(g, 0, 10), all = first + size + test::uniform(g, 0, 10);
    Windows const w(std::make_shared<Count>(all), first, first + size, context, Split::train, g());
    EXPECT_EQ(w.windows(), size / context);
    std::int64_t const epoch = static_cast<std::int64_t>(g() >> 40);
    std::map<std::int32_t, int> targets;
    for (std::int64_t i = 0; i < w.windows(); ++i) {
      auto const tokens = sequence(w, epoch * w.windows() + i, context);
      for (std::size_t j = 0; j < tokens.size(); ++j) {
        ASSERT_GE(tokens[j], first);
        ASSERT_LT(tokens[j], first + size);
        if (j == 0) continue;
        ASSERT_EQ(tokens[j] - first, (tokens[j - 1] - first + 1) % size);
        ASSERT_EQ(++targets[tokens[j]], 1);
      }
    }
    EXPECT_EQ(static_cast<std::int64_t>(targets.size()), size / context * context);
  });
}

TEST(Windows, EpochsAndSeedsDifferInOrderAndInBorders) {
  auto const text = std::make_shared<Count>(10000);
  Windows const one(text, 0, 10000, 10, Split::train, 1), two(text, 0, 10000, 10, Split::train, 2);
  auto const starts = [](Windows const& w, std::int64_t epoch) {
    std::vector<std::int32_t> all;
    for (std::int64_t i = 0; i < w.windows(); ++i) all.push_back(sequence(w, epoch * w.windows() + i, 10)[0]);
    return all;
  };
  auto const same = [](std::vector<std::int32_t> const& a, std::vector<std::int32_t> const& b) {
    int n = 0;
    for (std::size_t i = 0; i < a.size(); ++i) n += a[i] / 10 == b[i] / 10;
    return n;
  };
  EXPECT_LT(same(starts(one, 0), starts(one, 1)), 12);  // one is expected
  EXPECT_LT(same(starts(one, 0), starts(two, 0)), 12);
  std::set<std::int32_t> borders;
  for (std::int64_t epoch = 0; epoch < 100; ++epoch) borders.insert(starts(one, epoch)[0] % 10);
  EXPECT_EQ(borders.size(), 10U);
  auto const a = starts(one, 0);
  EXPECT_FALSE(std::is_sorted(a.begin(), a.end()));
}

TEST(Windows, ASequenceFollowsFromItsIndexWhateverWasReadBefore) {
  auto const text = std::make_shared<Count>(5000);
  Windows const all(text, 0, 5000, 16, Split::train, 3);
  std::vector<std::vector<std::int32_t>> forward;
  for (std::int64_t i = 0; i < 1000; ++i) forward.push_back(sequence(all, i, 16));
  std::vector<std::thread> readers;
  for (std::int64_t rank = 0; rank < 4; ++rank)
    readers.emplace_back([&, rank] {
      Windows const resumed(text, 0, 5000, 16, Split::train, 3);
      for (std::int64_t i = 999 - rank; i >= 0; i -= 4) {
        EXPECT_EQ(sequence(resumed, i, 16), forward[static_cast<std::size_t>(i)]);
        EXPECT_EQ(sequence(all, i, 16), forward[static_cast<std::size_t>(i)]);
      }
    });
  for (std::thread& t : readers) t.join();
  sequence(all, (std::int64_t{1} << 62) - 1, 16);  // the last one
}

TEST(Windows, ValidationReadsEachWindowOnceInAnOrderOfNoSeed) {
  test::for_random(100, [](std::mt19937_64& g) {
    std::int64_t const context = test::uniform(g, 1, 20), size = context + test::uniform(g, 1, 400);
    auto const text = std::make_shared<Count>(size + 7);
    Windows const w(text, 7, size + 7, context, Split::validation, g());
    Windows const other(text, 7, size + 7, context, Split::validation, g());
    EXPECT_EQ(w.count(), (size - 1) / context);
    std::set<std::int32_t> starts;
    for (std::int64_t i = 0; i < w.count(); ++i) {
      auto const tokens = sequence(w, i, context);
      EXPECT_EQ(tokens, sequence(other, i, context));
      EXPECT_EQ((tokens.front() - 7) % context, 0);
      EXPECT_EQ(tokens.back(), tokens.front() + context);
      starts.insert(tokens.front());
    }
    EXPECT_EQ(static_cast<std::int64_t>(starts.size()), w.count());
  });
}

TEST(Windows, BadRequestsAreOneLine) {
  auto const text = std::make_shared<Count>(50);
  EXPECT_EQ(message_of<InvalidInput>([&] { Windows(text, 0, 50, 50, Split::train, 1); }),
            "count: 50 tokens for training: allowed are at least context + 1 = 51");
  EXPECT_EQ(message_of<InvalidInput>([&] { Windows(text, 45, 50, 5, Split::validation, 1); }),
            "count: 5 tokens for validation: allowed are at least context + 1 = 6");
  Windows const w(text, 0, 50, 10, Split::validation, 1);
  std::vector<std::int32_t> tokens(11), few(10);
  EXPECT_EQ(message_of<InvalidInput>([&] { w.sequence(4, tokens); }), "sequence 4: allowed are 0 to 3");
  EXPECT_EQ(message_of<InvalidInput>([&] { w.sequence(-1, tokens); }), "sequence -1: allowed are 0 to 3");
  EXPECT_EQ(message_of<InvalidInput>([&] { w.sequence(0, few); }),
            "a sequence of 10 tokens: allowed are context + 1 = 11");
}

TEST(Part, SplitsMeetAndCoverTheText) {
  test::for_random(1000, [](std::mt19937_64& g) {
    std::int64_t const size = test::uniform(g, 0, 1L << test::uniform(g, 0, 40));
    double const held_out = test::uniform_real(g, 0, 0.9);
    Part const train = part_of(size, held_out, Split::train), rest = part_of(size, held_out, Split::validation);
    EXPECT_EQ(train.first, 0);
    EXPECT_EQ(train.last, rest.first);
    EXPECT_EQ(rest.last, size);
    EXPECT_NEAR(static_cast<double>(rest.last - rest.first), held_out * static_cast<double>(size), 0.51);
  });
  EXPECT_THROW(part_of(10, std::nan(""), Split::train), InvalidInput);
}

}  // namespace
}  // namespace nwidth::lm
