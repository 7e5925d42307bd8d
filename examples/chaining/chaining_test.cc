// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "chaining/chaining.h"

#include <gtest/gtest.h>

#include "perdure/test_host.h"

namespace chaining {
namespace {

TEST(Chaining, PassesEachResultOn) {
  perdure::TestHost host;
  host.orchestration("publish_photo", publish_photo)
      .activity("scale", scale)
      .activity("mark", mark)
      .activity("publish", [](const Photo& photo) {
        EXPECT_EQ(photo.width, 1200);
        EXPECT_TRUE(photo.marked);
        return publish(photo);
      });
  perdure::Client client = host.client();
  const std::string id = client.start("publish_photo", Photo{.title = "harbour"}).value();

  const perdure::Instance done = client.wait(id).value();

  EXPECT_EQ(done.output_as<std::string>().value(), "https://photos.example/harbour-1200");
}

TEST(Chaining, TriesToPublishAgainAndRepeatsNoOtherStep) {
  perdure::TestHost host;
  int scaled = 0;
  int published = 0;
  host.orchestration("publish_photo", publish_photo)
      .activity("scale",
                [&](Photo photo, int width) {
                  ++scaled;
                  return scale(std::move(photo), width);
                })
      .activity("mark", mark)
      .activity("publish", [&](const Photo& photo) {
        if (++published < 3) throw std::runtime_error("connection reset");
        return publish(photo);
      });
  perdure::Client client = host.client();
  const perdure::TimePoint before = host.now();
  const std::string id = client.start("publish_photo", Photo{.title = "harbour"}).value();

  const perdure::Instance done = client.wait(id).value();

  EXPECT_EQ(done.status, perdure::Status::kCompleted);
  EXPECT_EQ(scaled, 1);
  EXPECT_EQ(published, 3);
  EXPECT_GE(host.now() - before, std::chrono::seconds(1 + 2));  // the waits between the attempts
}

TEST(Chaining, GoesOnAfterARestartWithTheStepThatHasNoResult) {
  perdure::TestHost host;
  int scaled = 0;
  bool network = false;
  host.orchestration("publish_photo", publish_photo)
      .activity("scale",
                [&](Photo photo, int width) {
                  ++scaled;
                  return scale(std::move(photo), width);
                })
      .activity("mark", mark)
      .activity("publish", [&](const Photo& photo) {
        if (!network) throw std::runtime_error("no network");
        return publish(photo);
      });
  perdure::Client client = host.client();
  const std::string id = client.start("publish_photo", Photo{.title = "harbour"}).value();
  host.run();  // as far as it goes without time: publishing has failed once

  host.restart();
  network = true;
  const perdure::Instance done = client.wait(id).value();

  EXPECT_EQ(done.status, perdure::Status::kCompleted);
  EXPECT_EQ(scaled, 1);
}

}  // namespace
}  // namespace chaining
