// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The model of one instance id: what the client's calls promise, and what an orchestration does by
// itself. It says what sdk/cpp/include/perdure/client.h and the commands of the core say, in other
// words, so that the two can disagree. Ids that parents start as children are not for this model.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "model/command.h"
#include "model/instance.h"
#include "verify/linearizable.h"
#include "verify/state_sets.h"

namespace perdure::verify {
namespace {

using base::ErrorCode;
using base::Result;
using model::Status;
using OperationStatus = verify::Status;

/// The number of an identity or idempotency key; zero: none was given.
using Name = std::uint32_t;

enum class Kind : std::uint8_t {
  kStart,
  kGet,
  kRaise,
  kSuspend,
  kResume,
  kTerminate,
  kTerminateTree,
  kRewind,
  kRestart,
  kPurge,
  kWaitEnded,
  kWaitStarted
};

constexpr std::array<std::pair<std::string_view, Kind>, 10> kOperations{{
    {"start", Kind::kStart},
    {"get", Kind::kGet},
    {"raise", Kind::kRaise},
    {"suspend", Kind::kSuspend},
    {"resume", Kind::kResume},
    {"terminate", Kind::kTerminate},
    {"rewind", Kind::kRewind},
    {"restart", Kind::kRestart},
    {"purge", Kind::kPurge},
    {"wait", Kind::kWaitEnded},
}};

/// What a start answered.
enum class Begun : std::uint8_t { kNotSaid, kCreated, kExisting };

struct Call {
  Kind kind = Kind::kGet;
  std::optional<ErrorCode> refused;  // with a reason that depends on the state
  model::ReusePolicy reuse;          // start
  Begun begun = Begun::kNotSaid;     //
  Name identity = 0;                 // start: given. get, wait: seen
  Name idempotency_key = 0;          // start
  Status seen = Status::kPurged;     // get, wait
};

/// One thing that may be the case. kPurged: no such instance, whether it ever was there or not.
struct State {
  Status status = Status::kPurged;
  Status resume_to = Status::kRunning;  // of a suspended one
  Name identity = 0;
  Name idempotency_key = 0;
  /// The operation just before was a start that replaced a live execution: it ended as terminated,
  /// which those who waited for its end saw, though nobody could ask for it.
  std::optional<Name> replaced;

  friend auto operator<=>(const State&, const State&) = default;
};

std::unexpected<base::Error> wrong(std::string what) {
  return base::fail(ErrorCode::kInvalidArgument, std::move(what));
}

bool is_same(Name a, Name b) { return a == 0 || b == 0 || a == b; }

std::optional<model::ReusePolicy> reuse_named(std::string_view name) {
  using Otherwise = model::ReusePolicy::Otherwise;
  if (name == "reject") return model::ReusePolicy{};
  if (name == "ignore") return model::ReusePolicy{.otherwise = Otherwise::kIgnore};
  if (name == "replace") return model::ReusePolicy{.replaceable = model::kEveryStatus};
  if (name == "replace-ended") return model::ReusePolicy{.replaceable = model::kEveryTerminal};
  return std::nullopt;
}

// ---- reading ------------------------------------------------------------------------------------

class Reader {
 public:
  Result<Call> parse(const Operation& operation) {
    const auto* const found =
        std::ranges::find(kOperations, operation.op, &std::pair<std::string_view, Kind>::first);
    if (found == kOperations.end()) {
      return wrong(fmt::format("an instance has no operation '{}'", operation.op));
    }
    Call call{.kind = found->second};
    switch (call.kind) {
      case Kind::kStart: {
        PERDURE_RETURN_IF_ERROR(parse_start(operation.value, call));
        break;
      }
      case Kind::kWaitEnded: {
        if (operation.value == Value("started")) {
          call.kind = Kind::kWaitStarted;
        } else if (!operation.value.is_null() && operation.value != Value("ended")) {
          return wrong("the value of a wait is \"started\", \"ended\" or null");
        }
        break;
      }
      case Kind::kTerminate: {
        if (operation.value == Value("tree")) call.kind = Kind::kTerminateTree;
        break;
      }
      default: break;
    }
    if (operation.status == OperationStatus::kOk) {
      PERDURE_RETURN_IF_ERROR(parse_answer(operation.result, call));
    } else if (operation.status == OperationStatus::kFail) {
      parse_refusal(operation.result, call);
    }
    return call;
  }

  [[nodiscard]] const Value& named(Name name) const { return values_[name]; }

