// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A saga: several steps in the world, each with a way back. If one fails for good, those before it
// are undone in reverse order.
//
// A journey is a flight, a hotel and a car. If there is no car, the hotel and then the flight are
// cancelled. A cancellation must succeed in the end, so it is tried for ever; that the process dies
// in between makes no difference.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "perdure/perdure.h"

namespace saga {

struct Trip {
  std::string traveller;
  std::string city;
  int nights = 0;
  PERDURE_FIELDS(Trip, traveller, city, nights);
};

struct Booking {
  std::string what;
  std::string reference;
  PERDURE_FIELDS(Booking, what, reference);
};

inline perdure::Task<std::vector<Booking>> book_trip(perdure::Orchestration& ctx, Trip trip) {
  using std::chrono_literals::operator""min;
  using std::chrono_literals::operator""s;

  constexpr std::array kSteps = {"flight", "hotel", "car"};
  std::vector<Booking> booked;
  perdure::FailureDetails problem;
  try {
    for (const char* what : kSteps) {
      Booking booking =
          co_await ctx.call<Booking>("book", what, trip, perdure::Retry().attempts(3).first(5s));
      booked.push_back(booking);
    }
    co_return booked;
  } catch (const perdure::TaskFailed& failed) {
    problem = failed.details();  // and go on below: a catch block can not contain a co_await
  }

  for (auto booking = booked.rbegin(); booking != booked.rend(); ++booking) {
    co_await ctx.call("cancel", *booking, perdure::Retry().forever().first(1s).max_delay(1min));
  }
  throw perdure::Failure("no trip to " + trip.city).type("TripNotBooked").because(problem);
}

}  // namespace saga
