// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// build/release/examples/saga [--data DIR]: the last car is gone, so that everything is undone.
#include "saga/saga.h"

#include <fmt/format.h>

#include "program.h"

namespace {

saga::Booking book(const std::string& what, const saga::Trip& trip) {
  if (what == "car") {
    fmt::print("no {} in {}\n", what, trip.city);
    throw perdure::Failure("no car left in " + trip.city).type("SoldOut").non_retriable();
  }
  fmt::print("booked {} for {}\n", what, trip.traveller);
  return {.what = what, .reference = what + "-4711"};
}

void cancel(const saga::Booking& booking) { fmt::print("cancelled {}\n", booking.reference); }

}  // namespace

int main(int count, char** values) {
  perdure::Host host(example::host_options(count, values));
  host.orchestration("book_trip", saga::book_trip)
      .activity("book", book)
      .activity("cancel", cancel);
  return example::run_to_end(host, "book_trip",
                             saga::Trip{.traveller = "Ada", .city = "Lisbon", .nights = 3});
}