 private:
  /// null, POLICY, or [POLICY, identity, idempotency key], each but the first optional.
  Result<> parse_start(const Value& value, Call& call) {
    const Value::List one{value};
    const Value::List& parts = value.list() != nullptr ? *value.list() : one;
    if (parts.empty() || parts.size() > 3) {
      return wrong("the value of a start is a list of one to three: [policy, identity, key]");
    }
    if (!parts[0].is_null()) {
      const std::string* name = parts[0].text();
      const auto reuse = name == nullptr ? std::nullopt : reuse_named(*name);
      if (!reuse) {
        return wrong(
            fmt::format("the reuse policy is {}; it is reject, ignore, replace or replace-ended",
                        to_json(parts[0])));
      }
      call.reuse = *reuse;
    }
    if (parts.size() > 1) call.identity = name_of(parts[1]);
    if (parts.size() > 2) call.idempotency_key = name_of(parts[2]);
    return {};
  }

  Result<> parse_answer(const Value& result, Call& call) {
    if (call.kind == Kind::kStart) {
      if (result == Value("created")) {
        call.begun = Begun::kCreated;
      } else if (result == Value("existing")) {
        call.begun = Begun::kExisting;
      } else if (!result.is_null()) {
        return wrong("the result of a start is \"created\", \"existing\" or null");
      }
      return {};
    }
    const bool shows_instance =
        call.kind == Kind::kGet || call.kind == Kind::kWaitEnded || call.kind == Kind::kWaitStarted;
    if (!shows_instance) return {};
    const Value::List one{result};
    const Value::List& parts = result.list() != nullptr ? *result.list() : one;
    const std::string* name = parts.empty() || parts.size() > 2 ? nullptr : parts[0].text();
    const auto status = name == nullptr ? std::nullopt : model::status_from_name(*name);
    if (!status || *status == Status::kPurged) {
      return wrong(
          fmt::format("the result is {}; it is a status such as \"RUNNING\", or a list of "
                      "a status and an identity",
                      to_json(result)));
    }
    call.seen = *status;
    if (parts.size() > 1) call.identity = name_of(parts[1]);
    return {};
  }

  /// Other reasons (overload, a limit, no engine) do not depend on the state and say nothing.
  static void parse_refusal(const Value& result, Call& call) {
    const std::string* name = result.text();
    if (name == nullptr) return;
    for (const ErrorCode code :
         {ErrorCode::kNotFound, ErrorCode::kAlreadyExists, ErrorCode::kFailedPrecondition}) {
      if (*name == base::error_name(code)) call.refused = code;
    }
    // Of a start, it is the orchestration that is not known.
    if (call.kind == Kind::kStart && call.refused == ErrorCode::kNotFound) call.refused.reset();
  }

  Name name_of(const Value& value) {
    const auto [found, is_new] = names_.try_emplace(value, static_cast<Name>(values_.size()));
    if (is_new) values_.push_back(value);
    return found->second;
  }

