// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What an orchestration can do. Its code is an ordinary coroutine over this context:
//
//   perdure::Task<Receipt> checkout(perdure::Orchestration& ctx, Order order) {
//     Payment paid = co_await ctx.call<Payment>("charge", order, perdure::Retry().attempts(5));
//     auto parcels = co_await ctx.all(ctx.map<Parcel>("pack", order.lines));
//     co_return Receipt{paid, parcels};
//   }
//
// The code is rebuilt by running it again over its recorded history, so it must be deterministic:
// time, randomness and ids come from the context, and everything that touches the world is an
// activity. Code that does something else than its history says is stopped before any harm.
//
// A context lives as long as its orchestration and is used by its code only, one thread at a time.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "perdure/codec.h"
#include "perdure/entity.h"
#include "perdure/future.h"
#include "perdure/random.h"
#include "perdure/retry.h"
#include "perdure/speculative.h"
#include "perdure/task.h"

namespace perdure {

class Section;

/// How a child orchestration is started.
class ChildOptions {
 public:
  ChildOptions() = default;

  /// The instance id of the child. Default: made from the parent's id and the task's number.
  ChildOptions& id(std::string value) {
    id_ = std::move(value);
    return *this;
  }
  /// What the child sees as its version.
  ChildOptions& version(std::string value) {
    version_ = std::move(value);
    return *this;
  }
  /// Each attempt is a child of its own; with an id, "-2", "-3" and so on is appended to it.
  ChildOptions& retry(Retry value) {
    retry_ = std::move(value);
    return *this;
  }

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& version() const { return version_; }
  [[nodiscard]] const std::optional<Retry>& retry() const { return retry_; }

