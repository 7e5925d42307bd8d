// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// On an engine that is driven by hand: without readers, what reads much runs on the calling thread.
#include "hub/hubs.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "access/guard.h"
#include "engine/testing/world.h"

namespace perdure::hub {
namespace {

using access::Action;
using base::ErrorCode;
using engine::testing::World;

class HubsTest : public ::testing::Test {
 protected:
  access::Permit permit(Action action, const std::string& hub = "h") {
    return *guard_.admit({}, action, hub);
  }

  /// Calls, drives the engine, and answers what came; exactly once.
  template <class T, class Call>
  base::Result<T> await(Call call) {
    std::optional<base::Result<T>> answer;
    int answers = 0;
    call([&](base::Result<T> result) {
      ++answers;
      answer = std::move(result);
    });
    world_.settle();
    EXPECT_EQ(answers, 1);
    return *std::move(answer);
  }

  base::Result<model::Started> start(const std::string& id, const std::string& name = "chain",
                                     const std::string& input = "1") {
    return await<model::Started>([&](Then<model::Started> then) {
      hubs_.start(permit(Action::kOperate),
                  {.id = id, .started = {.name = name, .input = input}, .reuse = {}}, then);
    });
  }
  base::Result<InstanceList> list(engine::PageRequest page, Inputs inputs = Inputs::kLeaveOut,
                                  engine::InstanceFilter filter = {}) {
    return await<InstanceList>([&](Then<InstanceList> then) {
      hubs_.list(permit(Action::kRead), filter, page, inputs, then);
    });
  }
  base::Result<model::InstanceSnapshot> get(const std::string& id, const std::string& hub = "h") {
    return await<model::InstanceSnapshot>([&](Then<model::InstanceSnapshot> then) {
      hubs_.get(permit(Action::kRead, hub), id, Inputs::kInclude, then);
    });
  }
  std::size_t purge(std::vector<std::string> ids, Family family = Family::kAlone) {
    return *await<std::size_t>([&](Then<std::size_t> then) {
      hubs_.purge(permit(Action::kAdminister), std::move(ids), family, then);
    });
  }

  World world_;
  const access::Guard guard_ = access::Guard::open_to_all();
  Hubs hubs_{*world_.engine, 0};
};

TEST_F(HubsTest, GiveAFreshIdToAStartWithoutOne) {
  const auto first = start("");
  const auto second = start("");
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->key.id, second->key.id);
  EXPECT_EQ(get(first->key.id)->input, "1");
}

TEST_F(HubsTest, SeeNothingOfAnotherHub) {
  ASSERT_TRUE(start("a"));
  EXPECT_EQ(get("a", "other").error().code, ErrorCode::kNotFound);
  const auto seen = await<InstanceList>([&](Then<InstanceList> then) {
    hubs_.list(permit(Action::kRead, "other"), {}, {}, Inputs::kLeaveOut, then);
  });
  EXPECT_TRUE(seen->instances.empty());
}

TEST_F(HubsTest, ListPagesThatAreNeverEmptyBeforeTheEnd) {
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(start("i" + std::to_string(i), "chain", "1"));
  engine::InstanceFilter some;
  some.id_prefix = "i2";
  std::set<std::string> seen;
  engine::PageRequest page{.count_max = 2, .continuation = {}};
  do {
    const auto found = list(page, Inputs::kInclude, some);
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->instances.empty());
    for (const auto& instance : found->instances) {
      EXPECT_EQ(instance.input, "1");
      EXPECT_TRUE(seen.insert(instance.key.id).second) << "twice: " << instance.key.id;
    }
    page.continuation = found->continuation;
  } while (!page.continuation.empty());
  EXPECT_EQ(seen.size(), 11U);  // i2, i20 to i29
}

