// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The target folder of a backup:
//
//   backup.json    whose backup it is; locked while a process writes into the folder
//   index.jsonl    a header, then one line for each file, link and folder (records.h)
//   objects/       the contents (objects.h)
//   copies.log     one line for each copy that was carried out, in the backup that ran last
//   work/          lists, parts of the index and unfinished objects; only while a backup runs
#pragma once

#include <cstdint>

#include "backup/files.h"
#include "backup/records.h"
#include "perdure/result.h"

namespace backup {

inline Path index_path(const Path& target) { return target / "index.jsonl"; }
inline Path copies_path(const Path& target) { return target / "copies.log"; }
inline Path work_path(const Path& target) { return target / "work"; }
Path list_path(const Path& target, std::uint32_t group);
Path part_path(const Path& target, std::uint32_t group);
/// Where a call of copy_file compresses to: a place of its own, that no call of an earlier run may
/// still write to; and the same for each attempt, so that a dead one leaves nothing behind.
Path scratch_path(const Path& target, const std::string& call);

/// The two folders, checked, as absolute paths. Errors: kNotFound, kInvalidArgument (one within the
/// other, or within the store).
perdure::Result<Job> make_job(const Path& from, const Path& to, const Path& store);

/// Held by a process for as long as it writes into the folder.
class Target {
 public:
  /// Makes the folder, or recognises it. Errors: kFailedPrecondition (it is something else, or the
  /// backup of another folder), kUnavailable (another process writes into it).
  static perdure::Result<Target> open(const Job& job);

 private:
  explicit Target(File lock) : lock_(std::move(lock)) {}
  File lock_;
};

/// Empties the work folder and copies.log: a new backup begins.
void clear_work(const Path& target);
void remove_work(const Path& target);

/// The stable code for a failed operation on a file.
perdure::ErrorCode code_of(const std::error_code& error);

}  // namespace backup
