// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "saga/saga.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "perdure/test_host.h"

namespace saga {
namespace {

/// A travel agency whose offers can be sold out, and whose line can fail.
class Saga : public testing::Test {
 protected:
  Saga() {
    host_.orchestration("book_trip", book_trip)
        .activity("book",
                  [this](const std::string& what, const Trip&) -> Booking {
                    if (sold_out_ == what) {
                      throw perdure::Failure("sold out").type("SoldOut").non_retriable();
                    }
                    journal_.push_back("book " + what);
                    return {.what = what, .reference = what + "-1"};
                  })
        .activity("cancel", [this](const Booking& booking) {
          if (cancellations_that_fail_ > 0) {
            --cancellations_that_fail_;
            throw std::runtime_error("line busy");
          }
          journal_.push_back("cancel " + booking.reference);
        });
  }

  perdure::Instance travel() {
    const std::string id =
        client_.start("book_trip", Trip{.traveller = "Ada", .city = "Lisbon"}).value();
    return client_.wait(id).value();
  }

  perdure::TestHost host_;
  perdure::Client client_ = host_.client();
  std::string sold_out_;
  int cancellations_that_fail_ = 0;
  std::vector<std::string> journal_;
};

TEST_F(Saga, BooksEverything) {
  const auto bookings = travel().output_as<std::vector<Booking>>().value();
  ASSERT_EQ(bookings.size(), 3U);
  EXPECT_EQ(bookings[2].reference, "car-1");
}

TEST_F(Saga, UndoesInReverseOrderWhatWasDone) {
  sold_out_ = "car";
  const perdure::Instance ended = travel();
  EXPECT_EQ(ended.status, perdure::Status::kFailed);
  ASSERT_TRUE(ended.failure.has_value());
  EXPECT_EQ(ended.failure->type, "TripNotBooked");
  EXPECT_EQ(ended.failure->root().type, "SoldOut");
  EXPECT_EQ(journal_, (std::vector<std::string>{"book flight", "book hotel", "cancel hotel-1",
                                                "cancel flight-1"}));
}

TEST_F(Saga, CancelsUntilItSucceeds) {
  sold_out_ = "hotel";
  cancellations_that_fail_ = 20;
  EXPECT_EQ(travel().status, perdure::Status::kFailed);
  EXPECT_EQ(journal_.back(), "cancel flight-1");
}

TEST_F(Saga, HasNothingToUndoWhenTheFirstStepFails) {
  sold_out_ = "flight";
  EXPECT_EQ(travel().status, perdure::Status::kFailed);
  EXPECT_TRUE(journal_.empty());
}

}  // namespace
}  // namespace saga
