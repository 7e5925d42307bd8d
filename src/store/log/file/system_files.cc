// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The operating system's files. Every handle is closed when a program is executed.
//
// A log appends whole sectors to a file whose blocks all exist, and waits for each append. Through
// the page cache that is a copy of whole pages, a walk over them, and a device that gets 4 KiB or 8
// for a record of 1. So whole sectors go directly, in one call that returns when the device has
// flushed its cache (O_DIRECT and O_DSYNC); everything else, and everything on a file system that
// refuses (EINVAL), goes through the cache and waits for fdatasync. docs/decisions/0030.
#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "store/log/file/files.h"
#include "store/log/file/segment.h"

namespace perdure::store::log::file {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

template <class T>
Io<> done(T result) {
  if (result < 0) return std::unexpected(errno);
  return {};
}

/// Direct writes begin at a multiple of it in memory. Devices ask for 4, 512, or a page.
constexpr std::size_t kAlignment = 4096;
/// A larger write is copied nowhere, and waits for its device once: through the cache.
constexpr std::size_t kDirectBytesMax = std::size_t{1} << 20;

/// The direct way into a file; closed for good when the file system turns out not to have one.
class DirectWay {
 public:
  /// REQUIRES: nobody gives the path another file meanwhile.
  DirectWay(const std::string& path, Writes writes) {
    if (writes == Writes::kDirect)
      handle_ = ::open(path.c_str(), O_WRONLY | O_DIRECT | O_DSYNC | O_CLOEXEC);
  }
  ~DirectWay() { close(); }
  DirectWay(const DirectWay&) = delete;
  DirectWay& operator=(const DirectWay&) = delete;

  [[nodiscard]] bool takes(std::uint64_t offset, std::size_t size) const {
    return handle_ >= 0 && offset % kSectorBytes == 0 && size % kSectorBytes == 0 && size > 0 &&
           size <= kDirectBytesMax;
  }

  /// What was written is durable when this returns. EINVAL: nothing was, and nothing ever will be.
  Io<std::size_t> write(std::uint64_t offset, std::string_view bytes) {
    if (staged_ == nullptr) staged_.reset(std::aligned_alloc(kAlignment, kDirectBytesMax));
    if (staged_ == nullptr) return std::unexpected(ENOMEM);
    std::memcpy(staged_.get(), bytes.data(), bytes.size());
    const ssize_t put = ::pwrite(handle_, staged_.get(), bytes.size(), static_cast<off_t>(offset));
    if (put >= 0) return static_cast<std::size_t>(put);
    const int failed = errno;
    if (failed == EINVAL) close();
    return std::unexpected(failed);
  }

 private:
  void close() {
    if (handle_ >= 0) ::close(handle_);
    handle_ = -1;
    staged_.reset();
  }

  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  int handle_ = -1;
  std::unique_ptr<void, Free> staged_;
};

class SystemFile final : public File {
 public:
  SystemFile(int handle, const std::string& path, Writes writes)
      : handle_(handle), direct_(path, writes) {}
  ~SystemFile() override { ::close(handle_); }
  SystemFile(const SystemFile&) = delete;
  SystemFile& operator=(const SystemFile&) = delete;

  Io<std::size_t> read(std::uint64_t offset, char* into, std::size_t size) override {
    const ssize_t got = ::pread(handle_, into, size, static_cast<off_t>(offset));
    if (got < 0) return std::unexpected(errno);
    return static_cast<std::size_t>(got);
  }

  /// Directly only while the cache holds nothing of this file that is not durable: the two never
  /// have bytes of one sector at the same time, and the first sync has made the file's length and
  /// the places of its blocks durable, which are a direct write's to rely on.
  Io<std::size_t> write(std::uint64_t offset, std::string_view bytes) override {
    if (is_synced_ && direct_.takes(offset, bytes.size())) {
      const auto put = direct_.write(offset, bytes);
      if (put || put.error() != EINVAL) return put;
    }
    is_synced_ = false;
    const ssize_t put = ::pwrite(handle_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0) return std::unexpected(errno);
    return static_cast<std::size_t>(put);
  }

  Io<> sync() override {
    if (is_synced_) return {};
    const Io<> synced = done(::fdatasync(handle_));
    is_synced_ = synced.has_value();
    return synced;
  }

  Io<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(handle_, &status) != 0) return std::unexpected(errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  const int handle_;
  DirectWay direct_;
  bool is_synced_ = false;  // there was a sync, and since then nothing went through the cache
};

class SystemFiles final : public Files {
 public:
  explicit SystemFiles(Writes writes) : writes_(writes) {}

  Io<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const int create = mode == OpenMode::kEmpty ? O_CREAT | O_TRUNC : 0;
    const int handle = ::open(path.c_str(), O_RDWR | O_CLOEXEC | create, kFileMode);
    if (handle < 0) return std::unexpected(errno);
    return std::make_unique<SystemFile>(handle, path, writes_);
  }

  Io<> rename(const std::string& from, const std::string& to) override {
    return done(std::rename(from.c_str(), to.c_str()));
  }

  Io<> remove(const std::string& path) override { return done(::unlink(path.c_str())); }

  Io<std::vector<std::string>> list(const std::string& folder) override {
    DIR* const open = ::opendir(folder.c_str());
    if (open == nullptr) return std::unexpected(errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(open)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int failed = errno;
    ::closedir(open);
    if (failed != 0) return std::unexpected(failed);
    return names;
  }

  Io<> make_folder(const std::string& path) override {
    if (::mkdir(path.c_str(), kFolderMode) == 0 || errno == EEXIST) return {};
    return std::unexpected(errno);
  }

  Io<> sync_folder(const std::string& path) override {
    const int handle = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0) return std::unexpected(errno);
    const Io<> synced = done(::fsync(handle));
    ::close(handle);
    return synced;
  }

  Io<std::string> random(std::size_t bytes) override {
    std::string drawn(bytes, '\0');
    if (bytes > 256) return std::unexpected(EINVAL);  // up to this, requests are answered whole
    ssize_t got = 0;
    do got = ::getrandom(drawn.data(), bytes, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0) return std::unexpected(errno);
    return drawn;
  }

 private:
  const Writes writes_;
};

}  // namespace

std::unique_ptr<Files> system_files() { return system_files_with(Writes::kDirect); }

std::unique_ptr<Files> system_files_with(Writes writes) {
  return std::make_unique<SystemFiles>(writes);
}

}  // namespace perdure::store::log::file