 private:
  std::string id_;
  std::string version_;
  std::optional<Retry> retry_;
};

/// What a race over a list of futures answers: the first to finish.
template <class T>
struct Winner {
  std::size_t index = 0;
  T value;
};
template <>
struct Winner<void> {
  std::size_t index = 0;
};

/// What a race over futures of different types answers. A Future<void> counts as Unit.
template <class... Values>
struct WinnerOf {
  std::size_t index = 0;
  std::variant<Values...> value;  // value.index() == index
};

namespace internal {

class Run;
enum class GroupKind : std::uint8_t { kAll, kAny };

/// One part of a group of operations.
struct Member {
  OperationRef operation;
  ErasedGetter getter;
};

/// The members of a group; and which of them decided it. REQUIRES: the operation is a group.
const std::vector<Member>& members_of(const Operation& group);
std::size_t decider_of(const Operation& group);
/// Throws TaskFailed if the group was cancelled as a whole. Answers whether a member's failure
/// decided it. REQUIRES: is_done().
bool group_failed(const Operation& group);

template <class T>
using OrUnit = std::conditional_t<std::is_void_v<T>, Unit, T>;

template <class T>
OrUnit<T> get_member(const Operation& group, std::size_t index) {
  const Member& member = members_of(group)[index];
  const auto getter = reinterpret_cast<Getter<T>>(member.getter);
  if constexpr (std::is_void_v<T>) {
    getter(*member.operation);
    return Unit{};
  } else {
    return getter(*member.operation);
  }
}

template <class T>
auto get_all(Operation& group) -> std::conditional_t<std::is_void_v<T>, void, std::vector<T>> {
  if (group_failed(group)) get_member<T>(group, decider_of(group));  // throws
  if constexpr (!std::is_void_v<T>) {
    std::vector<T> values;
    const std::size_t count = members_of(group).size();
    values.reserve(count);
    for (std::size_t i = 0; i < count; ++i) values.push_back(get_member<T>(group, i));
    return values;
  }
}

template <class... Ts, std::size_t... I>
std::tuple<OrUnit<Ts>...> get_each(const Operation& group, std::index_sequence<I...>) {
  if (group_failed(group)) {
    const std::size_t failed = decider_of(group);
    ((I == failed ? static_cast<void>(get_member<Ts>(group, I)) : void()), ...);  // throws
  }
  return std::tuple<OrUnit<Ts>...>{get_member<Ts>(group, I)...};
}

template <class... Ts>
std::tuple<OrUnit<Ts>...> get_tuple(Operation& group) {
  return get_each<Ts...>(group, std::index_sequence_for<Ts...>());
}

template <class T>
Winner<T> get_winner(Operation& group) {
  group_failed(group);
  const std::size_t index = decider_of(group);
  if constexpr (std::is_void_v<T>) {
    get_member<void>(group, index);
    return Winner<void>{index};
  } else {
    return Winner<T>{index, get_member<T>(group, index)};
  }
}

template <class... Ts, std::size_t... I>
WinnerOf<OrUnit<Ts>...> get_one(const Operation& group, std::index_sequence<I...>) {
  group_failed(group);
  const std::size_t index = decider_of(group);
  std::optional<std::variant<OrUnit<Ts>...>> value;
  ((I == index ? static_cast<void>(value.emplace(std::in_place_index<I>, get_member<Ts>(group, I)))
               : void()),
   ...);
  return WinnerOf<OrUnit<Ts>...>{index, *std::move(value)};
}

template <class... Ts>
WinnerOf<OrUnit<Ts>...> get_winner_of(Operation& group) {
  return get_one<Ts...>(group, std::index_sequence_for<Ts...>());
}

template <class T>
using EventOrTimeout = std::conditional_t<std::is_void_v<T>, bool, std::optional<T>>;

template <class T>
EventOrTimeout<T> get_event(Operation& operation) {
  const Payload& payload = result_of(operation);
  if (timed_out(operation)) return EventOrTimeout<T>{};
  if constexpr (std::is_void_v<T>) {
    static_cast<void>(payload);
    return true;
  } else {
    return get_result<T>(operation);
  }
}

// ---- A Task that runs beside the others ---------------------------------------------------------

/// What the run knows of a spawned coroutine.
struct Routine {
  std::coroutine_handle<> coroutine;
  bool (*failed)(std::coroutine_handle<> coroutine);
};
/// The coroutine; throws TaskFailed if it was cancelled.
std::coroutine_handle<> routine_of(const Operation& operation);

template <class T>
Promise<T>& promise_of(std::coroutine_handle<> coroutine) {
  return std::coroutine_handle<Promise<T>>::from_address(coroutine.address()).promise();
}

template <class T>
T get_routine(Operation& operation) {
  Promise<T>& promise = promise_of<T>(routine_of(operation));
  if constexpr (std::is_copy_constructible_v<T>) {
    return promise.share();
  } else {
    return promise.take();
  }
}

/// Once for each lock. REQUIRES: is_done().
Section get_section(Operation& operation);

/// What may be at the end of a list of arguments.
template <class... Options>
struct OneOf {
  template <class T>
  static constexpr bool kHas = (std::is_same_v<T, Options> || ...);
};
using ActivityOptions = OneOf<Retry, Speculative>;

/// The options at the end of a list of arguments: nullptr if there are none of this kind.
template <class Options>
const Options* options_in() {
  return nullptr;
}
template <class Options, class... Args>
const Options* options_in(const Args&... args) {
  const auto& last = std::get<sizeof...(Args) - 1>(std::tie(args...));
  if constexpr (std::is_same_v<std::remove_cvref_t<decltype(last)>, Options>) {
    return &last;
  } else {
    return nullptr;
  }
}

/// How an activity is called. Borrows the retry for the length of the call.
struct CallOptions {
  const Retry* retry = nullptr;
  bool speculative = false;
};

template <class... Args>
CallOptions call_options_in(const Args&... args) {
  if (const auto* declared = options_in<Speculative>(args...)) {
    return {.retry = declared->retry(), .speculative = true};
  }
  return {.retry = options_in<Retry>(args...)};
}

template <class Options, class... Args, std::size_t... I>
Payload encode_first(std::index_sequence<I...>, [[maybe_unused]] std::tuple<const Args&...> args) {
  static_assert((!Options::template kHas<std::tuple_element_t<I, std::tuple<Args...>>> && ...),
                "perdure: options come last, and there is one object of them");
  return encode_all(std::get<I>(args)...);
}

/// Encodes all arguments but the options at the end.
template <class Options, class... Args>
Payload encode_arguments(const Args&... args) {
  if constexpr (sizeof...(Args) == 0) {
    return std::nullopt;
  } else {
    using Last = std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args...>>;
    constexpr std::size_t kCount = sizeof...(Args) - (Options::template kHas<Last> ? 1 : 0);
    return encode_first<Options, Args...>(std::make_index_sequence<kCount>(), std::tie(args...));
  }
}

}  // namespace internal

/// Ends this execution and begins the next one under the same id, with an empty history: the way to
/// run for ever. Made by Orchestration::continue_as_new; nothing happens until it is awaited, and
/// then the code does not go on.
class [[nodiscard("co_await it: nothing happens before")]] ContinueAsNew {
 public:
  /// The version that the next execution sees. Default: as this one.
  ContinueAsNew& version(std::string value) & {
    version_ = std::move(value);
    return *this;
  }
  ContinueAsNew version(std::string value) && {
    version_ = std::move(value);
    return std::move(*this);
  }

