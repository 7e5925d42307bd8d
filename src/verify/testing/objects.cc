// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/testing/objects.h"

#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/check.h"

namespace perdure::verify::testing {
namespace {

/// Answers at once, whatever it is.
bool done(Operation& operation, Value result = {}) {
  operation.status = Status::kOk;
  operation.result = std::move(result);
  return true;
}
bool refused(Operation& operation, const char* reason) {
  operation.status = Status::kFail;
  operation.result = reason;
  return true;
}

/// Two registers; every value is written once.
class Registers final : public Object {
 public:
  Operation ask(base::Prng& prng, std::uint64_t /*process*/) override {
    Operation operation{.op = "read", .key = prng.chance(50) ? "a" : "b"};
    if (prng.chance(45)) {
      operation.op = "write";
      operation.value = ++last_;
    } else if (prng.chance(20)) {
      operation.op = "cas";
      operation.value = Value::list({values_[operation.key], Value(++last_)});
    }
    return operation;
  }

  bool answer(base::Prng& /*prng*/, Operation& operation) override {
    Value& value = values_[operation.key];
    if (operation.op == "read") return done(operation, value);
    if (operation.op == "write") {
      value = operation.value;
      return done(operation);
    }
    const Value::List& pair = *operation.value.list();
    if (value != pair[0]) return refused(operation, "FAILED_PRECONDITION");
    value = pair[1];
    return done(operation);
  }

 private:
  std::map<std::string, Value> values_;
  std::int64_t last_ = 0;
};

/// Two instance ids, started, steered and asked about, that run on by themselves.
class Instances final : public Object {
 public:
  Operation ask(base::Prng& prng, std::uint64_t /*process*/) override {
    Operation operation{.key = prng.chance(50) ? "a" : "b"};
    constexpr std::array kSteering{"raise",   "suspend", "resume", "terminate",
                                   "restart", "purge",   "rewind"};
    if (prng.chance(20)) {
      constexpr std::array kPolicies{"reject", "ignore", "replace", "replace-ended"};
      operation.op = "start";
      operation.value = Value::list({kPolicies[prng.below(kPolicies.size())], ++last_});
      if (prng.chance(20)) {
        operation.value =
            Value::list({"reject", last_, Value(static_cast<std::int64_t>(prng.below(3)))});
      }
    } else if (prng.chance(45)) {
      operation.op = "get";
    } else if (prng.chance(20)) {
      operation.op = "wait";
      if (prng.chance(50)) operation.value = "started";
    } else {
      operation.op = kSteering[prng.below(kSteering.size())];
    }
    return operation;
  }

  bool answer(base::Prng& prng, Operation& operation) override {
    for (auto& [id, instance] : instances_) live_on(prng, instance);
    One& one = instances_[operation.key];
    if (operation.op == "start") return start(one, operation);
    if (one.status == "NONE") return refused(operation, "NOT_FOUND");
    if (operation.op == "get") return done(operation, Value::list({one.status, one.identity}));
    if (operation.op == "wait") return wait(one, operation);
    return steer(one, operation);
  }

 private:
  struct One {
    std::string status = "NONE";
    std::string before = "RUNNING";  // it was suspended
    Value identity;
    Value key;

    [[nodiscard]] bool is_live() const {
      return status == "PENDING" || status == "RUNNING" || status == "SUSPENDED";
    }
  };

  static void live_on(base::Prng& prng, One& one) {
    if (one.status == "PENDING" && prng.chance(30)) one.status = "RUNNING";
    if (one.status == "RUNNING" && prng.chance(10)) {
      one.status = prng.chance(50) ? "COMPLETED" : "FAILED";
    }
  }

  static bool start(One& one, Operation& operation) {
    const Value::List& given = *operation.value.list();
    const std::string& policy = *given[0].text();
    if (one.status != "NONE") {
      if (given.size() > 2 && given[2] == one.key) return done(operation);
      const bool gives_way = policy == "replace" || (policy == "replace-ended" && !one.is_live());
      if (!gives_way && policy != "ignore") return refused(operation, "ALREADY_EXISTS");
      if (!gives_way) return done(operation);
    }
    one = {.status = "PENDING", .identity = given[1], .key = given.size() > 2 ? given[2] : Value()};
    return done(operation);
  }

  static bool wait(const One& one, Operation& operation) {
    const bool reached = operation.value.is_null() ? !one.is_live() : one.status != "PENDING";
    return reached && done(operation, Value::list({one.status, one.identity}));
  }

