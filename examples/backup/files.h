// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Files the way a program needs them that must survive a crash: whole reads and writes, syncs, and
// replacement by rename. Everything here throws std::system_error, whose message names the path.
// A File is owned by one thread.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace backup {

using Path = std::filesystem::path;

class File {
 public:
  static File open_to_read(const Path& path);
  /// Empties it if it exists.
  static File create(const Path& path);
  /// Each write goes to the end, whoever else writes.
  static File open_to_append(const Path& path);

  File(File&& other) noexcept;
  File& operator=(File&&) = delete;
  ~File();

  /// Up to buffer.size() bytes; 0 at the end of the file.
  std::size_t read(std::span<char> buffer);
  void write(std::string_view bytes);
  /// Returns when what was written is on the disk.
  void sync();
  [[nodiscard]] struct stat status() const;
  [[nodiscard]] const Path& path() const { return path_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  File(Path path, int flags);

  Path path_;
  int descriptor_;
};

/// What the error number says about the path; for `throw`.
std::system_error file_error(std::string_view action, const Path& path);

std::string read_whole(const Path& path);
/// Afterwards the file has the old content or the new one, whatever happens in between.
void replace(const Path& path, std::string_view content);
/// Makes the names in the folder durable: new files, renames.
void sync_folder(const Path& folder);

}  // namespace backup
