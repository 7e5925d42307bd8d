// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The few things that a log asks of a file system, as an interface, so that tests can supply one
// that tears writes, fails syncs, runs full, remembers the order of what it was asked, and loses
// power. A call may do less than was asked, as the system's own do; the helpers below insist.
//
// Threads: a File or Files has one caller at a time. Failures are the system's errno; the helpers
// turn them into errors that name the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace perdure::store::log::file {

/// The value, or an errno.
template <class T = void>
using Io = std::expected<T, int>;

class File {
 public:
  virtual ~File() = default;

  /// How many bytes were read: fewer than asked, or none behind the end.
  virtual Io<std::size_t> read(std::uint64_t offset, char* into, std::size_t size) = 0;
  /// How many bytes were written: at least one, perhaps fewer than asked.
  virtual Io<std::size_t> write(std::uint64_t offset, std::string_view bytes) = 0;
  /// Makes the file's bytes durable. After an error they may be lost, whatever a second try says.
  virtual Io<> sync() = 0;
  virtual Io<std::uint64_t> size() = 0;
};

enum class OpenMode : std::uint8_t {
  kExisting,  // fails if there is none
  kEmpty,     // made, or emptied
};

class Files {
 public:
  virtual ~Files() = default;

  virtual Io<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  virtual Io<> rename(const std::string& from, const std::string& to) = 0;
  virtual Io<> remove(const std::string& path) = 0;
  /// The names in a folder, in any order.
  virtual Io<std::vector<std::string>> list(const std::string& folder) = 0;
  /// With access for its owner only. A folder that exists is left as it is.
  virtual Io<> make_folder(const std::string& path) = 0;
  /// Makes the names in the folder durable.
  virtual Io<> sync_folder(const std::string& path) = 0;
  /// Bytes that nobody can guess.
  virtual Io<std::string> random(std::size_t bytes) = 0;
};

/// The operating system's.
std::unique_ptr<Files> system_files();

enum class Writes : std::uint8_t {
  kDirect,        // of whole sectors past the cache, where the file system has that; the default
  kThroughCache,  // all of them
};
std::unique_ptr<Files> system_files_with(Writes writes);

/// "writing '/data/log/x' failed: Input/output error"; a full disk is kStorageFull and says what to
/// do about it, everything else is kUnavailable.
base::Error io_error(std::string_view action, const std::string& path, int number);

/// All of the bytes, however often it takes.
base::Result<> write_all(File& file, const std::string& path, std::uint64_t offset,
                         std::string_view bytes);
/// Up to `size` bytes: fewer only at the end of the file.
base::Result<std::string> read_up_to(File& file, const std::string& path, std::uint64_t offset,
                                     std::size_t size);
base::Result<> sync_file(File& file, const std::string& path);
/// The whole of a small file; kNotFound if there is none.
base::Result<std::string> read_file(Files& files, const std::string& path, std::size_t bytes_max);

}  // namespace perdure::store::log::file
