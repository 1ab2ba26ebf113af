// SPDX-License-Identifier: Apache-2.0
#include "experiments/fit/waiting.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace nwidth::fit {
namespace {

TEST(Waiting, says_nothing_when_the_work_is_short) {
  testing::internal::CaptureStderr();
  {
    Waiting waiting(false);
    waiting.show("fitting");
    waiting.show("certifying");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Waiting, prints_a_line_now_and_then_of_what_is_being_done) {
  testing::internal::CaptureStderr();
  {
    Waiting waiting(false, std::chrono::milliseconds(20));
    waiting.show("lower bound");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  std::string const text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("nwidth: lower bound, 0:00 since the start\n"), 0u) << text;
}

TEST(Waiting, overwrites_one_line_on_a_terminal_and_removes_it) {
  testing::internal::CaptureStderr();
  {
    Waiting waiting(true);
    waiting.show("fitting");
    waiting.show("certifying");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "\r\033[Kfitting ... 0 s\r\033[Kcertifying ... 0 s\r\033[K");
}

}  // namespace
}  // namespace nwidth::fit
