// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/key.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "model/testing/samples.h"

namespace perdure::model {
namespace {

using testing::Samples;

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
const InstanceKey kOrder{"default", "order-7"};

// ---- Round trips --------------------------------------------------------------------------------

TEST(Key, ReadsBackEveryInstanceRow) {
  Samples samples(1);
  for (int i = 0; i < 500; ++i) {
    const InstanceKey key = samples.key();
    const std::uint64_t number = samples.number();
    const TaskId task = samples.task();
    const auto expect = [&](const std::string& bytes, Part part, std::uint64_t expected) {
      const auto row = parse_instance_row(bytes);
      ASSERT_TRUE(row.has_value());
      EXPECT_EQ(row->slot, slot_of(key));
      EXPECT_EQ(row->instance, key);
      EXPECT_EQ(row->part, part);
      EXPECT_EQ(row->number, expected);
    };
    expect(head_key(key), Part::kHead, 0);
    expect(prologue_key(key), Part::kPrologue, 0);
    expect(inbox_key(key, number), Part::kInbox, number);
    expect(task_key(key, task), Part::kTask, static_cast<std::uint64_t>(task.value));
    expect(state_key(key), Part::kState, 0);
    EXPECT_EQ(parse_history_first(history_key(key, samples.execution(), number)), number);
  }
}

TEST(Key, ReadsBackEveryAgendaRow) {
  Samples samples(2);
  for (int i = 0; i < 500; ++i) {
    const InstanceKey key = samples.key();
    const base::Timestamp at = samples.time();
    const Execution execution = samples.execution();
    const TaskId task = samples.flag() ? samples.task() : kTombstoneTimer;
    const Slot slot{static_cast<std::uint16_t>(samples.number())};
    const ShardId shard{samples.small_number()};
    const std::uint64_t sequence = samples.number();

    const auto ready = parse_agenda_row(ready_key(key));
    ASSERT_TRUE(ready.has_value());
    EXPECT_EQ(std::tie(ready->kind, ready->instance), std::tuple(AgendaKind::kReady, key));
    EXPECT_EQ(ready->slot, slot_of(key));

    const auto timer = parse_agenda_row(timer_key(key, at, execution, task));
    ASSERT_TRUE(timer.has_value());
    EXPECT_EQ(std::tie(timer->kind, timer->instance, timer->fire_at, timer->execution, timer->task),
              std::tuple(AgendaKind::kTimer, key, at, execution, task));

    const auto outbox = parse_agenda_row(outbox_key(slot, shard, sequence));
    ASSERT_TRUE(outbox.has_value());
    EXPECT_EQ(std::tie(outbox->kind, outbox->slot, outbox->shard, outbox->sequence),
              std::tuple(AgendaKind::kOutbox, slot, shard, sequence));

    const auto garbage = parse_agenda_row(garbage_key(key, execution));
    ASSERT_TRUE(garbage.has_value());
    EXPECT_EQ(std::tie(garbage->kind, garbage->instance, garbage->execution),
              std::tuple(AgendaKind::kGarbage, key, execution));

    const auto sent = parse_agenda_row(sent_key(slot, shard));
    ASSERT_TRUE(sent.has_value());
    EXPECT_EQ(std::tie(sent->kind, sent->slot, sent->shard),
              std::tuple(AgendaKind::kSent, slot, shard));

    const auto taken = parse_agenda_row(taken_key(slot, shard));
    ASSERT_TRUE(taken.has_value());
    EXPECT_EQ(std::tie(taken->kind, taken->slot, taken->shard),
              std::tuple(AgendaKind::kTaken, slot, shard));
  }
}

TEST(Key, RefusesEveryTruncationAndEveryExtraByte) {
  for (const std::string& key : {head_key(kOrder), prologue_key(kOrder), inbox_key(kOrder, 3),
                                 task_key(kOrder, TaskId{3}), state_key(kOrder)}) {
    for (std::size_t size = 0; size < key.size(); ++size)
      EXPECT_FALSE(parse_instance_row(key.substr(0, size)).has_value()) << size;
    EXPECT_FALSE(parse_instance_row(key + "x").has_value());
  }
  const Slot slot{7};
  for (const std::string& key : {ready_key(kOrder), timer_key(kOrder, {5}, Execution{1}, TaskId{2}),
                                 outbox_key(slot, ShardId{1}, 2), garbage_key(kOrder, Execution{1}),
                                 sent_key(slot, ShardId{1}), taken_key(slot, ShardId{1})}) {
    for (std::size_t size = 0; size < key.size(); ++size)
      EXPECT_FALSE(parse_agenda_row(key.substr(0, size)).has_value()) << size;
    EXPECT_FALSE(parse_agenda_row(key + "x").has_value());
  }
  const std::string history = history_key(kOrder, Execution{1}, 0);
  for (std::size_t size = 0; size < history.size(); ++size)
    EXPECT_FALSE(parse_history_first(history.substr(0, size)).has_value()) << size;
  EXPECT_FALSE(parse_history_first(history + "x").has_value());
}

TEST(Key, RefusesPartsAndKindsThatDoNotExist) {
  const std::string head = head_key(kOrder);
  const std::string agenda = slot_prefix(Slot{1});
  for (const char number : {'\x00', '\x06', '\xFF'}) {
    std::string other = head;
    other.back() = number;
    EXPECT_FALSE(parse_instance_row(other).has_value());
  }
  for (const char number : {'\x00', '\x07', '\xFF'})
    EXPECT_FALSE(parse_agenda_row(agenda + number + std::string(12, '\0')).has_value());
}

// ---- Order --------------------------------------------------------------------------------------

TEST(Key, OrdersMessagesEventsAndSequencesByNumber) {
  Samples samples(3);
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t a = samples.number();
    const std::uint64_t b = samples.number();
    EXPECT_EQ(a < b, inbox_key(kOrder, a) < inbox_key(kOrder, b));
    EXPECT_EQ(a < b, history_key(kOrder, Execution{4}, a) < history_key(kOrder, Execution{4}, b));
    EXPECT_EQ(a < b, history_key(kOrder, Execution{a}, 9) < history_key(kOrder, Execution{b}, 9));
    const Slot slot{3};
    const ShardId target{8};
    EXPECT_EQ(a < b, outbox_key(slot, target, a) < outbox_key(slot, target, b));
  }
}

TEST(Key, OrdersTimersByTimeFromBeforeTheEpochToTheEnd) {
  Samples samples(4);
  // The later slot parts of the key are the same: only the time may decide.
  const auto at = [](std::int64_t us) { return timer_key(kOrder, {us}, Execution{1}, TaskId{1}); };
  const std::int64_t low = std::numeric_limits<std::int64_t>::min();
  EXPECT_LT(at(low), at(low + 1));
  EXPECT_LT(at(low + 1), at(-1));
  EXPECT_LT(at(-1), at(0));
  EXPECT_LT(at(0), at(1));
  EXPECT_LT(at(1), at(base::kEndOfTime.us));
  for (int i = 0; i < 1'000; ++i) {
    const base::Timestamp a = samples.time();
    const base::Timestamp b = samples.time();
    EXPECT_EQ(a < b, at(a.us) < at(b.us));
  }
}

TEST(Key, OrdersTimersOfOneSlotByTimeWhateverTheInstance) {
  // Two ids in one slot, found by trying.
  const Slot slot = slot_of(kOrder);
  InstanceKey neighbour{kOrder.hub, ""};
  for (int i = 0; neighbour.id.empty() || slot_of(neighbour) != slot; ++i)
    neighbour.id = "n" + std::to_string(i);
  EXPECT_LT(timer_key(neighbour, {1}, Execution{9}, TaskId{9}),
            timer_key(kOrder, {2}, Execution{1}, TaskId{1}));
  EXPECT_LT(timer_key(kOrder, {1}, Execution{9}, TaskId{9}),
            timer_key(neighbour, {2}, Execution{1}, TaskId{1}));
}

TEST(Key, PutsTheHeadInFrontOfTheOtherRowsOfItsInstance) {
  EXPECT_LT(instance_prefix(kOrder), head_key(kOrder));
  EXPECT_LT(head_key(kOrder), prologue_key(kOrder));
  EXPECT_LT(prologue_key(kOrder), inbox_key(kOrder, 0));
  EXPECT_LT(inbox_key(kOrder, kMax), task_key(kOrder, TaskId{0}));
}

TEST(Key, KeepsInstancesApartWhenOneIdBeginsAnother) {
  const std::vector<InstanceKey> keys{{"h", "a"},  {"h", "aa"}, {"h", "a\x20"},
                                      {"ha", "a"}, {"h", "ab"}, {"hh", "a"}};
  for (const InstanceKey& one : keys) {
    for (const InstanceKey& other : keys) {
      if (one == other) continue;
      for (const std::string& row : {head_key(other), prologue_key(other), inbox_key(other, kMax),
                                     task_key(other, TaskId{7})}) {
        EXPECT_FALSE(row.starts_with(instance_prefix(one)));
      }
      EXPECT_FALSE(
          history_key(other, Execution{1}, 1).starts_with(history_prefix(one, Execution{1})));
    }
  }
}

TEST(Key, ListsTheInstancesOfOneSlotInOrderOfTheirNames) {
  // Behind the slot, the order of keys is the order of (hub, id).
  Samples samples(5);
  for (int i = 0; i < 500; ++i) {
    const InstanceKey a = samples.key();
    const InstanceKey b = samples.key();
    EXPECT_EQ(a < b, head_key(a).substr(2) < head_key(b).substr(2)) << a.id << " " << b.id;
  }
}

TEST(Key, KeepsASlotTogetherInEverySpace) {
  Samples samples(6);
  for (int i = 0; i < 200; ++i) {
    const InstanceKey key = samples.key();
    const std::string slot = slot_prefix(slot_of(key));
    for (const std::string& row :
         {head_key(key), inbox_key(key, 1), history_key(key, Execution{1}, 1), ready_key(key),
          timer_key(key, {1}, Execution{1}, TaskId{1}), garbage_key(key, Execution{1})}) {
      EXPECT_TRUE(row.starts_with(slot));
    }
  }
}

TEST(Key, EndsAPrefixBehindEverythingThatBeginsWithIt) {
  EXPECT_EQ(prefix_end("ab"), "ac");
  EXPECT_EQ(prefix_end("a\xFF"), "b");
  EXPECT_EQ(prefix_end("\xFF\xFF"), "");
  EXPECT_EQ(prefix_end(""), "");
  EXPECT_EQ(prefix_end(slot_prefix(Slot{0x12FF})), std::string("\x13"));
  EXPECT_LT(task_key(kOrder, TaskId{0x7FFF'FFFF}), prefix_end(instance_prefix(kOrder)));
  EXPECT_LT(state_key(kOrder), prefix_end(instance_prefix(kOrder)));
}

TEST(Key, IsWrittenAsTheReferenceDescribes) {
  const std::string slot = slot_prefix(slot_of(kOrder));
  const std::string name("default\0order-7\0", 16);
  EXPECT_EQ(head_key(kOrder), slot + name + "\x01");
  EXPECT_EQ(inbox_key(kOrder, 0x0102), slot + name + std::string("\x03\0\0\0\0\0\0\x01\x02", 9));
  EXPECT_EQ(state_key(kOrder), slot + name + "\x05");
  EXPECT_EQ(task_key(kOrder, TaskId{5}), slot + name + std::string("\x04\0\0\0\x05", 5));
  EXPECT_EQ(timer_key(kOrder, {1}, Execution{2}, kStartTimer),
            slot + std::string("\x02\x80\0\0\0\0\0\0\x01", 9) + name +
                std::string("\0\0\0\0\0\0\0\x02\xFF\xFF\xFF\xFF", 12));
  EXPECT_EQ(outbox_key(Slot{0x0A0B}, ShardId{3}, 4),
            std::string("\x0A\x0B\x03\0\0\0\x03\0\0\0\0\0\0\0\x04", 15));
}

}  // namespace
}  // namespace perdure::model
