// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Every worker's stream, found by the tokens that were sent on it. Also their clock: a thread that
// looks at each once a second.
//
// Thread-safe. Owned by the service; outlives every session.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "runtime/monitor.h"
#include "runtime/thread.h"
#include "transport/durabletask/session.h"

namespace perdure::durabletask {

inline constexpr std::size_t kSessionsMax = 10'000;
inline constexpr base::Duration kTickSpan = base::seconds(1);

class Sessions final {
 public:
  explicit Sessions(engine::Engine& engine);
  ~Sessions();
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  /// kResourceExhausted: too many.
  base::Result<> add(std::shared_ptr<Session> session);
  void remove(const Session& session);

  /// Of the worker in this hub that was sent this token; nullptr: its stream is gone.
  [[nodiscard]] std::shared_ptr<Session> find(const std::string& hub, std::string_view token) const;
  [[nodiscard]] std::vector<std::shared_ptr<Session>> of_hub(const std::string& hub) const;

  /// Ends all of them with UNAVAILABLE: the workers connect again, to whoever serves then.
  void end_all();

 private:
  void watch();
  [[nodiscard]] std::vector<std::shared_ptr<Session>> all() const;

  engine::Engine& engine_;
  mutable runtime::Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Session>> sessions_;  // by id
  bool ended_ = false;
  runtime::Condition stopping_;
  bool stopped_ = false;
  runtime::Thread watch_;  // last: it uses the others
};

}  // namespace perdure::durabletask
