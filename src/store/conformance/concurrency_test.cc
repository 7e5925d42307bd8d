// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The law for every pair, under many threads at once. Run it with TSan, too.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/bytes.h"
#include "base/prng.h"
#include "store/conformance/model_store.h"
#include "store/conformance/pairs.h"
#include "store/log/file/file_log.h"
#include "store/store.h"

namespace perdure::store::conformance {
namespace {

using model::Space;

template <class Pair>
class Concurrency : public ::testing::Test {
 protected:
  Pair world_;
};
using Pairs = ::testing::Types<FileRocks, FileMemory, MemoryRocks, MemoryMemory>;
TYPED_TEST_SUITE(Concurrency, Pairs, PairNames);

constexpr int kWriters = 2;
constexpr int kPillars = 300;
const std::string kPillarValue = "never changes";

std::string pillar(int i) { return fmt::format("k{:04} pillar", i); }
std::string moving(std::uint64_t i, int writer) { return fmt::format("k{:04} w{}", i, writer); }

/// Writes its own keys, reads them back, and flushes; what it wrote last is in `model`.
void write_and_flush(Store& store, int writer, ModelStore& model) {
  base::Prng prng(static_cast<std::uint64_t>(writer));
  for (int round = 0; round < 150; ++round) {
    std::vector<Write> writes;
    for (int n = 0; n < 5; ++n) {
      std::string key = moving(prng.below(kPillars), writer);
      writes.push_back(prng.chance(40) ? drop(std::move(key))
                                       : put(std::move(key), fmt::format("{} {}", round, n)));
    }
    model.apply(writes);
    const Position position = must(store.stage({}, writes));
    const std::string& last = writes.back().key;
    ASSERT_EQ(must(store.get(Space::kInstance, last)), model.get(Space::kInstance, last));
    ASSERT_GE(must(store.flush()), position);
    ASSERT_GE(store.durable(), position);
  }
}

/// Every scan shows every pillar once, in order, whatever is folded and dropped meanwhile.
void scan_pillars(const Store& store, const std::atomic<bool>& done) {
  for (int round = 0; round < 5 || !done; ++round) {
    const Rows rows = scan(store, Space::kInstance);
    ASSERT_TRUE(std::ranges::is_sorted(rows, std::less_equal<>{}, [](const auto& row) {
      return row.first;
    })) << "a row came twice, or out of order";
    int pillars = 0;
    for (const auto& [key, value] : rows)
      if (key == pillar(pillars)) {
        ASSERT_EQ(value, kPillarValue);
        ++pillars;
      }
    ASSERT_EQ(pillars, kPillars);
  }
}

TYPED_TEST(Concurrency, WritersReadersAndCheckpointsDoNotDisturbEachOther) {
  std::vector<ModelStore> models(kWriters);
  {
    const auto store = must(this->world_.open(
        {.checkpoint_at_bytes = 20'000, .log_bytes_max = 60'000, .shard_count = 4}));
    for (int i = 0; i < kPillars; ++i) {
      stage(*store, put(pillar(i), kPillarValue));
      if (i == kPillars / 2) must(store->checkpoint());
    }
    must(store->flush());
    std::atomic<bool> done = false;
    std::vector<std::jthread> readers;
    readers.emplace_back([&] { scan_pillars(*store, done); });
    readers.emplace_back([&] {
      while (!done) {
        must(store->checkpoint());
        std::this_thread::yield();
      }
    });
    readers.emplace_back([&] {
      for (std::uint64_t last = 0; !done;) {
        const auto epoch = must(store->acquire({1}));
        EXPECT_GT(epoch.value, last);
        last = epoch.value;
        must(store->stage({{{1}, epoch}}, {put("epoch", "x", Space::kAgenda)}));
        static_cast<void>(store->stats());
      }
    });
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < kWriters; ++writer)
      writers.emplace_back([&, writer] {
        write_and_flush(*store, writer, models[static_cast<std::size_t>(writer)]);
      });
    writers.clear();  // waits
    done = true;
    readers.clear();
    must(store->flush());
  }
  const auto store = must(this->world_.open());
  Rows expected;
  for (const ModelStore& model : models)
    for (const auto& row : model.rows(Space::kInstance)) expected.push_back(row);
  for (int i = 0; i < kPillars; ++i) expected.emplace_back(pillar(i), kPillarValue);
  std::ranges::sort(expected);
  EXPECT_EQ(scan(*store, Space::kInstance), expected);
}

// ---- No acknowledgement before its sync ---------------------------------------------------------

/// Watches the log's writes and syncs, and knows the last position that a finished sync covers.
class SyncWatch {
 public:
  void written(std::string_view bytes) {
    base::Reader reader(bytes);
    if (reader.raw(4) != "PRec" || reader.u8() != 1) return;
    reader.raw(3);
    last_written_ = reader.be64();
  }
  void synced() { covered_ = last_written_; }
  [[nodiscard]] std::uint64_t covered() const { return covered_; }

