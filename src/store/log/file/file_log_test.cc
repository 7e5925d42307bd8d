// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The file log on a simulated disk: what it recovers after a power cut at every moment, and what it
// refuses.
#include "store/log/file/file_log.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <utility>

#include "base/prng.h"
#include "store/log/file/testing/sim_disk.h"

namespace perdure::store::log::file {
namespace {

using base::ErrorCode;
using testing::SimDisk;
using Op = SimDisk::Op;

const std::string kFolder = "store/log";
const std::string kId = "0123456789abcdef";
constexpr FileLogOptions kSmall{.segment_bytes = 16 * kSectorBytes, .spares_max = 2};

std::string path(std::uint64_t number) { return kFolder + "/" + segment_name(number); }

/// Different for every position, and of very different sizes: some do not fit into a segment.
std::string record(std::uint64_t position, std::uint64_t version = 0) {
  std::string bytes = fmt::format("record {} version {}.", position, version);
  const std::size_t size = position % 7 == 0 ? 9000 : 40 + position * 131 % 900;
  while (bytes.size() < size) bytes += bytes;
  bytes.resize(size);
  return bytes;
}

using Records = std::map<std::uint64_t, std::string>;

/// An open log, and what its recovery read.
struct Opened {
  std::unique_ptr<FileLog> log;
  Records records;
};

base::Result<Opened> reopen(const std::shared_ptr<SimDisk>& disk, std::uint64_t after = 0,
                            Expect expect = Expect::kNewOrOld, const std::string& id = kId) {
  Opened opened;
  PERDURE_ASSIGN_OR_RETURN(opened.log,
                           FileLog::open(testing::files_on(disk), kFolder, id, expect, kSmall));
  const auto visit = [&](Position position, std::string_view bytes) -> base::Result<> {
    opened.records[position.value] = bytes;
    return {};
  };
  PERDURE_RETURN_IF_ERROR(opened.log->replay(Position{after}, visit));
  return opened;
}

base::Error error_of(const base::Result<Opened>& opened) {
  EXPECT_FALSE(opened.has_value());
  return opened ? base::Error{} : opened.error();
}

void append(FileLog& log, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t position = from; position <= to; ++position) {
    const auto appended = log.append(Position{position}, record(position));
    ASSERT_TRUE(appended) << appended.error().message;
  }
}

/// A disk with the records 1 to `last`, cleanly closed or not.
std::shared_ptr<SimDisk> disk_with(std::uint64_t last, bool clean) {
  auto disk = std::make_shared<SimDisk>();
  auto opened = reopen(disk);
  append(*opened->log, 1, last);
  if (!clean) disk->fail_at(disk->calls().size() + 1, EIO);  // the mark
  opened->log.reset();
  disk->kill();
  return disk;
}

TEST(FileLog, ReplaysEveryRecordInOrder) {
  const auto disk = disk_with(30, true);
  const auto opened = reopen(disk, 0, Expect::kExisting);
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_EQ(opened->records.size(), 30U);
  for (const auto& [position, bytes] : opened->records) EXPECT_EQ(bytes, record(position));
}

TEST(FileLog, ReplaysOnlyWhatIsBehindTheGivenPosition) {
  const auto opened = reopen(disk_with(30, true), 17);
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_EQ(opened->records.size(), 13U);
  EXPECT_EQ(opened->records.begin()->first, 18U);
}

TEST(FileLog, GoesOnAfterAReopenWhereItEnded) {
  const auto disk = disk_with(10, true);
  for (std::uint64_t last = 10; last < 20; ++last) {
    auto opened = reopen(disk);
    ASSERT_TRUE(opened) << opened.error().message;
    ASSERT_EQ(opened->records.size(), last);
    append(*opened->log, last + 1, last + 1);
  }
  EXPECT_EQ(reopen(disk)->records.size(), 20U);
}

TEST(FileLog, AnAppendIsOneWriteAndOneSyncInAnExistingBlock) {
  const auto disk = std::make_shared<SimDisk>();
  auto opened = reopen(disk);
  const std::size_t before = disk->calls().size();
  const std::size_t size = disk->bytes(path(1)).size();
  append(*opened->log, 1, 1);
  const auto& calls = disk->calls();
  ASSERT_EQ(calls.size(), before + 2);
  EXPECT_EQ(calls[before].op, Op::kWrite);
  EXPECT_EQ(calls[before + 1].op, Op::kSync);
  EXPECT_EQ(calls[before + 1].path, calls[before].path);
  EXPECT_EQ(disk->bytes(path(1)).size(), size);
}

TEST(FileLog, ASegmentIsWholeAndDurableBeforeItHasItsName) {
  const auto disk = std::make_shared<SimDisk>();
  const auto opened = reopen(disk);
  std::vector<Op> order;
  std::size_t zeros = 0;
  for (const auto& call : disk->calls()) {
    order.push_back(call.op);
    if (call.op == Op::kWrite && call.bytes > kSectorBytes) zeros += call.bytes;
  }
  EXPECT_EQ(zeros, kSmall.segment_bytes);
  EXPECT_EQ(order, (std::vector<Op>{Op::kMake, Op::kWrite, Op::kWrite, Op::kSync, Op::kRename,
                                    Op::kSyncFolder}));
}

TEST(FileLog, ShortAndInterruptedWritesAreContinued) {
  const auto disk = std::make_shared<SimDisk>();
  disk->chop_writes(100);
  auto opened = reopen(disk);
  append(*opened->log, 1, 9);
  opened->log.reset();
  opened = reopen(disk);
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_EQ(opened->records.size(), 9U);
  for (const auto& [position, bytes] : opened->records) EXPECT_EQ(bytes, record(position));
}

TEST(FileLog, HoldsARecordThatIsLargerThanASegment) {
  const auto disk = std::make_shared<SimDisk>();
  const std::string big(100'000, 'x');
  auto opened = reopen(disk);
  ASSERT_TRUE(opened->log->append(Position{1}, record(1)));
  ASSERT_TRUE(opened->log->append(Position{2}, big));
  ASSERT_TRUE(opened->log->append(Position{3}, record(3)));
  opened->log.reset();
  opened = reopen(disk);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->records, (Records{{1, record(1)}, {2, big}, {3, record(3)}}));
}

// ---- Trim and recycling -------------------------------------------------------------------------

TEST(FileLog, TrimmedSegmentsAreRecycledAndTheFolderStaysSmall) {
  const auto disk = std::make_shared<SimDisk>();
  auto opened = reopen(disk);
  for (std::uint64_t position = 1; position <= 300; ++position) {
    append(*opened->log, position, position);
    if (position % 10 == 0) {
      ASSERT_TRUE(opened->log->trim(Position{position - 3}));
    }
    EXPECT_LE(disk->names().size(), 16U);
  }
  EXPECT_GT(opened->log->bytes(), 0U);
  ASSERT_TRUE(opened->log->trim(Position{300}));
  EXPECT_EQ(opened->log->bytes(), 0U);
  std::size_t renamed_from_spare = 0;
  for (const auto& call : disk->calls())
    if (call.op == Op::kRename && call.path.find("/spare-") != std::string::npos)
      ++renamed_from_spare;
  EXPECT_GT(renamed_from_spare, 20U);
  opened->log.reset();
  opened = reopen(disk, 297, Expect::kExisting);
  ASSERT_TRUE(opened) << opened.error().message;
  for (const auto& [position, bytes] : opened->records) EXPECT_EQ(bytes, record(position));
  EXPECT_EQ(opened->records.rbegin()->first, 300U);
}

TEST(FileLog, ARecycledSegmentNeverShowsAnOldRecord) {
  // All records have the same size, so that old headers stand exactly where new ones will.
  const auto disk = std::make_shared<SimDisk>();
  const auto sized = [](std::uint64_t n) { return fmt::format("{:0400}", n); };
  auto opened = reopen(disk);
  for (std::uint64_t position = 1; position <= 40; ++position) {
    ASSERT_TRUE(opened->log->append(Position{position}, sized(position)));
    ASSERT_TRUE(opened->log->trim(Position{position}));
    const auto copy = disk->copy();
    const auto again = reopen(copy, position > 1 ? position - 1 : 0);
    // What was trimmed may still be there; it is never a later record, and never another one.
    if (!again) {
      EXPECT_EQ(again.error().code, ErrorCode::kStoreCorrupt);
      EXPECT_NE(again.error().message.find("begins at record"), std::string::npos);
      continue;
    }
    EXPECT_EQ(again->records, (Records{{position, sized(position)}}));
  }
}

TEST(FileLog, BytesCountWhatIsNotTrimmed) {
  const auto disk = std::make_shared<SimDisk>();
  auto opened = reopen(disk);
  EXPECT_EQ(opened->log->bytes(), 0U);
  append(*opened->log, 1, 5);
  const std::uint64_t five = opened->log->bytes();
  EXPECT_GE(five, 5 * kSectorBytes);
  opened->log.reset();
  opened = reopen(disk);
  EXPECT_EQ(opened->log->bytes(), five);
  ASSERT_TRUE(opened->log->trim(Position{5}));
  EXPECT_EQ(opened->log->bytes(), 0U);
}

// ---- Torn tails ---------------------------------------------------------------------------------

TEST(FileLog, ATornTailAtEveryByteEndsTheLogAndIsOverwritten) {
  const auto whole = disk_with(5, false);
  const std::string before = disk_with(4, false)->bytes(path(1));
  const std::string after = whole->bytes(path(1));
  ASSERT_EQ(before.size(), after.size());
  std::size_t start = 0;
  while (before[start] == after[start]) ++start;
  std::size_t end = after.size();
  while (before[end - 1] == after[end - 1]) --end;
  ASSERT_GT(end - start, 500U);
  for (std::size_t cut = start; cut < end; cut += cut < start + 40 ? 1 : 13) {
    const auto disk = whole->copy();
    std::string& bytes = disk->bytes(path(1));
    std::copy(before.begin() + static_cast<std::ptrdiff_t>(cut), before.end(),
              bytes.begin() + static_cast<std::ptrdiff_t>(cut));
    auto opened = reopen(disk);
    ASSERT_TRUE(opened) << cut << ": " << opened.error().message;
    ASSERT_EQ(opened->records.size(), 4U) << cut;
    // A different, shorter record 5 goes over what is left of the torn one.
    ASSERT_TRUE(opened->log->append(Position{5}, "short"));
    ASSERT_TRUE(opened->log->append(Position{6}, record(6)));
    opened->log.reset();
    opened = reopen(disk);
    ASSERT_TRUE(opened) << cut << ": " << opened.error().message;
    ASSERT_EQ(opened->records.size(), 6U);
    EXPECT_EQ(opened->records[5], "short");
    EXPECT_EQ(opened->records[6], record(6));
  }
}

/// A power cut while the log is open: it leaves no mark, and syncs nothing any more.
void cut_without_closing(SimDisk& disk, Opened& opened) {
  base::Prng prng(1);
  disk.fail_at(disk.calls().size() + 1, EIO);
  opened.log.reset();
  disk.cut_power(prng);
}

TEST(FileLog, WhatRecoveryReliesOnIsSyncedBeforeItReturns) {
  // Killed between the write and the sync: the record is in the cache only.
  const auto disk = disk_with(4, false);
  auto opened = reopen(disk);
  disk->stop_at(disk->calls().size() + 2);  // the sync
  ASSERT_FALSE(opened->log->append(Position{5}, record(5)));
  opened->log.reset();
  disk->kill();
  opened = reopen(disk);
  ASSERT_EQ(opened->records.size(), 5U);
  cut_without_closing(*disk, *opened);
  opened = reopen(disk);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->records.size(), 5U);
}

