// SPDX-License-Identifier: Apache-2.0
#include "experiments/record/text.hpp"

#include <gtest/gtest.h>

namespace nwidth::record {
namespace {

TEST(Text, Clock) {
  EXPECT_EQ(clock_text(7.4), "0:07");
  EXPECT_EQ(clock_text(3723), "1:02:03");
  EXPECT_EQ(clock_text(59.6), "1:00");
}

TEST(Text, OneLineWhateverItHolds) {
  EXPECT_EQ(one_line("a\nb\tc\x7f\x1b[0m \xc3\xa9"), "a b c  [0m \xc3\xa9");
  EXPECT_EQ(one_line(std::string(1000, 'x')).size(), 504u);
}

}  // namespace
}  // namespace nwidth::record