  static bool steer(One& one, Operation& operation) {
    const bool needs_end = operation.op == "restart" || operation.op == "purge";
    const bool may = operation.op == "rewind" ? one.status == "FAILED" : one.is_live() != needs_end;
    if (!may) return refused(operation, "FAILED_PRECONDITION");
    if (operation.op == "suspend" && one.status != "SUSPENDED") {
      one.before = std::exchange(one.status, "SUSPENDED");
    } else if (operation.op == "resume" && one.status == "SUSPENDED") {
      one.status = one.before;
    } else if (operation.op == "terminate") {
      one.status = "TERMINATED";
    } else if (operation.op == "restart") {
      one.status = "PENDING";
    } else if (operation.op == "rewind") {
      one.status = "RUNNING";
    } else if (operation.op == "purge") {
      one = {};
    }
    return done(operation);
  }

  std::map<std::string, One> instances_{{"a", {}}, {"b", {}}};
  std::int64_t last_ = 100;
};

/// Messages to two receivers, who take some now and then.
class Channels final : public Object {
 public:
  Operation ask(base::Prng& prng, std::uint64_t /*process*/) override {
    Operation operation{.op = "send", .key = prng.chance(50) ? "a" : "b", .value = ++last_};
    return operation;
  }

  bool answer(base::Prng& prng, Operation& operation) override {
    Value::List& inbox = inboxes_[operation.key];
    if (operation.op == "receive") return done(operation, std::exchange(inbox, {}));
    if (prng.chance(5)) return refused(operation, "RESOURCE_EXHAUSTED");
    inbox.push_back(operation.value);
    return done(operation);
  }

  std::vector<Operation> ask_at_last() override {
    return {{.op = "receive", .key = "a"}, {.op = "receive", .key = "b"}};
  }

 private:
  std::map<std::string, Value::List> inboxes_;
  std::int64_t last_ = 0;
};

class GrowingSet final : public Object {
 public:
  Operation ask(base::Prng& prng, std::uint64_t /*process*/) override {
    if (prng.chance(10)) return {.op = "read", .key = "s"};
    return {.op = "add", .key = "s", .value = ++last_};
  }

  bool answer(base::Prng& prng, Operation& operation) override {
    if (operation.op == "read") {
      return done(operation, Value::List(elements_.begin(), elements_.end()));
    }
    if (prng.chance(5)) return refused(operation, "RESOURCE_EXHAUSTED");
    elements_.insert(operation.value);
    return done(operation);
  }

  std::vector<Operation> ask_at_last() override { return {{.op = "read", .key = "s"}}; }

 private:
  std::set<Value> elements_;
  std::int64_t last_ = 0;
};

/// Lists that transactions read and append to, each done at one moment.
class Lists final : public Object {
 public:
  Operation ask(base::Prng& prng, std::uint64_t /*process*/) override {
    constexpr std::array kKeys{"x", "y", "z"};
    Value::List accesses;
    const std::size_t count = 1 + prng.below(4);
    for (std::size_t i = 0; i < count; ++i) {
      const char* const key = kKeys[prng.below(kKeys.size())];
      accesses.push_back(prng.chance(50) ? Value::list({"append", key, ++last_})
                                         : Value::list({"read", key}));
    }
    return {.op = "transaction", .value = std::move(accesses)};
  }

  bool answer(base::Prng& prng, Operation& operation) override {
    if (prng.chance(5)) return refused(operation, "ABORTED");
    Value::List answers;
    for (const Value& access : *operation.value.list()) {
      const Value::List& parts = *access.list();
      Value::List& list = lists_[*parts[1].text()];
      if (parts[0] == Value("read")) {
        answers.emplace_back(list);
      } else {
        list.push_back(parts[2]);
        answers.emplace_back();
      }
    }
    return done(operation, std::move(answers));
  }

 private:
  std::map<std::string, Value::List> lists_;
  std::int64_t last_ = 0;
};

}  // namespace

std::unique_ptr<Object> make_object(Model model) {
  switch (model) {
    case Model::kRegister: return std::make_unique<Registers>();
    case Model::kInstance: return std::make_unique<Instances>();
    case Model::kSequence: return std::make_unique<Channels>();
    case Model::kSet: return std::make_unique<GrowingSet>();
    case Model::kTransactions: return std::make_unique<Lists>();
  }
  PERDURE_CHECK(false, "a model without an object");
}

}  // namespace perdure::verify::testing