TEST(FileLog, ARecordWhoseSyncFailedIsWrittenAgainBeforeItCounts) {
  // The cache still shows the record, but no longer knows that the disk does not have it.
  const auto disk = disk_with(4, false);
  auto opened = reopen(disk);
  disk->fail_at(disk->calls().size() + 2, EIO);
  ASSERT_FALSE(opened->log->append(Position{5}, record(5)));
  opened->log.reset();
  disk->kill();
  opened = reopen(disk);
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_EQ(opened->records.size(), 5U);
  append(*opened->log, 6, 6);
  cut_without_closing(*disk, *opened);
  opened = reopen(disk);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->records.size(), 6U);
}

// ---- Damage -------------------------------------------------------------------------------------

TEST(FileLog, RefusesADamagedRecordThatHasALaterOne) {
  const auto disk = disk_with(6, false);
  std::string& bytes = disk->bytes(path(1));
  const std::size_t at = bytes.find("record 2 version");
  bytes[at + 3] ^= 1;
  const base::Error error = error_of(reopen(disk));
  EXPECT_EQ(error.code, ErrorCode::kStoreCorrupt);
  EXPECT_NE(error.message.find(path(1)), std::string::npos) << error.message;
  const std::size_t header = at / kSectorBytes * kSectorBytes;
  EXPECT_NE(error.message.find(fmt::format("at byte {}", header)), std::string::npos)
      << error.message;
}

