// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Entities: small pieces of durable state with a name, that run their operations one at a time.
//
//   struct Account {
//     long cents = 0;
//
//     void deposit(long amount) { cents += amount; }
//     long withdraw(long amount) {
//       if (amount > cents) throw perdure::Failure("insufficient funds");
//       return cents -= amount;
//     }
//     long balance() const { return cents; }
//
//     PERDURE_FIELDS(Account, cents);
//     PERDURE_OPERATIONS(Account, deposit, withdraw, balance);
//   };
//
//   host.entity<Account>();
//   const perdure::Entity<Account> alice("alice");           // "@account@alice"
//   client.call(alice, &Account::deposit, 100);              // durable when it returns
//   client.query(alice, &Account::balance);                  // what is durable, without waiting
//   long left = co_await ctx.call(alice, &Account::withdraw, 30);    // in an orchestration
//
// An entity exists from its first operation on; its state is then a default-constructed object. An
// operation that throws has changed nothing, and its caller is told. What an operation sends and
// its state become durable together. An operation is ordinary code and must not wait: what takes
// long is for an orchestration, which it can start. It may run again if the process dies before its
// commit: effects outside of the entity belong into activities.
//
// An operation may take `perdure::EntityContext&` as its first parameter, to send messages and to
// learn about itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "perdure/codec.h"
#include "perdure/failure.h"
#include "perdure/fields.h"
#include "perdure/internal/signature.h"

