// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Rows of format 1, byte for byte. What is here is in somebody's store: it must decode for ever,
// and as long as the format is 1 it must be written just so. When a field is appended, the old row
// stays as one that must decode (with the field's default) and the new one joins it.
#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/key.h"
#include "model/record.h"

namespace perdure::model {
namespace {

const InstanceKey kOrder{"default", "order-7"};
const InstanceKey kStock{"default", "@stock@7"};

std::string hex_of(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex += kDigits[static_cast<unsigned char>(byte) >> 4];
    hex += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return hex;
}

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
  return bytes;
}

Failure a_failure() {
  return {.type = "Declined",
          .message = "card 42",
          .stack = "at charge",
          .retriable = false,
          .inner = {{.type = "Net", .message = "", .stack = "", .retriable = true, .inner = {}}}};
}

Parent a_parent() {
  return {.key = {.hub = "default", .id = "cart-1"},
          .execution = Execution{3},
          .task = TaskId{65},
          .name = "cart"};
}

Caller a_caller() {
  return {.key = {.hub = "default", .id = "order-8"},
          .execution = Execution{200},
          .task = TaskId{4},
          .then = ""};
}

/// An entity that waits for the outcome as an operation of its own.
Caller a_calling_entity() {
  return {.key = {.hub = "default", .id = "@cart@1"},
          .execution = Execution{2},
          .task = TaskId{-1},
          .then = "taken"};
}

ExecutionStarted a_start() {
  return {.name = "checkout",
          .version = "2.1",
          .input = "{\"n\":1}",
          .tags = {{"team", "pay"}, {"tier", ""}},
          .parent = a_parent(),
          .scheduled_start = base::Timestamp{1'767'225'600'000'000},
          .trace_parent = "00-ab-cd-01"};
}

struct GoldenEvent {
  EventBody body;
  std::string_view hex;
};

/// One list with one event of each kind, at 2026-01-01T00:00:00Z. Only the rows differ.
const std::vector<GoldenEvent>& golden_events() {
  static const std::vector<GoldenEvent> kEvents{
      {a_start(),
       "010101808082e288d2a3065308636865636b6f757403322e31087b226e223a317d02047465616d03"
       "706179047469657200190f0764656661756c7406636172742d31038201046361727401808082e288"
       "d2a3060b30302d61622d63642d303148f1b906"},
      {ExecutionStarted{.name = "n",
                        .version = "",
                        .input = {},
                        .tags = {},
                        .parent = {},
                        .scheduled_start = {},
                        .trace_parent = ""},
       "010101808082e288d2a30608016e0000000000007d1f90bf"},
      {ExecutionCompleted{.ending = Ending::kFailed, .output = {}, .failure = a_failure()},
       "010102808082e288d2a30628020026084465636c696e656407636172642034320961742063686172"
       "67650009034e657400000100b0a20660"},
      {ExecutionCompleted{.ending = Ending::kCompleted, .output = "ok", .failure = {}},
       "010102808082e288d2a3060501036f6b00d111023c"},
      {TurnStarted{}, "010103808082e288d2a3060044f644cc"},
      {ActivityScheduled{.task = TaskId{0},
                         .name = "charge",
                         .version = "1",
                         .input = "",
                         .tags = {{"gpu", "a100"}},
                         .trace_parent = "00"},
       "010104808082e288d2a306180006636861726765013101010367707504613130300230302ade709e"},
      {ActivityCompleted{.task = TaskId{0}, .result = "paid"},
       "010105808082e288d2a3060600057061696434fc3fb8"},
      {ActivityFailed{.task = TaskId{1}, .failure = a_failure()},
       "010106808082e288d2a306270225084465636c696e65640763617264203432096174206368617267"
       "650009034e657400000100454f3cad"},
      {TimerCreated{.task = TaskId{2}, .fire_at = {1'767'225'660'000'000}},
       "010107808082e288d2a3060904809c9e9b89d2a306b6845290"},
      {TimerFired{.task = TaskId{2}, .fire_at = {-1}}, "010108808082e288d2a306020401208f4dbb"},
      {ChildScheduled{.task = TaskId{3},
                      .id = "order-7:3",
                      .name = "ship",
                      .version = "",
                      .input = {},
                      .tags = {},
                      .trace_parent = ""},
       "010109808082e288d2a3061406096f726465722d373a330473686970000000004e7ce891"},
      {ChildCompleted{.task = TaskId{3}, .result = {}}, "01010a808082e288d2a306020600ad94800c"},
      {ChildFailed{.task = TaskId{3}, .failure = a_failure()},
       "01010b808082e288d2a306270625084465636c696e65640763617264203432096174206368617267"
       "650009034e657400000100925130d9"},
      {EventRaised{.name = "approved", .payload = "yes"},
       "01010c808082e288d2a3060d08617070726f76656404796573aebb647b"},
      {EventSent{.task = TaskId{4}, .target = "order-8", .name = "paid", .payload = "1"},
       "01010d808082e288d2a3061008076f726465722d3804706169640231bb2f0e60"},
      {TaskCancelled{.task = TaskId{300}, .cancelled = TaskId{2}},
       "01010e808082e288d2a30603d804049dd50f0d"},
      {ExecutionSuspended{.reason = "audit"}, "01010f808082e288d2a3060605617564697479e9f1cc"},
      {ExecutionResumed{.reason = ""}, "010110808082e288d2a3060100a8d61c26"},
      {ExecutionTerminated{.reason = "stop", .recursive = true},
       "010111808082e288d2a306060473746f7001c444d29e"},
      {ExecutionRewound{.reason = "again"}, "010112808082e288d2a3060605616761696e7b041a71"},
      {OperationCalled{.task = TaskId{5},
                       .target = "@stock@7",
                       .operation = "take",
                       .input = "2",
                       .then = "taken"},
       "010113808082e288d2a306170a084073746f636b40370474616b6502320574616b656e16cc21aa"},
      {OperationSignaled{.task = TaskId{6},
                         .target = "@stock@7",
                         .operation = "audit",
                         .input = {},
                         .fire_at = base::Timestamp{1'767'225'660'000'000}},
       "010114808082e288d2a3061a0c084073746f636b40370561756469740001809c9e9b89d2a306f1d6"
       "a601"},
      {OperationSignaled{.task = TaskId{6},
                         .target = "@stock@",
                         .operation = "audit",
                         .input = "",
                         .fire_at = {}},
       "010114808082e288d2a306110c074073746f636b40056175646974010046f935de"},
      {OperationCompleted{.task = TaskId{5}, .result = "3"},
       "010115808082e288d2a306030a0233dd917a22"},
      {OperationFailed{.task = TaskId{5}, .failure = a_failure()},
       "010116808082e288d2a306270a25084465636c696e65640763617264203432096174206368617267"
       "650009034e65740000010028be99ef"},
      {LockRequested{.task = TaskId{7}, .entities = {"@cart@1", "@stock@7"}},
       "010117808082e288d2a306130e020740636172744031084073746f636b403709709790"},
      {LockGranted{.task = TaskId{7}}, "010118808082e288d2a306010e430c5a26"},
      {LockReleased{.task = TaskId{8}, .section = TaskId{7}},
       "010119808082e288d2a30602100e7a2f49bc"},
      {OperationRequested{.operation = "take", .input = "2", .caller = a_caller(), .failure = {}},
       "01011a808082e288d2a3061e0474616b65023216100764656661756c74076f726465722d38c80108"
       "0000daa666fb"},
      {OperationRequested{.operation = "taken", .input = {}, .caller = {}, .failure = a_failure()},
       "01011a808082e288d2a3062e0574616b656e000026084465636c696e656407636172642034320961"
       "74206368617267650009034e6574000001009708454f"},
      {LockWanted{.owner = a_caller()},
       "01011b808082e288d2a3061615100764656661756c74076f726465722d38c8010800c24bf134"},
  };
  return kEvents;
}

TEST(RecordGolden, KeepsTheBytesOfEveryKindOfEvent) {
  const std::string key = prologue_key(kOrder);
  std::set<std::size_t> kinds;
  for (const GoldenEvent& golden : golden_events()) {
    const std::vector<Event> events{{{1'767'225'600'000'000}, golden.body}};
    EXPECT_EQ(hex_of(encode_events(key, events)), golden.hex) << kind_name(golden.body);
    const auto decoded = decode_events(key, bytes_of(golden.hex));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(*decoded, events);
    kinds.insert(golden.body.index());
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<EventBody>);
}

/// What was appended later is written only where it says something: the rows above are as they
/// were.
const std::vector<GoldenEvent>& golden_tails() {
  static const std::vector<GoldenEvent> kEvents{
      {ActivityFailed{.task = TaskId{1},
                      .failure = {.type = "Declined",
                                  .message = "",
                                  .stack = "",
                                  .retriable = true,
                                  .inner = {},
                                  .properties = "{\"code\":7}"}},
       "010106808082e288d2a3061a0218084465636c696e6564000001000a7b22636f6465223a377d01f3"
       "5949"},
      {ChildScheduled{.task = TaskId{3},
                      .id = "o",
                      .name = "ship",
                      .version = "",
                      .input = {},
                      .tags = {},
                      .trace_parent = "",
                      .start_at = base::Timestamp{1'767'225'660'000'000}},
       "010109808082e288d2a3061506016f04736869700000000001809c9e9b89d2a3066c3fbf53"},
      {OperationCalled{.task = TaskId{5},
                       .target = "@stock@7",
                       .operation = "take",
                       .input = "2",
                       .then = "",
                       .correlation = "c-1"},
       "010113808082e288d2a306160a084073746f636b40370474616b6502320003632d314df5cf7d"},
      {OperationSignaled{.task = TaskId{6},
                         .target = "@stock@7",
                         .operation = "audit",
                         .input = {},
                         .fire_at = {},
                         .correlation = "c-2"},
       "010114808082e288d2a306160c084073746f636b4037056175646974000003632d320ef4383c"},
      {LockRequested{.task = TaskId{7}, .entities = {"@stock@7"}, .correlation = "s-1"},
       "010117808082e288d2a3060f0e01084073746f636b403703732d31ab13157f"},
      {LockReleased{
           .task = TaskId{8}, .section = TaskId{7}, .correlation = "s-1", .entity = "@stock@7"},
       "010119808082e288d2a3060f100e03732d31084073746f636b4037cb80d84f"},
  };
  return kEvents;
}

TEST(RecordGolden, KeepsTheBytesOfWhatWasAppendedToEvents) {
  const std::string key = prologue_key(kOrder);
  for (const GoldenEvent& golden : golden_tails()) {
    const std::vector<Event> events{{{1'767'225'600'000'000}, golden.body}};
    EXPECT_EQ(hex_of(encode_events(key, events)), golden.hex) << kind_name(golden.body);
    EXPECT_EQ(decode_events(key, bytes_of(golden.hex)), events);
  }
}

TEST(RecordGolden, KeepsTheBytesOfAListOfEvents) {
  const std::string key = inbox_key(kOrder, 258);
  const std::vector<Event> events{{{1'767'225'600'000'000}, TurnStarted{}},
                                  {{1'767'225'600'000'000}, ExecutionResumed{.reason = ""}},
                                  {{1'767'225'599'999'999}, TurnStarted{}}};
  constexpr std::string_view kHex = "010303808082e288d2a30600100001000301004140823c";
  EXPECT_EQ(hex_of(encode_events(key, events)), kHex);
  EXPECT_EQ(decode_events(key, bytes_of(kHex)), events);
}

TEST(RecordGolden, KeepsTheBytesOfAHistory) {
  const std::string first = history_key(kOrder, Execution{1}, 0);
  const std::string second = history_key(kOrder, Execution{1}, 2);
  HistoryChunk one{.chain_before = 0,
                   .chain_after = 0,
                   .events = {{{1'000}, TurnStarted{}}, {{1'000}, EventRaised{"go", {}}}}};
  HistoryChunk two{.chain_before = 0,
                   .chain_after = 0,
                   .events = {{{2'000}, ExecutionCompleted{Ending::kCompleted, "x", {}}}}};
  constexpr std::string_view kFirstHex = "0100000000c190d2440203d00f000c000402676f007ddf4b99";
  constexpr std::string_view kSecondHex = "01c190d244c0fc6a3e0102a01f040102780076ccf439";
  EXPECT_EQ(hex_of(encode_chunk(first, one)), kFirstHex);
  two.chain_before = one.chain_after;
  EXPECT_EQ(hex_of(encode_chunk(second, two)), kSecondHex);
  EXPECT_EQ(decode_chunk(first, bytes_of(kFirstHex)), one);
  EXPECT_EQ(decode_chunk(second, bytes_of(kSecondHex)), two);
}

InstanceRecord a_head() {
  return {.status = Status::kFailed,
          .execution = Execution{4},
          .name = "checkout",
          .version = "2.1",
          .tags = {{"team", "pay"}},
          .parent = a_parent(),
          .trace_parent = "00-ab-cd-01",
          .idempotency_key = "try-1",
          .created = {1'767'225'600'000'000},
          .updated = {1'767'225'600'000'001},
          .scheduled_start = {},
          .ended = base::Timestamp{1'767'225'600'000'002},
          .resume_to = Status::kPending,
          .history_events = 300,
          .history_chain = 0xDEAD'BEEF,
          .inbox_next = 129,
          .turn_attempts = 2,
          .custom_status = "half",
          .output = {},
          .failure = a_failure(),
          .lock = {}};
}

TEST(RecordGolden, KeepsTheBytesOfAHead) {
  constexpr std::string_view kHex =
      "01050408636865636b6f757403322e3101047465616d03706179190f0764656661756c7406636172"
      "742d3103820104636172740b30302d61622d63642d3031057472792d31808082e288d2a306828082"
      "e288d2a3060001848082e288d2a30601ac02effdb6f50d8101020568616c660026084465636c696e"
      "65640763617264203432096174206368617267650009034e65740000010000b078bbb7";
  const std::string key = head_key(kOrder);
  EXPECT_EQ(hex_of(encode_head(key, a_head())), kHex);
  EXPECT_EQ(decode_head(key, bytes_of(kHex)), a_head());
}

TEST(RecordGolden, ReadsAHeadFromBeforeThereWereLocks) {
  constexpr std::string_view kHex =
      "01050408636865636b6f757403322e3101047465616d03706179190f0764656661756c7406636172"
      "742d3103820104636172740b30302d61622d63642d3031057472792d31808082e288d2a306828082"
      "e288d2a3060001848082e288d2a30601ac02effdb6f50d8101020568616c660026084465636c696e"
      "65640763617264203432096174206368617267650009034e657400000100c6cdeaea";
  EXPECT_EQ(decode_head(head_key(kOrder), bytes_of(kHex)), a_head());
}

TEST(RecordGolden, KeepsTheBytesOfTheHeadOfAnEntity) {
  const InstanceRecord record{.status = Status::kRunning,
                              .execution = Execution{9},
                              .name = "@stock",
                              .version = "",
                              .tags = {},
                              .parent = {},
                              .trace_parent = "",
                              .idempotency_key = "",
                              .created = {1'767'225'600'000'000},
                              .updated = {1'767'225'600'000'000},
                              .scheduled_start = {},
                              .ended = {},
                              .resume_to = Status::kRunning,
                              .history_events = 3,
                              .history_chain = 0,
                              .inbox_next = 14,
                              .turn_attempts = 0,
                              .custom_status = {},
                              .output = {},
                              .failure = {},
                              .lock = HeldLock{.owner = a_caller(), .until = 13}};
  constexpr std::string_view kHex =
      "010209064073746f636b0000000000808082e288d2a306808082e288d2a30600000203000e000000"
      "001815100764656661756c74076f726465722d38c80108000d9e890ff5";
  const std::string key = head_key(kStock);
  EXPECT_EQ(hex_of(encode_head(key, record)), kHex);
  EXPECT_EQ(decode_head(key, bytes_of(kHex)), record);
}

TEST(RecordGolden, KeepsTheBytesOfTheStateOfAnEntity) {
  constexpr std::string_view kHex = "017b226c656674223a337d5ce3f1e8";
  const std::string key = state_key(kStock);
  EXPECT_EQ(hex_of(encode_state(key, "{\"left\":3}")), kHex);
  EXPECT_EQ(decode_state(key, bytes_of(kHex)), "{\"left\":3}");
}

PendingTask a_task() {
  return {.kind = TaskKind::kChild,
          .name = "ship",
          .version = "1",
          .chunk = 130,
          .index = 2,
          .attempts = 1,
          .fire_at = {-5},
          .child_id = "order-7:3",
          .entities = {},
          .locked = 0,
          .signal = {}};
}

TEST(RecordGolden, KeepsTheBytesOfAPendingTask) {
  constexpr std::string_view kHex =
      "0103047368697001318201020109096f726465722d373a330000008f54f628";
  const std::string key = task_key(kOrder, TaskId{3});
  EXPECT_EQ(hex_of(encode_task(key, a_task())), kHex);
  EXPECT_EQ(decode_task(key, bytes_of(kHex)), a_task());
}

TEST(RecordGolden, ReadsAPendingTaskFromBeforeThereWereSections) {
  constexpr std::string_view kHex = "0103047368697001318201020109096f726465722d373a337bf602bf";
  EXPECT_EQ(decode_task(task_key(kOrder, TaskId{3}), bytes_of(kHex)), a_task());
}

TEST(RecordGolden, KeepsTheBytesOfACriticalSection) {
  PendingTask section = a_task();
  section.kind = TaskKind::kSection;
  section.entities = {"@cart@1", "@stock@7"};
  section.locked = 1;
  constexpr std::string_view kHex =
      "0105047368697001318201020109096f726465722d373a33020740636172744031084073746f636b"
      "40370100749e33dd";
  const std::string key = task_key(kOrder, TaskId{3});
  EXPECT_EQ(hex_of(encode_task(key, section)), kHex);
  EXPECT_EQ(decode_task(key, bytes_of(kHex)), section);
}

TEST(RecordGolden, KeepsTheBytesOfASignalWhoseTimeHasNotCome) {
  PendingTask later = a_task();
  later.kind = TaskKind::kSignal;
  later.signal = {.operation = "audit", .input = "1", .caller = {}, .failure = {}};
  constexpr std::string_view kHex =
      "0106047368697001318201020109096f726465722d373a3300000b05617564697402310000aec72f"
      "a8";
  const std::string key = task_key(kStock, TaskId{3});
  EXPECT_EQ(hex_of(encode_task(key, later)), kHex);
  EXPECT_EQ(decode_task(key, bytes_of(kHex)), later);
}

TEST(RecordGolden, KeepsTheBytesOfAnActivityThatReported) {
  PendingTask activity = a_task();
  activity.kind = TaskKind::kActivity;
  activity.progress = "0.5";
  constexpr std::string_view kHex =
      "0101047368697001318201020109096f726465722d373a3300000004302e359ab05b14";
  const std::string key = task_key(kOrder, TaskId{3});
  EXPECT_EQ(hex_of(encode_task(key, activity)), kHex);
  EXPECT_EQ(decode_task(key, bytes_of(kHex)), activity);
}

struct GoldenMessage {
  Message message;
  std::string_view hex;
};

const std::vector<GoldenMessage>& golden_messages() {
  static const std::vector<GoldenMessage> kMessages{
      {StartChild{.child = kOrder, .started = a_start()},
       "010165100764656661756c74076f726465722d375308636865636b6f757403322e31087b226e223a"
       "317d02047465616d03706179047469657200190f0764656661756c7406636172742d310382010463"
       "61727401808082e288d2a3060b30302d61622d63642d30318c189620"},
      {ChildEnded{.parent = a_parent(), .child_id = "order-7", .result = "ok", .failure = {}},
       "010225180f0764656661756c7406636172742d310382010463617274076f726465722d37036f6b00"
       "2288de23"},
      {DeliverEvent{.target = kOrder, .event = {.name = "paid", .payload = "1"}},
       "010319100764656661756c74076f726465722d37070470616964023148051de7"},
      {TerminateChild{.child = kOrder,
                      .parent = {.hub = "default", .id = "cart-1"},
                      .reason = "stop",
                      .recursive = true,
                      .parent_execution = Execution{130},
                      .task = TaskId{2}},
       "01042a100764656661756c74076f726465722d370f0764656661756c7406636172742d310473746f"
       "7001820104778363e9"},
      {RewindChild{.start = {.child = kOrder, .started = a_start()}, .reason = "again"},
       "01056c65100764656661756c74076f726465722d375308636865636b6f757403322e31087b226e22"
       "3a317d02047465616d03706179047469657200190f0764656661756c7406636172742d3103820104"
       "6361727401808082e288d2a3060b30302d61622d63642d303105616761696e234354d4"},
      {StartOrchestration{.target = kOrder, .started = a_start()},
       "010665100764656661756c74076f726465722d375308636865636b6f757403322e31087b226e223a"
       "317d02047465616d03706179047469657200190f0764656661756c7406636172742d310382010463"
       "61727401808082e288d2a3060b30302d61622d63642d3031ad516418"},
      {RunOperation{.entity = {.hub = "default", .id = "@stock@7"},
                    .request = {.operation = "take",
                                .input = "2",
                                .caller = a_calling_entity(),
                                .failure = {}},
                    .fire_at = base::Timestamp{-1}},
       "010737110764656661756c74084073746f636b4037220474616b6502321a100764656661756c7407"
       "4063617274403102010574616b656e0001014d224d89"},
      {RunOperation{.entity = {.hub = "default", .id = "@stock@7"},
                    .request = {.operation = "audit", .input = {}, .caller = {}, .failure = {}},
                    .fire_at = {}},
       "01071d110764656661756c74084073746f636b40370905617564697400000000cb73e675"},
      {OperationEnded{.caller = a_caller(), .result = "3", .failure = {}},
       "01081915100764656661756c74076f726465722d38c80108000233005f4d9ab3"},
      {OperationEnded{.caller = a_caller(), .result = {}, .failure = a_failure()},
       "01083d15100764656661756c74076f726465722d38c80108000026084465636c696e656407636172"
       "64203432096174206368617267650009034e657400000100a3fccf2b"},
      {AcquireLock{.entity = {.hub = "default", .id = "@stock@7"}, .owner = a_caller()},
       "010928110764656661756c74084073746f636b403715100764656661756c74076f726465722d38c8"
       "010800a983528e"},
      {LockAcquired{.owner = a_caller()},
       "010a1615100764656661756c74076f726465722d38c801080058831e68"},
      {ReleaseLock{.entity = {.hub = "default", .id = "@stock@7"}, .owner = a_caller()},
       "010b28110764656661756c74084073746f636b403715100764656661756c74076f726465722d38c8"
       "01080078f8116c"},
  };
  return kMessages;
}

TEST(RecordGolden, KeepsTheBytesOfEveryKindOfMessage) {
  const std::string key = outbox_key(Slot{258}, ShardId{3}, 4);
  std::set<std::size_t> kinds;
  for (const GoldenMessage& golden : golden_messages()) {
    EXPECT_EQ(hex_of(encode_message(key, golden.message)), golden.hex) << golden.message.index();
    EXPECT_EQ(decode_message(key, bytes_of(golden.hex)), golden.message);
    kinds.insert(golden.message.index());
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Message>);
}

TEST(RecordGolden, KeepsTheBytesOfMarksAndNumbers) {
  constexpr std::string_view kMarkHex = "013bcab8bb";
  EXPECT_EQ(hex_of(encode_mark(ready_key(kOrder))), kMarkHex);
  EXPECT_TRUE(decode_mark(ready_key(kOrder), bytes_of(kMarkHex)).has_value());
  constexpr std::string_view kNumberHex = "01ac02ad285549";
  const std::string key = sent_key(Slot{0}, ShardId{63});
  EXPECT_EQ(hex_of(encode_number(key, 300)), kNumberHex);
  EXPECT_EQ(decode_number(key, bytes_of(kNumberHex)), 300U);
}

TEST(RecordGolden, KeepsTheBytesOfKeys) {
  EXPECT_EQ(hex_of(head_key(kOrder)), "046d64656661756c74006f726465722d370001");
  EXPECT_EQ(hex_of(history_key(kOrder, Execution{1}, 2)),
            "046d64656661756c74006f726465722d370000000000000000010000000000000002");
  EXPECT_EQ(hex_of(timer_key(kOrder, {-1}, Execution{1}, kTombstoneTimer)),
            "046d027fffffffffffffff64656661756c74006f726465722d37000000000000000001fffffffe");
}

}  // namespace
}  // namespace perdure::model
