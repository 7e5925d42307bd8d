// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Everything below a folder, in an order that follows from the names alone. Any thread.
#pragma once

#include <functional>

#include "backup/files.h"
#include "backup/records.h"

namespace backup {

/// Calls `visit` for every file, link and folder below `root`, folders before what is in them.
/// Links are not followed. What is neither, or can not be read, comes as kSkipped with the reason.
/// Memory: the names of one folder at a time, times the depth.
void walk(const Path& root, const std::function<void(const Entry&)>& visit);

/// Writes the list of everything below job.from into the target folder, in groups, and forgets what
/// an earlier backup left half done.
Listing write_lists(const Job& job);
std::vector<Entry> read_list(const Job& job, std::uint32_t group);

/// A list of entries as lines of JSON, and back. Throws perdure::Failure for what is none.
std::string to_lines(const std::vector<Entry>& entries);
std::vector<Entry> from_lines(const std::string& text, const Path& path);

// A group is small enough to be the payload of an activity, whatever the paths are like.
inline constexpr std::size_t kGroupEntriesMax = 200;
inline constexpr std::size_t kGroupBytesMax = std::size_t{256} << 10;

}  // namespace backup
