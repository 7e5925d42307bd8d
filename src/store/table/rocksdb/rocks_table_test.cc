// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/table/rocksdb/rocks_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/check.h"

namespace perdure::store::table::rocksdb {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using model::Space;

template <class T>
T must(base::Result<T> result) {
  PERDURE_CHECK(result.has_value(), result.error().message);
  return *std::move(result);
}
void must(base::Result<> result) { PERDURE_CHECK(result.has_value(), result.error().message); }

class RocksTableTest : public ::testing::Test {
 public:
  ~RocksTableTest() override { fs::remove_all(root); }
  RocksTableTest(const RocksTableTest&) = delete;
  RocksTableTest& operator=(const RocksTableTest&) = delete;

 protected:
  RocksTableTest() {
    std::string path = fs::temp_directory_path() / "perdure-table-XXXXXX";
    PERDURE_CHECK(::mkdtemp(path.data()) != nullptr, path);
    root = path;
  }

  std::unique_ptr<RocksTable> open(const std::string& name = "table") {
    // Tiny buffers: a fold is flushed many times on its way.
    return must(RocksTable::open(root / name, Expect::kNewOrOld,
                                 {.write_buffer_bytes = 64 << 10, .batch_bytes = 4 << 10}));
  }

  fs::path root;
};

std::string key(int i) { return fmt::format("key {:06}", i); }

/// Folds `value` into all of `count` rows; calls `after` when so many were handed over.
void fold(RocksTable& table, std::uint64_t position, int count, const std::string& value,
          int after = -1, const std::function<void()>& then = {}) {
  must(table.fold({position}, [&](const std::function<void(const Write&)>& take) {
    for (int i = 0; i < count; ++i) {
      take({Space::kInstance, key(i), value + std::string(200, 'x'), false});
      if (i == after) then();
    }
  }));
}

std::map<std::string, std::string> rows(const RocksTable& table) {
  std::map<std::string, std::string> rows;
  must(table.scan(Space::kInstance, "", "", [&](std::string_view row_key, std::string_view value) {
    rows.emplace(row_key, value.substr(0, 1));
    return true;
  }));
  return rows;
}

std::map<std::string, std::uintmax_t> sizes_in(const fs::path& folder) {
  std::map<std::string, std::uintmax_t> sizes;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::error_code vanished;
    sizes[entry.path().filename()] = fs::file_size(entry.path(), vanished);
  }
  return sizes;
}

/// The files as they are at one moment: a copy during which flushes or compactions of the
/// background changed any of them is made again.
void copy_as_a_crash_would_leave_it(const fs::path& from, const fs::path& to) {
  constexpr int kTriesMax = 1000;
  for (int i = 0; i < kTriesMax; ++i) {
    fs::remove_all(to);
    fs::create_directory(to);
    const auto before = sizes_in(from);
    for (const auto& [name, size] : before) {
      std::error_code vanished;
      if (name != "LOCK") fs::copy_file(from / name, to / name, vanished);
    }
    if (sizes_in(from) == before) return;
  }
  FAIL() << "the files of the table never rest";
}

TEST_F(RocksTableTest, AFoldThatDoesNotReturnLeavesSomeRowsAndTheOldPosition) {
  constexpr int kRows = 4000;
  {
    const auto table = open();
    fold(*table, 5, kRows, "1");
    fold(*table, 9, kRows, "2", kRows * 9 / 10,
         [this] { copy_as_a_crash_would_leave_it(root / "table", root / "crashed"); });
    EXPECT_EQ(table->position(), Position{9});
  }
  {
    const auto crashed = open("crashed");
    EXPECT_EQ(crashed->position(), Position{5});
    int old_rows = 0;
    int new_rows = 0;
    for (const auto& [row_key, value] : rows(*crashed)) ++(value == "1" ? old_rows : new_rows);
    EXPECT_EQ(old_rows + new_rows, kRows);
    EXPECT_GT(old_rows, 0);
    EXPECT_GT(new_rows, 0) << "the test wants a fold that was half durable";
    fold(*crashed, 9, kRows, "2");
    EXPECT_EQ(crashed->position(), Position{9});
  }
  EXPECT_EQ(rows(*open("crashed")), rows(*open()));
}

TEST_F(RocksTableTest, RefusesAFolderWithoutATableAndOneThatIsInUse) {
  const auto missing = RocksTable::open(root / "none", Expect::kExisting);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kStoreCorrupt);
  const auto table = open();
  EXPECT_FALSE(RocksTable::open(root / "table", Expect::kExisting));
}

TEST_F(RocksTableTest, AMissingTableFileIsDamage) {
  {
    fold(*open(), 1, 1000, "1");
  }
  for (const auto& entry : fs::directory_iterator(root / "table"))
    if (entry.path().extension() == ".sst") {
      fs::remove(entry.path());
      break;
    }
  const auto opened = RocksTable::open(root / "table", Expect::kExisting);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kStoreCorrupt) << opened.error().message;
}

/// One round: the names of the files, or the error.
base::Result<std::vector<std::string>> scrub(const RocksTable& table) {
  std::vector<std::string> names;
  for (std::string after;;) {
    PERDURE_ASSIGN_OR_RETURN(auto file, table.scrub(after));
    if (!file) return names;
    EXPECT_GT(file->name, after);
    after = file->name;
    names.push_back(std::move(file->name));
  }
}

/// Flips one bit of a file in place, as the disk does.
void flip(const fs::path& path, std::uintmax_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const auto byte = static_cast<char>(file.get() ^ 0x10);
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(byte);
  PERDURE_CHECK(file.good(), path.string());
}

TEST_F(RocksTableTest, AScrubReadsEveryFileAndNamesTheOneWithAFlippedBit) {
  // Too few files for a compaction, which would take some away meanwhile.
  const auto table = must(RocksTable::open(root / "table", Expect::kNewOrOld));
  fold(*table, 1, 1000, "1");
  fold(*table, 2, 1000, "2");
  const std::vector<std::string> names = must(scrub(*table));
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(root / "table")) {
    files += entry.path().extension() == ".sst" ? 1 : 0;
  }
  EXPECT_EQ(names.size(), files);
  ASSERT_GT(files, 1U);
  int flips = 0;
  for (const std::string& name : names) {
    const fs::path path = root / "table" / name;
    const std::uintmax_t size = fs::file_size(path);
    for (std::uintmax_t offset = 0; offset < size; offset += 1 + size / 16) {
      flip(path, offset);
      const auto scrubbed = scrub(*table);
      ASSERT_FALSE(scrubbed) << name << " at " << offset;
      EXPECT_EQ(scrubbed.error().code, ErrorCode::kStoreCorrupt);
      EXPECT_NE(scrubbed.error().message.find(path.string()), std::string::npos)
          << scrubbed.error().message;
      flip(path, offset);
      ++flips;
    }
  }
  EXPECT_GT(flips, 16);
  EXPECT_EQ(must(scrub(*table)), names) << "every bit is back";
}

TEST_F(RocksTableTest, AScrubReadsTheDiskAndNotWhatIsInMemory) {
  const auto table = must(RocksTable::open(root / "table", Expect::kNewOrOld));
  fold(*table, 1, 1000, "1");
  EXPECT_EQ(rows(*table).size(), 1000U);  // it is all in the cache now
  const fs::path path = root / "table" / must(scrub(*table)).back();
  flip(path, fs::file_size(path) / 2);
  EXPECT_FALSE(scrub(*table));
  fs::remove(path);
  EXPECT_FALSE(scrub(*table)) << "a live file is gone";
}

}  // namespace
}  // namespace perdure::store::table::rocksdb
