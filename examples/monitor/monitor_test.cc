// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "monitor/monitor.h"

#include <gtest/gtest.h>

#include "perdure/test_host.h"

namespace monitor {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;

class Monitor : public testing::Test {
 protected:
  Monitor() {
    host_.orchestration("watch_job", watch_job)
        .activity(
            "look",
            [this](const std::string&) -> std::string {
              looks_.push_back(std::chrono::floor<std::chrono::seconds>(host_.now() - begin_));
              return host_.now() - begin_ >= printed_after_ ? "printed" : "waiting";
            })
        .activity("alert", [this](const std::string& text) { alerts_.push_back(text); });
  }

  std::string watch(Watch watch) {
    const std::string id = client_.start("watch_job", watch).value();
    instance_ = client_.wait(id).value();
    return instance_.output_as<std::string>().value();
  }

  perdure::TestHost host_;
  perdure::Client client_ = host_.client();
  perdure::TimePoint begin_ = host_.now();
  std::chrono::seconds printed_after_ = 24h;
  std::vector<std::chrono::seconds> looks_;
  std::vector<std::string> alerts_;
  perdure::Instance instance_;
};

TEST_F(Monitor, LooksMoreAndMoreRarelyUntilTheJobIsPrinted) {
  printed_after_ = 6min;
  EXPECT_EQ(watch({.job = "poster.pdf"}), "printed");
  EXPECT_EQ(looks_, (std::vector<std::chrono::seconds>{0s, 60s, 180s, 420s}));
  EXPECT_TRUE(alerts_.empty());
}

TEST_F(Monitor, NeverWaitsLongerThanAnHour) {
  printed_after_ = 24h;
  EXPECT_EQ(watch({.job = "poster.pdf"}), "printed");
  for (std::size_t i = 1; i < looks_.size(); ++i) EXPECT_LE(looks_[i] - looks_[i - 1], 1h);
}

TEST_F(Monitor, GivesUpWithAnAlert) {
  EXPECT_EQ(watch({.job = "poster.pdf", .looks_max = 5}), "given up");
  EXPECT_EQ(alerts_, std::vector<std::string>{"poster.pdf is still waiting"});
}

TEST_F(Monitor, KeepsItsHistoryShort) {
  printed_after_ = 24h * 10;
  EXPECT_EQ(watch({.job = "poster.pdf", .looks_max = 1000}), "printed");
  EXPECT_GT(looks_.size(), 200U);
  EXPECT_LT(instance_.history_events, 20U);
}

}  // namespace
}  // namespace monitor
