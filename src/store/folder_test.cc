// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A store in a real folder: how it is made, locked, refused, and what one flipped bit anywhere in
// it does.
#include "store/folder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include "base/check.h"
#include "store/identity.h"

namespace perdure::store {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Result;
using log::file::File;
using log::file::Files;
using log::file::Io;
using log::file::OpenMode;
using model::Space;

template <class T>
T must(Result<T> result) {
  PERDURE_CHECK(result.has_value(), result.error().message);
  return *std::move(result);
}
void must(Result<> result) { PERDURE_CHECK(result.has_value(), result.error().message); }

FolderOptions small() {
  FolderOptions options;
  options.store.shard_count = 2;
  options.log.segment_bytes = std::uint64_t{16} << 10;
  return options;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class Folder : public ::testing::Test {
 public:
  ~Folder() override { fs::remove_all(root); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

 protected:
  Folder() {
    // In memory where there is such a place: these tests open many stores, and cut no power.
    std::string path =
        ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : fs::temp_directory_path().string();
    path += "/perdure-folder-XXXXXX";
    PERDURE_CHECK(::mkdtemp(path.data()) != nullptr, path);
    root = path;
    dir = path + "/store";
  }

  void expect_error(ErrorCode code, const std::string& text) {
    const auto opened = open_folder(dir, small());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, code) << opened.error().message;
    EXPECT_NE(opened.error().message.find(text), std::string::npos) << opened.error().message;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(dir)) found.push_back(entry.path().filename());
    std::ranges::sort(found);
    return found;
  }

  fs::path root;
  std::string dir;
};

void put(Store& store, const std::string& key, const std::string& value) {
  must(store.stage({}, {{Space::kInstance, key, value, false}}));
}

using Rows = std::map<std::string, std::string>;

Result<Rows> rows(const Store& store) {
  Rows rows;
  PERDURE_RETURN_IF_ERROR(
      store.scan(Space::kInstance, "", "", [&](std::string_view key, std::string_view value) {
        rows.emplace(key, value);
        return true;
      }));
  return rows;
}

TEST_F(Folder, IsMadeForItsOwnerOnlyAndHoldsWhatWasWritten) {
  {
    const auto store = must(open_folder(dir, small()));
    put(*store, "a", "1");
    must(store->checkpoint());
    put(*store, "b", "2");
    must(store->flush());
  }
  struct stat status{};
  ASSERT_EQ(::stat(dir.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  EXPECT_EQ(names(), (std::vector<std::string>{"LOCK", "STORE", "log", "table"}));
  EXPECT_EQ(must(rows(*must(open_folder(dir, small())))), (Rows{{"a", "1"}, {"b", "2"}}));
}

TEST_F(Folder, IsMadeTogetherWithItsParents) {
  dir = root / "some" / "where" / "else";
  must(open_folder(dir, small()));
  must(open_folder(dir + "/", small()));
}

TEST_F(Folder, IsLockedForAsLongAsTheStoreLives) {
  auto store = must(open_folder(dir, small()));
  expect_error(ErrorCode::kStoreLocked,
               fmt::format("store '{}' is in use by process {}", dir, ::getpid()));
  store.reset();
  must(open_folder(dir, small()));
}

TEST_F(Folder, RefusesAnythingElseAndTouchesNothing) {
  fs::create_directory(dir);
  write(dir + "/holiday.jpg", "x");
  expect_error(ErrorCode::kStoreForeign,
               fmt::format("folder '{}' exists and holds something else", dir));
  EXPECT_EQ(names(), (std::vector<std::string>{"holiday.jpg"}));
}

TEST_F(Folder, RefusesAFolderThatOnlyLooksUnfinished) {
  fs::create_directories(dir + "/table");
  write(dir + "/STORE.new", "somebody else's");
  expect_error(ErrorCode::kStoreForeign, "holds something else than a Perdure store");
  EXPECT_EQ(read(dir + "/STORE.new"), "somebody else's");
}

TEST_F(Folder, SaysWhatIsMissingBesideDataAndNeverAdvisesToRemoveIt) {
  const std::string missing = dir + "/STORE' is missing";
  for (const char* lost : {"", "/log", "/table"}) {
    SCOPED_TRACE(lost);
    fs::remove_all(dir);
    {
      const auto store = must(open_folder(dir, small()));
      put(*store, "a", "1");
      must(store->flush());
    }
    const std::string identity = read(dir + "/STORE");
    fs::remove(dir + "/STORE");
    if (*lost != '\0') fs::remove_all(dir + lost);
    const auto opened = open_folder(dir, small());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::kStoreCorrupt);
    EXPECT_NE(opened.error().message.find(missing), std::string::npos) << opened.error().message;
    EXPECT_EQ(opened.error().message.find("remove"), std::string::npos) << opened.error().message;
    if (*lost != '\0') continue;
    write(dir + "/STORE", identity);
    EXPECT_EQ(must(rows(*must(open_folder(dir, small())))), (Rows{{"a", "1"}}));
  }
}

TEST_F(Folder, RefusesAFile) {
  write(dir, "x");
  expect_error(ErrorCode::kStoreForeign, "is not a folder");
}

TEST_F(Folder, AnEmptyFolderIsTaken) {
  fs::create_directory(dir);
  must(open_folder(dir, small()));
}

TEST_F(Folder, RefusesANewerVersion) {
  must(open_folder(dir, small()));
  Identity identity = must(decode_identity("x", read(dir + "/STORE")));
  ++identity.format;
  write(dir + "/STORE", encode_identity(identity));
  expect_error(ErrorCode::kStoreForeign, "made by a newer version");
}

TEST_F(Folder, RefusesADamagedIdentityAtEveryByte) {
  must(open_folder(dir, small()));
  const std::string whole = read(dir + "/STORE");
  for (std::size_t byte = 0; byte < whole.size(); ++byte) {
    std::string bytes = whole;
    bytes[byte] = static_cast<char>(bytes[byte] ^ 4);
    write(dir + "/STORE", bytes);
    expect_error(ErrorCode::kStoreCorrupt, "/STORE' is damaged");
  }
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_identity("x", whole.substr(0, size)));
}

TEST_F(Folder, RefusesMissingParts) {
  const auto make = [this] {
    fs::remove_all(dir);
    const auto store = must(open_folder(dir, small()));
    put(*store, "a", "1");
    must(store->flush());
  };
  make();
  fs::remove_all(dir + "/log");
  expect_error(ErrorCode::kStoreCorrupt, "/log' is missing");
  make();
  for (const auto& entry : fs::directory_iterator(dir + "/log")) fs::remove(entry.path());
  expect_error(ErrorCode::kStoreCorrupt, "has no segment any more");
  make();
  fs::remove(dir + "/table/CURRENT");
  expect_error(ErrorCode::kStoreCorrupt, "/table/CURRENT' is missing");
  make();
  fs::remove_all(dir + "/table");
  expect_error(ErrorCode::kStoreCorrupt, "/table/CURRENT' is missing");
}

TEST_F(Folder, RefusesTheLogOfAnotherStore) {
  must(open_folder(dir, small()));
  const std::string mine = dir;
  dir = root / "other";
  must(open_folder(dir, small()));
  fs::remove_all(dir + "/log");
  fs::copy(mine + "/log", dir + "/log");
  expect_error(ErrorCode::kStoreForeign, "belongs to another store");
}

// ---- Stopped while it is made -------------------------------------------------------------------

/// Counts the calls that change something; from one of them on, every call fails.
struct Stop {
  std::uint64_t calls = 0;
  std::uint64_t at = 0;

