// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/record.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "model/key.h"
#include "model/limits.h"
#include "model/testing/samples.h"
#include "model/testing/seal.h"

namespace perdure::model {
namespace {

using base::ErrorCode;
using base::Writer;
using testing::body_of;
using ::testing::IsSubstring;
using testing::kSealBytes;
using testing::Samples;
using testing::sealed;

const std::string kKey = head_key({"default", "order-7"});

template <class Write>
std::string written(Write write) {
  std::string bytes;
  Writer writer(bytes);
  write(writer);
  return bytes;
}

template <class T>
::testing::AssertionResult is_corrupt(const base::Result<T>& result, std::string_view why) {
  if (result) return ::testing::AssertionFailure() << "it decodes";
  if (result.error().code != ErrorCode::kStoreCorrupt)
    return ::testing::AssertionFailure() << "another code: " << result.error().message;
  if (!result.error().message.contains(why))
    return ::testing::AssertionFailure() << "another reason: " << result.error().message;
  return ::testing::AssertionSuccess();
}

/// The bytes of a list with one event whose body is `body`.
std::string event_list(std::uint64_t kind, std::string_view body) {
  return written([&](Writer& w) {
    w.varint(1);
    w.varint(kind);
    w.svarint(1'000);
    w.bytes(body);
  });
}

Failure nested_failure(int depth) {
  Failure failure{.type = "level", .message = "m", .stack = "s", .retriable = false, .inner = {}};
  if (depth > 1) failure.inner.push_back(nested_failure(depth - 1));
  return failure;
}

// ---- Round trips --------------------------------------------------------------------------------

class EveryEvent : public ::testing::TestWithParam<std::size_t> {};

TEST_P(EveryEvent, ComesBackAsItWas) {
  Samples samples(100 + GetParam());
  for (int i = 0; i < 300; ++i) {
    const std::vector<Event> events{{samples.time(), samples.event_body(GetParam())}};
    const auto decoded = decode_events(kKey, encode_events(kKey, events));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    ASSERT_EQ(*decoded, events) << describe(events[0]);
  }
}

TEST_P(EveryEvent, TakesTheBytesThatItsSizeTells) {
  Samples samples(200 + GetParam());
  for (int i = 0; i < 100; ++i) {
    const Event event{samples.time(), samples.event_body(GetParam())};
    const std::string row = encode_events(kKey, {event});
    constexpr std::size_t kCountBytes = 1;
    ASSERT_EQ(encoded_size(event) + kCountBytes + kSealBytes, row.size()) << describe(event);
  }
}

INSTANTIATE_TEST_SUITE_P(Record, EveryEvent,
                         ::testing::Range(std::size_t{0}, std::variant_size_v<EventBody>));

class EveryMessage : public ::testing::TestWithParam<std::size_t> {};

TEST_P(EveryMessage, ComesBackAsItWas) {
  Samples samples(300 + GetParam());
  for (int i = 0; i < 300; ++i) {
    const Message message = samples.message(GetParam());
    const auto decoded = decode_message(kKey, encode_message(kKey, message));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    ASSERT_EQ(*decoded, message);
  }
}

INSTANTIATE_TEST_SUITE_P(Record, EveryMessage,
                         ::testing::Range(std::size_t{0}, std::variant_size_v<Message>));

TEST(Record, BringsBackHeadsAndTasks) {
  Samples samples(1);
  for (int i = 0; i < 1'000; ++i) {
    const InstanceRecord record = samples.record();
    const auto head = decode_head(kKey, encode_head(kKey, record));
    ASSERT_TRUE(head.has_value()) << head.error().message;
    ASSERT_EQ(*head, record);
    const PendingTask task = samples.pending_task();
    const auto decoded = decode_task(kKey, encode_task(kKey, task));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    ASSERT_EQ(*decoded, task);
  }
}

TEST(Record, BringsBackListsOfEventsWithTheirTimes) {
  Samples samples(2);
  for (int i = 0; i < 500; ++i) {
    const std::vector<Event> events = samples.events(12);
    const auto decoded = decode_events(kKey, encode_events(kKey, events));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    ASSERT_EQ(*decoded, events);
  }
}

TEST(Record, BringsBackTheExtremesOfTime) {
  constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
  std::vector<Event> events;
  for (const std::int64_t us : {kHigh, kLow, std::int64_t{0}, kHigh, std::int64_t{-1}, kLow})
    events.push_back({{us}, TimerFired{.task = {}, .fire_at = {us}}});
  const auto decoded = decode_events(kKey, encode_events(kKey, events));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(*decoded, events);
}

TEST(Record, SpendsOneByteOnTheTimeOfAnEventThatIsNotTheFirstOfItsMoment) {
  const base::Timestamp now{1'700'000'000'000'000};
  const std::size_t one = encode_events(kKey, {{now, TurnStarted{}}}).size();
  const std::size_t two = encode_events(kKey, {{now, TurnStarted{}}, {now, TurnStarted{}}}).size();
  EXPECT_EQ(two - one, 3U);
}

TEST(Record, BringsBackMarksAndNumbers) {
  EXPECT_TRUE(decode_mark(kKey, encode_mark(kKey)).has_value());
  for (int shift = 0; shift < 64; ++shift) {
    const std::uint64_t number = std::numeric_limits<std::uint64_t>::max() >> shift;
    EXPECT_EQ(decode_number(kKey, encode_number(kKey, number)), number);
  }
  EXPECT_EQ(decode_number(kKey, encode_number(kKey, 0)), 0U);
}

TEST(Record, TellsAbsentPayloadsFromEmptyOnes) {
  for (const Payload& payload : {Payload(), Payload(""), Payload("x")}) {
    const auto decoded = decode_events(
        kKey, encode_events(kKey, {{{}, EventRaised{.name = "e", .payload = payload}}}));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(std::get<EventRaised>(decoded->at(0).body).payload, payload);
  }
}

TEST(Record, MeasuresAnActionAtLeastAsLargeAsTheEventItLeaves) {
  Samples samples(3);
  for (int i = 0; i < 500; ++i) {
    const Action action = samples.action();
    const EventBody body = std::visit([](const auto& a) { return EventBody(a); }, action);
    const std::size_t as_event = encoded_size(Event{samples.time(), body});
    EXPECT_GE(encoded_size(action), as_event);
    EXPECT_LE(encoded_size(action), as_event + 9);
  }
}

TEST(Record, AllocatesARowOnce) {
  Samples samples(4);
  for (int i = 0; i < 100; ++i) {
    // The size was known before the first byte: no growth, no copy.
    HistoryChunk chunk{.chain_before = 0, .events = samples.events()};
    for (const std::string& row :
         {encode_head(kKey, samples.record()), encode_task(kKey, samples.pending_task()),
          encode_events(kKey, samples.events()), encode_message(kKey, samples.message()),
          encode_chunk(kKey, chunk)}) {
      std::string once;
      once.reserve(row.size());
      EXPECT_EQ(row.capacity(), once.capacity());
    }
  }
}

// ---- Seals --------------------------------------------------------------------------------------

std::vector<std::string> small_rows() {
  Samples samples(5);
  HistoryChunk chunk{.chain_before = 99, .events = samples.events()};
  return {encode_head(kKey, samples.record()),
          encode_task(kKey, samples.pending_task()),
          encode_events(kKey, samples.events()),
          encode_chunk(kKey, chunk),
          encode_message(kKey, samples.message()),
          encode_mark(kKey),
          encode_number(kKey, 12'345)};
}

void expect_all_corrupt(std::string_view key, std::string_view row) {
  EXPECT_TRUE(is_corrupt(decode_head(key, row), "head row"));
  EXPECT_TRUE(is_corrupt(decode_task(key, row), "task row"));
  EXPECT_TRUE(is_corrupt(decode_events(key, row), "events row"));
  EXPECT_TRUE(is_corrupt(decode_chunk(key, row), "history row"));
  EXPECT_TRUE(is_corrupt(decode_message(key, row), "outbox row"));
  EXPECT_TRUE(is_corrupt(decode_mark(key, row), "mark row"));
  EXPECT_TRUE(is_corrupt(decode_number(key, row), "number row"));
}

TEST(Record, RefusesARowWithAnyBitFlipped) {
  for (std::string row : small_rows()) {
    for (std::size_t bit = 0; bit < row.size() * 8; ++bit) {
      const auto mask = static_cast<char>(1U << (bit % 8));
      row[bit / 8] = static_cast<char>(row[bit / 8] ^ mask);
      expect_all_corrupt(kKey, row);
      row[bit / 8] = static_cast<char>(row[bit / 8] ^ mask);
    }
  }
}

TEST(Record, RefusesATruncatedRow) {
  for (const std::string& row : small_rows()) {
    for (std::size_t size = 0; size < row.size(); ++size)
      expect_all_corrupt(kKey, std::string_view(row).substr(0, size));
  }
}

TEST(Record, RefusesARowUnderAForeignKey) {
  const std::string other = head_key({"default", "order-8"});
  for (const std::string& row : small_rows()) expect_all_corrupt(other, row);
}

TEST(Record, NamesTheRowAndTheWayOut) {
  const auto decoded = decode_head(kKey, "nonsense");
  ASSERT_FALSE(decoded.has_value());
  EXPECT_PRED_FORMAT2(IsSubstring, "default\\x00order-7\\x00\\x01", decoded.error().message);
  EXPECT_PRED_FORMAT2(IsSubstring, "restore the store from a backup", decoded.error().message);
}

TEST(Record, SaysThatANewerVersionWroteAFormatItDoesNotKnow) {
  const std::string row = sealed(kKey, body_of(encode_mark(kKey)), 2);
  EXPECT_TRUE(is_corrupt(decode_mark(kKey, row), "format 2 is unknown here: a newer version"));
}

TEST(Record, SealsAsTheReferenceDescribes) {
  for (const std::string& row : small_rows()) EXPECT_EQ(sealed(kKey, body_of(row)), row);
}

// ---- Behind a whole seal ------------------------------------------------------------------------

TEST(Record, SkipsFieldsThatANewerVersionAppendedToARow) {
  Samples samples(6);
  const InstanceRecord record = samples.record();
  const std::string head = sealed(kKey, body_of(encode_head(kKey, record)) + "\x01\xFFmore");
  EXPECT_EQ(decode_head(kKey, head), record);

  const PendingTask task = samples.pending_task();
  EXPECT_EQ(decode_task(kKey, sealed(kKey, body_of(encode_task(kKey, task)) + "more")), task);

  const std::vector<Event> events = samples.events();
  EXPECT_EQ(decode_events(kKey, sealed(kKey, body_of(encode_events(kKey, events)) + "more")),
            events);

  HistoryChunk chunk{.chain_before = 5, .events = samples.events()};
  const std::string chunk_row = encode_chunk(kKey, chunk);
  EXPECT_EQ(decode_chunk(kKey, sealed(kKey, body_of(chunk_row) + "more")), chunk);

  const Message message = samples.message();
  EXPECT_EQ(decode_message(kKey, sealed(kKey, body_of(encode_message(kKey, message)) + "more")),
            message);
  EXPECT_TRUE(decode_mark(kKey, sealed(kKey, "more")).has_value());
  EXPECT_EQ(decode_number(kKey, sealed(kKey, "\x07more")), 7U);
}

TEST(Record, SkipsFieldsThatANewerVersionAppendedToANestedStruct) {
  const std::string raised = written([](Writer& w) {
    w.bytes("approved");
    w.optional_bytes("yes");
    w.bytes("a field of tomorrow");
  });
  constexpr std::uint64_t kEventRaised = 12;
  const std::string events = event_list(kEventRaised, raised);
  const std::vector<Event> expected{{{1'000}, EventRaised{.name = "approved", .payload = "yes"}}};
  EXPECT_EQ(decode_events(kKey, sealed(kKey, events)), expected);

  // The chain is over the bytes as they are stored, known or not.
  const auto chunk = decode_chunk(kKey, sealed(kKey, testing::chunk_body(3, events)));
  ASSERT_TRUE(chunk.has_value()) << chunk.error().message;
  EXPECT_EQ(chunk->events, expected);
}

TEST(Record, GivesMissingFieldsTheirDefaults) {
  const std::string short_head = written([](Writer& w) {
    w.varint(2);
    w.varint(9);
    w.bytes("checkout");
  });
  InstanceRecord expected;
  expected.status = Status::kRunning;
  expected.execution = Execution{9};
  expected.name = "checkout";
  EXPECT_EQ(decode_head(kKey, sealed(kKey, short_head)), expected);
  EXPECT_EQ(decode_head(kKey, sealed(kKey, "")), InstanceRecord{});
  EXPECT_EQ(decode_task(kKey, sealed(kKey, "")), PendingTask{});

  // A failure was retriable before anybody could say so.
  const std::string failure = written([](Writer& w) { w.bytes("Timeout"); });
  const std::string failed = written([&](Writer& w) {
    w.svarint(4);
    w.bytes(failure);
  });
  constexpr std::uint64_t kActivityFailed = 6;
  const auto events = decode_events(kKey, sealed(kKey, event_list(kActivityFailed, failed)));
  ASSERT_TRUE(events.has_value()) << events.error().message;
  EXPECT_EQ(
      events->at(0).body,
      EventBody(ActivityFailed{
          .task = TaskId{4},
          .failure = {
              .type = "Timeout", .message = "", .stack = "", .retriable = true, .inner = {}}}));
}

TEST(Record, NeverCrashesOnAShortenedBody) {
  Samples samples(7);
  for (int i = 0; i < 50; ++i) {
    const InstanceRecord record = samples.record();
    const std::string body = body_of(encode_head(kKey, record));
    int whole = 0;
    for (std::size_t size = 0; size < body.size(); ++size) {
      const auto decoded = decode_head(kKey, sealed(kKey, body.substr(0, size)));
      whole += decoded.has_value() ? 1 : 0;
      if (!decoded) {
        EXPECT_TRUE(is_corrupt(decoded, "runs past the end"));
      }
    }
    // Cut between fields it is an older row; there are 21 fields, and a tail if it has a trace.
    EXPECT_EQ(whole, record.worker_trace.empty() ? 21 : 22);
  }
}

TEST(Record, SaysThatANewerVersionWroteAKindItDoesNotKnow) {
  EXPECT_TRUE(is_corrupt(decode_events(kKey, sealed(kKey, event_list(57, "?"))),
                         "event kind 57 is unknown here: a newer version of perdure wrote it"));
  const std::string message = written([](Writer& w) {
    w.varint(12);
    w.bytes("?");
  });
  EXPECT_TRUE(is_corrupt(decode_message(kKey, sealed(kKey, message)),
                         "message kind 12 is unknown here: a newer version of perdure wrote it"));
  EXPECT_TRUE(is_corrupt(decode_head(kKey, sealed(kKey, "\x08")), "a newer version"));
  EXPECT_TRUE(is_corrupt(decode_task(kKey, sealed(kKey, "\x07")), "a newer version"));
  EXPECT_TRUE(is_corrupt(decode_task(kKey, sealed(kKey, std::string(1, '\0'))), "choice"));
}

TEST(Record, RefusesLengthsAndCountsThatTheBytesDoNotBack) {
  const std::string huge = written([](Writer& w) { w.varint(std::uint64_t{1} << 60); });
  EXPECT_TRUE(is_corrupt(decode_events(kKey, sealed(kKey, huge)), "more events than"));
  EXPECT_TRUE(is_corrupt(decode_events(kKey, sealed(kKey, huge + "abcdef")), "more events than"));
  EXPECT_TRUE(is_corrupt(decode_task(kKey, sealed(kKey, "\x01" + huge)), "past the end"));
  const std::string tags = "\x01\x01" + std::string("\0\0", 2) + huge;
  EXPECT_TRUE(is_corrupt(decode_head(kKey, sealed(kKey, tags)), "too many tags"));
}

TEST(Record, ReadsAFailureAsDeepAsTheLimitAndNoDeeper) {
  const auto row_of = [](const Failure& failure) {
    return encode_events(kKey, {{{}, ActivityFailed{.task = TaskId{0}, .failure = failure}}});
  };
  const Failure deepest = nested_failure(kFailureDepthMax);
  const std::string row = row_of(deepest);
  const auto decoded = decode_events(kKey, row);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(std::get<ActivityFailed>(decoded->at(0).body).failure, deepest);

  // By hand, since the encoder refuses: each level holds the next one.
  std::string failure;
  for (int level = 0; level <= kFailureDepthMax; ++level) {
    failure = written([&](Writer& w) {
      w.raw(std::string_view("\0\0\0\0", 4));
      w.optional_bytes(level == 0 ? std::nullopt : std::optional(failure));
    });
  }
  const std::string failed = written([&](Writer& w) {
    w.svarint(0);
    w.bytes(failure);
  });
  EXPECT_TRUE(is_corrupt(decode_events(kKey, sealed(kKey, event_list(6, failed))), "too deeply"));
}

TEST(RecordDeathTest, StopsBeforeARowThatCouldNotBeReadAgain) {
  InstanceRecord deep;
  deep.failure = nested_failure(kFailureDepthMax + 1);
  EXPECT_DEATH(encode_head(kKey, deep), "deeper than trim_failure");
  InstanceRecord tagged;
  for (std::size_t i = 0; i <= kTagsMax; ++i) tagged.tags[std::to_string(i)] = "";
  EXPECT_DEATH(encode_head(kKey, tagged), "more tags");
}

TEST(Record, RefusesTagsThatAreNotInOrder) {
  const auto row_of = [](std::string_view first, std::string_view second) {
    return sealed(kKey, written([&](Writer& w) {
                    w.raw(std::string_view("\x01\x01\0\0", 4));
                    w.varint(2);
                    for (const std::string_view key : {first, second}) {
                      w.bytes(key);
                      w.bytes("");
                    }
                  }));
  };
  EXPECT_TRUE(decode_head(kKey, row_of("a", "b")).has_value());
  EXPECT_TRUE(is_corrupt(decode_head(kKey, row_of("b", "a")), "out of order"));
  EXPECT_TRUE(is_corrupt(decode_head(kKey, row_of("a", "a")), "out of order"));
}

TEST(Record, RefusesNumbersOutOfRange) {
  const std::string task = written([](Writer& w) {
    w.varint(1);
    w.bytes("");
    w.bytes("");
    w.varint(0);
    w.varint(std::uint64_t{1} << 32);
  });
  EXPECT_TRUE(is_corrupt(decode_task(kKey, sealed(kKey, task)), "out of range"));
  const std::string fired = written([](Writer& w) { w.svarint(std::int64_t{1} << 31); });
  EXPECT_TRUE(is_corrupt(decode_events(kKey, sealed(kKey, event_list(8, fired))), "out of range"));
}

TEST(Record, RefusesANumberRowWithoutANumber) {
  EXPECT_TRUE(is_corrupt(decode_number(kKey, sealed(kKey, "")), "holds no number"));
}

// ---- The chain of a history ---------------------------------------------------------------------

TEST(Record, ChainsTheRowsOfAHistory) {
  Samples samples(8);
  std::uint32_t chain = 0;
  std::vector<std::string> rows;
  for (int i = 0; i < 20; ++i) {
    HistoryChunk chunk{.chain_before = chain, .events = samples.events()};
    rows.push_back(encode_chunk(kKey, chunk));
    chain = chunk.chain_after;
  }
  std::uint32_t followed = 0;
  for (const std::string& row : rows) {
    const auto chunk = decode_chunk(kKey, row);
    ASSERT_TRUE(chunk.has_value()) << chunk.error().message;
    EXPECT_EQ(chunk->chain_before, followed);
    followed = chunk->chain_after;
  }
  EXPECT_EQ(followed, chain);
}

TEST(Record, HasAnotherChainAfterOtherEventsOrAnotherPast) {
  const Event one{{5}, EventRaised{.name = "a", .payload = "1"}};
  const Event other{{5}, EventRaised{.name = "a", .payload = "2"}};
  HistoryChunk chunk{.chain_before = 1, .events = {one}};
  HistoryChunk other_events{.chain_before = 1, .events = {other}};
  HistoryChunk other_past{.chain_before = 2, .events = {one}};
  HistoryChunk no_events{.chain_before = 1, .events = {}};
  encode_chunk(kKey, chunk);
  encode_chunk(kKey, other_events);
  encode_chunk(kKey, other_past);
  encode_chunk(kKey, no_events);
  EXPECT_NE(chunk.chain_after, other_events.chain_after);
  EXPECT_NE(chunk.chain_after, other_past.chain_after);
  EXPECT_NE(chunk.chain_after, no_events.chain_after);
}

TEST(Record, RefusesAHistoryRowWhoseChainIsNotOfItsEvents) {
  HistoryChunk chunk{.chain_before = 1, .events = {{{5}, TurnStarted{}}}};
  std::string body = body_of(encode_chunk(kKey, chunk));
  body[7] = static_cast<char>(body[7] ^ 1);
  EXPECT_TRUE(is_corrupt(decode_chunk(kKey, sealed(kKey, body)), "chained checksum"));
  EXPECT_TRUE(is_corrupt(decode_chunk(kKey, sealed(kKey, "\x01\x02")), "history row"));
}

}  // namespace
}  // namespace perdure::model
