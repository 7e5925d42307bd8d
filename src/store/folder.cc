// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "store/folder_lock.h"
#include "store/identity.h"
#include "store/log/file/segment.h"

namespace perdure::store {
namespace {

using base::ErrorCode;
using base::Result;
using log::file::Files;
using log::file::io_error;

constexpr std::string_view kIdentityName = "STORE";
constexpr std::string_view kUnfinishedName = "STORE.new";
constexpr std::string_view kLockName = "LOCK";
constexpr std::string_view kLogName = "log";
constexpr std::string_view kTableName = "table";
constexpr std::string_view kTableCurrentName = "CURRENT";  // every table that was ever opened
/// What the root of a file system of its own always has.
constexpr std::string_view kRescueName = "lost+found";
constexpr std::size_t kIdentityBytesMax = 4096;

/// Keeps the folder's lock for as long as the log lives, which is as long as the store does.
class LockedLog final : public Log {
 public:
  LockedLog(FolderLock lock, std::unique_ptr<Log> log)
      : lock_(std::move(lock)), log_(std::move(log)) {}

  Result<> append(Position position, std::string_view record) override {
    return log_->append(position, record);
  }
  Result<> replay(Position after,
                  const std::function<Result<>(Position, std::string_view)>& visit) override {
    return log_->replay(after, visit);
  }
  Result<> trim(Position upto) override { return log_->trim(upto); }
  [[nodiscard]] std::uint64_t bytes() const override { return log_->bytes(); }

 private:
  const FolderLock lock_;
  const std::unique_ptr<Log> log_;  // closed before the lock goes
};

/// One opening of one folder.
class Opening {
 public:
  Opening(std::string folder, FolderOptions options)
      : folder_(std::move(folder)), options_(std::move(options)), files_(options_.files()) {}

  Result<std::unique_ptr<Store>> run();

 private:
  /// How far an earlier process got.
  enum class Found : std::uint8_t { kNothing, kUnfinished, kStore };

  [[nodiscard]] std::string path_of(std::string_view name) const {
    return fmt::format("{}/{}", folder_, name);
  }
  Result<> make_folder();
  Result<Found> look();
  [[nodiscard]] bool holds_data() const;
  Result<Identity> begin();
  Result<> finish();
  Result<> sync(const std::string& folder);
  Result<std::unique_ptr<Store>> assemble(const Identity& identity, Found found, FolderLock lock);

