// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Starting, watching and steering orchestrations from outside. A Client is a small value: copy it,
// use it from any thread. It talks to an engine through a ClientBackend: the one embedded in this
// program (host.h), or later a server.
//
// Every call blocks until its answer is durable. Nothing here throws; a Result carries the error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "perdure/codec.h"
#include "perdure/entity.h"
#include "perdure/failure.h"
#include "perdure/history.h"
#include "perdure/result.h"

namespace perdure {

using TimePoint = std::chrono::system_clock::time_point;

enum class Status : std::uint8_t {
  kPending,
  kRunning,
  kSuspended,
  kCompleted,
  kFailed,
  kTerminated
};

/// "RUNNING".
std::string_view to_string(Status status);
/// The inverse, in any case.
std::optional<Status> status_from_string(std::string_view name);
constexpr bool is_ended(Status status) {
  return status == Status::kCompleted || status == Status::kFailed || status == Status::kTerminated;
}

/// What an instance waits for: one entry for each activity, timer and sub-orchestration that was
/// scheduled and has no outcome yet.
struct Waiting {
  std::string kind;  // "activity", "timer", "child"
  std::string name;  // of the activity or child; of a child also its id, in `detail`
  std::string detail;
  std::int32_t task = 0;
  /// Of an activity: what its code reported last (Activity::report); as encoded, usually JSON.
  std::optional<std::string> progress;
};

/// A picture of one orchestration instance. Payloads are as encoded, usually JSON.
struct Instance {
  std::string id;
  std::string name;
  std::string version;
  Status status = Status::kPending;
  TimePoint created;
  TimePoint updated;
  std::optional<TimePoint> ended;
  std::optional<TimePoint> scheduled_start;
  std::optional<std::string> input;  // only if asked for
  std::optional<std::string> output;
  std::optional<std::string> custom_status;
  std::optional<FailureDetails> failure;
  std::map<std::string, std::string> tags;
  std::string parent_id;  // of a sub-orchestration
  std::uint64_t history_events = 0;
  std::uint64_t unread_messages = 0;  // in the inbox, not yet taken by a turn
  /// Why it makes no progress although it has work: its code disagrees with its history, or is not
  /// known to this program. Empty otherwise.
  std::string parked;
  std::vector<Waiting> waiting_for;

  [[nodiscard]] bool is_ended() const { return perdure::is_ended(status); }

  /// The decoded output. FAILED_PRECONDITION, with the failure's text, unless it is completed.
  template <class T>
  Result<T> output_as() const {
    if (status != Status::kCompleted) return not_completed();
    try {
      return internal::decode_payload<T>(output);
    } catch (const DecodeError& error) {
      return Error(ErrorCode::kInvalidArgument, error.what());
    }
  }

 private:
  [[nodiscard]] Error not_completed() const;
};

/// One event of a history, for people and tools.
struct HistoryEvent {
  std::uint64_t number = 0;
  TimePoint at;
  std::string kind;                  // "ActivityScheduled"
  std::optional<std::int32_t> task;  // the task it is about
  std::string name;                  // of the activity, child, event or orchestration
  std::string detail;                // kind-specific, one line: a due time, a target, a reason
  std::optional<std::string> payload;
  std::optional<FailureDetails> failure;
};

class StartOptions {
 public:
  enum class IfExists : std::uint8_t { kReject, kIgnore, kReplace, kReplaceEnded };

  StartOptions() {}

  /// Default: a fresh random id.
  StartOptions& id(std::string value) {
    id_ = std::move(value);
    return *this;
  }
  StartOptions& version(std::string value) {
    version_ = std::move(value);
    return *this;
  }
  StartOptions& tag(std::string key, std::string value) {
    tags_.insert_or_assign(std::move(key), std::move(value));
    return *this;
  }
  /// Not before this time.
  StartOptions& at(TimePoint value) {
    at_ = value;
    return *this;
  }
  /// What to do when the id is taken. kReject (the default): ALREADY_EXISTS. kIgnore: use the one
  /// that is there. kReplace: terminate it if it is live, and start anew. kReplaceEnded: start anew
  /// only over an ended one.
  StartOptions& if_exists(IfExists value) {
    if_exists_ = value;
    return *this;
  }
  /// A start repeated with the same key answers as the first did.
  StartOptions& idempotency_key(std::string value) {
    idempotency_key_ = std::move(value);
    return *this;
  }

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& version() const { return version_; }
  [[nodiscard]] const std::map<std::string, std::string>& tags() const { return tags_; }
  [[nodiscard]] const std::optional<TimePoint>& at() const { return at_; }
  [[nodiscard]] IfExists if_exists() const { return if_exists_; }
  [[nodiscard]] const std::string& idempotency_key() const { return idempotency_key_; }

