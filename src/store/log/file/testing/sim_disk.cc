// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/log/file/testing/sim_disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace perdure::store::log::file::testing {
namespace {

constexpr std::uint64_t kSector = 512;

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

void SimDisk::Inode::keep(std::uint64_t sector) {
  const std::uint64_t start = sector * kSector;
  const std::string_view bytes = std::string_view(current).substr(start, kSector);
  if (durable.size() < start + bytes.size()) durable.resize(start + bytes.size());
  std::memcpy(durable.data() + start, bytes.data(), bytes.size());
}

Io<> SimDisk::begin(Op op, const std::string& path, std::uint64_t offset, std::size_t bytes) {
  if (stopped_) return std::unexpected(EIO);
  calls_.push_back({op, path, offset, bytes});
  if (calls_.size() == stop_at_) {
    stopped_ = true;
    return std::unexpected(EIO);
  }
  if (calls_.size() == fail_at_) return std::unexpected(fail_number_);
  return {};
}

void SimDisk::put(Inode& inode, std::uint64_t offset, std::string_view bytes) {
  const std::uint64_t end = offset + bytes.size();
  if (inode.current.size() < end) inode.current.resize(end);
  std::memcpy(inode.current.data() + offset, bytes.data(), bytes.size());
  for (std::uint64_t sector = offset / kSector; sector * kSector < end; ++sector)
    inode.dirty.insert(sector);
}

void SimDisk::apply(Names& names, const Change& change) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.inode;
}

void SimDisk::change(Change change) {
  apply(names_, change);
  pending_[folder_of(change.to.empty() ? change.from : change.to)].push_back(std::move(change));
}

void SimDisk::cut_power(base::Prng& prng) {
  for (const auto& [folder, changes] : pending_) {
    const std::uint64_t kept = prng.below(changes.size() + 1);
    for (std::uint64_t i = 0; i < kept; ++i) apply(durable_names_, changes[i]);
  }
  pending_.clear();
  names_ = durable_names_;
  for (const auto& [path, inode] : names_) {
    for (const std::uint64_t sector : inode->dirty)
      if (prng.chance(50)) inode->keep(sector);
    inode->current = inode->durable;
    inode->dirty.clear();
  }
  kill();
}

void SimDisk::kill() {
  stopped_ = false;
  stop_at_ = fail_at_ = 0;
}

std::string& SimDisk::bytes(const std::string& path) {
  const auto at = names_.find(path);
  PERDURE_CHECK(at != names_.end(), path);
  return at->second->current;
}

std::vector<std::string> SimDisk::names() const {
  std::vector<std::string> names;
  for (const auto& [path, inode] : names_) names.push_back(path);
  return names;
}

std::shared_ptr<SimDisk> SimDisk::copy() const {
  auto copied = std::make_shared<SimDisk>();
  for (const auto& [path, inode] : names_)
    copied->names_[path] = std::make_shared<Inode>(inode->current, inode->current);
  copied->durable_names_ = copied->names_;
  copied->drawn_ = drawn_;
  return copied;
}

// ---- Handles ------------------------------------------------------------------------------------

class SimFile final : public File {
 public:
  SimFile(std::shared_ptr<SimDisk> disk, std::string path, std::shared_ptr<SimDisk::Inode> inode)
      : disk_(std::move(disk)), path_(std::move(path)), inode_(std::move(inode)) {}

  Io<std::size_t> read(std::uint64_t offset, char* into, std::size_t size) override {
    if (disk_->stopped_) return std::unexpected(EIO);
    const std::string_view all = inode_->current;
    if (offset >= all.size()) return std::size_t{0};
    return all.substr(offset).copy(into, size);
  }

  Io<std::size_t> write(std::uint64_t offset, std::string_view bytes) override {
    if (disk_->write_bytes_max_ > 0) {
      disk_->interrupt_next_ = !disk_->interrupt_next_;
      if (disk_->interrupt_next_) return std::unexpected(EINTR);
      bytes = bytes.substr(0, disk_->write_bytes_max_);
    }
    const auto begun = disk_->begin(SimDisk::Op::kWrite, path_, offset, bytes.size());
    const bool in_the_middle = disk_->calls_.size() == disk_->stop_at_ && !bytes.empty();
    if (begun || in_the_middle) disk_->put(*inode_, offset, bytes);
    if (!begun) return std::unexpected(begun.error());
    return bytes.size();
  }

  Io<> sync() override {
    const auto begun = disk_->begin(SimDisk::Op::kSync, path_);
    if (begun) {
      inode_->durable.resize(inode_->current.size());
      for (const std::uint64_t sector : inode_->dirty) inode_->keep(sector);
    }
    const bool stopped_before = !begun && disk_->stopped_;
    if (!stopped_before) inode_->dirty.clear();
    return begun;
  }

  Io<std::uint64_t> size() override { return inode_->current.size(); }

 private:
  const std::shared_ptr<SimDisk> disk_;  // shared with the test
  const std::string path_;               // when it was opened
  const std::shared_ptr<SimDisk::Inode> inode_;
};

class SimFiles final : public Files {
 public:
  explicit SimFiles(std::shared_ptr<SimDisk> disk) : disk_(std::move(disk)) {}

  Io<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const auto at = disk_->names_.find(path);
    if (mode == OpenMode::kExisting) {
      if (at == disk_->names_.end()) return std::unexpected(ENOENT);
      return std::make_unique<SimFile>(disk_, path, at->second);
    }
    if (const auto begun = disk_->begin(SimDisk::Op::kMake, path); !begun)
      return std::unexpected(begun.error());
    // Whether an emptied file is a new one makes no difference to whoever keeps nothing in it.
    const auto inode = std::make_shared<SimDisk::Inode>();
    disk_->change({"", path, inode});
    return std::make_unique<SimFile>(disk_, path, inode);
  }

  Io<> rename(const std::string& from, const std::string& to) override {
    if (const auto begun = disk_->begin(SimDisk::Op::kRename, to); !begun) return begun;
    const auto at = disk_->names_.find(from);
    if (at == disk_->names_.end()) return std::unexpected(ENOENT);
    disk_->change({from, to, at->second});
    return {};
  }

  Io<> remove(const std::string& path) override {
    if (const auto begun = disk_->begin(SimDisk::Op::kRemove, path); !begun) return begun;
    if (!disk_->names_.contains(path)) return std::unexpected(ENOENT);
    disk_->change({path, "", nullptr});
    return {};
  }

  Io<std::vector<std::string>> list(const std::string& folder) override {
    std::vector<std::string> found;
    for (const auto& [path, inode] : disk_->names_)
      if (folder_of(path) == folder) found.push_back(path.substr(folder.size() + 1));
    return found;
  }

  Io<> make_folder(const std::string& /*path*/) override { return {}; }

  Io<> sync_folder(const std::string& path) override {
    if (const auto begun = disk_->begin(SimDisk::Op::kSyncFolder, path); !begun) return begun;
    for (const auto& change : disk_->pending_[path]) SimDisk::apply(disk_->durable_names_, change);
    disk_->pending_.erase(path);
    return {};
  }

  Io<std::string> random(std::size_t bytes) override {
    std::string drawn;
    while (drawn.size() < bytes) base::Writer(drawn).be64(base::split_mix(disk_->drawn_));
    drawn.resize(bytes);
    return drawn;
  }

 private:
  const std::shared_ptr<SimDisk> disk_;  // shared with the test
};

std::unique_ptr<Files> files_on(std::shared_ptr<SimDisk> disk) {
  return std::make_unique<SimFiles>(std::move(disk));
}

}  // namespace perdure::store::log::file::testing
