// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "approval/approval.h"

#include <gtest/gtest.h>

#include "perdure/test_host.h"

namespace approval {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;

class Approval : public testing::Test {
 protected:
  Approval() {
    host_.orchestration("confirm_payment", confirm_payment)
        .activity("send_code",
                  [this](const std::string&, const std::string& code) { sent_.push_back(code); })
        .activity("pay", [this](const Payment& payment) { paid_ += payment.cents; });
    id_ = client_.start("confirm_payment", Payment{.phone = "1", .cents = 4200}).value();
    host_.run();
  }

  void answer(const std::string& code) {
    ASSERT_TRUE(client_.raise(id_, "code", code).has_value());
    host_.run();
  }
  std::string wrong_code() const { return sent_.at(0) == "000000" ? "000001" : "000000"; }
  std::string outcome() { return client_.wait(id_).value().output_as<std::string>().value(); }

  perdure::TestHost host_;
  perdure::Client client_ = host_.client();
  std::vector<std::string> sent_;
  int paid_ = 0;
  std::string id_;
};

TEST_F(Approval, PaysWhenTheCodeIsRight) {
  answer(sent_.at(0));
  EXPECT_EQ(outcome(), "paid");
  EXPECT_EQ(paid_, 4200);
}

TEST_F(Approval, AcceptsTheThirdAttempt) {
  answer(wrong_code());
  answer(wrong_code());
  EXPECT_EQ(client_.get(id_).value().custom_status, "\"1 attempts left\"");
  answer(sent_.at(0));
  EXPECT_EQ(outcome(), "paid");
}

TEST_F(Approval, DeclinesAfterThreeWrongCodes) {
  for (int i = 0; i < 3; ++i) answer(wrong_code());
  EXPECT_EQ(outcome(), "declined: too many wrong codes");
  EXPECT_EQ(paid_, 0);
}

TEST_F(Approval, DeclinesWhenNobodyAnswersForFiveMinutes) {
  const perdure::TimePoint before = host_.now();
  EXPECT_EQ(outcome(), "declined: no answer in time");
  EXPECT_EQ(host_.now() - before, 5min);
}

TEST_F(Approval, CountsTheFiveMinutesOverAllAttempts) {
  host_.advance(4min);
  answer(wrong_code());
  host_.advance(59s);
  EXPECT_FALSE(client_.get(id_).value().is_ended());
  host_.advance(1s);
  EXPECT_EQ(outcome(), "declined: no answer in time");
}

TEST_F(Approval, KeepsCodeAndDeadlineWhenTheProcessDies) {
  answer(wrong_code());
  host_.advance(3min);
  host_.restart();
  answer(sent_.at(0));
  EXPECT_EQ(outcome(), "paid");
  EXPECT_EQ(sent_.size(), 1U);
}

}  // namespace
}  // namespace approval
