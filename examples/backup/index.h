// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The index of a backup: what is where. Written in parts, one for each group of the list, and put
// together at the end, so that index.jsonl is always the whole of some backup. Repeating any of
// this is harmless. Any thread.
#pragma once

#include <functional>

#include "backup/records.h"
#include "backup/target.h"

namespace backup {

void write_part(const Job& job, std::uint32_t group, const std::vector<Entry>& entries);
/// Puts the parts together and sums them up.
Report write_index(const Job& job, std::uint32_t groups);

/// Calls `visit` for each entry, in the order of `walk`; answers whose backup it is.
IndexHeader read_index(const Path& target, const std::function<void(const Entry&)>& visit);

}  // namespace backup