 private:
  std::uint64_t last_written_ = 0;  // the log has one writer at a time
  std::atomic<std::uint64_t> covered_ = 0;
};

class WatchedFile final : public log::file::File {
 public:
  WatchedFile(std::unique_ptr<File> file, std::shared_ptr<SyncWatch> watch)
      : file_(std::move(file)), watch_(std::move(watch)) {}

  log::file::Io<std::size_t> read(std::uint64_t offset, char* into, std::size_t size) override {
    return file_->read(offset, into, size);
  }
  log::file::Io<std::size_t> write(std::uint64_t offset, std::string_view bytes) override {
    watch_->written(bytes);
    return file_->write(offset, bytes);
  }
  log::file::Io<> sync() override {
    const auto synced = file_->sync();
    std::this_thread::yield();  // time for a hasty acknowledgement
    if (synced) watch_->synced();
    return synced;
  }
  log::file::Io<std::uint64_t> size() override { return file_->size(); }

 private:
  const std::unique_ptr<File> file_;
  const std::shared_ptr<SyncWatch> watch_;  // shared with the test
};

class WatchedFiles final : public log::file::Files {
 public:
  WatchedFiles(std::unique_ptr<Files> files, std::shared_ptr<SyncWatch> watch)
      : files_(std::move(files)), watch_(std::move(watch)) {}

  log::file::Io<std::unique_ptr<log::file::File>> open(const std::string& path,
                                                       log::file::OpenMode mode) override {
    auto file = files_->open(path, mode);
    if (!file) return file;
    return std::make_unique<WatchedFile>(std::move(*file), watch_);
  }
  log::file::Io<> rename(const std::string& from, const std::string& to) override {
    return files_->rename(from, to);
  }
  log::file::Io<> remove(const std::string& path) override { return files_->remove(path); }
  log::file::Io<std::vector<std::string>> list(const std::string& folder) override {
    return files_->list(folder);
  }
  log::file::Io<> make_folder(const std::string& path) override {
    return files_->make_folder(path);
  }
  log::file::Io<> sync_folder(const std::string& path) override {
    return files_->sync_folder(path);
  }
  log::file::Io<std::string> random(std::size_t bytes) override { return files_->random(bytes); }

 private:
  const std::unique_ptr<Files> files_;
  const std::shared_ptr<SyncWatch> watch_;  // shared with the test
};

TEST(Durability, NoFlushReturnsBeforeTheSyncThatCoversIt) {
  const auto disk = std::make_shared<log::file::testing::SimDisk>();
  const auto watch = std::make_shared<SyncWatch>();
  auto files = std::make_unique<WatchedFiles>(log::file::testing::files_on(disk), watch);
  auto log = must(log::file::FileLog::open(std::move(files), "log", "sixteen bytes id",
                                           log::file::Expect::kNewOrOld,
                                           {.segment_bytes = 8192, .spares_max = 2}));
  const auto store = must(Store::open(
      {.shard_count = 2}, std::move(log),
      std::make_unique<table::memory::MemoryTable>(std::make_shared<table::memory::TableDisk>())));
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 300; ++round) {
        const Position mine = stage(*store, put(fmt::format("{} {}", thread, round), "v"));
        const Position durable = must(store->flush());
        ASSERT_GE(durable, mine);
        ASSERT_GE(watch->covered(), durable.value);
        const Position published = store->durable();  // read before what it must not exceed
        ASSERT_GE(watch->covered(), published.value);
        if (round % 50 == 0) must(store->checkpoint());
        if (round % 60 == 0) {
          must(store->acquire({0}));
          ASSERT_GE(watch->covered(), mine.value);
        }
      }
    });
  }
  threads.clear();
  EXPECT_LT(store->stats().flushes, 4U * 300U + 25U);
}

}  // namespace
}  // namespace perdure::store::conformance
