// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A backup as an orchestration: list the files, copy each in an activity of its own, put the index
// together.
//
//   backup                        list_files, then a child for each group, a few at a time
//     backup_group                read_group, then copy_file for each file, then write_part
//   ...                           write_index, remove_work
//
// The process may be killed at any moment: what was recorded is not done again, and what was cut
// off is repeated, which every activity here can bear.
#pragma once

#include "backup/records.h"
#include "perdure/activity.h"
#include "perdure/orchestration.h"

namespace backup {

/// REQUIRES: the target folder is held (target.h).
perdure::Task<Report> run(perdure::Orchestration& ctx, Job job);
perdure::Task<Counts> run_group(perdure::Orchestration& ctx, Job job, std::uint32_t group);

/// Registers both, and their activities, with a perdure::Host or a perdure::Registry.
template <class Registry>
void register_with(Registry& registry);

/// Groups that are copied at the same time: it bounds what is scheduled at once.
inline constexpr std::uint32_t kLanes = 4;

// ---- Activities ---------------------------------------------------------------------------------

Listing list_files(const Job& job);
std::vector<Entry> read_group(const Job& job, std::uint32_t group);
Entry copy_file(perdure::Activity& activity, const CopyRequest& request);
void store_part(const Job& job, std::uint32_t group, const std::vector<Entry>& entries);
Report store_index(const Job& job, std::uint32_t groups);
void finish(const Job& job);

template <class Registry>
void register_with(Registry& registry) {
  registry.orchestration("backup", run).orchestration("backup_group", run_group);
  registry.activity("list_files", list_files)
      .activity("read_group", read_group)
      .activity("copy_file", copy_file)
      .activity("write_part", store_part)
      .activity("write_index", store_index)
      .activity("remove_work", finish);
}

}  // namespace backup