  class Awaiter {
   public:
    explicit Awaiter(ContinueAsNew& request) : request_(&request) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const;
    [[noreturn]] void await_resume() const noexcept { std::terminate(); }

   private:
    ContinueAsNew* request_;  // lives until the end of the co_await expression
  };
  Awaiter make_awaiter() & { return Awaiter(*this); }
  Awaiter make_awaiter() && { return Awaiter(*this); }

 private:
  friend class Orchestration;
  ContinueAsNew(internal::Run& run, Payload input) : run_(&run), input_(std::move(input)) {}

  internal::Run* run_;
  Payload input_;
  std::optional<std::string> version_;
};

/// A critical section: while it lives, its entities run only operations of this orchestration. Ends
/// with its scope, with `release`, and in every way in which the orchestration can end.
class [[nodiscard("the section ends with this object")]] Section {
 public:
  Section(Section&&) noexcept = default;
  Section& operator=(Section&& other) noexcept {
    if (this != &other) {
      release();
      operation_ = std::move(other.operation_);
    }
    return *this;
  }
  ~Section() { release(); }

  /// Leaves the section. Again: does nothing.
  void release() noexcept;

 private:
  friend Section internal::get_section(internal::Operation& operation);
  explicit Section(internal::OperationRef operation) : operation_(std::move(operation)) {}

  internal::OperationRef operation_;
};

/// See the top of this file.
class Orchestration {
 public:
  using Duration = std::chrono::microseconds;
  using TimePoint = std::chrono::system_clock::time_point;

  Orchestration(const Orchestration&) = delete;
  Orchestration& operator=(const Orchestration&) = delete;

  // ---- Work -------------------------------------------------------------------------------------

  /// Schedules the activity `name` with these arguments; a Retry or a Speculative may be the last
  /// one. T is what the activity returns.
  template <class T = void, class... Args>
  Future<T> call(std::string_view name, const Args&... args) {
    return {start_activity(name, internal::encode_arguments<internal::ActivityOptions>(args...),
                           internal::call_options_in(args...)),
            &internal::get_result<T>};
  }

  /// Schedules the activity `name` once for each element of the range; they run at the same time.
  template <class T = void, class Range>
  std::vector<Future<T>> map(std::string_view name, const Range& range) {
    return map_each<T>(name, range, {});
  }
  template <class T = void, class Range>
  std::vector<Future<T>> map(std::string_view name, const Range& range, const Retry& retry) {
    return map_each<T>(name, range, internal::call_options_in(retry));
  }
  template <class T = void, class Range>
  std::vector<Future<T>> map(std::string_view name, const Range& range,
                             const Speculative& speculative) {
    return map_each<T>(name, range, internal::call_options_in(speculative));
  }

  /// Starts the orchestration `name` as a child with these arguments; ChildOptions may be the last
  /// one. T is what the child returns. Cancelling the Future terminates the child.
  template <class T = void, class... Args>
  Future<T> child(std::string_view name, const Args&... args) {
    return {start_child(name, internal::encode_arguments<internal::OneOf<ChildOptions>>(args...),
                        internal::options_in<ChildOptions>(args...)),
            &internal::get_result<T>};
  }

  /// Runs a coroutine beside this one. It begins when this one next waits. An exception inside
  /// comes out of awaiting the Future. Cancelling it destroys the coroutine where it waits, and
  /// cancels what it waits for. A result that can not be copied is awaited once.
  template <class T>
  Future<T> spawn(Task<T>&& task) {
    const auto coroutine = internal::TaskAccess::release(std::move(task));
    return {start_routine({coroutine,
                           [](std::coroutine_handle<> self) {
                             return internal::promise_of<T>(self).failure() != nullptr;
                           }}),
            &internal::get_routine<T>};
  }

  // ---- Entities ---------------------------------------------------------------------------------

  /// Runs an operation of an entity: ctx.call(alice, &Account::withdraw, 30). Once, and in the
  /// order sent. Inside a critical section only its entities can be called.
  template <class T, internal::MemberFunction Method, class... Args>
  auto call(const Entity<T>& entity, Method method, const Args&... args) {
    using Result = std::remove_cvref_t<typename internal::Signature<Method>::Result>;
    return Future<Result>(
        start_operation(entity.id(), internal::operation_name<T>(method),
                        internal::encode_parameters<EntityContext, Method>(args...)),
        &internal::get_result<Result>);
  }
  template <class T = void, class... Args>
  Future<T> call(const EntityId& entity, std::string_view operation, const Args&... args) {
    return {start_operation(entity, operation, internal::encode_all(args...)),
            &internal::get_result<T>};
  }