 private:
  std::string id_;
  std::string version_;
  std::map<std::string, std::string> tags_;
  std::optional<TimePoint> at_;
  IfExists if_exists_ = IfExists::kReject;
  std::string idempotency_key_;
};

/// Which instances. Every condition given must hold.
class Filter {
 public:
  Filter() {}

  Filter& status(Status value) {
    statuses_.push_back(value);
    return *this;
  }
  Filter& name(std::string value) {
    name_ = std::move(value);
    return *this;
  }
  Filter& id_prefix(std::string value) {
    id_prefix_ = std::move(value);
    return *this;
  }
  Filter& created_from(TimePoint value) {
    created_from_ = value;
    return *this;
  }
  Filter& created_before(TimePoint value) {
    created_before_ = value;
    return *this;
  }
  Filter& tag(std::string key, std::string value) {
    tags_.insert_or_assign(std::move(key), std::move(value));
    return *this;
  }

  [[nodiscard]] const std::vector<Status>& statuses() const { return statuses_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& id_prefix() const { return id_prefix_; }
  [[nodiscard]] const std::optional<TimePoint>& created_from() const { return created_from_; }
  [[nodiscard]] const std::optional<TimePoint>& created_before() const { return created_before_; }
  [[nodiscard]] const std::map<std::string, std::string>& tags() const { return tags_; }

 private:
  std::vector<Status> statuses_;  // empty: any
  std::string name_;
  std::string id_prefix_;
  std::optional<TimePoint> created_from_;
  std::optional<TimePoint> created_before_;
  std::map<std::string, std::string> tags_;
};

/// A page of a list. Ask again with `next` until it is empty; a page may be shorter than asked for.
struct Page {
  std::vector<Instance> instances;
  std::string next;
};

/// What is durable of an entity. An operation that was just called, and whose commit is under way,
/// is not in it.
struct EntityInfo {
  EntityId id;
  std::optional<std::string> state;  // as encoded, usually JSON; absent: there is no such entity
  TimePoint updated;
  std::string locked_by;      // the orchestration whose critical section holds it
  std::uint64_t waiting = 0;  // operations
};

/// A page of a list of entities; as Page.
struct EntityPage {
  std::vector<EntityInfo> entities;  // without their state
  std::string next;
};

/// A file of the store that was read from the disk as a whole, and is sound.
struct ScrubbedFile {
  std::string name;
  std::uint64_t bytes = 0;
};

/// The seam between the Client and whatever runs the engine. Calls come from any thread. Where a
/// `done` is passed it is called once, on a thread of the host or at once on this one; it must not
/// block.
class ClientBackend {
 public:
  template <class T>
  using Done = std::function<void(Result<T>)>;

  virtual ~ClientBackend() = default;

