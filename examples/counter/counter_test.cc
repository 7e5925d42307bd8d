// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "counter/counter.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "perdure/test_host.h"

namespace counter {
namespace {

using std::chrono_literals::operator""h;

TEST(Counter, AddsUpAndReportsEveryDay) {
  perdure::TestHost host;
  std::vector<std::pair<std::string, long>> mails;
  host.entity<Counter>()
      .orchestration("mail_report", mail_report)
      .activity("mail",
                [&](const std::string& page, long visits) { mails.emplace_back(page, visits); });
  perdure::Client client = host.client();
  const perdure::Entity<Counter> page("index");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.signal(page, &Counter::visit, "NO"));
  ASSERT_TRUE(client.call(page, &Counter::report_daily));
  host.run();
  ASSERT_TRUE(client.call(page, &Counter::visit, "SE"));
  EXPECT_EQ(client.query(page, &Counter::total).value(), 1);
  host.restart();
  host.advance(24h);
  EXPECT_EQ(mails, (std::vector<std::pair<std::string, long>>{{"index", 3}, {"index", 1}}));
}

}  // namespace
}  // namespace counter
