// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace perdure::access {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr mode_t kModeOfNew = 0600;

/// Closes what it holds.
class Descriptor final {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool good() const { return number_ >= 0; }

 private:
  int number_;
};

std::unexpected<base::Error> failed(std::string_view what, const std::string& path) {
  return fail(ErrorCode::kNotFound, fmt::format("{} {}: {}", path, what, std::strerror(errno)));
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<> sync_folder_of(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.good() || ::fsync(opened.get()) != 0) return failed("can not be synced", folder);
  return {};
}

Result<> replace(const std::string& path, std::string_view text) {
  struct stat old = {};
  const mode_t mode = ::stat(path.c_str(), &old) == 0 ? old.st_mode & 0777U : kModeOfNew;
  const std::string unfinished = path + ".new";
  const Descriptor file(
      ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kModeOfNew));
  if (!file.good() || ::fchmod(file.get(), mode) != 0 || !write_all(file.get(), text) ||
      ::fsync(file.get()) != 0) {
    return failed("can not be written", unfinished);
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0)
    return failed("can not be replaced", path);
  return sync_folder_of(path);
}

}  // namespace

Result<std::string> read_access_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status = {};
  if (!file.good() || ::fstat(file.get(), &status) != 0) return failed("can not be read", path);
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kNotFound, fmt::format("{} is no file", path));
  }
  if ((status.st_mode & S_IWOTH) != 0) {
    return fail(
        ErrorCode::kPermissionDenied,
        fmt::format("{} can be written by every user of this machine, who could let himself "
                    "in: chmod o-w it",
                    path));
  }
  std::string text;
  char piece[4096];
  while (true) {
    const ssize_t count = ::read(file.get(), piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("can not be read", path);
    if (count == 0) return text;
    text.append(piece, static_cast<std::size_t>(count));
    if (text.size() > kAccessFileBytesMax) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{} is larger than {} bytes", path, kAccessFileBytesMax));
    }
  }
}

FileStamp stamp_of(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {
      .inode = status.st_ino,
      .bytes = static_cast<std::uint64_t>(status.st_size),
      .modified_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

Result<> change_access_file(const std::string& path,
                            const std::function<Result<std::string>(std::string_view)>& change) {
  const std::string lock_path = path + ".lock";
  const Descriptor lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kModeOfNew));
  if (!lock.good() || ::flock(lock.get(), LOCK_EX) != 0) {
    return failed("can not be locked", lock_path);
  }
  std::string text;
  if (stamp_of(path) != FileStamp{}) {
    PERDURE_ASSIGN_OR_RETURN(text, read_access_file(path));
  }
  PERDURE_ASSIGN_OR_RETURN(const std::string changed, change(text));
  return replace(path, changed);
}

}  // namespace perdure::access