  virtual Result<std::string> start(std::string name, std::optional<std::string> input,
                                    StartOptions options) = 0;
  virtual void start(std::string name, std::optional<std::string> input, StartOptions options,
                     Done<std::string> done) = 0;
  virtual Result<void> raise(std::string id, std::string event,
                             std::optional<std::string> payload) = 0;
  virtual Result<void> terminate(std::string id, std::string reason, bool recursive) = 0;
  virtual Result<void> suspend(std::string id, std::string reason) = 0;
  virtual Result<void> resume(std::string id, std::string reason) = 0;
  virtual Result<void> rewind(std::string id, std::string reason) = 0;
  virtual Result<void> restart(std::string id) = 0;
  virtual Result<void> purge(std::string id) = 0;
  virtual Result<std::uint64_t> purge(const Filter& filter) = 0;
  virtual Result<Instance> get(std::string id, bool with_input) = 0;
  virtual Result<Instance> wait(std::string id, bool until_ended,
                                std::chrono::microseconds timeout) = 0;
  /// Until it ended.
  virtual void wait(std::string id, Done<Instance> done) = 0;
  virtual Result<Page> list(const Filter& filter, std::size_t page_size,
                            std::string_view continuation) = 0;
  virtual Result<std::vector<HistoryEvent>> history(std::string id, std::uint64_t from,
                                                    std::size_t events_max) = 0;
  virtual Result<History> record(std::string id) = 0;
  virtual Result<std::optional<ScrubbedFile>> scrub(std::string_view after) = 0;
  virtual Result<Payload> call(const EntityId& entity, std::string operation, Payload input) = 0;
  virtual void call(const EntityId& entity, std::string operation, Payload input,
                    Done<Payload> done) = 0;
  virtual Result<void> signal(const EntityId& entity, std::string operation, Payload input,
                              std::optional<TimePoint> due) = 0;
  virtual Result<EntityInfo> get(const EntityId& entity) = 0;
  virtual Result<EntityPage> entities(std::string_view name, std::size_t page_size,
                                      std::string_view continuation) = 0;
};

inline constexpr std::chrono::hours kForever{24 * 365 * 100};

class Client {
 public:
  explicit Client(std::shared_ptr<ClientBackend> backend) : backend_(std::move(backend)) {}

  /// Starts an orchestration; the answer is its id. Returns when the start is durable.
  Result<std::string> start(std::string name, StartOptions options = {}) {
    return backend_->start(std::move(name), std::nullopt, std::move(options));
  }
  template <class T>
  Result<std::string> start(std::string name, const T& input, StartOptions options = {}) {
    return backend_->start(std::move(name), internal::encode_all(input), std::move(options));
  }

  /// The same without waiting: many starts can be under way from one thread.
  std::future<Result<std::string>> start_async(std::string name, StartOptions options = {}) {
    return send_start(std::move(name), std::nullopt, std::move(options));
  }
  template <class T>
  std::future<Result<std::string>> start_async(std::string name, const T& input,
                                               StartOptions options = {}) {
    return send_start(std::move(name), internal::encode_all(input), std::move(options));
  }

  /// Starts an orchestration and waits for its output. FAILED_PRECONDITION if it ended otherwise
  /// than completed; with T = Instance the answer is the whole instance, however it ended. Dropping
  /// the future of `run_async` does not stop the orchestration.
  template <class T, class Input>
  Result<T> run(std::string name, const Input& input, StartOptions options = {}) {
    return run_async<T>(std::move(name), input, std::move(options)).get();
  }
  template <class T, class Input>
  std::future<Result<T>> run_async(std::string name, const Input& input,
                                   StartOptions options = {}) {
    const auto promise = std::make_shared<std::promise<Result<T>>>();
    backend_->start(
        std::move(name), internal::encode_all(input), std::move(options),
        [promise, backend = backend_](Result<std::string> id) {
          if (!id) return promise->set_value(id.error());
          backend->wait(*std::move(id), [promise](Result<Instance> ended) {
            if constexpr (std::is_same_v<T, Instance>) {
              promise->set_value(std::move(ended));
            } else {
              promise->set_value(ended ? ended->template output_as<T>() : Result<T>(ended.error()));
            }
          });
        });
    return promise->get_future();
  }

  Result<void> raise(std::string id, std::string event) {
    return backend_->raise(std::move(id), std::move(event), std::nullopt);
  }
  template <class T>
  Result<void> raise(std::string id, std::string event, const T& payload) {
    return backend_->raise(std::move(id), std::move(event), internal::encode_all(payload));
  }