  Io<> next() {
    if (at != 0 && ++calls >= at) return std::unexpected(EIO);
    return {};
  }
};

class StoppingFile final : public File {
 public:
  StoppingFile(std::unique_ptr<File> file, std::shared_ptr<Stop> stop)
      : file_(std::move(file)), stop_(std::move(stop)) {}

  Io<std::size_t> read(std::uint64_t offset, char* into, std::size_t size) override {
    return file_->read(offset, into, size);
  }
  Io<std::size_t> write(std::uint64_t offset, std::string_view bytes) override {
    if (const auto go = stop_->next(); !go) {
      // The last write of a process that is killed is there in part.
      if (stop_->calls == stop_->at) return file_->write(offset, bytes.substr(0, bytes.size() / 2));
      return std::unexpected(go.error());
    }
    return file_->write(offset, bytes);
  }
  Io<> sync() override {
    if (const auto go = stop_->next(); !go) return go;
    return file_->sync();
  }
  Io<std::uint64_t> size() override { return file_->size(); }

 private:
  const std::unique_ptr<File> file_;
  const std::shared_ptr<Stop> stop_;  // shared with the test
};

class StoppingFiles final : public Files {
 public:
  explicit StoppingFiles(std::shared_ptr<Stop> stop) : stop_(std::move(stop)) {}

  Io<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    if (mode == OpenMode::kEmpty)
      if (const auto go = stop_->next(); !go) return std::unexpected(go.error());
    auto file = files_->open(path, mode);
    if (!file) return file;
    return std::make_unique<StoppingFile>(std::move(*file), stop_);
  }
  Io<> rename(const std::string& from, const std::string& to) override {
    if (const auto go = stop_->next(); !go) return go;
    return files_->rename(from, to);
  }
  Io<> remove(const std::string& path) override {
    if (const auto go = stop_->next(); !go) return go;
    return files_->remove(path);
  }
  Io<std::vector<std::string>> list(const std::string& folder) override {
    return files_->list(folder);
  }
  Io<> make_folder(const std::string& path) override {
    if (const auto go = stop_->next(); !go) return go;
    return files_->make_folder(path);
  }
  Io<> sync_folder(const std::string& path) override {
    if (const auto go = stop_->next(); !go) return go;
    return files_->sync_folder(path);
  }
  Io<std::string> random(std::size_t bytes) override { return files_->random(bytes); }

