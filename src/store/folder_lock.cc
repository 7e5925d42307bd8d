// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace perdure::store {
namespace {

constexpr mode_t kFileMode = 0600;

/// What the holder wrote; "another process" if it did not get that far.
std::string holder(int handle) {
  char text[32] = {};
  const ssize_t got = ::pread(handle, text, sizeof text - 1, 0);
  const std::string_view line(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::string_view digits = line.substr(0, line.find_first_not_of("0123456789"));
  return digits.empty() ? "another process" : fmt::format("process {}", digits);
}

}  // namespace

base::Result<FolderLock> FolderLock::take(const std::string& folder) {
  const std::string path = folder + "/LOCK";
  const auto failed = [&path](std::string_view action) {
    return base::fail(base::ErrorCode::kUnavailable,
                      fmt::format("{} '{}' failed: {}", action, path, std::strerror(errno)));
  };
  const int handle = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (handle < 0) return failed("opening");
  FolderLock lock(handle);
  if (::flock(handle, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed("locking");
    return base::fail(base::ErrorCode::kStoreLocked,
                      fmt::format("store '{}' is in use by {}; stop that one first, or choose "
                                  "another folder",
                                  folder, holder(handle)));
  }
  const std::string self = fmt::format("{}\n", ::getpid());
  if (::ftruncate(handle, 0) != 0 ||
      ::pwrite(handle, self.data(), self.size(), 0) != static_cast<ssize_t>(self.size()))
    return failed("writing");
  return lock;
}

FolderLock::~FolderLock() {
  if (handle_ >= 0) ::close(handle_);
}

FolderLock::FolderLock(FolderLock&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}

}  // namespace perdure::store