  Result<void> terminate(std::string id, std::string reason = {}) {
    return backend_->terminate(std::move(id), std::move(reason), false);
  }
  /// Also terminates its sub-orchestrations, and theirs.
  Result<void> terminate_tree(std::string id, std::string reason = {}) {
    return backend_->terminate(std::move(id), std::move(reason), true);
  }
  Result<void> suspend(std::string id, std::string reason = {}) {
    return backend_->suspend(std::move(id), std::move(reason));
  }
  Result<void> resume(std::string id, std::string reason = {}) {
    return backend_->resume(std::move(id), std::move(reason));
  }
  /// Lets a failed instance go on: the failures its code did not react to are tried again.
  Result<void> rewind(std::string id, std::string reason = {}) {
    return backend_->rewind(std::move(id), std::move(reason));
  }
  /// Starts an ended instance anew, with the same input.
  Result<void> restart(std::string id) { return backend_->restart(std::move(id)); }
  /// Forgets an ended instance.
  Result<void> purge(std::string id) { return backend_->purge(std::move(id)); }
  /// Forgets every ended instance that matches; the answer is how many.
  Result<std::uint64_t> purge(const Filter& filter) { return backend_->purge(filter); }

  Result<Instance> get(std::string id) { return backend_->get(std::move(id), false); }
  Result<Instance> get_with_input(std::string id) { return backend_->get(std::move(id), true); }

  /// Until the instance ended. DEADLINE_EXCEEDED after `timeout`.
  Result<Instance> wait(std::string id, std::chrono::microseconds timeout = kForever) {
    return backend_->wait(std::move(id), true, timeout);
  }
  /// The same without waiting, and without a deadline: drop the future to care no more.
  std::future<Result<Instance>> wait_async(std::string id) {
    const auto promise = std::make_shared<std::promise<Result<Instance>>>();
    backend_->wait(std::move(id),
                   [promise](Result<Instance> ended) { promise->set_value(std::move(ended)); });
    return promise->get_future();
  }
  /// Until its first step is done.
  Result<Instance> wait_for_start(std::string id, std::chrono::microseconds timeout = kForever) {
    return backend_->wait(std::move(id), false, timeout);
  }

  // ---- Entities ---------------------------------------------------------------------------------

  /// Runs an operation of an entity, and answers what it returns, when that is durable.
  /// OPERATION_FAILED if it threw. After UNAVAILABLE or DEADLINE_EXCEEDED it may have run or not.
  template <class T, internal::MemberFunction Method, class... Args>
  auto call(const Entity<T>& entity, Method method, const Args&... args) {
    using R = std::remove_cvref_t<typename internal::Signature<Method>::Result>;
    return outcome<R>(backend_->call(entity.id(), internal::operation_name<T>(method),
                                     internal::encode_parameters<EntityContext, Method>(args...)));
  }
  template <class T = void, class... Args>
  Result<T> call(const EntityId& entity, std::string operation, const Args&... args) {
    return outcome<T>(backend_->call(entity, std::move(operation), internal::encode_all(args...)));
  }

  /// With what is encoded already, for programs that only pass it on.
  Result<Payload> call_raw(const EntityId& entity, std::string operation, Payload input) {
    return backend_->call(entity, std::move(operation), std::move(input));
  }
  /// The same without waiting: many calls can be under way from one thread. Those to one entity run
  /// in the order sent.
  template <class T, internal::MemberFunction Method, class... Args>
  auto call_async(const Entity<T>& entity, Method method, const Args&... args) {
    using R = std::remove_cvref_t<typename internal::Signature<Method>::Result>;
    return send<R>(entity.id(), internal::operation_name<T>(method),
                   internal::encode_parameters<EntityContext, Method>(args...));
  }
  template <class T = void, class... Args>
  std::future<Result<T>> call_async(const EntityId& entity, std::string operation,
                                    const Args&... args) {
    return send<T>(entity, std::move(operation), internal::encode_all(args...));
  }

