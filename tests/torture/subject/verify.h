// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Holds a recovered store to what its ledger says. Each violation is one line for a person. Pure,
// but for the questions to the client.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger.h"
#include "perdure/client.h"

namespace torture {

/// Why an instance makes no progress, if that is damage: the store's words, which name the file.
bool tells_of_damage(const std::string& parked);

struct Findings {
  std::vector<std::string> violations;
  /// The store said that something in it is damaged: no answer, and so no wrong one.
  std::optional<perdure::Error> refusal;
};

/// The number behind the kind in an instance id, "chain.3.…"; 0 if there is none.
int size_of(const std::string& id);
bool is_kind(const std::string& id, const std::string& kind);

/// What no question to the store is needed for: timers that were early, calls whose predecessor
/// changed between two runs.
std::vector<std::string> check_runs(const Ledger& ledger);

/// Every instance of the ledger, at any moment: acknowledged starts exist, acknowledged ends are
/// still the same, what is purged is gone, events were taken once and in order, what was recorded
/// has run, nothing is stuck for a reason of its own.
/// `path` is that of the ledger, which grows while this looks.
Findings check_instances(const Ledger& ledger, const std::string& path, perdure::Client& client);

/// The histories of all instances that are there can be read to their end.
Findings check_histories(const Ledger& ledger, perdure::Client& client);

}  // namespace torture
