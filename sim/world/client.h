// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// How the clients of all workloads call the platform: over the network, with a deadline, and
// everything recorded for the checkers. A call that is not answered in time is unknown for ever: it
// may have happened, may yet happen, or never will.
//
// Owned by the simulation; scene, network and platform outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/command.h"
#include "model/effect.h"
#include "scene.h"
#include "verify/history.h"
#include "world/network.h"
#include "world/platform.h"

namespace perdure::sim {

/// The task hub of everything in a run.
inline constexpr const char* kHub = "hub";

inline model::InstanceKey key_of(std::string id) { return {kHub, std::move(id)}; }

/// How a call is told to a checker.
struct Recorded {
  std::uint64_t process = 0;
  std::string op;
  std::string key;
  verify::Value value;
};

class Calls final {
 public:
  /// Nothing: it is not known whether it happened.
  using Done = std::move_only_function<void(const std::optional<model::ReplyBody>&)>;

  Calls(Scene& scene, Network& network, Platform& platform)
      : scene_(scene), network_(network), platform_(platform) {}

  /// One attempt. `records`: where the operation is written down, once it is over; or nullptr.
  void call(model::Command command, Recorded as, std::vector<verify::Operation>* records,
            Done done);
  /// Again and again until the platform itself answered. For after the faults, and for what
  /// may be repeated.
  void insist(model::Command command, Done done);

  /// Calls whose end nobody has seen yet.
  [[nodiscard]] std::uint64_t open() const { return open_; }

 private:
  void insist_after(base::Duration pause, model::Command command, Done done);
  void send(const model::Command& command, std::function<void(model::ReplyBody)> reply);

  Scene& scene_;
  Network& network_;
  Platform& platform_;
  std::uint64_t open_ = 0;
};

/// The error of an answer, if it is one.
inline const base::Error* error_of(const std::optional<model::ReplyBody>& body) {
  return body ? std::get_if<base::Error>(&*body) : nullptr;
}
/// It was answered, and not with an error.
inline bool succeeded(const std::optional<model::ReplyBody>& body) {
  return body.has_value() && error_of(body) == nullptr;
}

// ---- commands -----------------------------------------------------------------------------------

/// `input`: the arguments of the orchestration, as the SDK encodes them.
model::StartInstance start_of(const std::string& id, const std::string& name, model::Payload input);

}  // namespace perdure::sim
