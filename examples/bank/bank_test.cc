// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "bank/bank.h"

#include <gtest/gtest.h>

#include "perdure/test_host.h"

namespace bank {
namespace {

class Bank : public testing::Test {
 protected:
  Bank() {
    host_.entity<Account>().orchestration("transfer", transfer);
    for (const auto& account : {kAda, kBob}) {
      EXPECT_TRUE(client_.call(account, &Account::open, 100L));
    }
  }

  Receipt move(std::int64_t number, const std::string& from, const std::string& to, long cents) {
    const std::string id = client_.start("transfer", Transfer{number, from, to, cents}).value();
    return client_.wait(id).value().output_as<Receipt>().value();
  }
  long balance(const perdure::Entity<Account>& account) {
    return client_.query(account, &Account::balance).value();
  }

  const perdure::Entity<Account> kAda{"ada"};
  const perdure::Entity<Account> kBob{"bob"};
  perdure::TestHost host_;
  perdure::Client client_ = host_.client();
};

TEST_F(Bank, MovesMoney) {
  EXPECT_TRUE(move(1, "ada", "bob", 30).moved);
  const Receipt second = move(2, "bob", "ada", 130);
  EXPECT_TRUE(second.moved);
  EXPECT_EQ(second.from_before, std::vector<std::int64_t>{1});
  EXPECT_EQ(balance(kAda), 200);
  EXPECT_EQ(balance(kBob), 0);
}

TEST_F(Bank, RefusesWhatIsNotThere) {
  EXPECT_FALSE(move(1, "ada", "bob", 101).moved);
  EXPECT_EQ(balance(kAda), 100);
}

TEST_F(Bank, OpensAnAccountOnce) {
  EXPECT_TRUE(move(1, "ada", "bob", 100).moved);
  ASSERT_TRUE(client_.call(kAda, &Account::open, 100L));
  EXPECT_EQ(balance(kAda), 0);
}

TEST_F(Bank, GoesOnWhereTheProcessDied) {
  for (std::int64_t number = 0; number < 20; ++number) {
    EXPECT_TRUE(
        move(number, number % 2 == 0 ? "ada" : "bob", number % 2 == 0 ? "bob" : "ada", 7).moved);
    host_.restart();
    EXPECT_EQ(balance(kAda) + balance(kBob), 200);
  }
  EXPECT_EQ(client_.get(kAda.id()).value().locked_by, "");
  EXPECT_EQ(client_.get(kBob.id()).value().locked_by, "");
}

}  // namespace
}  // namespace bank