TEST(FileLog, EveryBitOfACleanlyClosedLogIsGuarded) {
  const auto whole = disk_with(9, true);
  std::uint64_t refused = 0;
  for (const std::string& file : whole->names()) {
    const std::size_t size = whole->bytes(file).size();
    for (std::size_t byte = 0; byte < size; byte += byte < 64 ? 1 : 7) {
      const auto disk = whole->copy();
      char& flipped = disk->bytes(file)[byte];
      flipped = static_cast<char>(flipped ^ 1 << byte % 8);
      const auto opened = reopen(disk);
      if (opened) {
        ASSERT_EQ(opened->records.size(), 9U) << file << " " << byte;
        for (const auto& [position, bytes] : opened->records) ASSERT_EQ(bytes, record(position));
        continue;
      }
      ++refused;
      ASSERT_EQ(opened.error().code, ErrorCode::kStoreCorrupt) << opened.error().message;
      ASSERT_NE(opened.error().message.find(kFolder + "/log-"), std::string::npos)
          << opened.error().message;
    }
  }
  EXPECT_GT(refused, 500U);
}

TEST(FileLog, RefusesAMissingSegment) {
  for (const std::string& missing : disk_with(20, true)->names()) {
    const auto disk = disk_with(20, true);
    disk->remove(missing);
    const base::Error error = error_of(reopen(disk));
    EXPECT_EQ(error.code, ErrorCode::kStoreCorrupt) << missing << ": " << error.message;
  }
}

