// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The proof that somebody may do something in a task hub. Only the guard (guard.h) makes one, and
// whatever touches a hub asks for one: so there is no way to a hub around the one decision point,
// and a handler has no name of a hub but the one that was decided on. Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace perdure::access {

/// What can be done in a task hub, from the least to the most.
enum class Action : std::uint8_t {
  kRead = 1,    // get, list, wait, history
  kOperate,     // start, raise, signal, call, terminate, suspend, resume, rewind, restart
  kWork,        // take work items and answer them
  kAdminister,  // purge, clean up, create and delete the hub
};

/// "operate", as in messages and in configuration.
std::string_view action_name(Action action);

class Permit final {
 public:
  [[nodiscard]] const std::string& hub() const { return hub_; }
  [[nodiscard]] Action action() const { return action_; }
  /// Who: the name of the key, the subject of the token. Empty: anonymous, on loopback.
  [[nodiscard]] const std::string& who() const { return who_; }

 private:
  friend class Guard;
  Permit(std::string hub, Action action, std::string who)
      : hub_(std::move(hub)), action_(action), who_(std::move(who)) {}

  std::string hub_;
  Action action_;
  std::string who_;
};

}  // namespace perdure::access
