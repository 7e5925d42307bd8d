// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/mailbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/monitor.h"
#include "runtime/spin.h"
#include "runtime/thread.h"

namespace perdure::runtime {
namespace {

TEST(Mailbox, GivesItemsInTheOrderTheyCame) {
  Mailbox<int> mailbox(10);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(mailbox.push(int{i}), Pushed::kYes);
  std::vector<int> taken;
  mailbox.take(taken);
  EXPECT_EQ(taken, (std::vector<int>{0, 1, 2}));
  mailbox.take(taken);
  EXPECT_TRUE(taken.empty());
}

TEST(Mailbox, RefusesWhenFullAndLeavesTheItemAlone) {
  Mailbox<std::unique_ptr<int>> mailbox(1);
  ASSERT_EQ(mailbox.push(std::make_unique<int>(1)), Pushed::kYes);
  auto second = std::make_unique<int>(2);
  EXPECT_EQ(mailbox.push(std::move(second)), Pushed::kFull);
  ASSERT_NE(second, nullptr);
  EXPECT_TRUE(mailbox.push_always(std::move(second)));
  std::vector<std::unique_ptr<int>> taken;
  mailbox.take(taken);
  EXPECT_EQ(taken.size(), 2U);
}

TEST(Mailbox, LetsNothingInOnceClosedAndGivesBackWhatWaited) {
  Mailbox<int> mailbox(10);
  ASSERT_EQ(mailbox.push(1), Pushed::kYes);
  EXPECT_EQ(mailbox.close(), std::vector<int>{1});
  EXPECT_EQ(mailbox.push(2), Pushed::kClosed);
  EXPECT_FALSE(mailbox.push_always(3));
  std::vector<int> taken;
  mailbox.take(taken);
  EXPECT_TRUE(taken.empty());
}

TEST(Mailbox, EndsTheWaitOnAPoke) {
  Mailbox<int> mailbox(10);
  Thread poker("poker", [&] { mailbox.poke(); });
  mailbox.wait_for(base::seconds(3600));
  EXPECT_TRUE(mailbox.ready());
  std::vector<int> taken;
  mailbox.take(taken);
  EXPECT_TRUE(taken.empty());
  EXPECT_FALSE(mailbox.ready());
}

TEST(Mailbox, EndsTheWaitWhenTheSpanIsOver) {
  Mailbox<int> mailbox(10);
  mailbox.wait_for(base::milliseconds(1));
  EXPECT_FALSE(mailbox.ready());
}

TEST(Mailbox, LeavesItsConsumerAloneWhileSomebodyAttends) {
  Mailbox<int> mailbox(10);
  mailbox.attend();
  EXPECT_EQ(mailbox.push(1), Pushed::kYes);
  mailbox.wait_for(base::milliseconds(5));  // ends with the span: it is not the consumer's
  EXPECT_TRUE(mailbox.ready());
  std::vector<int> taken;
  mailbox.take(taken);
  EXPECT_EQ(taken, std::vector{1});

  EXPECT_EQ(mailbox.push(2), Pushed::kYes);
  Thread leaver("leaver", [&] { mailbox.leave(); });
  mailbox.wait_for(base::seconds(60));
  mailbox.take(taken);
  EXPECT_EQ(taken, std::vector{2});
}

TEST(Mailbox, LosesNothingBetweenSomebodyWhoAttendsAndASleepyConsumer) {
  constexpr int kItems = 20'000;
  Mailbox<int> mailbox(64);
  std::mutex driving;  // as whoever takes must hold
  std::atomic<int> left = kItems;
  const auto take = [&] {
    std::vector<int> taken;
    mailbox.take(taken);
    left -= static_cast<int>(taken.size());
  };
  Thread producer("producer", [&] {
    for (int i = 0; i < kItems; ++i) {
      const bool attends = driving.try_lock();
      if (attends) mailbox.attend();
      while (mailbox.push(int{i}) != Pushed::kYes) {
        if (attends) take();
        pause_briefly();
      }
      if (!attends) continue;
      if (i % 3 == 0) take();
      driving.unlock();
      mailbox.leave();
    }
    mailbox.poke();  // the last ones may have been taken by this thread
  });
  const auto deadline = Condition::deadline_after(base::seconds(300));
  while (left > 0) {
    mailbox.wait_for(base::seconds(60));
    const std::lock_guard lock(driving);
    take();
    ASSERT_GT(Condition::until(deadline).us, 0) << "a wake-up was lost";
  }
}

TEST(Mailbox, LosesNothingBetweenManyProducersAndASleepyConsumer) {
  constexpr int kProducers = 4;
  constexpr int kItems = 20'000;
  Mailbox<std::pair<int, int>> mailbox(64);
  std::vector<Thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back("producer", [&mailbox, p] {
      for (int i = 0; i < kItems;) {
        if (mailbox.push(std::pair{p, i}) == Pushed::kYes) {
          ++i;
        } else {
          pause_briefly();
        }
      }
    });
  }
  std::map<int, int> next;
  std::vector<std::pair<int, int>> taken;
  for (int left = kProducers * kItems; left > 0;) {
    mailbox.wait_for(base::seconds(60));
    mailbox.take(taken);
    ASSERT_FALSE(taken.empty()) << "a wake-up was lost";
    for (const auto& [producer, item] : taken) EXPECT_EQ(item, next[producer]++);
    left -= static_cast<int>(taken.size());
  }
}

}  // namespace
}  // namespace perdure::runtime
