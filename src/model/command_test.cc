// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/command.h"

#include <gtest/gtest.h>

#include "model/effect.h"

namespace perdure::model {
namespace {

const InstanceKey kOrder{"default", "order-7"};
const InstanceKey kCart{"default", "cart-1"};

TEST(Command, KnowsTheInstanceItIsAbout) {
  const TurnToken turn{kOrder, Execution{1}, 0, 1};
  const ActivityToken activity{kOrder, Execution{1}, TaskId{2}, 1};
  const Command commands[] = {
      StartInstance{{}, kOrder, {}, {}, {}},
      AwaitInstance{{}, kOrder, {}, false},
      CompleteTurn{turn, {}},
      RefuseTurn{turn, "why"},
      CompleteActivity{activity, Payload()},
      ReportProgress{activity, Payload()},
      BeginAttempt{turn},
      BeginAttempt{activity},
      ReturnWork{turn},
      ReturnWork{activity},
      FireTimer{kOrder, {}, {}, {}},
      Recover{kOrder},
      OfferGathered{kOrder},
      CollectGarbage{kOrder, {}},
      CallEntity{{}, kOrder, "add", {}},
      SignalEntity{{}, kOrder, "add", {}, {}},
      GetEntity{{}, kOrder},
  };
  for (const Command& command : commands) {
    ASSERT_NE(instance_of(command), nullptr) << command.index();
    EXPECT_EQ(*instance_of(command), kOrder) << command.index();
  }
  EXPECT_EQ(instance_of(Command(Acknowledge{})), nullptr);
}

TEST(Command, IsForTheReceiverOfTheMessageItDelivers) {
  const Parent parent{kOrder, Execution{1}, TaskId{0}, "checkout"};
  const Caller caller{kOrder, Execution{1}, TaskId{0}, ""};
  const Message messages[] = {
      StartChild{kOrder, {}},        ChildEnded{parent, "cart-1", {}, {}},
      DeliverEvent{kOrder, {}},      TerminateChild{kOrder, kCart, "", false, {}, {}},
      RewindChild{{kOrder, {}}, ""}, StartOrchestration{kOrder, {}},
      RunOperation{kOrder, {}, {}},  OperationEnded{caller, {}, {}},
      AcquireLock{kOrder, {}},       LockAcquired{caller},
      ReleaseLock{kOrder, {}}};
  for (const Message& message : messages) {
    EXPECT_EQ(receiver_of(message), kOrder) << message.index();
    const Command command = Deliver{{}, {}, 1, message};
    ASSERT_NE(instance_of(command), nullptr);
    EXPECT_EQ(*instance_of(command), kOrder) << message.index();
  }
}

TEST(Command, KnowsWhoWaitsForItsAnswer) {
  EXPECT_EQ(request_of(GetInstance{RequestId{7}, kOrder, false}), RequestId{7});
  EXPECT_EQ(request_of(CallEntity{RequestId{8}, kOrder, "add", {}}), RequestId{8});
  EXPECT_EQ(request_of(Recover{kOrder}), kNoRequest);
  EXPECT_EQ(request_of(Acknowledge{}), kNoRequest);
}

TEST(Effect, WaitsForTheDiskUnlessItTellsNothingThatIsNotDurable) {
  OfferTurn turn;
  EXPECT_TRUE(leaves_at_once(turn));
  turn.item.token.attempt = 2;
  EXPECT_FALSE(leaves_at_once(turn));
  EXPECT_TRUE(leaves_at_once(MoreGarbage{}));
  EXPECT_TRUE(leaves_at_once(GatherTurn{}));
  EXPECT_FALSE(leaves_at_once(OfferActivity{}));
  EXPECT_FALSE(leaves_at_once(WithdrawWork{}));
  EXPECT_FALSE(leaves_at_once(SendMessage{}));
  EXPECT_FALSE(leaves_at_once(SendAcknowledgement{}));
  EXPECT_FALSE(leaves_at_once(Reply{}));
  EXPECT_FALSE(leaves_at_once(Reply{.request = {}, .body = OperationOutcome{Payload()}}));
  EXPECT_TRUE(leaves_at_once(Reply{.request = {}, .body = EntitySnapshot{}}));
  EXPECT_FALSE(leaves_at_once(PublishEntity{}));
}

}  // namespace
}  // namespace perdure::model
