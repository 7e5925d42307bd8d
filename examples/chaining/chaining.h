// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Function chaining: each activity works on the result of the one before.
//
// A photograph is scaled, marked and published. Publishing goes over a network that fails now and
// then, so it is tried again. When the process dies between two steps, the next start goes on with
// the step that has no result yet; the steps before it are not done again.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>

#include "perdure/perdure.h"

namespace chaining {

struct Photo {
  std::string title;
  int width = 0;
  bool marked = false;
  PERDURE_FIELDS(Photo, title, width, marked);
};

inline Photo scale(Photo photo, int width) {
  photo.width = width;
  return photo;
}

inline Photo mark(Photo photo) {
  photo.marked = true;
  return photo;
}

inline std::string publish(const Photo& photo) {
  return "https://photos.example/" + photo.title + "-" + std::to_string(photo.width);
}

inline perdure::Task<std::string> publish_photo(perdure::Orchestration& ctx, Photo photo) {
  using std::chrono_literals::operator""s;

  photo = co_await ctx.call<Photo>("scale", photo, 1200);
  photo = co_await ctx.call<Photo>("mark", photo);
  std::string address =
      co_await ctx.call<std::string>("publish", photo, perdure::Retry().attempts(5).first(1s));
  co_return address;
}

}  // namespace chaining