  /// The same, but nobody waits for it.
  template <class T, internal::MemberFunction Method, class... Args>
  void signal(const Entity<T>& entity, Method method, const Args&... args) {
    send_operation(entity.id(), internal::operation_name<T>(method),
                   internal::encode_parameters<EntityContext, Method>(args...), std::nullopt);
  }
  template <class... Args>
  void signal(const EntityId& entity, std::string_view operation, const Args&... args) {
    send_operation(entity, operation, internal::encode_all(args...), std::nullopt);
  }
  /// Not before this time, and then in no particular order.
  template <class T, internal::MemberFunction Method, class... Args>
  void signal_at(TimePoint due, const Entity<T>& entity, Method method, const Args&... args) {
    send_operation(entity.id(), internal::operation_name<T>(method),
                   internal::encode_parameters<EntityContext, Method>(args...), due);
  }
  template <class... Args>
  void signal_at(TimePoint due, const EntityId& entity, std::string_view operation,
                 const Args&... args) {
    send_operation(entity, operation, internal::encode_all(args...), due);
  }

  /// auto section = co_await ctx.lock(from, to): all of them or none, whatever their order here;
  /// two orchestrations never wait for each other. Meanwhile what others send to them waits. There
  /// are no sections inside a section: throws std::logic_error, like whatever else inside of one
  /// could wait for it for ever.
  template <class... Entities>
    requires(sizeof...(Entities) > 0 &&
             (std::is_convertible_v<const Entities&, const EntityId&> && ...))
  Future<Section> lock(const Entities&... entities) {
    return lock(std::vector<EntityId>{static_cast<const EntityId&>(entities)...});
  }
  Future<Section> lock(const std::vector<EntityId>& entities);

  // ---- Several at once --------------------------------------------------------------------------

  /// All of them, in order: vector<T> (nothing for void). Fails as soon as one fails, with that
  /// failure; the others keep running. An empty list is done at once.
  template <class T>
  auto all(std::vector<Future<T>> futures) {
    using Values = std::conditional_t<std::is_void_v<T>, void, std::vector<T>>;
    return Future<Values>(start_group(internal::GroupKind::kAll, members(std::move(futures))),
                          &internal::get_all<T>);
  }
  /// The same for different types: tuple<Ts...>, with Unit for void. In what order the arguments
  /// are evaluated is up to the compiler: name the futures first if recorded executions must
  /// survive a change of the compiler.
  template <class... Ts>
    requires(sizeof...(Ts) > 0)
  Future<std::tuple<internal::OrUnit<Ts>...>> all(Future<Ts>... futures) {
    return {start_group(internal::GroupKind::kAll, members_of_each(std::move(futures)...)),
            &internal::get_tuple<Ts...>};
  }

  /// The first to finish, well or badly: Winner{index, value}; co_await throws if it failed. Of
  /// several that are done already, the first in the list. The losers are cancelled. Throws
  /// std::invalid_argument for an empty list.
  template <class T>
  Future<Winner<T>> any(std::vector<Future<T>> futures) {
    return {start_group(internal::GroupKind::kAny, members(std::move(futures))),
            &internal::get_winner<T>};
  }
  /// The same for different types: WinnerOf{index, variant}, with Unit for void.
  template <class... Ts>
    requires(sizeof...(Ts) > 0)
  Future<WinnerOf<internal::OrUnit<Ts>...>> any(Future<Ts>... futures) {
    return {start_group(internal::GroupKind::kAny, members_of_each(std::move(futures)...)),
            &internal::get_winner_of<Ts...>};
  }

  /// The code no longer waits for it: a timer is removed, an activity is withdrawn where that is
  /// still possible, a child is terminated. Awaiting it throws TaskFailed with cancelled(). Does
  /// nothing if the operation is done.
  template <class T>
  void cancel(const Future<T>& future) {
    cancel_operation(*future.operation_);
  }

  // ---- Time -------------------------------------------------------------------------------------

  /// Done when this much time has passed, or at this moment: never earlier, whatever fails.
  Future<void> timer(Duration delay);
  Future<void> timer(TimePoint due);

  /// The time, as recorded: it stands still while the code runs from one wait to the next.
  [[nodiscard]] TimePoint now() const;

  // ---- Messages ---------------------------------------------------------------------------------

