// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One execution of one orchestration in memory: its suspended coroutines, the operations they wait
// for, and how far its history has been followed.
//
// Events are fed strictly in the order of the history. Each outcome resumes the coroutine that
// waits for it at once, and the code runs until everything waits again; so the same events always
// lead to the same decisions in the same order. While past events are replayed, each decision must
// be the one that the history recorded next; in a new turn, the decisions are the result.
//
// Not thread-safe, but may move from thread to thread between calls. Destroying a Run destroys the
// coroutines where they are suspended. A Run that answered a Violation is of no further use; so is
// one whose turn's result did not become part of the history.
#pragma once

#include <coroutine>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decisions.h"
#include "event_inbox.h"
#include "model/action.h"
#include "model/event.h"
#include "model/ids.h"
#include "model/instance.h"
#include "operation.h"
#include "perdure/orchestration.h"
#include "perdure/registry.h"

namespace perdure::internal {

/// The code and the history disagree.
struct Violation {
  model::EventNumber event = 0;  // where
  /// One line: what is recorded, what the code attempts, and the way out.
  std::string message;
};

using LogSink = std::function<void(std::string_view line)>;

class Run final {
 public:
  /// `function` outlives the Run. Nothing happens before the first event.
  Run(const OrchestrationFunction& function, model::InstanceKey key, model::Execution execution,
      LogSink log = {});
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Follows events that the history has recorded, decisions included. Call it page by page.
  std::expected<void, Violation> replay(std::vector<model::Event> page);

  /// At the end of a history: did it record everything that the code decided? A turn asks this by
  /// itself.
  std::expected<void, Violation> check_complete();

  /// Runs the code over what is new, and answers what it decided. Afterwards the Run counts the
  /// decisions as recorded. REQUIRES: the history was replayed to its end; TurnStarted comes first.
  std::expected<model::TurnResult, Violation> turn(std::vector<model::Event> new_events);

  /// The length of the history that the Run has followed, decisions of its own turns included. A
  /// turn that continues a history of another length is not for this Run.
  [[nodiscard]] model::EventNumber events() const { return events_; }
  /// The code came to its end: there will be no further turn.
  [[nodiscard]] bool ended() const { return outcome_.has_value(); }

  // ---- For the context --------------------------------------------------------------------------

  OperationRef start_activity(std::string_view name, Payload input, CallOptions options);
  OperationRef start_child(std::string_view name, Payload input, const ChildOptions* options);
  OperationRef start_timer(base::Timestamp due);
  OperationRef start_event(std::string_view name, std::optional<base::Duration> timeout);
  OperationRef start_group(GroupKind kind, std::vector<Member> members);
  OperationRef start_routine(Routine routine);
  OperationRef start_call(const EntityId& entity, std::string_view operation, Payload input);
  void send_signal(const EntityId& entity, std::string_view operation, Payload input,
                   std::optional<base::Timestamp> due);
  OperationRef start_lock(const std::vector<EntityId>& entities);
  void end_section(Operation& lock) noexcept;
  void cancel(Operation& operation);
  void send_event(std::string_view target, std::string_view name, Payload payload);
  void continue_as_new(Payload input, std::optional<std::string> version);
  void set_custom_status(Payload status);
  void log(std::string_view line) const;

  [[nodiscard]] const model::InstanceKey& key() const { return key_; }
  [[nodiscard]] model::Execution execution() const { return execution_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& version() const { return version_; }
  [[nodiscard]] const std::optional<std::string>& parent() const { return parent_; }
  [[nodiscard]] base::Timestamp now() const { return now_; }
  [[nodiscard]] bool replaying() const { return replaying_; }
  Random& random();
  std::string new_uuid();

  // ---- For the handles --------------------------------------------------------------------------

  void resume_when_done(Operation& operation, std::coroutine_handle<> coroutine);
  /// No reference is left.
  void recycle(Operation& operation) noexcept;

 private:
  // runner.cc: following the history
  bool apply(model::Event& event);
  void dispatch(model::Event& event);
  void start(model::ExecutionStarted& started);
  void begin_turn(base::Timestamp at);
  void check_recorded(const model::Event& event);
  void check_end(const model::ExecutionCompleted& completed);
  void violate(std::string what);
  void violate_foreign(const model::Event& event);
  [[nodiscard]] std::string describe_position() const;
  void run_ready();
  void finish_main();
  void finish_routine(Operation& operation);
  std::vector<model::EventRaised> take_unconsumed_events();

  // run_operations.cc: the life of operations
  Operation& allocate(OperationKind kind, std::string_view name);
  model::TaskId next_task(Operation* operation);
  void decide(model::Action action);
  void give_up_task(Operation& operation);
  /// Who waits for the outcome of this kind for this task, and from now on no longer. Nothing: it
  /// comes too late to matter, or it is a violation.
  OperationRef take_task(model::TaskId task, model::TaskKind outcome);
  void schedule(Operation& operation, Payload input, std::string child_id, std::string version);
  void schedule_attempt(Operation& operation);
  void on_result(model::TaskId task, model::TaskKind kind, Payload result);
  void on_failure(model::TaskId task, model::TaskKind kind, FailureDetails failure);
  void on_timer(model::TaskId task);
  void on_event(ArrivedEvent arrived);
  void accept(Operation& waiter, ArrivedEvent arrived);
  void complete(Operation& operation, OperationState state);
  void on_member_done(Operation& group, const Operation& member);
  void finish_group(Operation& group, OperationState state);
  void cancel_routine(Operation& operation);
  void free_operations();

  const OrchestrationFunction* function_;  // outlives this
  model::InstanceKey key_;
  model::Execution execution_;
  LogSink log_;
  Orchestration context_;

  // What ExecutionStarted said, and where the history is.
  std::string name_;
  std::string version_;
  std::optional<std::string> parent_;
  std::optional<base::Timestamp> started_;
  base::Timestamp now_;
  model::EventNumber events_ = 0;
  bool replaying_ = false;
  bool closing_ = false;
  bool goes_on_rewound_ = false;  // the turn that begins is the first after a rewind
  std::optional<Violation> violation_;

  // What the code decided.
  Decisions decisions_;
  std::optional<model::Outcome> outcome_;
  Payload custom_status_;
  std::optional<Payload> status_before_;  // before the current turn changed it

  // The code.
  std::optional<Task<Payload>> main_;  // from ExecutionStarted on
  std::vector<Waiter> ready_;          // coroutines to resume, in order
  std::size_t next_ready_ = 0;
  Operation* running_ = nullptr;  // the spawned operation whose code runs; nullptr: the main one

  // What it waits for.
  EventInbox inbox_;
  /// Of the critical section that was requested and is not over.
  std::optional<model::TaskId> section_;
  std::vector<std::string> section_entities_;  // ascending
  /// By task; nullptr: nobody waits for its outcome. Never shrinks: the engine bounds the history.
  std::vector<Operation*> tasks_;
  Operation* allocated_ = nullptr;
  Operation* free_ = nullptr;

  struct Seeds {
    Random random;
    Random uuid_high;
    Random uuid_low;
  };
  Seeds& seeds();
  std::unique_ptr<Seeds> seeds_;  // made when first asked for
};

}  // namespace perdure::internal
