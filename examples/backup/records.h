// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the backup's orchestrations and activities tell each other, and what it leaves behind.
// PERDURE_FIELDS makes each of them a JSON object. Paths are texts (path_text.h). Values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "perdure/fields.h"

namespace backup {

/// What to do: absolute paths of two folders.
struct Job {
  std::string from;
  std::string to;
  PERDURE_FIELDS(Job, from, to);
};

inline constexpr const char* kFile = "file";
inline constexpr const char* kLink = "link";
inline constexpr const char* kFolder = "folder";
inline constexpr const char* kSkipped = "skipped";

/// One thing below the source: a line of the lists and of the index.
struct Entry {
  std::string path;  // relative to the source
  std::string kind;
  std::uint32_t mode = 0;    // permissions
  std::uint64_t size = 0;    // of a file
  std::string hash;          // of a file: SHA-256, in hexadecimal; names its object
  std::uint64_t stored = 0;  // of a file: the size of its object
  std::string detail;        // of a link: its target; of what was skipped: why
  PERDURE_FIELDS(Entry, path, kind, mode, size, hash, stored, detail);
};

struct CopyRequest {
  Job job;
  std::string path;
  PERDURE_FIELDS(CopyRequest, job, path);
};

/// What list_files found. The list itself is in files of the target folder, one for each group: it
/// can be larger than a payload may be.
struct Listing {
  std::uint32_t groups = 0;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  PERDURE_FIELDS(Listing, groups, files, bytes);
};

struct Counts {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  PERDURE_FIELDS(Counts, files, bytes);
};

/// The custom status of the backup. What its running groups have done comes on top.
struct Progress {
  std::string phase;
  Counts total;
  Counts done;  // by the groups that ended
  PERDURE_FIELDS(Progress, phase, total, done);
};

/// The first line of the index.
struct IndexHeader {
  std::uint32_t format = 1;
  std::string from;
  PERDURE_FIELDS(IndexHeader, format, from);
};

/// What the whole came to. It follows from the source alone: an interrupted backup ends with the
/// same report.
struct Report {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t links = 0;
  std::uint64_t folders = 0;
  std::uint64_t objects = 0;       // different contents
  std::uint64_t stored_bytes = 0;  // of the objects, compressed
  std::uint64_t skipped = 0;
  std::vector<std::string> skipped_first;  // at most kSkippedShownMax, with the reason
  PERDURE_FIELDS(Report, files, bytes, links, folders, objects, stored_bytes, skipped,
                 skipped_first);
};

inline constexpr std::size_t kSkippedShownMax = 20;

}  // namespace backup