TEST_F(HubsTest, ListWhatEndedInTheOrderOfTheirEnds) {
  for (const char* id : {"c", "a", "b"}) {
    ASSERT_TRUE(start(id));
    world_.settle();
    world_.clock.advance(base::seconds(1));
  }
  ASSERT_TRUE(start("waits", "gather", "1"));
  std::vector<std::string> ids;
  std::string next;
  do {
    const auto page = await<EndedList>([&](Then<EndedList> then) {
      hubs_.ended(permit(Action::kRead), {}, {.count_max = 2, .continuation = next}, then);
    });
    ASSERT_TRUE(page);
    ids.insert(ids.end(), page->ids.begin(), page->ids.end());
    next = page->continuation;
  } while (!next.empty());
  EXPECT_EQ(ids, (std::vector<std::string>{"c", "a", "b"}));
  const auto nonsense = await<EndedList>([&](Then<EndedList> then) {
    hubs_.ended(permit(Action::kRead), {}, {.count_max = 2, .continuation = "x"}, then);
  });
  EXPECT_EQ(nonsense.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(HubsTest, RestartUnderAFreshIdWhatStillRuns) {
  ASSERT_TRUE(start("a", "gather", "1"));
  const auto restarted = await<std::string>([&](Then<std::string> then) {
    hubs_.restart(permit(Action::kOperate), "a", NewId::kYes, then);
  });
  ASSERT_TRUE(restarted);
  EXPECT_NE(*restarted, "a");
  EXPECT_EQ(get(*restarted)->record.name, "gather");
  const auto same = await<std::string>([&](Then<std::string> then) {
    hubs_.restart(permit(Action::kOperate), "a", NewId::kNo, then);
  });
  EXPECT_EQ(same.error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(HubsTest, AwaitAnInstanceThatComesLaterAndGiveUpWhenAsked) {
  std::optional<base::Result<model::InstanceSnapshot>> answer;
  const auto note = [&](base::Result<model::InstanceSnapshot> result) { answer = result; };
  hubs_.await(permit(Action::kRead), "later",
              {.if_unknown = IfUnknown::kWait, .inputs = Inputs::kInclude}, note);
  world_.settle();
  EXPECT_FALSE(answer.has_value());
  ASSERT_TRUE(start("later", "chain", "2"));
  world_.settle();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->input, "2");

  answer.reset();
  const Await await_never =
      hubs_.await(permit(Action::kRead), "never", {.if_unknown = IfUnknown::kWait}, note);
  hubs_.cancel(await_never);
  world_.settle();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->error().code, ErrorCode::kDeadlineExceeded);
}

TEST_F(HubsTest, PurgeOnlyWhatEnded) {
  ASSERT_TRUE(start("done"));
  ASSERT_TRUE(start("waits", "gather", "1"));
  EXPECT_EQ(purge({"done", "waits", "unknown"}), 1U);
  EXPECT_FALSE(get("done"));
  EXPECT_TRUE(get("waits"));
}

TEST_F(HubsTest, PurgeChildrenWithTheirParentWhenAsked) {
  for (const auto family : {Family::kAlone, Family::kWithChildren}) {
    ASSERT_TRUE(start("p", "parent", "1"));
    world_.settle();
    ASSERT_EQ(get("p")->record.status, model::Status::kCompleted);
    ASSERT_EQ(list({})->instances.size(), 2U);
    EXPECT_EQ(purge({"p"}, family), family == Family::kAlone ? 1U : 2U);
    const auto left = list({})->instances;
    EXPECT_EQ(left.size(), family == Family::kAlone ? 1U : 0U);
    for (const auto& child : left) purge({child.key.id});
  }
}

TEST_F(HubsTest, PurgeWhatMatchesWithinATime) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(start("i" + std::to_string(i)));
  const auto purge_where = [&](PurgeFilter filter) {
    return *await<PurgeResult>([&](Then<PurgeResult> then) {
      hubs_.purge_where(permit(Action::kAdminister), filter, then);
    });
  };
  const PurgeResult none = purge_where({.time_max = base::Duration{0}});
  EXPECT_EQ(none.purged, 0U);
  EXPECT_FALSE(none.complete);
  PurgeFilter one;
  one.instances.id_prefix = "i3";
  EXPECT_EQ(purge_where(one).purged, 1U);
  const PurgeResult rest = purge_where({});
  EXPECT_EQ(rest.purged, 4U);
  EXPECT_TRUE(rest.complete);
}

TEST_F(HubsTest, ClearAHubOfLiveAndEndedAndEntities) {
  ASSERT_TRUE(start("done"));
  ASSERT_TRUE(start("waits", "gather", "1"));
  ASSERT_TRUE(await<void>([&](Then<> then) {
    hubs_.signal(permit(Action::kOperate), "@counter@1", "add", "1", std::nullopt, then);
  }));
  ASSERT_TRUE(await<void>([&](Then<> then) { hubs_.clear(permit(Action::kAdminister), then); }));
  EXPECT_TRUE(list({})->instances.empty());
  const auto entities = await<EntityList>([&](Then<EntityList> then) {
    hubs_.entities(permit(Action::kRead), {.id_prefix = {}, .transient = true}, {}, then);
  });
  EXPECT_TRUE(entities->entities.empty());
}

TEST_F(HubsTest, ListEntitiesWithStateAndOthersOnlyWhenAsked) {
  ASSERT_TRUE(await<void>([&](Then<> then) {
    hubs_.signal(permit(Action::kOperate), "@counter@1", "add", "1",
                 world_.clock.now() + base::seconds(60), then);
  }));
  const auto entities = [&](bool transient) {
    return await<EntityList>([&](Then<EntityList> then) {
             hubs_.entities(permit(Action::kRead), {.id_prefix = "@c", .transient = transient}, {},
                            then);
           })
        ->entities.size();
  };
  EXPECT_EQ(entities(false), 0U);
  EXPECT_EQ(entities(true), 1U);
}

TEST_F(HubsTest, TellAHistoryPieceByPieceUntilNobodyWantsMore) {
  ASSERT_TRUE(start("a", "chain", "5"));
  std::size_t events = 0;
  ASSERT_TRUE(await<void>([&](Then<> then) {
    hubs_.history(
        permit(Action::kRead), "a",
        [&](model::Execution, std::vector<model::Event> piece) {
          events += piece.size();
          return true;
        },
        then);
  }));
  EXPECT_EQ(events, get("a")->record.history_events);
  const auto unknown = await<void>([&](Then<> then) {
    hubs_.history(
        permit(Action::kRead), "nobody",
        [](model::Execution, std::vector<model::Event>) { return true; }, then);
  });
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace perdure::hub
