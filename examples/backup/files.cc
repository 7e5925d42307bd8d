// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See files.h.
#include "backup/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "backup/path_text.h"

namespace backup {

std::system_error file_error(std::string_view action, const Path& path) {
  return {errno, std::system_category(), fmt::format("{} {}", action, to_text(path))};
}

File::File(Path path, int flags) : path_(std::move(path)) {
  // O_NONBLOCK: opening a pipe or a device in place of a file must not hang.
  descriptor_ = ::open(path_.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0644);
  if (descriptor_ < 0) throw file_error("opening", path_);
}

File File::open_to_read(const Path& path) { return {path, O_RDONLY | O_NOFOLLOW}; }
File File::create(const Path& path) { return {path, O_WRONLY | O_CREAT | O_TRUNC}; }
File File::open_to_append(const Path& path) { return {path, O_WRONLY | O_CREAT | O_APPEND}; }

File::File(File&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::size_t File::read(std::span<char> buffer) {
  for (;;) {
    const ssize_t count = ::read(descriptor_, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw file_error("reading", path_);
  }
}

void File::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      throw file_error("writing", path_);
    }
  }
}

void File::sync() {
  if (::fsync(descriptor_) != 0) throw file_error("syncing", path_);
}

struct stat File::status() const {
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0) throw file_error("looking at", path_);
  return status;
}

std::string read_whole(const Path& path) {
  File file = File::open_to_read(path);
  std::string content;
  std::vector<char> buffer(std::size_t{64} << 10);
  while (const std::size_t count = file.read(buffer)) content.append(buffer.data(), count);
  return content;
}

void replace(const Path& path, std::string_view content) {
  Path fresh = path;
  fresh += ".new";
  File file = File::create(fresh);
  file.write(content);
  file.sync();
  if (std::rename(fresh.c_str(), path.c_str()) != 0) throw file_error("renaming to", path);
  sync_folder(path.parent_path());
}

void sync_folder(const Path& folder) { File::open_to_read(folder).sync(); }

}  // namespace backup
