// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The model of a register: read, write, compare and swap.
#include <fmt/format.h>

#include <map>

#include "verify/linearizable.h"
#include "verify/state_sets.h"

namespace perdure::verify {
namespace {

using base::Result;

class Register {
 public:
  using State = std::uint32_t;  // the number of a value
  enum class Kind : std::uint8_t { kRead, kWrite, kSwap, kMismatch };
  struct Call {
    Kind kind = Kind::kRead;
    State seen = 0;     // read: the answer; the others: what must be there
    State written = 0;  //
  };

  Result<Call> parse(const Operation& operation) {
    if (operation.op == "read") return Call{Kind::kRead, number_of(operation.result), 0};
    if (operation.op == "write") return Call{Kind::kWrite, 0, number_of(operation.value)};
    if (operation.op != "cas") {
      return base::fail(
          base::ErrorCode::kInvalidArgument,
          fmt::format("a register has no operation '{}'; it has read, write, cas", operation.op));
    }
    const Value::List* pair = operation.value.list();
    if (pair == nullptr || pair->size() != 2) {
      return base::fail(base::ErrorCode::kInvalidArgument,
                        "the value of a cas is a list of two: [expected, new]");
    }
    const Kind kind = operation.status == Status::kFail ? Kind::kMismatch : Kind::kSwap;
    return Call{kind, number_of(pair->front()), number_of(pair->back())};
  }

  [[nodiscard]] Role role(const Operation& operation, const Call& call) const {
    switch (operation.status) {
      case Status::kOk: return Role::kRequired;
      case Status::kUnknown: return call.kind == Kind::kRead ? Role::kIgnored : Role::kOptional;
      case Status::kFail: break;
    }
    const bool did_not_match =
        call.kind == Kind::kMismatch &&
        operation.result == Value(base::error_name(base::ErrorCode::kFailedPrecondition));
    return did_not_match ? Role::kRequired : Role::kIgnored;
  }

  [[nodiscard]] bool only_observes(const Call& call) const {
    return call.kind == Kind::kRead || call.kind == Kind::kMismatch;
  }

  [[nodiscard]] State initial() const { return 0; }

  void step(State state, const Call& call, std::vector<State>& next) const {
    switch (call.kind) {
      case Kind::kRead:
        if (state == call.seen) next.push_back(state);
        break;
      case Kind::kWrite: next.push_back(call.written); break;
      case Kind::kSwap:
        if (state == call.seen) next.push_back(call.written);
        break;
      case Kind::kMismatch:
        if (state != call.seen) next.push_back(state);
        break;
    }
  }

  void let_be(std::vector<State>& /*states*/) const {}

  [[nodiscard]] std::string describe(std::span<const State> states) const {
    return to_json(values_[states.front()]);  // every step has one outcome
  }

 private:
  State number_of(const Value& value) {
    const auto [found, is_new] = numbers_.try_emplace(value, static_cast<State>(values_.size()));
    if (is_new) values_.push_back(value);
    return found->second;
  }

  std::vector<Value> values_{Value()};  // zero: null, what is there at first
  std::map<Value, State> numbers_{{Value(), 0}};
};

}  // namespace

Result<Report> check_register(std::span<const Operation> history, SearchLimits limits) {
  return check_linearizable(history, StateSets<Register>::make, "register", limits);
}

}  // namespace perdure::verify