  /// The next event of this name that was sent to this instance. Names are matched without regard
  /// to (ASCII) case; events wait until they are asked for, oldest first.
  template <class T = void>
  Future<T> event(std::string_view name) {
    return {start_event(name, std::nullopt), &internal::get_result<T>};
  }
  /// The same with a deadline: optional<T>, empty after `timeout`; for void a bool, whether the
  /// event came. An event that comes later waits for the next who asks. A timeout of zero or less
  /// only looks at what has come.
  template <class T = void>
  Future<internal::EventOrTimeout<T>> event(std::string_view name, Duration timeout) {
    return {start_event(name, timeout), &internal::get_event<T>};
  }

  /// Sends an event to an instance of the same task hub. Delivered once, in the order sent; dropped
  /// if there is no such instance.
  void send(std::string_view instance_id, std::string_view event_name) {
    send_event(instance_id, event_name, std::nullopt);
  }
  template <class T>
  void send(std::string_view instance_id, std::string_view event_name, const T& value) {
    send_event(instance_id, event_name, internal::encode_value(value));
  }

  // ---- This instance ----------------------------------------------------------------------------

  /// co_await ctx.continue_as_new(args...): see ContinueAsNew. Events that no co_await has received
  /// reach the next execution first; whatever else is under way is given up.
  template <class... Args>
  ContinueAsNew continue_as_new(const Args&... args) {
    return {*run_, internal::encode_all(args...)};
  }

  /// Shown to clients beside the status.
  template <class T>
  void set_status(const T& value) {
    set_custom_status(internal::encode_value(value));
  }
  void clear_status();

  [[nodiscard]] const std::string& id() const;
  [[nodiscard]] const std::string& hub() const;
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] const std::string& version() const;
  /// Grows with each continue_as_new, restart and rewind under this id. Not the same in every
  /// replay: a rewound orchestration replays its history under a new number. Do not decide by it.
  [[nodiscard]] std::uint64_t execution() const;
  /// The id of the orchestration that this one is a child of.
  [[nodiscard]] const std::optional<std::string>& parent() const;

  // ---- The same in every replay -----------------------------------------------------------------

  /// A new UUID, of the version (8) that says nothing about how it was made:
  /// "xxxxxxxx-xxxx-8xxx-yxxx-xxxxxxxxxxxx".
  [[nodiscard]] std::string new_uuid();
  [[nodiscard]] Random& random();
  /// One line to the log of the host; not repeated in a replay.
  void log(std::string_view line);
  /// True while the code runs over what was recorded earlier. For diagnostics only: code that
  /// decides by it is not deterministic.
  [[nodiscard]] bool is_replaying() const;

 private:
  friend class internal::Run;
  explicit Orchestration(internal::Run& run) : run_(&run) {}

  internal::OperationRef start_activity(std::string_view name, Payload input,
                                        internal::CallOptions options);
  internal::OperationRef start_child(std::string_view name, Payload input,
                                     const ChildOptions* options);
  internal::OperationRef start_routine(internal::Routine routine);
  internal::OperationRef start_event(std::string_view name, std::optional<Duration> timeout);
  internal::OperationRef start_group(internal::GroupKind kind,
                                     std::vector<internal::Member> members);
  internal::OperationRef start_operation(const EntityId& entity, std::string_view operation,
                                         Payload input);
  void send_operation(const EntityId& entity, std::string_view operation, Payload input,
                      std::optional<TimePoint> due);
  void cancel_operation(internal::Operation& operation);
  void send_event(std::string_view instance_id, std::string_view event_name, Payload payload);
  void set_custom_status(std::string value);

  template <class T, class Range>
  std::vector<Future<T>> map_each(std::string_view name, const Range& range,
                                  internal::CallOptions options) {
    std::vector<Future<T>> futures;
    futures.reserve(static_cast<std::size_t>(std::distance(std::begin(range), std::end(range))));
    for (const auto& element : range) {
      futures.push_back(Future<T>(start_activity(name, internal::encode_value(element), options),
                                  &internal::get_result<T>));
    }
    return futures;
  }

  template <class T>
  static void append(std::vector<internal::Member>& members, Future<T>&& future) {
    members.push_back(
        {std::move(future.operation_), reinterpret_cast<internal::ErasedGetter>(future.getter_)});
  }
  template <class T>
  static std::vector<internal::Member> members(std::vector<Future<T>> futures) {
    std::vector<internal::Member> all;
    all.reserve(futures.size());
    for (Future<T>& future : futures) append(all, std::move(future));
    return all;
  }
  template <class... Ts>
  static std::vector<internal::Member> members_of_each(Future<Ts>&&... futures) {
    std::vector<internal::Member> all;
    all.reserve(sizeof...(Ts));
    (append(all, std::move(futures)), ...);
    return all;
  }

  internal::Run* run_;  // owns this
};

}  // namespace perdure
