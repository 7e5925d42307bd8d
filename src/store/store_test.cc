// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the store does between its log and its table, shown with logs and tables that call back at
// the worst moment. What holds for every pair is in conformance/.
#include "store/store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <semaphore>
#include <thread>
#include <utility>

#include "base/check.h"
#include "store/group.h"
#include "store/log/memory/memory_log.h"
#include "store/meta.h"
#include "store/table/memory/memory_table.h"

namespace perdure::store {
namespace {

using base::ErrorCode;
using base::Result;
using log::memory::LogDisk;
using log::memory::MemoryLog;
using model::Space;
using table::memory::MemoryTable;
using table::memory::TableDisk;

template <class T>
T must(Result<T> result) {
  PERDURE_CHECK(result.has_value(), result.error().message);
  return *std::move(result);
}
void must(Result<> result) { PERDURE_CHECK(result.has_value(), result.error().message); }

std::vector<Write> one(std::string key, std::string value) {
  return {{Space::kInstance, std::move(key), std::move(value), false}};
}

/// Calls `around` before and after every read.
class HookedTable final : public Table {
 public:
  explicit HookedTable(std::shared_ptr<TableDisk> disk) : table_(std::move(disk)) {}

  [[nodiscard]] Position position() const override { return table_.position(); }
  Result<std::optional<std::string>> get(Space space, std::string_view key) const override {
    if (around) around();
    auto row = table_.get(space, key);
    if (around) around();
    return row;
  }
  Result<> scan(
      Space space, std::string_view from, std::string_view to,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    if (around) around();
    auto done = table_.scan(space, from, to, visit);
    if (around) around();
    return done;
  }
  Result<> fold(
      Position position,
      const std::function<void(const std::function<void(const Write&)>&)>& each) override {
    if (before_fold) before_fold();
    auto done = table_.fold(position, each);
    if (after_fold) after_fold();
    return done;
  }

  [[nodiscard]] Result<std::optional<ScrubbedFile>> scrub(std::string_view after) const override {
    return table_.scrub(after);
  }

  std::function<void()> around, before_fold, after_fold;

 private:
  MemoryTable table_;
};

struct Hooked {
  Hooked() {
    auto owned = std::make_unique<HookedTable>(std::make_shared<TableDisk>());
    table = owned.get();
    store = must(Store::open({.shard_count = 2},
                             std::make_unique<MemoryLog>(std::make_shared<LogDisk>()),
                             std::move(owned)));
  }

  HookedTable* table;  // the store's
  std::unique_ptr<Store> store;
};

TEST(Store, AScanMissesNothingWhileACheckpointMovesTheRowsAway) {
  for (const int moment : {0, 1}) {  // before the table is read, or right after
    Hooked hooked;
    Store& store = *hooked.store;
    std::uint64_t written = 0;
    const auto write_some = [&] {
      for (int i = 0; i < 30; ++i)
        must(store.stage({}, one(fmt::format("k{:06}", written++), "v")));
    };
    write_some();
    int calls = 0;
    hooked.table->around = [&] {
      if (calls++ % 2 == moment) must(store.checkpoint());
    };
    for (int round = 0; round < 10; ++round) {
      write_some();
      std::uint64_t seen = 0;
      must(store.scan(Space::kInstance, "", "", [&](std::string_view key, std::string_view) {
        EXPECT_EQ(key, fmt::format("k{:06}", seen));
        ++seen;
        return true;
      }));
      EXPECT_EQ(seen, written);
    }
  }
}

TEST(Store, AGetNeverFallsBetweenTheOverlayAndTheTable) {
  Hooked hooked;
  Store& store = *hooked.store;
  must(store.stage({}, one("a", "1")));
  int calls = 0;
  hooked.table->around = [&] {
    if (++calls == 2) must(store.checkpoint());  // right after the table was read
  };
  EXPECT_EQ(must(store.get(Space::kInstance, "a")), "1");
  EXPECT_EQ(must(store.get(Space::kInstance, "a")), "1");
}

TEST(Store, ReadsAreRightAtEveryStageOfACheckpoint) {
  Hooked hooked;
  Store& store = *hooked.store;
  must(store.stage({}, one("a", "table")));
  must(store.stage({}, one("b", "table")));
  must(store.stage({}, one("c", "table")));
  must(store.checkpoint());
  must(store.stage({}, one("a", "frozen")));
  must(store.stage({}, {{Space::kInstance, "b", std::nullopt, false}}));
  const auto expect = [&store](const std::string& what, const char* a, const char* c) {
    std::string all;
    must(store.scan(Space::kInstance, "", "", [&](std::string_view key, std::string_view value) {
      all += fmt::format("{}={} ", key, value);
      return true;
    }));
    EXPECT_EQ(all, fmt::format("a={} c={} ", a, c)) << what;
    EXPECT_EQ(must(store.get(Space::kInstance, "a")), a) << what;
    EXPECT_EQ(must(store.get(Space::kInstance, "b")), std::nullopt) << what;
  };
  hooked.table->before_fold = [&] {
    expect("frozen", "frozen", "table");
    must(store.stage({}, one("c", "active")));  // while the fold runs
    expect("frozen and active", "frozen", "active");
  };
  hooked.table->after_fold = [&] { expect("folded, not dropped", "frozen", "active"); };
  must(store.checkpoint());
  expect("dropped", "frozen", "active");
}

TEST(Store, AFlushInTheMiddleOfAFoldGoesToTheLogAlone) {
  Hooked hooked;
  Store& store = *hooked.store;
  must(store.stage({}, one("a", "1")));
  hooked.table->before_fold = [&] {
    must(store.stage({}, one("b", "2")));
    const Position position = must(store.flush());
    EXPECT_EQ(store.durable(), position);
  };
  must(store.checkpoint());
  EXPECT_EQ(store.stats().overlay_rows, 1U) << "b is not folded yet";
}

/// A log whose next append waits inside until it is let go.
class GatedLog final : public Log {
 public:
  explicit GatedLog(std::shared_ptr<LogDisk> disk) : log_(std::move(disk)) {}