  std::vector<Value> values_{Value()};
  std::map<Value, Name> names_{{Value(), 0}};
};

// ---- what each call may do ----------------------------------------------------------------------

bool sees(const State& state, const Call& call) {
  return state.status == call.seen && is_same(state.identity, call.identity);
}

std::optional<State> start(const State& state, const Call& call) {
  const bool taken = state.status != Status::kPurged;
  const bool repeated =
      taken && call.idempotency_key != 0 && call.idempotency_key == state.idempotency_key;
  const bool gives_way = !repeated && (!taken || call.reuse.replaceable.contains(state.status));
  const bool ignores = call.reuse.otherwise == model::ReusePolicy::Otherwise::kIgnore;
  if (call.refused) {
    const bool fits =
        *call.refused == ErrorCode::kAlreadyExists && !gives_way && !repeated && !ignores;
    return fits ? std::optional(state) : std::nullopt;
  }
  if (!gives_way) {
    const bool fits = (repeated || ignores) && call.begun != Begun::kCreated;
    return fits ? std::optional(state) : std::nullopt;
  }
  if (call.begun == Begun::kExisting) return std::nullopt;
  State begun{.status = Status::kPending,
              .identity = call.identity,
              .idempotency_key = call.idempotency_key,
              .replaced = std::nullopt};
  if (model::is_live(state.status)) begun.replaced = state.identity;
  return begun;
}

/// A call that waited was answered when the state was reached.
std::optional<State> wait(const State& state, const Call& call) {
  const bool reached =
      call.kind == Kind::kWaitEnded ? model::is_terminal(call.seen) : call.seen != Status::kPending;
  const bool saw_it_replaced =
      state.replaced && call.seen == Status::kTerminated && is_same(*state.replaced, call.identity);
  const bool fits = reached && (saw_it_replaced || sees(state, call));
  return fits ? std::optional(state) : std::nullopt;
}

/// Whether the call is allowed in the status of an instance that is there.
bool is_allowed(Kind kind, Status status) {
  switch (kind) {
    case Kind::kRaise:
    case Kind::kSuspend:
    case Kind::kResume:
    case Kind::kTerminate: return model::is_live(status);
    case Kind::kRewind: return status == Status::kFailed;
    case Kind::kRestart:
    case Kind::kPurge: return model::is_terminal(status);
    default: return true;
  }
}

/// After an allowed one.
State change(State state, Kind kind) {
  switch (kind) {
    case Kind::kSuspend:
      if (state.status != Status::kSuspended) {
        state.resume_to = state.status;
        state.status = Status::kSuspended;
      }
      break;
    case Kind::kResume:
      if (state.status == Status::kSuspended) state.status = state.resume_to;
      break;
    case Kind::kTerminate: state.status = Status::kTerminated; break;
    case Kind::kTerminateTree:
      // It also reaches what an ended one left behind.
      if (model::is_live(state.status)) state.status = Status::kTerminated;
      break;
    case Kind::kRewind: state.status = Status::kRunning; break;
    case Kind::kRestart: state.status = Status::kPending; break;
    case Kind::kPurge: return State{};
    default: break;
  }
  if (state.status != Status::kSuspended) state.resume_to = Status::kRunning;
  return state;
}

std::optional<State> operate(const State& state, const Call& call) {
  if (state.status == Status::kPurged) {
    return call.refused == ErrorCode::kNotFound ? std::optional(state) : std::nullopt;
  }
  if (call.refused) {
    // Whether an ended one has children to terminate is not known here.
    const bool may_refuse = call.kind == Kind::kTerminateTree
                                ? model::is_terminal(state.status)
                                : !is_allowed(call.kind, state.status);
    const bool fits = call.refused == ErrorCode::kFailedPrecondition && may_refuse;
    return fits ? std::optional(state) : std::nullopt;
  }
  if (call.kind == Kind::kWaitEnded || call.kind == Kind::kWaitStarted) return wait(state, call);
  if (call.kind == Kind::kGet) return sees(state, call) ? std::optional(state) : std::nullopt;
  if (!is_allowed(call.kind, state.status)) return std::nullopt;
  return change(state, call.kind);
}

/// One step that an orchestration may take by itself. A suspended one may still end with the turn
/// that a worker had in hand.
std::vector<State> may_become(const State& state) {
  const auto with = [&](Status status, Status resume_to) {
    State next = state;
    next.status = status;
    next.resume_to = resume_to;
    return next;
  };
  if (!model::is_live(state.status)) return {};
  std::vector<State> next{with(Status::kCompleted, Status::kRunning),
                          with(Status::kFailed, Status::kRunning)};
  if (state.status == Status::kPending) next.push_back(with(Status::kRunning, Status::kRunning));
  if (state.status == Status::kSuspended) {
    next.push_back(with(Status::kSuspended, Status::kRunning));
  }
  return next;
}

class Instance {
 public:
  using State = verify::State;
  using Call = verify::Call;

  Result<Call> parse(const Operation& operation) { return reader_.parse(operation); }

  [[nodiscard]] Role role(const Operation& operation, const Call& call) const {
    switch (operation.status) {
      case OperationStatus::kOk: return Role::kRequired;
      case OperationStatus::kFail: return call.refused ? Role::kRequired : Role::kIgnored;
      case OperationStatus::kUnknown: break;
    }
    return only_observes(call) ? Role::kIgnored : Role::kOptional;
  }

  [[nodiscard]] bool only_observes(const Call& call) const {
    return call.refused || call.kind == Kind::kGet || call.kind == Kind::kRaise ||
           call.kind == Kind::kWaitEnded || call.kind == Kind::kWaitStarted;
  }

  [[nodiscard]] State initial() const { return {}; }

  void step(const State& state, const Call& call, std::vector<State>& next) const {
    State before = state;
    const bool waits = call.kind == Kind::kWaitEnded || call.kind == Kind::kWaitStarted;
    if (!waits) before.replaced.reset();
    const auto after = call.kind == Kind::kStart ? start(before, call) : operate(before, call);
    if (after) next.push_back(*after);
  }

  void let_be(std::vector<State>& states) const {
    for (std::size_t i = 0; i < states.size(); ++i) {
      for (const State& next : may_become(states[i])) {
        if (std::ranges::find(states, next) == states.end()) states.push_back(next);
      }
    }
  }

  /// Each identity with the statuses that it may have: `PENDING/RUNNING "a1" or no such instance`.
  [[nodiscard]] std::string describe(std::span<const State> states) const {
    std::map<Name, std::set<Status>> found;
    for (const State& state : states) found[state.identity].insert(state.status);
    std::string text;
    for (const auto& [identity, statuses] : found) {
      if (!text.empty()) text += " or ";
      std::string names;
      for (const Status status : statuses) {
        if (!names.empty()) names += "/";
        names += status == Status::kPurged ? "no such instance" : model::status_name(status);
      }
      text += names;
      if (identity != 0) text += " " + to_json(reader_.named(identity));
    }
    return text;
  }

 private:
  Reader reader_;
};

}  // namespace

Result<Report> check_instances(std::span<const Operation> history, SearchLimits limits) {
  return check_linearizable(history, StateSets<Instance>::make, "instance", limits);
}

}  // namespace perdure::verify
