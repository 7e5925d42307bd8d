// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One client of the subject: starts instances, raises events, watches for ends and purges, and
// writes into the ledger what it was told. It goes on with what earlier processes left behind.
// Owned and used by one thread; several drivers share a store, each with instances of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "ledger.h"
#include "perdure/client.h"
#include "perdure/random.h"

namespace torture {

inline constexpr std::size_t kLiveMax = 8;  // of one driver

/// Faults of the subject itself, which the verification must notice.
enum class Mutant : std::uint8_t {
  kNone,
  kEarlyAcknowledgement,  // the ledger says so before the client was answered
  kEventTwice,            // every event is raised twice
};

struct DriverOptions {
  std::uint64_t number = 0;  // of this driver, and of how many
  std::uint64_t count = 1;
  std::uint64_t opening = 0;
  std::uint64_t seed = 0;
  Mutant mutant = Mutant::kNone;
};

class Driver {
 public:
  /// The writer outlives the driver.
  Driver(perdure::Client client, const Writer& writer, const Ledger& ledger, DriverOptions options);

  /// Does one thing. False: it was refused, and `refusal` says why. The same for all below.
  bool step();
  bool start(const std::string& kind, int size);
  /// Looks after the instances there are until all have ended; at most `patience_steps` looks.
  bool finish(int patience_steps);
  [[nodiscard]] const std::optional<perdure::Error>& refusal() const { return refusal_; }

 private:
  struct Live {
    std::string id;
    int wanted = 0;  // events
    std::uint64_t raised = 0;
    int acknowledged = 0;
  };

  void adopt(const Ledger& ledger);
  perdure::Result<std::string> start_with_input(const std::string& kind, int size,
                                                const perdure::StartOptions& options);
  bool refused(const perdure::Error& error);
  bool raise(Live& live);
  /// Looks whether it ended, and forgets it if so.
  bool watch(std::size_t index, std::chrono::microseconds patience);
  bool purge(const std::string& id);
  /// Why the first instance can not go on, if something it needs is damaged.
  std::optional<perdure::Error> damage_of_first();

  perdure::Client client_;
  const Writer& writer_;
  const DriverOptions options_;
  perdure::Random random_;
  std::deque<Live> live_;
  std::uint64_t started_ = 0;
  std::optional<perdure::Error> refusal_;
};

}  // namespace torture