/// Names the operations of an entity's class, inside of it. Not for overloaded members.
#define PERDURE_OPERATIONS(Type, ...)                                               \
  static constexpr const char* perdure_entity_name() { return #Type; }              \
  static constexpr auto perdure_operations() {                                      \
    return ::perdure::internal::make_fields<Type>(                                  \
        __VA_OPT__(PERDURE_FIELDS_EXPAND(PERDURE_FIELDS_NEXT(Type, __VA_ARGS__)))); \
  }                                                                                 \
  static_assert(true, "a semicolon follows")

namespace perdure {

/// The address of an entity: the name of its class, in lower case, and a key.
class EntityId {
 public:
  /// The name may be in any case. Throws std::invalid_argument if it is empty or contains an '@'.
  EntityId(std::string_view name, std::string_view key);
  /// "@name@key"; nothing for another text.
  static std::optional<EntityId> parse(std::string_view text);

  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] std::string_view key() const;
  /// "@account@alice".
  [[nodiscard]] const std::string& text() const { return text_; }

  friend auto operator<=>(const EntityId&, const EntityId&) = default;

 private:
  std::string text_;
};

/// The address of an entity whose class is known.
template <class T>
class Entity {
 public:
  explicit Entity(std::string_view key) : id_(T::perdure_entity_name(), key) {}

  [[nodiscard]] const EntityId& id() const { return id_; }
  [[nodiscard]] std::string_view key() const { return id_.key(); }
  operator const EntityId&() const { return id_; }  // NOLINT(google-explicit-constructor)

 private:
  EntityId id_;
};

/// What an operation gets that hears of the outcome of a call: see EntityContext::call.
template <class T>
class Reply {
 public:
  explicit Reply(T value) : outcome_(std::move(value)) {}
  explicit Reply(FailureDetails failure) : outcome_(std::move(failure)) {}

  [[nodiscard]] bool failed() const { return outcome_.index() == 1; }
  /// Throws TaskFailed if the operation failed.
  [[nodiscard]] const T& value() const {
    if (failed()) throw TaskFailed("the called operation", std::get<1>(outcome_));
    return std::get<0>(outcome_);
  }
  /// REQUIRES: failed().
  [[nodiscard]] const FailureDetails& failure() const { return std::get<1>(outcome_); }

 private:
  std::variant<T, FailureDetails> outcome_;
};

namespace internal {

using EntityTime = std::chrono::system_clock::time_point;

/// What an operation decided to send.
struct EntityAction {
  enum class Kind : std::uint8_t { kSignal, kCall, kStart, kEvent };
  Kind kind = Kind::kSignal;
  std::string target;  // of a start: the id, or empty
  std::string name;    // operation, orchestration or event
  Payload payload;
  std::string then;                // of a call
  std::optional<EntityTime> at{};  // of a signal
};

struct EntityOperation {
  std::string name;
  Payload input;
  std::optional<FailureDetails> failure;  // it tells how a called operation failed
};

/// Operations of one entity that run together, over one state.
struct EntityBatch {
  EntityId id;
  std::string hub;
  EntityTime now;
  Payload state;
  std::vector<EntityOperation> operations;

  // What came of it.
  std::vector<std::variant<Payload, FailureDetails>> results;
  std::vector<EntityAction> actions;
};

using EntityFunction = std::function<void(EntityBatch&)>;

/// What the exception that is being handled says of itself.
FailureDetails current_failure();
[[noreturn]] void throw_unknown_operation(const EntityId& id, std::string_view operation,
                                          const std::string& known);
[[noreturn]] void throw_no_operation(const char* entity);
[[noreturn]] void throw_reply_failed(const FailureDetails& failure);

template <class T>
concept EntityClass = requires {
  T::perdure_entity_name();
  T::perdure_operations();
};

template <class Method>
concept MemberFunction = std::is_member_function_pointer_v<Method>;

template <class T>
inline constexpr bool kIsConstMethod = false;
template <class R, class C, class... Args>
inline constexpr bool kIsConstMethod<R (C::*)(Args...) const> = true;
template <class R, class C, class... Args>
inline constexpr bool kIsConstMethod<R (C::*)(Args...) const noexcept> = true;

template <class T>
inline constexpr bool kIsReply = false;
template <class T>
inline constexpr bool kIsReply<Reply<T>> = true;

}  // namespace internal

/// What an operation can do besides changing the state. Lives for one operation.
class EntityContext {
 public:
  using TimePoint = internal::EntityTime;
  using Duration = std::chrono::microseconds;

  EntityContext(internal::EntityBatch& batch, const internal::EntityOperation& operation)
      : batch_(&batch), operation_(&operation) {}
  EntityContext(const EntityContext&) = delete;
  EntityContext& operator=(const EntityContext&) = delete;

  [[nodiscard]] const EntityId& id() const { return batch_->id; }
  [[nodiscard]] std::string_view key() const { return batch_->id.key(); }
  [[nodiscard]] const std::string& hub() const { return batch_->hub; }
  [[nodiscard]] TimePoint now() const { return batch_->now; }
  /// The name of the operation that runs.
  [[nodiscard]] const std::string& operation() const { return operation_->name; }

  // ---- Messages: they leave when the operation is durable, once, in this order ------------------

  /// Runs an operation of another entity, or later one of this; nobody waits for it.
  template <class T, internal::MemberFunction Method, class... Args>
  void signal(const Entity<T>& entity, Method method, const Args&... args) {
    add_signal(entity.id(), internal::operation_name<T>(method),
               internal::encode_parameters<EntityContext, Method>(args...), std::nullopt);
  }
  template <class... Args>
  void signal(const EntityId& entity, std::string_view operation, const Args&... args) {
    add_signal(entity, operation, internal::encode_all(args...), std::nullopt);
  }
  /// Not before this time.
  template <class T, internal::MemberFunction Method, class... Args>
  void signal_at(TimePoint due, const Entity<T>& entity, Method method, const Args&... args) {
    add_signal(entity.id(), internal::operation_name<T>(method),
               internal::encode_parameters<EntityContext, Method>(args...), due);
  }
  template <class... Args>
  void signal_at(TimePoint due, const EntityId& entity, std::string_view operation,
                 const Args&... args) {
    add_signal(entity, operation, internal::encode_all(args...), due);
  }

  /// Runs an operation of another entity; its result comes back as the operation `then` of this
  /// one, whose parameter is what the called one returns, or a Reply of that. Meanwhile this entity
  /// goes on with its other operations: so no two entities can wait for each other for ever.
  template <class Self, internal::MemberFunction Then, class T, internal::MemberFunction Method,
            class... Args>
  void call(Then then, const Entity<T>& entity, Method method, const Args&... args) {
    add_call(entity.id(), internal::operation_name<T>(method),
             internal::encode_parameters<EntityContext, Method>(args...),
             internal::operation_name<Self>(then));
  }
  template <class... Args>
  void call(std::string_view then, const EntityId& entity, std::string_view operation,
            const Args&... args) {
    add_call(entity, operation, internal::encode_all(args...), then);
  }

  /// Starts an orchestration under a fresh id, or under this one unless a live one has it. Nobody
  /// waits for it.
  template <class... Args>
  void start(std::string_view orchestration, const Args&... args) {
    add_start({}, orchestration, internal::encode_all(args...));
  }
  template <class... Args>
  void start_as(std::string_view id, std::string_view orchestration, const Args&... args) {
    add_start(id, orchestration, internal::encode_all(args...));
  }
  /// Sends an event to an orchestration.
  void send(std::string_view instance_id, std::string_view event_name) {
    add_event(instance_id, event_name, std::nullopt);
  }
  template <class T>
  void send(std::string_view instance_id, std::string_view event_name, const T& value) {
    add_event(instance_id, event_name, internal::encode_value(value));
  }

  /// After this operation there is no such entity any more; a later one begins anew.
  void erase() { erased_ = true; }

  // ---- For entities that are functions ----------------------------------------------------------

  template <class T>
  [[nodiscard]] T input() const {
    return internal::decode_payload<T>(operation_->input);
  }
  [[nodiscard]] bool has_state() const { return batch_->state.has_value(); }
  /// The state, or `otherwise` if there is none.
  template <class T>
  [[nodiscard]] T state(T otherwise = {}) const {
    return batch_->state ? internal::decode_payload<T>(batch_->state) : std::move(otherwise);
  }
  template <class T>
  void set_state(const T& value) {
    batch_->state = internal::encode_value(value);
  }
  template <class T>
  void reply(const T& value) {
    reply_ = internal::encode_value(value);
  }

  // ---- For the platform -------------------------------------------------------------------------

  [[nodiscard]] bool erased() const { return erased_; }
  [[nodiscard]] const Payload& replied() const { return reply_; }
  [[nodiscard]] const internal::EntityOperation& request() const { return *operation_; }

 private:
  void add_signal(const EntityId& entity, std::string_view operation, Payload input,
                  std::optional<TimePoint> at);
  void add_call(const EntityId& entity, std::string_view operation, Payload input,
                std::string_view then);
  void add_start(std::string_view id, std::string_view orchestration, Payload input);
  void add_event(std::string_view instance, std::string_view event, Payload payload);

  internal::EntityBatch* batch_;
  const internal::EntityOperation* operation_;
  Payload reply_;
  bool erased_ = false;
};

namespace internal {

/// The arguments of a call, of an operation that is a class's member.
template <class T, class Parameters>
struct OperationParameters;
template <class T, class... Args>
struct OperationParameters<T, TypeList<Args...>> {
  template <class Method, std::size_t... I>
  static Payload run(T& object, Method method, EntityContext& ctx, std::index_sequence<I...>) {
    const EntityOperation& request = ctx.request();
    auto arguments = decode(request);
    using Result = typename Signature<Method>::Result;
    const auto invoke = [&](auto&... values) -> decltype(auto) {
      if constexpr (WithoutContext<EntityContext,
                                   typename Signature<Method>::Parameters>::kHasContext) {
        return (object.*method)(ctx, pass<Args>(values)...);
      } else {
        return (object.*method)(pass<Args>(values)...);
      }
    };
    if constexpr (std::is_void_v<Result>) {
      std::apply(invoke, arguments);
      return std::nullopt;
    } else {
      return encode_value(std::apply(invoke, arguments));
    }
  }

 private:
  static std::tuple<std::remove_cvref_t<Args>...> decode(const EntityOperation& request) {
    if constexpr (sizeof...(Args) == 1 && (kIsReply<std::remove_cvref_t<Args>> && ...)) {
      return {(decode_reply(request, static_cast<std::remove_cvref_t<Args>*>(nullptr)), ...)};
    } else {
      if (request.failure) throw_reply_failed(*request.failure);
      try {
        return decode_all<std::remove_cvref_t<Args>...>(request.input);
      } catch (DecodeError& error) {
        error.of("the input of operation '" + request.name + "'");
        throw;
      }
    }
  }
  template <class V>
  static Reply<V> decode_reply(const EntityOperation& request, const Reply<V>*) {
    if (request.failure) return Reply<V>(*request.failure);
    return Reply<V>(decode_payload<V>(request.input));
  }
};

/// Runs a batch over one object.
template <class T>
class EntityRunner {
 public:
  EntityRunner() {
    std::apply([&](const auto&... operation) { (add(operation.name, operation.member), ...); },
               T::perdure_operations().all);
  }

  void run(EntityBatch& batch) const {
    std::optional<T> object;
    if (batch.state) object = decode(batch.state);
    bool changed = false;
    for (const EntityOperation& operation : batch.operations) {
      const std::size_t actions = batch.actions.size();
      const auto found = operations_.find(operation.name);
      const bool changes = found != operations_.end() && !found->second.is_const;
      std::optional<T> before;
      if (changes) before = object;
      try {
        if (found == operations_.end()) {
          throw_unknown_operation(batch.id, operation.name, known());
        }
        if (!object) object.emplace();
        EntityContext ctx(batch, operation);
        batch.results.emplace_back(found->second.run(*object, ctx));
        changed = changed || changes || ctx.erased();
        if (ctx.erased()) object.reset();
      } catch (...) {
        batch.results.emplace_back(current_failure());
        batch.actions.resize(actions);
        if (changes) object = std::move(before);
      }
    }
    if (!changed) return;
    if (object) {
      batch.state = encode_value(*object);
    } else {
      batch.state.reset();
    }
  }

 private:
  struct Entry {
    bool is_const = false;
    std::function<Payload(T&, EntityContext&)> run;
  };

  template <class Member>
  void add(const char* name, Member T::* method) {
    using Method = Member T::*;
    using Split = WithoutContext<EntityContext, typename Signature<Method>::Parameters>;
    const auto run = [method](T& object, EntityContext& ctx) {
      return [&]<class... Args>(TypeList<Args...>) {
        return OperationParameters<T, TypeList<Args...>>::run(object, method, ctx,
                                                              std::index_sequence_for<Args...>());
      }(typename Split::Rest());
    };
    operations_.emplace(name, Entry{kIsConstMethod<Method>, run});
  }

  static T decode(const Payload& state) {
    try {
      return decode_payload<T>(state);
    } catch (DecodeError& error) {
      error.of(std::string("the state of entity '") + T::perdure_entity_name() + "'");
      throw;
    }
  }

  [[nodiscard]] std::string known() const {
    std::string names;
    for (const auto& [name, entry] : operations_) {
      names += (names.empty() ? "'" : ", '") + name + "'";
    }
    return names.empty() ? "none" : names;
  }

  std::map<std::string, Entry, std::less<>> operations_;
};

template <class T>
EntityFunction make_entity() {
  static_assert(EntityClass<T>,
                "perdure: the class of an entity names its operations with PERDURE_OPERATIONS");
  static_assert(std::is_default_constructible_v<T> && std::is_copy_constructible_v<T>,
                "perdure: the class of an entity can be made without arguments, and copied");
  const auto runner = std::make_shared<const EntityRunner<T>>();
  return [runner](EntityBatch& batch) { runner->run(batch); };
}

/// `function(EntityContext&)`: called for every operation; its state is what it sets.
template <class F>
EntityFunction make_entity(F function) {
  static_assert(std::is_invocable_v<F&, EntityContext&>,
                "perdure: an entity that is a function takes perdure::EntityContext&");
  return [function = std::move(function)](EntityBatch& batch) mutable {
    for (const EntityOperation& operation : batch.operations) {
      const std::size_t actions = batch.actions.size();
      Payload before = batch.state;
      try {
        EntityContext ctx(batch, operation);
        if (operation.failure) throw_reply_failed(*operation.failure);
        function(ctx);
        if (ctx.erased()) batch.state.reset();
        batch.results.emplace_back(ctx.replied());
      } catch (...) {
        batch.results.emplace_back(current_failure());
        batch.actions.resize(actions);
        batch.state = std::move(before);
      }
    }
  };
}

}  // namespace internal
}  // namespace perdure
