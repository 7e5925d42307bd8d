// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The contents of files, each stored once: compressed with zstd, in objects/ab/cdef..., named by
// the SHA-256 of the content. An object is written under another name, synced and renamed: what has
// its name is whole. Storing the same content twice is harmless. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "backup/files.h"

namespace backup {

struct StoredObject {
  std::string hash;
  std::uint64_t size = 0;    // of the content
  std::uint64_t stored = 0;  // of the object
};

/// Reading the source failed: the file is to be skipped. Everything else that store_object throws
/// is about the target.
class SourceError : public std::system_error {
  using std::system_error::system_error;
};

/// `scratch` is the file to write to first. Throws SourceError and std::system_error.
StoredObject store_object(File& source, const Path& target, const Path& scratch);

/// Writes the content to `path`. Throws std::system_error, and std::runtime_error if the object is
/// damaged: its content does not have the hash it is named by.
void restore_object(const Path& target, const std::string& hash, const Path& path);

/// SHA-256 in hexadecimal.
std::string hash_of(std::string_view bytes);

}  // namespace backup
