// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/log/file/files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace perdure::store::log::file {

using base::ErrorCode;

base::Error io_error(std::string_view action, const std::string& path, int number) {
  if (number == ENOSPC || number == EDQUOT) {
    const std::string folder = path.substr(0, path.rfind('/'));
    return {ErrorCode::kStorageFull,
            fmt::format("{} '{}' failed: no space is left on the disk that holds folder '{}'; free "
                        "some, then open the store again",
                        action, path, folder)};
  }
  return {ErrorCode::kUnavailable,
          fmt::format("{} '{}' failed: {}", action, path, std::strerror(number))};
}

base::Result<> write_all(File& file, const std::string& path, std::uint64_t offset,
                         std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = file.write(offset, bytes);
    if (!written && written.error() == EINTR) continue;
    if (!written) return std::unexpected(io_error("writing", path, written.error()));
    if (*written == 0) return std::unexpected(io_error("writing", path, EIO));
    bytes.remove_prefix(*written);
    offset += *written;
  }
  return {};
}

base::Result<std::string> read_up_to(File& file, const std::string& path, std::uint64_t offset,
                                     std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const auto got = file.read(offset + done, bytes.data() + done, size - done);
    if (!got && got.error() == EINTR) continue;
    if (!got) return std::unexpected(io_error("reading", path, got.error()));
    if (*got == 0) break;
    done += *got;
  }
  bytes.resize(done);
  return bytes;
}

base::Result<> sync_file(File& file, const std::string& path) {
  if (const auto synced = file.sync(); !synced)
    return std::unexpected(io_error("syncing", path, synced.error()));
  return {};
}

base::Result<std::string> read_file(Files& files, const std::string& path, std::size_t bytes_max) {
  const auto file = files.open(path, OpenMode::kExisting);
  if (!file && file.error() == ENOENT)
    return base::fail(ErrorCode::kNotFound, fmt::format("there is no file '{}'", path));
  if (!file) return std::unexpected(io_error("opening", path, file.error()));
  return read_up_to(**file, path, 0, bytes_max);
}

}  // namespace perdure::store::log::file