  const std::string folder_;
  const FolderOptions options_;
  const std::unique_ptr<Files> files_;
};

Result<> Opening::sync(const std::string& folder) {
  if (const auto synced = files_->sync_folder(folder); !synced)
    return std::unexpected(io_error("syncing", folder, synced.error()));
  return {};
}

Result<> Opening::make_folder() {
  const std::filesystem::path path(folder_);
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) return {};
  if (std::filesystem::exists(status)) {
    return base::fail(ErrorCode::kStoreForeign,
                      fmt::format("'{}' exists but is not a folder; choose another place for the "
                                  "store",
                                  folder_));
  }
  const std::filesystem::path parent = std::filesystem::absolute(path, error).parent_path();
  std::filesystem::create_directories(parent, error);
  if (error) {
    return base::fail(ErrorCode::kUnavailable, fmt::format("making folder '{}' failed: {}",
                                                           parent.string(), error.message()));
  }
  if (const auto made = files_->make_folder(folder_); !made)
    return std::unexpected(io_error("making folder", folder_, made.error()));
  // Not every parent may be read by us; then its own system keeps the name durable in its time.
  if (const auto synced = files_->sync_folder(parent.string());
      !synced && synced.error() != EACCES && synced.error() != EPERM)
    return std::unexpected(io_error("syncing", parent.string(), synced.error()));
  return {};
}

Result<Opening::Found> Opening::look() {
  auto names = files_->list(folder_);
  if (!names) return std::unexpected(io_error("listing", folder_, names.error()));
  if (std::ranges::find(*names, kIdentityName) != names->end()) return Found::kStore;
  std::erase_if(*names,
                [](const std::string& name) { return name == kLockName || name == kRescueName; });
  if (names->empty()) return Found::kNothing;
  const bool has_data = holds_data();
  const bool begun = std::erase(*names, std::string(kUnfinishedName)) > 0;
  const bool empty = names->empty();
  std::erase_if(*names,
                [](const std::string& name) { return name == kLogName || name == kTableName; });
  if (begun && names->empty()) {
    // The file was durable before anything else was made. If it is not whole, nothing was.
    PERDURE_ASSIGN_OR_RETURN(const std::string text,
                             read_file(*files_, path_of(kUnfinishedName), kIdentityBytesMax));
    if (decode_identity(path_of(kUnfinishedName), text)) return Found::kUnfinished;
    if (empty) return Found::kNothing;
  }
  if (has_data) {
    return base::fail(
        ErrorCode::kStoreCorrupt,
        fmt::format("'{}' is missing, but '{}' and '{}' hold the data of a store; restore that one "
                    "file from a copy of this store, or name another folder for a new one",
                    path_of(kIdentityName), path_of(kLogName), path_of(kTableName)));
  }
  return base::fail(ErrorCode::kStoreForeign,
                    fmt::format("folder '{}' exists and holds something else than a Perdure store; "
                                "name another folder",
                                folder_));
}

/// What only a store's log or table has: whoever lost the STORE file still has the data.
bool Opening::holds_data() const {
  const auto log = files_->list(path_of(kLogName));
  const auto is_segment = [](const std::string& name) {
    return log::file::parse_segment_name(name).has_value();
  };
  if (log && std::ranges::any_of(*log, is_segment)) return true;
  const auto table = files_->list(path_of(kTableName));
  return table && std::ranges::find(*table, kTableCurrentName) != table->end();
}

/// Decides who the store is, durably, before anything else of it exists.
Result<Identity> Opening::begin() {
  const auto id = files_->random(kStoreIdBytes);
  if (!id) return std::unexpected(io_error("drawing random bytes for", folder_, id.error()));
  Identity identity{kFolderFormat, *id};
  const std::string path = path_of(kUnfinishedName);
  auto file = files_->open(path, log::file::OpenMode::kEmpty);
  if (!file) return std::unexpected(io_error("making", path, file.error()));
  PERDURE_RETURN_IF_ERROR(write_all(**file, path, 0, encode_identity(identity)));
  PERDURE_RETURN_IF_ERROR(sync_file(**file, path));
  PERDURE_RETURN_IF_ERROR(sync(folder_));
  return identity;
}

Result<> Opening::finish() {
  const std::string path = path_of(kUnfinishedName);
  if (const auto named = files_->rename(path, path_of(kIdentityName)); !named)
    return std::unexpected(io_error("renaming", path, named.error()));
  return sync(folder_);
}

Result<std::unique_ptr<Store>> Opening::assemble(const Identity& identity, Found found,
                                                 FolderLock lock) {
  const bool complete = found == Found::kStore;
  const std::string log_folder = path_of(kLogName);
  PERDURE_ASSIGN_OR_RETURN(
      auto table, table::rocksdb::RocksTable::open(path_of(kTableName),
                                                   complete ? table::rocksdb::Expect::kExisting
                                                            : table::rocksdb::Expect::kNewOrOld,
                                                   options_.table));
  if (!complete) {
    if (const auto made = files_->make_folder(log_folder); !made)
      return std::unexpected(io_error("making folder", log_folder, made.error()));
    PERDURE_RETURN_IF_ERROR(sync(folder_));
  }
  PERDURE_ASSIGN_OR_RETURN(
      auto log,
      log::file::FileLog::open(
          options_.files(), log_folder, identity.id,
          complete ? log::file::Expect::kExisting : log::file::Expect::kNewOrOld, options_.log));
  StoreOptions store = options_.store;
  store.id = identity.id;
  return Store::open(std::move(store), std::make_unique<LockedLog>(std::move(lock), std::move(log)),
                     std::move(table));
}

Result<std::unique_ptr<Store>> Opening::run() {
  PERDURE_RETURN_IF_ERROR(make_folder());
  // Looked at before the lock, so that a foreign folder does not even get a LOCK file.
  PERDURE_RETURN_IF_ERROR(look());
  PERDURE_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::take(folder_));
  PERDURE_ASSIGN_OR_RETURN(const Found found, look());

  Identity identity;
  if (found == Found::kNothing) {
    PERDURE_ASSIGN_OR_RETURN(identity, begin());
  } else {
    const std::string path = path_of(found == Found::kStore ? kIdentityName : kUnfinishedName);
    PERDURE_ASSIGN_OR_RETURN(const std::string text, read_file(*files_, path, kIdentityBytesMax));
    PERDURE_ASSIGN_OR_RETURN(identity, decode_identity(path, text));
  }
  if (identity.format > kFolderFormat) {
    return base::fail(ErrorCode::kStoreForeign,
                      fmt::format("store '{}' was made by a newer version of this program (folder "
                                  "format {}, this one knows {}); use that version",
                                  folder_, identity.format, kFolderFormat));
  }
  PERDURE_ASSIGN_OR_RETURN(auto store, assemble(identity, found, std::move(lock)));
  if (found != Found::kStore) PERDURE_RETURN_IF_ERROR(finish());
  return store;
}

}  // namespace

Result<std::unique_ptr<Store>> open_folder(const std::string& folder, FolderOptions options) {
  if (folder.empty())
    return base::fail(ErrorCode::kInvalidArgument, "the path of the store's folder is empty");
  return Opening(folder, std::move(options)).run();
}

}  // namespace perdure::store
