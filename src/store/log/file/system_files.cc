// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The operating system's files. Every handle is closed when a program is executed.
#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "store/log/file/files.h"

namespace perdure::store::log::file {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

template <class T>
Io<> done(T result) {
  if (result < 0) return std::unexpected(errno);
  return {};
}

class SystemFile final : public File {
 public:
  explicit SystemFile(int handle) : handle_(handle) {}
  ~SystemFile() override { ::close(handle_); }
  SystemFile(const SystemFile&) = delete;
  SystemFile& operator=(const SystemFile&) = delete;

  Io<std::size_t> read(std::uint64_t offset, char* into, std::size_t size) override {
    const ssize_t got = ::pread(handle_, into, size, static_cast<off_t>(offset));
    if (got < 0) return std::unexpected(errno);
    return static_cast<std::size_t>(got);
  }

  Io<std::size_t> write(std::uint64_t offset, std::string_view bytes) override {
    const ssize_t put = ::pwrite(handle_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0) return std::unexpected(errno);
    return static_cast<std::size_t>(put);
  }

  Io<> sync() override { return done(::fdatasync(handle_)); }

  Io<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(handle_, &status) != 0) return std::unexpected(errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  const int handle_;
};

class SystemFiles final : public Files {
 public:
  Io<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const int create = mode == OpenMode::kEmpty ? O_CREAT | O_TRUNC : 0;
    const int handle = ::open(path.c_str(), O_RDWR | O_CLOEXEC | create, kFileMode);
    if (handle < 0) return std::unexpected(errno);
    return std::make_unique<SystemFile>(handle);
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
};

}  // namespace

std::unique_ptr<Files> system_files() { return std::make_unique<SystemFiles>(); }

}  // namespace perdure::store::log::file
