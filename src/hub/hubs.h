// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What clients can do with the instances of a task hub, whatever protocol they speak: commands of
// the engine, and what takes several of them (a purge with children, a list with inputs). A
// transport translates and calls; it decides nothing about orchestrations.
//
// Every call takes the permit that it needs (the action is in brackets) and says what became of it
// to `then`, exactly once: on an engine thread or on a reader of ours, so it must neither block nor
// throw; or at once, on the calling thread, if the call is refused at the entry.
//
// Thread-safe. Owned by the server; the engine outlives it, and it outlives the transports. What
// reads many rows runs on a few threads of its own behind a bounded queue: when that is full the
// answer is kResourceExhausted.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/permit.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/engine.h"
#include "engine/query.h"
#include "model/command.h"
#include "model/effect.h"
#include "model/event.h"
#include "model/instance.h"

namespace perdure::hub {

class Readers;

template <class T = void>
using Then = std::function<void(base::Result<T>)>;

/// Reads and bulk operations that wait for a thread.
inline constexpr std::size_t kReadsWaitingMax = 10'000;
/// Generations of children that a recursive purge or terminate follows.
inline constexpr int kGenerationsMax = 32;

struct StartRequest {
  std::string id;  // empty: a fresh one
  model::ExecutionStarted started;
  model::ReusePolicy reuse;
  std::string idempotency_key;
};

struct Termination {
  std::string reason;
  model::Payload output;
  /// Also every orchestration below it that still runs, even below one that has ended.
  bool recursive = false;
};

enum class Inputs : std::uint8_t { kLeaveOut, kInclude };
enum class NewId : std::uint8_t { kNo, kYes };
enum class Family : std::uint8_t { kAlone, kWithChildren };
enum class IfUnknown : std::uint8_t { kFail, kWait };

struct AwaitWhat {
  model::Until until = model::Until::kEnded;
  IfUnknown if_unknown = IfUnknown::kFail;
  Inputs inputs = Inputs::kLeaveOut;
};

struct InstanceList {
  std::vector<model::InstanceSnapshot> instances;  // never empty while there is a continuation
  std::string continuation;                        // empty: this was the last page
};

/// The ended ones, oldest end first.
struct EndedFilter {
  model::StatusSet statuses = model::kEveryTerminal;
  std::optional<base::Timestamp> ended_from;
  std::optional<base::Timestamp> ended_to;  // not included
};
struct EndedList {
  std::vector<std::string> ids;
  std::string continuation;  // empty: this was the last page
};

struct EntityFilter {
  std::string id_prefix;  // "@name" or "@name@key..."; empty: any
  std::optional<base::Timestamp> modified_from;
  std::optional<base::Timestamp> modified_to;  // not included
  /// Also those without state: something waits for them, or holds them.
  bool transient = false;
};
struct EntityList {
  std::vector<model::EntitySnapshot> entities;  // never empty while there is a continuation
  std::string continuation;
};

struct PurgeFilter {
  engine::InstanceFilter instances;  // the hub is the permit's
  std::optional<base::Duration> time_max;
  Family family = Family::kAlone;
};
struct PurgeResult {
  std::size_t purged = 0;
  bool complete = true;  // false: the time was over
};

/// An await under way, for `cancel`.
struct Await {
  model::InstanceKey key;
  model::RequestId request;
};

/// A piece of a history, oldest first. Answering false ends the reading. Called on a reader's
/// thread, and may block it: that is how a slow client holds up nobody but other readers.
using HistoryConsumer = std::function<bool(model::Execution, std::vector<model::Event>)>;

class Hubs final {
 public:
  /// `readers`: threads for what reads many rows; 0: on the calling thread, for tests that drive
  /// the engine by hand.
  Hubs(engine::Engine& engine, std::size_t readers);
  ~Hubs();
  Hubs(const Hubs&) = delete;
  Hubs& operator=(const Hubs&) = delete;

  // ---- one instance ----
  void start(const access::Permit& permit, StartRequest request,
             Then<model::Started> then);  // [operate]
  void raise(const access::Permit& permit, std::string id, model::EventRaised event,
             Then<> then);  // [operate]
  void terminate(const access::Permit& permit, std::string id, Termination how,
                 Then<> then);  // [operate]
  void suspend(const access::Permit& permit, std::string id, std::string reason,
               Then<> then);  // [operate]
  void resume(const access::Permit& permit, std::string id, std::string reason,
              Then<> then);  // [operate]
  void rewind(const access::Permit& permit, std::string id, std::string reason,
              Then<> then);  // [operate]
  /// Answers the id: a fresh one for NewId::kYes; then the instance need not have ended.
  void restart(const access::Permit& permit, std::string id, NewId new_id,
               Then<std::string> then);  // [operate]
  void get(const access::Permit& permit, std::string id, Inputs inputs,
           Then<model::InstanceSnapshot> then);  // [read]
  Await await(const access::Permit& permit, std::string id, AwaitWhat what,
              Then<model::InstanceSnapshot> then);  // [read]
  /// `then` of the await gets kDeadlineExceeded, unless the answer was faster.
  void cancel(const Await& await);
  /// Every piece of the current execution's history, from the event `from` on, then `then`;
  /// kNotFound without a piece.
  void history(const access::Permit& permit, std::string id, HistoryConsumer consumer, Then<> then,
               model::EventNumber from = 0);  // [read]

  // ---- many instances ----
  void list(const access::Permit& permit, engine::InstanceFilter filter, engine::PageRequest page,
            Inputs inputs, Then<InstanceList> then);  // [read]
  void ended(const access::Permit& permit, EndedFilter filter, engine::PageRequest page,
             Then<EndedList> then);  // [read]
  /// How many were purged: 0 for one that is unknown or live.
  void purge(const access::Permit& permit, std::vector<std::string> ids, Family family,
             Then<std::size_t> then);  // [administer]
  void purge_where(const access::Permit& permit, PurgeFilter filter,
                   Then<PurgeResult> then);  // [administer]
  /// Terminates and purges everything in the hub.
  void clear(const access::Permit& permit, Then<> then);  // [administer]

  // ---- entities ----
  void call(const access::Permit& permit, std::string id, std::string operation,
            model::Payload input, Then<model::OperationOutcome> then);  // [operate]
  void signal(const access::Permit& permit, std::string id, std::string operation,
              model::Payload input, std::optional<base::Timestamp> fire_at,
              Then<> then);  // [operate]
  void entity(const access::Permit& permit, std::string id,
              Then<model::EntitySnapshot> then);  // [read]
  void entities(const access::Permit& permit, EntityFilter filter, engine::PageRequest page,
                Then<EntityList> then);  // [read]

  [[nodiscard]] engine::Engine& engine() { return engine_; }

 private:
  template <class T, class Work>
  void read(Then<T> then, Work work);
  void terminate_family(model::InstanceKey key, Termination how, Then<> then);

  engine::Engine& engine_;
  const std::unique_ptr<Readers> readers_;
};

}  // namespace perdure::hub