TEST(FileLog, RefusesAnEmptyFolderWhereALogMustBe) {
  const auto disk = std::make_shared<SimDisk>();
  EXPECT_EQ(error_of(reopen(disk, 0, Expect::kExisting)).code, ErrorCode::kStoreCorrupt);
  EXPECT_EQ(error_of(reopen(disk, 5)).code, ErrorCode::kStoreCorrupt);
}

TEST(FileLog, RefusesALogThatEndsBeforeTheTable) {
  const base::Error error = error_of(reopen(disk_with(5, true), 6));
  EXPECT_EQ(error.code, ErrorCode::kStoreCorrupt);
  EXPECT_NE(error.message.find("ends at record 5, but the table holds 6"), std::string::npos)
      << error.message;
}

TEST(FileLog, RefusesATruncatedSegment) {
  const auto disk = disk_with(5, true);
  std::string& bytes = disk->bytes(disk->names().back());
  bytes.resize(bytes.size() - 1);
  const base::Error error = error_of(reopen(disk));
  EXPECT_EQ(error.code, ErrorCode::kStoreCorrupt);
  EXPECT_NE(error.message.find("1 bytes are missing"), std::string::npos) << error.message;
}

TEST(FileLog, RefusesTheSegmentsOfAnotherStore) {
  const base::Error error =
      error_of(reopen(disk_with(5, true), 0, Expect::kExisting, "another store id"));
  EXPECT_EQ(error.code, ErrorCode::kStoreForeign);
  EXPECT_NE(error.message.find(path(1)), std::string::npos) << error.message;
}

// ---- Failing disks ------------------------------------------------------------------------------