  /// The same, but returns as soon as the operation is sure to run.
  template <class T, internal::MemberFunction Method, class... Args>
  Result<void> signal(const Entity<T>& entity, Method method, const Args&... args) {
    return backend_->signal(entity.id(), internal::operation_name<T>(method),
                            internal::encode_parameters<EntityContext, Method>(args...),
                            std::nullopt);
  }
  template <class... Args>
  Result<void> signal(const EntityId& entity, std::string operation, const Args&... args) {
    return backend_->signal(entity, std::move(operation), internal::encode_all(args...),
                            std::nullopt);
  }
  /// Not before this time.
  template <class T, internal::MemberFunction Method, class... Args>
  Result<void> signal_at(TimePoint due, const Entity<T>& entity, Method method,
                         const Args&... args) {
    return backend_->signal(entity.id(), internal::operation_name<T>(method),
                            internal::encode_parameters<EntityContext, Method>(args...), due);
  }
  template <class... Args>
  Result<void> signal_at(TimePoint due, const EntityId& entity, std::string operation,
                         const Args&... args) {
    return backend_->signal(entity, std::move(operation), internal::encode_all(args...), due);
  }

  /// Asks a const member of the entity's class, over the state that is durable now: here, without
  /// waiting for its other operations or for a commit. There is no such entity: a new object.
  template <class T, internal::MemberFunction Method, class... Args>
  auto query(const Entity<T>& entity, Method method, const Args&... args)
      -> Result<std::remove_cvref_t<typename internal::Signature<Method>::Result>> {
    static_assert(internal::kIsConstMethod<Method>,
                  "perdure: a query is a const member function, it changes nothing");
    auto current = state(entity);
    if (!current) return current.error();
    const T object = current->has_value() ? **std::move(current) : T{};
    return (object.*method)(args...);
  }
  /// The state that is durable now; nothing: there is no such entity.
  template <class T>
  Result<std::optional<T>> state(const Entity<T>& entity) {
    auto info = get(entity.id());
    if (!info) return info.error();
    if (!info->state) return std::optional<T>();
    return outcome<std::optional<T>>(Result<Payload>(std::move(info->state)));
  }
  Result<EntityInfo> get(const EntityId& entity) { return backend_->get(entity); }
  /// Of the class `name`, in the order of their keys; empty: of all classes.
  Result<EntityPage> entities(std::string_view name = {}, std::size_t page_size = 100,
                              std::string_view continuation = {}) {
    return backend_->entities(name, page_size, continuation);
  }

  Result<Page> list(const Filter& filter = {}, std::size_t page_size = 100,
                    std::string_view continuation = {}) {
    return backend_->list(filter, page_size, continuation);
  }
  /// At most `events_max` events from number `from`; fewer than that means the end.
  Result<std::vector<HistoryEvent>> history(std::string id, std::uint64_t from = 0,
                                            std::size_t events_max = 1'000'000) {
    return backend_->history(std::move(id), from, events_max);
  }
  /// The whole history, to keep and to replay against new code (testing.h).
  Result<History> record(std::string id) { return backend_->record(std::move(id)); }

  /// Reads one whole file of the store's table, the first behind the name `after`, and verifies it.
  /// Nothing: there is none behind it. STORE_CORRUPT names the damaged one. A running host does
  /// this by itself, slowly.
  Result<std::optional<ScrubbedFile>> scrub(std::string_view after = {}) {
    return backend_->scrub(after);
  }

 private:
  std::future<Result<std::string>> send_start(std::string name, Payload input,
                                              StartOptions options) {
    const auto promise = std::make_shared<std::promise<Result<std::string>>>();
    backend_->start(std::move(name), std::move(input), std::move(options),
                    [promise](Result<std::string> id) { promise->set_value(std::move(id)); });
    return promise->get_future();
  }

  template <class T>
  std::future<Result<T>> send(const EntityId& entity, std::string operation, Payload input) {
    const auto promise = std::make_shared<std::promise<Result<T>>>();
    backend_->call(
        entity, std::move(operation), std::move(input),
        [promise](Result<Payload> answer) { promise->set_value(outcome<T>(std::move(answer))); });
    return promise->get_future();
  }

  template <class T>
  static Result<T> outcome(Result<Payload> answer) {
    if (!answer) return answer.error();
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      try {
        return internal::decode_payload<T>(*answer);
      } catch (const DecodeError& error) {
        return Error(ErrorCode::kInvalidArgument, error.what());
      }
    }
  }

  std::shared_ptr<ClientBackend> backend_;  // shared with the host: a client may outlive it
};

}  // namespace perdure
