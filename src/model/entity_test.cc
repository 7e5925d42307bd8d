// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/entity.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "model/testing/samples.h"

namespace perdure::model {
namespace {

using testing::Samples;

TEST(Entity, IsNamedByANameAndAKey) {
  const auto parsed = parse_entity_id("@counter@7");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->name, "counter");
  EXPECT_EQ(parsed->key, "7");
  EXPECT_EQ(entity_id("counter", "7"), "@counter@7");
}

TEST(Entity, MayHaveAnEmptyKeyAndOneWithAtSigns) {
  EXPECT_EQ(parse_entity_id("@counter@")->key, "");
  EXPECT_EQ(parse_entity_id("@mail@ann@example.org")->name, "mail");
  EXPECT_EQ(parse_entity_id("@mail@ann@example.org")->key, "ann@example.org");
  EXPECT_EQ(parse_entity_id("@mail@@")->key, "@");
}

TEST(Entity, HasANameAndBothAtSigns) {
  for (const std::string_view id : {"", "counter", "counter@7", "@", "@@", "@@7", "@counter"}) {
    EXPECT_FALSE(parse_entity_id(id).has_value()) << id;
  }
}

TEST(Entity, IsToldFromAnOrchestrationByItsFirstCharacter) {
  EXPECT_TRUE(is_entity_id("@counter@7"));
  EXPECT_FALSE(is_entity_id("order-7"));
  EXPECT_FALSE(is_entity_id("a@b"));
  EXPECT_FALSE(is_entity_id(""));
}

TEST(Entity, IsParsedIntoWhatItWasMadeOf) {
  Samples samples(4);
  for (int i = 0; i < 300; ++i) {
    const std::string name = samples.name();
    const std::string key = samples.flag() ? samples.name() + "@" + samples.label() : "";
    const std::string id = entity_id(name, key);
    const auto parsed = parse_entity_id(id);
    ASSERT_TRUE(parsed.has_value()) << id;
    EXPECT_EQ(parsed->name, name);
    EXPECT_EQ(parsed->key, key);
    EXPECT_EQ(batch_name(id), "@" + name);
  }
}

TEST(Entity, TakesItsBatchesUnderANameThatNoKeyChanges) {
  EXPECT_EQ(batch_name("@counter@7"), "@counter");
  EXPECT_EQ(batch_name("@counter@a@b"), "@counter");
  EXPECT_EQ(batch_name("@counter@"), "@counter");
}

TEST(Caller, IsTheSameSenderWhateverWaitsForTheOutcome) {
  const Caller one{{"default", "order-7"}, Execution{3}, TaskId{1}, ""};
  Caller other = one;
  other.task = TaskId{2};
  other.then = "told";
  EXPECT_TRUE(same_sender(one, other));
  other.execution = Execution{4};
  EXPECT_FALSE(same_sender(one, other));
  other = one;
  other.key.id = "order-8";
  EXPECT_FALSE(same_sender(one, other));
  other = one;
  other.key.hub = "else";
  EXPECT_FALSE(same_sender(one, other));
}

}  // namespace
}  // namespace perdure::model