 private:
  const std::unique_ptr<Files> files_ = log::file::system_files();
  const std::shared_ptr<Stop> stop_;  // shared with the test
};

TEST_F(Folder, WhereverItsMakingStopsItOpensTheNextTime) {
  std::uint64_t stopped = 0;
  for (std::uint64_t at = 1;; ++at) {
    SCOPED_TRACE(fmt::format("stop at call {}", at));
    dir = root / fmt::format("store {}", at);
    const auto stop = std::make_shared<Stop>();
    stop->at = at;
    FolderOptions options = small();
    options.files = [stop] { return std::make_unique<StoppingFiles>(stop); };
    const bool made = open_folder(dir, options).has_value();
    if (!made) ++stopped;
    {
      const auto store = must(open_folder(dir, small()));
      EXPECT_EQ(store->shard_count(), 2U);
      put(*store, "a", "1");
      must(store->flush());
    }
    EXPECT_EQ(must(rows(*must(open_folder(dir, small())))), (Rows{{"a", "1"}}));
    if (stop->calls < at) break;  // it was not stopped any more
  }
  EXPECT_GT(stopped, 15U);
}

TEST_F(Folder, AHalfMadeTableIsFinished) {
  const auto stop = std::make_shared<Stop>();
  FolderOptions options = small();
  options.files = [stop] { return std::make_unique<StoppingFiles>(stop); };
  stop->at = 7;  // after the table was made
  ASSERT_FALSE(open_folder(dir, options));
  ASSERT_TRUE(fs::exists(dir + "/table/CURRENT"));
  // RocksDB names its first manifest in CURRENT, and only then goes on.
  for (const auto& entry : fs::directory_iterator(dir + "/table"))
    if (!entry.path().filename().string().starts_with("MANIFEST")) fs::remove(entry.path());
  must(open_folder(dir, small()));
  EXPECT_TRUE(fs::exists(dir + "/STORE"));
}

// ---- One flipped bit ----------------------------------------------------------------------------

TEST_F(Folder, OneFlippedBitAnywhereIsRefusedOrHarmlessButNeverWrongData) {
  Rows expected;
  {
    const auto store = must(open_folder(dir, small()));
    const auto fill = [&](int from, int to) {
      for (int i = from; i < to; ++i) {
        const std::string key = fmt::format("key {:04}", i * 7919 % 1000);
        expected[key] = fmt::format("value {} {}", i, std::string(100, static_cast<char>(i)));
        put(*store, key, expected[key]);
        if (i % 20 == 0) must(store->flush());
      }
      must(store->flush());
    };
    fill(0, 300);
    must(store->checkpoint());
    fill(200, 400);
    must(store->checkpoint());
    fill(350, 420);
  }
  const std::string whole = dir;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(whole))
    if (entry.is_regular_file() && entry.file_size() > 0)
      files.push_back(fs::relative(entry.path(), whole));
  std::map<std::string, int> refused;  // by the first letters of the file
  for (const fs::path& file : files) {
    const std::size_t size = fs::file_size(whole / file);
    for (std::size_t place = 0; place < 8; ++place) {
      SCOPED_TRACE(fmt::format("{} place {} of 8", file.string(), place));
      dir = root / "flipped";
      fs::remove_all(dir);
      fs::copy(whole, dir, fs::copy_options::recursive);
      std::string bytes = read(fs::path(dir) / file);
      char& flipped = bytes[(size - 1) * place / 7];
      flipped = static_cast<char>(flipped ^ 1 << place);
      write(fs::path(dir) / file, bytes);

      const auto opened = open_folder(dir, small());
      const auto read_back = opened ? rows(**opened) : std::unexpected(opened.error());
      if (read_back) {
        EXPECT_EQ(*read_back, expected);
        continue;
      }
      ++refused[file.filename().string().substr(0, 3)];
      EXPECT_EQ(read_back.error().code, ErrorCode::kStoreCorrupt) << read_back.error().message;
      EXPECT_NE(read_back.error().message.find(dir), std::string::npos)
          << read_back.error().message;
    }
  }
  EXPECT_EQ(refused["STO"], 8);
  EXPECT_GT(refused["log"], 0);
  EXPECT_GT(refused["MAN"], 0);
  EXPECT_GT(refused["000"], 0) << "table files";
}

}  // namespace
}  // namespace perdure::store
