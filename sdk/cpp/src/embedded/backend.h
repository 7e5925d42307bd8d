// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The client's calls, carried out by an engine in this process. Each call is a command and a wait
// for its reply. How one waits is the difference between the hosts: a thread blocks, or a test
// drives the engine until the reply is there.
//
// Thread-safe as far as its Driver is. The engine may go before the clients do: from then on every
// call answers UNAVAILABLE.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/engine.h"
#include "perdure/client.h"
#include "runtime/monitor.h"

namespace perdure::embedded {

/// A reply that is on its way. Shared by the caller, who may give up, and the engine.
class Pending final {
 public:
  void resolve(model::ReplyBody body);
  [[nodiscard]] bool resolved() const;
  /// Blocks; false after the span.
  bool wait_for(base::Duration span);
  /// REQUIRES: resolved, and not taken yet.
  model::ReplyBody take();

 private:
  mutable runtime::Mutex mutex_;
  runtime::Condition condition_;
  std::optional<model::ReplyBody> body_;
};

/// Waits until the reply is there, or for `span`: false then.
using Driver = std::function<bool(Pending&, base::Duration span)>;

struct BackendSettings {
  std::string hub;
  Driver drive;
  /// Ids for instances that were given none.
  std::function<std::string()> fresh_id;
  /// Whether this program has the orchestration. Empty: any name will do.
  std::function<Result<void>(const std::string& name)> known;
  std::function<Result<void>(const EntityId& entity)> known_entity;
};

class Backend final : public ClientBackend {
 public:
  Backend(engine::Engine& engine, BackendSettings settings);

  /// The engine goes, or was replaced (by a restart in a test).
  void detach();
  void attach(engine::Engine& engine);

  Result<std::string> start(std::string name, std::optional<std::string> input,
                            StartOptions options) override;
  void start(std::string name, std::optional<std::string> input, StartOptions options,
             Done<std::string> done) override;
  Result<void> raise(std::string id, std::string event,
                     std::optional<std::string> payload) override;
  Result<void> terminate(std::string id, std::string reason, bool recursive) override;
  Result<void> suspend(std::string id, std::string reason) override;
  Result<void> resume(std::string id, std::string reason) override;
  Result<void> rewind(std::string id, std::string reason) override;
  Result<void> restart(std::string id) override;
  Result<void> purge(std::string id) override;
  Result<std::uint64_t> purge(const Filter& filter) override;
  Result<Instance> get(std::string id, bool with_input) override;
  Result<Instance> wait(std::string id, bool until_ended,
                        std::chrono::microseconds timeout) override;
  void wait(std::string id, Done<Instance> done) override;
  Result<Page> list(const Filter& filter, std::size_t page_size,
                    std::string_view continuation) override;
  Result<std::vector<HistoryEvent>> history(std::string id, std::uint64_t from,
                                            std::size_t events_max) override;
  Result<History> record(std::string id) override;
  Result<std::optional<ScrubbedFile>> scrub(std::string_view after) override;
  Result<Payload> call(const EntityId& entity, std::string operation, Payload input) override;
  void call(const EntityId& entity, std::string operation, Payload input,
            Done<Payload> done) override;
  Result<void> signal(const EntityId& entity, std::string operation, Payload input,
                      std::optional<TimePoint> due) override;
  Result<EntityInfo> get(const EntityId& entity) override;
  Result<EntityPage> entities(std::string_view name, std::size_t page_size,
                              std::string_view continuation) override;

 private:
  [[nodiscard]] Result<model::StartInstance> start_command(std::string name, Payload input,
                                                           const StartOptions& options) const;
  template <class Command>
  void send(Command command, Done<model::ReplyBody> done);
  template <class Command>
  Result<model::ReplyBody> ask(Command command, base::Duration span);
  template <class Command>
  Result<void> tell(Command command);
  [[nodiscard]] model::InstanceKey key(std::string id) const;

  /// Held shared by every call, alone by detach: the engine stays while a call is under way.
  runtime::SharedMutex engine_mutex_;
  engine::Engine* engine_;
  const BackendSettings settings_;
};

}  // namespace perdure::embedded