TEST(FileLog, AfterAnyFailureItAcceptsNothingMore) {
  for (std::uint64_t call = 1; call <= 2; ++call) {
    const auto disk = disk_with(4, false);
    auto opened = reopen(disk);
    disk->fail_at(disk->calls().size() + call, EIO);
    const auto failed = opened->log->append(Position{5}, record(5));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(failed.error().message.find(path(1)), std::string::npos) << failed.error().message;
    const std::size_t calls = disk->calls().size();
    EXPECT_FALSE(opened->log->append(Position{5}, record(5)));
    EXPECT_FALSE(opened->log->trim(Position{1}));
    opened->log.reset();
    EXPECT_EQ(disk->calls().size(), calls) << "a dead log touches nothing, not even to close";
  }
}

TEST(FileLog, AFullDiskIsNamedAsSuch) {
  const auto disk = disk_with(4, true);
  auto opened = reopen(disk);
  disk->fail_at(disk->calls().size() + 1, ENOSPC);
  const auto failed = opened->log->append(Position{5}, std::string(20000, 'x'));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kStorageFull);
  EXPECT_NE(failed.error().message.find("folder '" + kFolder + "'"), std::string::npos);
}

// ---- The machine stops at every moment ----------------------------------------------------------

/// Appends and trims, and remembers what was acknowledged.
struct Life {
  std::uint64_t acknowledged = 0;
  std::uint64_t begun = 0;
  std::uint64_t trimmed = 0;

  void run(FileLog& log, std::uint64_t upto, std::uint64_t version) {
    while (acknowledged < upto) {
      begun = acknowledged + 1;
      if (!log.append(Position{begun}, record(begun, version))) return;
      acknowledged = begun;
      if (begun % 6 != 0) continue;
      trimmed = begun - 2;
      if (!log.trim(Position{trimmed})) return;
    }
  }
};

void check_recovered(const Opened& opened, const Life& life, std::uint64_t version_before) {
  std::uint64_t expected = life.trimmed + 1;
  for (const auto& [position, bytes] : opened.records) {
    ASSERT_EQ(position, expected++);
    const bool old = bytes == record(position, version_before);
    const bool young = bytes == record(position, version_before + 1);
    ASSERT_TRUE(old || young) << "record " << position << " is none that was written";
  }
  ASSERT_GE(expected - 1, life.acknowledged) << "an acknowledged record is lost";
  ASSERT_LE(expected - 1, std::max(life.begun, life.acknowledged));
}

TEST(FileLog, RecoversWhatWasAcknowledgedWhereverTheMachineStops) {
  constexpr std::uint64_t kRecords = 26;
  const auto calibrate = std::make_shared<SimDisk>();
  {
    Life life;
    life.run(*reopen(calibrate)->log, kRecords, 0);
    ASSERT_EQ(life.acknowledged, kRecords);
  }
  const std::uint64_t calls = calibrate->calls().size();
  for (std::uint64_t stop = 1; stop <= calls; ++stop) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      SCOPED_TRACE(fmt::format("stop at call {} of {}, seed {}", stop, calls, seed));
      base::Prng prng(stop * 1000 + seed);
      const auto disk = std::make_shared<SimDisk>();
      disk->stop_at(stop);
      Life life;
      if (auto first = reopen(disk)) life.run(*first->log, kRecords, 0);
      disk->cut_power(prng);

      auto second = reopen(disk, life.trimmed);
      ASSERT_TRUE(second) << second.error().message;
      check_recovered(*second, life, 0);
      // Goes on, and is cut once more, somewhere.
      Life next = life;
      next.acknowledged = next.begun =
          second->records.empty() ? life.trimmed : second->records.rbegin()->first;
      disk->stop_at(disk->calls().size() + 1 + prng.below(20));
      next.run(*second->log, next.acknowledged + 8, 1);
      second->log.reset();
      disk->cut_power(prng);
      const auto third = reopen(disk, next.trimmed);
      ASSERT_TRUE(third) << third.error().message;
      check_recovered(*third, next, 0);
    }
  }
}

}  // namespace
}  // namespace perdure::store::log::file
