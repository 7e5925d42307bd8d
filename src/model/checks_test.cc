// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/checks.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "model/key.h"
#include "model/limits.h"
#include "model/record.h"
#include "model/testing/samples.h"

namespace perdure::model {
namespace {

using base::ErrorCode;
using testing::Samples;

const InstanceKey kOrder{"default", "order-7"};

::testing::AssertionResult refuses(const base::Result<>& result, ErrorCode code,
                                   std::string_view why) {
  if (result) return ::testing::AssertionFailure() << "it passes";
  if (result.error().code != code)
    return ::testing::AssertionFailure()
           << error_name(result.error().code) << ": " << result.error().message;
  if (!result.error().message.contains(why))
    return ::testing::AssertionFailure() << "another reason: " << result.error().message;
  if (result.error().message.contains('\n')) return ::testing::AssertionFailure() << "two lines";
  return ::testing::AssertionSuccess();
}

::testing::AssertionResult is_invalid(const base::Result<>& result, std::string_view why) {
  return refuses(result, ErrorCode::kInvalidArgument, why);
}

::testing::AssertionResult is_too_large(const base::Result<>& result, std::string_view why) {
  return refuses(result, ErrorCode::kPayloadTooLarge, why);
}

std::string text_of(std::size_t size) { return std::string(size, 'x'); }

// ---- Names --------------------------------------------------------------------------------------

TEST(Checks, NamesTheThingItsSizeAndTheLimit) {
  EXPECT_EQ(check_name("instance id", text_of(600), 512).error().message,
            "instance id is 600 bytes; at most 512 are allowed");
}

TEST(Checks, TakesNamesUpToTheirLimit) {
  EXPECT_TRUE(check_name("name", text_of(10), 10).has_value());
  EXPECT_TRUE(is_invalid(check_name("name", text_of(11), 10), "11 bytes"));
  EXPECT_TRUE(is_invalid(check_name("name", "", 10), "name is empty"));
}

TEST(Checks, RefusesControlCharactersInNames) {
  for (int byte = 0; byte < 0x80; ++byte) {
    const std::string name = std::string("ab") + static_cast<char>(byte);
    const bool control = byte < 0x20 || byte == 0x7F;
    EXPECT_EQ(check_name("name", name, 10).has_value(), !control) << byte;
  }
  EXPECT_TRUE(is_invalid(check_name("name", "ab\ncd", 10), "control character 0x0a at byte 2"));
}

TEST(Checks, TakesAllOfUtf8AndNothingElse) {
  for (const char* name : {"é", "漢字", "🦀", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF",
                           "\xE0\xA0\x80", "\xF0\x90\x80\x80", "\xC2\x80"}) {
    EXPECT_TRUE(check_name("name", name, 10).has_value()) << name;
  }
  const std::pair<const char*, const char*> bad[] = {
      {"\x80", "a lone continuation"},   {"a\xC3", "cut off"},
      {"\xC3(", "no continuation"},      {"\xC0\x80", "overlong zero"},
      {"\xC1\xBF", "overlong"},          {"\xE0\x9F\xBF", "overlong"},
      {"\xF0\x8F\xBF\xBF", "overlong"},  {"\xED\xA0\x80", "a surrogate"},
      {"\xF4\x90\x80\x80", "too large"}, {"\xF5\x80\x80\x80", "too large"},
      {"\xE6\xBC", "cut off"},           {"\xF0\x9F\xA6", "cut off"},
      {"\xFF", "never valid"},
  };
  for (const auto& [name, why] : bad)
    EXPECT_TRUE(is_invalid(check_name("name", name, 10), "not valid UTF-8")) << why;
  EXPECT_TRUE(is_invalid(check_name("name", "ab\xFF", 10), "at byte 2"));
}

TEST(Checks, KeepsIdsThatBeginWithAnAtSignForEntities) {
  EXPECT_TRUE(is_invalid(check_instance_key({"default", "@counter@7"}), "kept for entities"));
  EXPECT_TRUE(check_instance_key({"default", "a@b"}).has_value());
}

TEST(Checks, ChecksTheHubAndTheIdOfAKey) {
  EXPECT_TRUE(check_instance_key({text_of(64), text_of(512)}).has_value());
  EXPECT_TRUE(is_invalid(check_instance_key({text_of(65), "x"}), "task hub name is 65 bytes"));
  EXPECT_TRUE(is_invalid(check_instance_key({"h", text_of(513)}), "instance id is 513 bytes"));
  EXPECT_TRUE(is_invalid(check_instance_key({"", "x"}), "task hub name is empty"));
  EXPECT_TRUE(is_invalid(check_instance_key({"h", ""}), "instance id is empty"));
  EXPECT_TRUE(is_invalid(check_instance_key({"h", std::string("a\0b", 3)}), "0x00 at byte 1"));
}

TEST(Checks, TakesPayloadsOfAnyBytesUpToTheLimit) {
  EXPECT_TRUE(check_payload("input", {}, 3).has_value());
  EXPECT_TRUE(check_payload("input", std::string("\0\xFF\n", 3), 3).has_value());
  EXPECT_TRUE(
      is_too_large(check_payload("input", "1234", 3), "input is 4 bytes; at most 3 are allowed"));
}

TEST(Checks, BoundsTags) {
  Tags tags;
  for (std::size_t i = 0; i < kTagsMax; ++i) tags[std::to_string(i)] = "";
  EXPECT_TRUE(check_tags(tags).has_value());
  tags["one more"] = "";
  EXPECT_TRUE(is_invalid(check_tags(tags), "there are 65 tags; at most 64"));
  EXPECT_TRUE(is_invalid(check_tags({{"", "x"}}), "tag name is empty"));
  EXPECT_TRUE(is_invalid(check_tags({{text_of(513), ""}}), "tag name is 513 bytes"));
  EXPECT_TRUE(is_invalid(check_tags({{"x", text_of(513)}}), "tag value is 513 bytes"));
}

// ---- Commands -----------------------------------------------------------------------------------

StartInstance a_start() {
  StartInstance start;
  start.key = kOrder;
  start.started.name = "checkout";
  return start;
}

template <class Change>
base::Result<> check_start(Change change) {
  StartInstance start = a_start();
  change(start);
  return check_command(start);
}

TEST(Checks, ChecksEveryPartOfAStart) {
  EXPECT_TRUE(check_command(a_start()).has_value());
  EXPECT_TRUE(is_invalid(check_start([](auto& s) { s.key.id = ""; }), "instance id"));
  EXPECT_TRUE(is_invalid(check_start([](auto& s) { s.started.name = ""; }), "function name"));
  EXPECT_TRUE(is_invalid(check_start([](auto& s) { s.started.name = text_of(257); }), "256"));
  EXPECT_TRUE(is_invalid(check_start([](auto& s) { s.started.version = text_of(65); }), "version"));
  EXPECT_TRUE(is_invalid(check_start([](auto& s) { s.started.version = "1\n"; }), "version"));
  EXPECT_TRUE(is_invalid(check_start([](auto& s) { s.started.tags[""] = ""; }), "tag name"));
  EXPECT_TRUE(
      is_invalid(check_start([](auto& s) { s.started.trace_parent = text_of(641); }), "trace"));
  EXPECT_TRUE(is_invalid(check_start([](auto& s) { s.idempotency_key = text_of(257); }),
                         "idempotency key"));
  EXPECT_TRUE(is_invalid(check_start([](auto& s) { s.started.parent.emplace(); }), "parent"));
  EXPECT_TRUE(is_too_large(
      check_start([](auto& s) { s.started.input = text_of(kPayloadBytesMax + 1); }), "input is"));
  EXPECT_TRUE(
      check_start([](auto& s) { s.started.input = text_of(kPayloadBytesMax); }).has_value());
}

TEST(Checks, ChecksRaisedEvents) {
  RaiseEvent raise{{}, kOrder, {"approved", "yes"}};
  EXPECT_TRUE(check_command(raise).has_value());
  raise.event.payload = text_of(kPayloadBytesMax + 1);
  EXPECT_TRUE(is_too_large(check_command(raise), "event payload is 2097153 bytes"));
  raise.event = {text_of(257), {}};
  EXPECT_TRUE(is_invalid(check_command(raise), "event name is 257 bytes"));
  raise.event = {"", {}};
  EXPECT_TRUE(is_invalid(check_command(raise), "event name is empty"));
}

TEST(Checks, ChecksReasonsAsProse) {
  const auto suspend = [](std::string reason) {
    return check_command(SuspendInstance{{}, kOrder, std::move(reason)});
  };
  EXPECT_TRUE(suspend("").has_value());
  EXPECT_TRUE(suspend("two\nlines").has_value());
  EXPECT_TRUE(is_invalid(suspend(text_of(kReasonBytesMax + 1)), "reason is 4097 bytes"));
  EXPECT_TRUE(is_invalid(suspend("\xFF"), "not valid UTF-8"));
  const std::string long_reason = text_of(kReasonBytesMax + 1);
  EXPECT_TRUE(is_invalid(check_command(ResumeInstance{{}, kOrder, long_reason}), "reason"));
  EXPECT_TRUE(is_invalid(check_command(RewindInstance{{}, kOrder, long_reason}), "reason"));
  TerminateInstance terminate;
  terminate.key = kOrder;
  terminate.reason = long_reason;
  EXPECT_TRUE(is_invalid(check_command(terminate), "reason"));
  terminate.reason = "";
  EXPECT_TRUE(check_command(terminate).has_value());
  terminate.output = text_of(kPayloadBytesMax + 1);
  EXPECT_TRUE(is_too_large(check_command(terminate), "output"));
}

TEST(Checks, ChecksTheKeyOfEveryCommandOfAClient) {
  const InstanceKey bad{"default", "@entity"};
  const Command commands[] = {StartInstance{{}, bad, {}, {}, {}},
                              RaiseEvent{{}, bad, {}},
                              TerminateInstance{{}, bad, {}, {}, false},
                              SuspendInstance{{}, bad, {}},
                              ResumeInstance{{}, bad, {}},
                              RewindInstance{{}, bad, {}},
                              RestartInstance{{}, bad},
                              PurgeInstance{{}, bad},
                              GetInstance{{}, bad, false},
                              AwaitInstance{{}, bad, {}, false}};
  for (const Command& command : commands)
    EXPECT_TRUE(is_invalid(check_command(command), "kept for entities")) << command.index();
}

TEST(Checks, ChecksTheIdOfAnEntity) {
  EXPECT_TRUE(check_entity_id("entity id", "@counter@7").has_value());
  EXPECT_TRUE(check_entity_id("entity id", "@counter@").has_value());
  EXPECT_TRUE(check_entity_id("entity id", "@" + text_of(128) + "@x").has_value());
  EXPECT_TRUE(check_entity_id("entity id", "@c@" + text_of(509)).has_value());
  EXPECT_TRUE(is_invalid(check_entity_id("entity id", ""), "entity id is empty"));
  EXPECT_TRUE(is_invalid(check_entity_id("entity id", "@c@" + text_of(510)), "is 513 bytes"));
  EXPECT_TRUE(is_invalid(check_entity_id("entity id", "@c@a\n"), "control character"));
  EXPECT_TRUE(is_invalid(check_entity_id("entity id", "@" + text_of(129) + "@x"),
                         "entity name is 129 bytes; at most 128"));
  for (const char* id : {"counter", "@counter", "@@7", "@", "a@b@c"}) {
    EXPECT_TRUE(is_invalid(check_entity_id("entity id", id), "write '@name@key'")) << id;
  }
}

TEST(Checks, ChecksTheOperationsOfClients) {
  const InstanceKey counter{"default", "@counter@7"};
  EXPECT_TRUE(check_command(CallEntity{{}, counter, "add", "1"}).has_value());
  EXPECT_TRUE(check_command(SignalEntity{{}, counter, "add", "1", {}}).has_value());
  EXPECT_TRUE(check_command(GetEntity{{}, counter}).has_value());
  EXPECT_TRUE(is_invalid(check_command(CallEntity{{}, kOrder, "add", {}}), "'@name@key'"));
  EXPECT_TRUE(is_invalid(check_command(SignalEntity{{}, kOrder, "add", {}, {}}), "'@name@key'"));
  EXPECT_TRUE(is_invalid(check_command(GetEntity{{}, kOrder}), "'@name@key'"));
  EXPECT_TRUE(is_invalid(check_command(GetEntity{{}, {"", "@counter@7"}}), "task hub name"));
  EXPECT_TRUE(
      is_invalid(check_command(CallEntity{{}, counter, "", {}}), "operation name is empty"));
  EXPECT_TRUE(is_invalid(check_command(SignalEntity{{}, counter, text_of(257), {}, {}}),
                         "operation name is 257 bytes"));
  EXPECT_TRUE(
      is_too_large(check_command(CallEntity{{}, counter, "add", text_of(kPayloadBytesMax + 1)}),
                   "input is 2097153 bytes"));
}

TEST(Checks, PassesTheCommandsOfTheEngineItself) {
  const InstanceKey odd{"", "@entity"};
  EXPECT_TRUE(check_command(Recover{odd}).has_value());
  EXPECT_TRUE(check_command(FireTimer{odd, {}, {}, {}}).has_value());
  EXPECT_TRUE(check_command(Acknowledge{}).has_value());
  EXPECT_TRUE(check_command(CancelAwait{{}, odd}).has_value());
}

// ---- Turns --------------------------------------------------------------------------------------

TurnResult turn_of(Action action) {
  TurnResult result;
  result.actions.push_back(std::move(action));
  return result;
}

ActivityScheduled an_activity() { return {TaskId{0}, "charge", "", {}, {}, ""}; }

TEST(Checks, PassesEveryTurnWithinTheLimits) {
  Samples samples(1);
  for (int i = 0; i < 500; ++i) {
    const auto checked = check_turn(samples.turn_result());
    ASSERT_TRUE(checked.has_value()) << checked.error().message;
  }
}

TEST(Checks, NamesTheActionThatIsWrong) {
  TurnResult result;
  result.actions = {an_activity(), an_activity()};
  std::get<ActivityScheduled>(result.actions[1]).name = "";
  EXPECT_TRUE(is_invalid(check_turn(result), "action 2 of the turn: function name is empty"));
}

TEST(Checks, ChecksEveryPartOfAnActivity) {
  const auto with = [](auto change) {
    ActivityScheduled activity = an_activity();
    change(activity);
    return check_turn(turn_of(activity));
  };
  EXPECT_TRUE(with([](auto&) {}).has_value());
  EXPECT_TRUE(is_invalid(with([](auto& a) { a.task = kStartTimer; }), "ids begin at 0"));
  EXPECT_TRUE(is_invalid(with([](auto& a) { a.name = "a\tb"; }), "control character"));
  EXPECT_TRUE(is_invalid(with([](auto& a) { a.version = text_of(65); }), "version"));
  EXPECT_TRUE(is_invalid(with([](auto& a) { a.tags[text_of(600)]; }), "tag name"));
  EXPECT_TRUE(is_invalid(with([](auto& a) { a.trace_parent = text_of(641); }), "trace parent"));
  EXPECT_TRUE(is_too_large(with([](auto& a) { a.input = text_of(kPayloadBytesMax + 1); }),
                           "action 1 of the turn: input is 2097153 bytes"));
}

TEST(Checks, LetsAChildHaveNoIdYet) {
  ChildScheduled child{TaskId{0}, "", "ship", "", {}, {}, ""};
  EXPECT_TRUE(check_turn(turn_of(child)).has_value());
  child.id = "@entity";
  EXPECT_TRUE(is_invalid(check_turn(turn_of(child)), "child id '@entity'"));
  child.id = text_of(513);
  EXPECT_TRUE(is_invalid(check_turn(turn_of(child)), "child id is 513 bytes"));
  child.id = "fine";
  child.name = "";
  EXPECT_TRUE(is_invalid(check_turn(turn_of(child)), "function name is empty"));
}

TEST(Checks, ChecksSentEventsAndCancelledTasks) {
  const auto sent = [](std::string target, std::string name, Payload payload) {
    return check_turn(
        turn_of(EventSent{TaskId{0}, std::move(target), std::move(name), std::move(payload)}));
  };
  EXPECT_TRUE(sent("order-8", "paid", "yes").has_value());
  EXPECT_TRUE(is_invalid(sent("", "paid", {}), "target id is empty"));
  EXPECT_TRUE(is_invalid(sent("order-8", "", {}), "event name is empty"));
  EXPECT_TRUE(is_too_large(sent("order-8", "paid", text_of(kPayloadBytesMax + 1)), "payload"));
  EXPECT_TRUE(
      is_invalid(check_turn(turn_of(TaskCancelled{TaskId{1}, TaskId{-1}})), "cancelled task"));
}

TEST(Checks, ChecksOperationsThatATurnDecides) {
  const auto called = [](std::string target, std::string operation, std::string then) {
    return check_turn(turn_of(
        OperationCalled{TaskId{0}, std::move(target), std::move(operation), "1", std::move(then)}));
  };
  EXPECT_TRUE(called("@counter@7", "add", "").has_value());
  EXPECT_TRUE(called("@counter@7", "add", "added").has_value());
  EXPECT_TRUE(
      is_invalid(called("counter", "add", ""), "target id 'counter' is no id of an entity"));
  EXPECT_TRUE(is_invalid(called("@counter@7", "", ""), "operation name is empty"));
  EXPECT_TRUE(is_invalid(called("@counter@7", "add", text_of(257)), "operation for the outcome"));
  EXPECT_TRUE(is_invalid(
      check_turn(turn_of(OperationSignaled{TaskId{0}, "counter", "add", {}, {}})), "target id"));
  EXPECT_TRUE(is_too_large(check_turn(turn_of(OperationSignaled{
                               TaskId{0}, "@counter@7", "add", text_of(kPayloadBytesMax + 1), {}})),
                           "input"));
}

TEST(Checks, WantsTheEntitiesOfASectionInTheirOneOrder) {
  const auto locked = [](std::vector<std::string> entities) {
    return check_turn(turn_of(LockRequested{TaskId{0}, std::move(entities)}));
  };
  EXPECT_TRUE(locked({"@a@1"}).has_value());
  EXPECT_TRUE(locked({"@a@1", "@a@2", "@b@"}).has_value());
  EXPECT_TRUE(is_invalid(locked({}), "names no entity"));
  EXPECT_TRUE(is_invalid(locked({"@a@2", "@a@1"}), "ascending order"));
  EXPECT_TRUE(is_invalid(locked({"@a@1", "@a@1"}), "each once"));
  EXPECT_TRUE(is_invalid(locked({"@a@1", "b"}), "locked entity 'b'"));
  std::vector<std::string> many;
  for (std::size_t i = 0; i <= kSectionEntitiesMax; ++i)
    many.push_back("@a@" + std::to_string(10'000 + i));
  EXPECT_TRUE(is_invalid(locked(many), "names 1001 entities; at most 1000"));
  many.pop_back();
  EXPECT_TRUE(locked(many).has_value());
  EXPECT_TRUE(check_turn(turn_of(LockReleased{TaskId{1}, TaskId{0}})).has_value());
  EXPECT_TRUE(is_invalid(check_turn(turn_of(LockReleased{TaskId{1}, TaskId{-1}})), "section"));
}

TEST(Checks, ChecksTheOutcomeOfABatch) {
  TurnResult result;
  Operated operated;
  operated.state = text_of(kPayloadBytesMax);
  result.outcome = operated;
  EXPECT_TRUE(check_turn(result).has_value());
  operated.state = text_of(kPayloadBytesMax + 1);
  result.outcome = operated;
  EXPECT_TRUE(is_too_large(check_turn(result), "state is 2097153 bytes"));
  operated.state.reset();
  operated.results.assign(kOperationsPerBatchMax + 1, Payload());
  result.outcome = operated;
  EXPECT_TRUE(is_invalid(check_turn(result), "the batch has 1001 results; at most 1000"));
  operated.results.assign(9, Payload(text_of(kPayloadBytesMax)));
  result.outcome = operated;
  EXPECT_TRUE(is_too_large(check_turn(result), "the turn's actions and outcome are"));
}

TEST(Checks, CountsTheFailuresOfABatchAsTheyWillBeStored) {
  TurnResult result;
  Operated operated;
  operated.results.assign(kOperationsPerBatchMax, Failure{"t", "no", "", true, {}});
  result.outcome = operated;
  EXPECT_TRUE(check_turn(result).has_value());
  const Failure large{"t", text_of(kFailureBytesMax * 2), "", true, {}};
  operated.results.assign(kTurnBytesMax / kFailureBytesMax, large);
  result.outcome = operated;
  EXPECT_TRUE(check_turn(result).has_value());
  operated.results.emplace_back(large);
  result.outcome = operated;
  EXPECT_TRUE(is_too_large(check_turn(result), "the turn's actions and outcome are"));
}

TEST(Checks, BoundsTheNumberOfActions) {
  TurnResult result;
  result.actions.assign(kActionsPerTurnMax, TimerCreated{TaskId{0}, {1}});
  EXPECT_TRUE(check_turn(result).has_value());
  result.actions.push_back(TimerCreated{TaskId{0}, {1}});
  EXPECT_TRUE(is_invalid(check_turn(result), "the turn has 100001 actions; at most 100000"));
}

TEST(Checks, BoundsTheBytesOfATurn) {
  TurnResult result;
  ActivityScheduled large = an_activity();
  large.input = text_of(kPayloadBytesMax - 100);
  result.actions.assign(kTurnBytesMax / kPayloadBytesMax, large);
  EXPECT_TRUE(check_turn(result).has_value());
  result.outcome = Completed{text_of(2'000)};
  EXPECT_TRUE(is_too_large(check_turn(result), "the turn's actions and outcome are"));
  result.outcome = Waiting{};
  result.actions.emplace_back(large);
  EXPECT_TRUE(is_too_large(check_turn(result), "at most 16777216 are allowed"));
}

TEST(Checks, ChecksTheOutcomeOfATurn) {
  TurnResult result;
  result.outcome = Completed{text_of(kPayloadBytesMax + 1)};
  EXPECT_TRUE(is_too_large(check_turn(result), "output"));
  result.outcome = Failed{{"t", text_of(kFailureBytesMax * 2), "", true, {}}};
  EXPECT_TRUE(check_turn(result).has_value());
  result.outcome = ContinuedAsNew{text_of(kPayloadBytesMax + 1), {}, {}, {}};
  EXPECT_TRUE(is_too_large(check_turn(result), "input"));
  result.outcome = ContinuedAsNew{{}, text_of(65), {}, {}};
  EXPECT_TRUE(is_invalid(check_turn(result), "version"));
  result.outcome = ContinuedAsNew{{}, {}, Tags{{"", ""}}, {}};
  EXPECT_TRUE(is_invalid(check_turn(result), "tag name"));
  result.outcome = ContinuedAsNew{{}, {}, {}, {{"", {}}}};
  EXPECT_TRUE(is_invalid(check_turn(result), "event name"));
  result.outcome = Waiting{};
  result.custom_status = Payload(text_of(kCustomStatusBytesMax));
  EXPECT_TRUE(check_turn(result).has_value());
  result.custom_status = Payload(text_of(kCustomStatusBytesMax + 1));
  EXPECT_TRUE(is_too_large(check_turn(result), "custom status is 65537 bytes"));
}

// ---- Failures -----------------------------------------------------------------------------------

std::size_t texts_of(const Failure& failure) {
  std::size_t bytes = failure.type.size() + failure.message.size() + failure.stack.size();
  for (const Failure& inner : failure.inner) bytes += texts_of(inner);
  return bytes;
}

int levels_of(const Failure& failure) {
  return failure.inner.empty() ? 1 : 1 + levels_of(failure.inner.front());
}

Failure failure_of(int levels, std::size_t text_size) {
  Failure failure{"type", text_of(text_size), text_of(text_size), true, {}};
  if (levels > 1) failure.inner.push_back(failure_of(levels - 1, text_size));
  return failure;
}

TEST(Checks, LeavesAFailureWithinTheLimitsAsItIs) {
  Samples samples(2);
  for (int i = 0; i < 100; ++i) {
    const Failure before = samples.failure();
    Failure after = before;
    trim_failure(after);
    EXPECT_EQ(after, before);
  }
  const Failure largest = failure_of(kFailureDepthMax, 2'000);
  Failure after = largest;
  trim_failure(after);
  EXPECT_EQ(after, largest);
}

TEST(Checks, SaysHowManyBytesOfATextWereCut) {
  Failure failure{"type", "", text_of(100'000), true, {}};
  trim_failure(failure);
  const std::size_t note = failure.stack.find("... (");
  ASSERT_NE(note, std::string::npos);
  EXPECT_EQ(failure.stack.substr(note), "... (" + std::to_string(100'000 - note) + " bytes cut)");
  EXPECT_EQ(failure.stack.substr(0, note), text_of(note));
  EXPECT_GT(texts_of(failure), kFailureBytesMax - 10);
  EXPECT_EQ(failure.type, "type");
}

TEST(Checks, CutsAFailureOfAnyShapeDownToTheLimits) {
  Samples samples(3);
  for (int i = 0; i < 200; ++i) {
    Failure failure;
    Failure* level = &failure;
    const int levels = 1 + static_cast<int>(samples.random().below(30));
    for (int at = 0; at < levels; ++at) {
      for (std::string* text : {&level->type, &level->message, &level->stack})
        *text = text_of(samples.random().below(samples.flag() ? 20 : 40'000));
      if (at + 1 < levels) level = &level->inner.emplace_back();
    }
    trim_failure(failure);
    EXPECT_LE(texts_of(failure), kFailureBytesMax);
    EXPECT_LE(levels_of(failure), kFailureDepthMax);
    const Failure once = failure;
    trim_failure(failure);
    EXPECT_EQ(failure, once);
    // And it can be stored.
    const std::vector<Event> events{{{}, ActivityFailed{TaskId{0}, failure}}};
    EXPECT_EQ(decode_events("key", encode_events("key", events)), events);
  }
}

TEST(Checks, KeepsTheMessageBeforeTheStack) {
  Failure failure{"type", text_of(30'000), text_of(1'000'000), true, {}};
  trim_failure(failure);
  EXPECT_EQ(failure.message, text_of(30'000));
  EXPECT_TRUE(failure.stack.ends_with(" bytes cut)"));
}

TEST(Checks, CutsBetweenCharacters) {
  for (const std::string_view character : {"é", "漢", "🦀"}) {
    for (std::size_t shift = 0; shift < 4; ++shift) {
      std::string text = text_of(shift);
      while (text.size() < 100'000) text += character;
      Failure failure{"type", text, "", true, {}};
      trim_failure(failure);
      EXPECT_LE(texts_of(failure), kFailureBytesMax);
      EXPECT_TRUE(check_name("message", failure.message, kFailureBytesMax).has_value());
      EXPECT_TRUE(text.starts_with(failure.message.substr(0, failure.message.find("..."))));
    }
  }
}

TEST(Checks, KeepsOnlyTheFirstInnerFailure) {
  Failure failure{
      "outer", "", "", true, {{"first", "", "", true, {}}, {"other", "", "", true, {}}}};
  trim_failure(failure);
  ASSERT_EQ(failure.inner.size(), 1U);
  EXPECT_EQ(failure.inner[0].type, "first");
}

}  // namespace
}  // namespace perdure::model