  Result<> append(Position position, std::string_view record) override {
    if (gated) {
      entered.release();
      go.acquire();
    }
    auto done = log_.append(position, record);
    covered = position.value;
    return done;
  }
  Result<> replay(Position after,
                  const std::function<Result<>(Position, std::string_view)>& visit) override {
    return log_.replay(after, visit);
  }
  Result<> trim(Position upto) override { return log_.trim(upto); }
  [[nodiscard]] std::uint64_t bytes() const override { return log_.bytes(); }

  std::atomic<bool> gated = false;
  std::binary_semaphore entered{0}, go{0};
  std::atomic<std::uint64_t> covered = 0;

 private:
  MemoryLog log_;
};

TEST(Store, ARowThatNoTableEverHadIsForgottenWithItsDeletion) {
  Hooked hooked;
  Store& store = *hooked.store;
  const auto stage = [&](Write write) { must(store.stage({}, {std::move(write)})); };
  const auto get = [&](const std::string& key) { return must(store.get(Space::kInstance, key)); };
  must(store.checkpoint());
  const std::uint64_t rows_before = store.stats().overlay_rows;
  stage({Space::kInstance, "short", "1", /*fresh=*/true});
  must(store.flush());
  EXPECT_EQ(store.stats().overlay_rows, rows_before + 1);
  stage({Space::kInstance, "short", std::nullopt});
  EXPECT_EQ(get("short"), std::nullopt);
  const std::uint64_t logged_before = store.stats().rows_logged;
  must(store.flush());
  EXPECT_EQ(store.stats().rows_logged, logged_before + 1)
      << "the log has the row: it must go there";
  EXPECT_EQ(store.stats().overlay_rows, rows_before);
  EXPECT_EQ(get("short"), std::nullopt);

  // It comes and goes within one group, and is put again: the last word counts.
  stage({Space::kInstance, "short", "2", /*fresh=*/true});
  must(store.flush());
  stage({Space::kInstance, "short", std::nullopt});
  stage({Space::kInstance, "short", "3", /*fresh=*/true});
  must(store.flush());
  EXPECT_EQ(get("short"), "3");

  // Once the table has it, only a tombstone hides it.
  must(store.checkpoint());
  stage({Space::kInstance, "short", std::nullopt});
  must(store.flush());
  EXPECT_EQ(store.stats().overlay_rows, 1U);
  EXPECT_EQ(get("short"), std::nullopt);
  must(store.checkpoint());
  EXPECT_EQ(get("short"), std::nullopt);
}

TEST(Store, AFlushOfWhatAnotherIsFlushingWaitsForIt) {
  auto owned = std::make_unique<GatedLog>(std::make_shared<LogDisk>());
  GatedLog& log = *owned;
  const auto store =
      must(Store::open({.shard_count = 2}, std::move(owned),
                       std::make_unique<MemoryTable>(std::make_shared<TableDisk>())));
  const Position position = must(store->stage({}, one("a", "1")));
  log.gated = true;
  std::jthread first([&] { must(store->flush()); });
  log.entered.acquire();
  log.gated = false;
  // The group is closed and inside the append; its position is staged but not durable.
  EXPECT_EQ(store->staged(), position);
  EXPECT_LT(store->durable(), position);
  const Position next = must(store->stage({}, one("b", "2")));
  EXPECT_EQ(next.value, position.value + 1) << "new writes go to the next group";
  std::atomic<int> returned = 0;
  std::vector<std::jthread> others;
  others.reserve(2);
  for (int i = 0; i < 2; ++i) {
    others.emplace_back([&] {
      const Position reached = must(store->flush());
      EXPECT_GE(log.covered.load(), reached.value);
      EXPECT_GE(reached, next);
      ++returned;
    });
  }
  // A hasty flush gets every chance to return before the append is let go.
  for (int i = 0; i < 10'000 && returned == 0; ++i) std::this_thread::yield();
  EXPECT_EQ(returned, 0);
  log.go.release();
  others.clear();
  EXPECT_EQ(store->durable(), next);
}

TEST(Store, AFlushOfNothingMoreThanWhatIsInFlightWaitsToo) {
  auto owned = std::make_unique<GatedLog>(std::make_shared<LogDisk>());
  GatedLog& log = *owned;
  const auto store =
      must(Store::open({.shard_count = 2}, std::move(owned),
                       std::make_unique<MemoryTable>(std::make_shared<TableDisk>())));
  const Position position = must(store->stage({}, one("a", "1")));
  log.gated = true;
  std::jthread first([&] { must(store->flush()); });
  log.entered.acquire();
  log.gated = false;
  std::atomic<bool> returned = false;
  std::jthread second([&] {
    EXPECT_EQ(must(store->flush()), position);
    EXPECT_GE(log.covered.load(), position.value);
    returned = true;
  });
  for (int i = 0; i < 10'000 && !returned; ++i) std::this_thread::yield();
  EXPECT_FALSE(returned);
  log.go.release();
}

TEST(Store, TooMuchForOneGroupIsRefusedAndChangesNothing) {
  Hooked hooked;
  Store& store = *hooked.store;
  const std::string large(kGroupBytesMax / 2, 'x');
  must(store.stage({}, one("a", large)));
  const auto refused = store.stage({}, one("b", large));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(must(store.get(Space::kInstance, "b")), std::nullopt);
  must(store.flush());
  must(store.stage({}, one("b", large)));
}

// ---- Opening what others left -------------------------------------------------------------------

Result<std::unique_ptr<Store>> open_record(const std::string& record) {
  auto disk = std::make_shared<LogDisk>();
  {
    MemoryLog log(disk);
    must(log.replay({0}, [](Position, std::string_view) -> Result<> { return {}; }));
    must(log.append({1}, record));
  }
  return Store::open({.shard_count = 2}, std::make_unique<MemoryLog>(disk),
                     std::make_unique<MemoryTable>(std::make_shared<TableDisk>()));
}

std::string identity_record(std::uint64_t format, const std::string& format_row = {}) {
  std::string record;
  GroupWriter writer(record, {}, 3);
  const std::string sealed = seal_number(format_row_key(), format);
  writer.add(Space::kMeta, format_row_key(), format_row.empty() ? sealed : format_row);
  writer.add(Space::kMeta, identity_row_key(), seal(identity_row_key(), ""));
  writer.add(Space::kMeta, shard_count_row_key(), seal_number(shard_count_row_key(), 3));
  return record;
}

TEST(Store, RefusesAStoreOfALaterFormat) {
  EXPECT_EQ(must(open_record(identity_record(kStoreFormat)))->shard_count(), 3U);
  const auto later = open_record(identity_record(kStoreFormat + 1));
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, ErrorCode::kStoreForeign);
  EXPECT_NE(later.error().message.find("newer version"), std::string::npos);
}

TEST(Store, RefusesDamagedRowsOfItsOwn) {
  const auto damaged = open_record(identity_record(kStoreFormat, "rubbish"));
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, ErrorCode::kStoreCorrupt);
  EXPECT_NE(damaged.error().message.find("'format'"), std::string::npos) << damaged.error().message;
}

TEST(Store, RefusesARecordThatIsNoGroupAndNamesIt) {
  const auto damaged = open_record("no group");
  ASSERT_FALSE(damaged);
  EXPECT_NE(damaged.error().message.find("record 1 of the log"), std::string::npos);
}

TEST(Store, RefusesAnImpossibleNumberOfShards) {
  for (const std::uint32_t shards : {0U, 65'537U}) {
    const auto store = Store::open({.shard_count = shards},
                                   std::make_unique<MemoryLog>(std::make_shared<LogDisk>()),
                                   std::make_unique<MemoryTable>(std::make_shared<TableDisk>()));
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace perdure::store
