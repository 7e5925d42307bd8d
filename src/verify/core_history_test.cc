// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The model of an instance against the real commands: clients of the pure core record what they are
// answered while turns complete and the process dies, and every history must hold. So a model that
// says less or more than the product fails here, and so does a core that breaks its promise.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <utility>

#include "base/prng.h"
#include "core/testing/build.h"
#include "core/testing/world.h"
#include "verify/linearizable.h"

namespace perdure::verify {
namespace {

namespace build = core::testing;

/// Turns a command into the operation that a client writes down, and back its answer.
class Clients {
 public:
  explicit Clients(std::uint64_t seed)
      : prng_(seed),
        world_({.gate = build::Gate::kHeld,
                .twin = build::Twin::kNone,
                .scope = build::Scope::kTouched}) {}

  std::vector<Operation> run(std::size_t moves) {
    for (std::size_t i = 0; i < moves; ++i) {
      now_ += 10;
      world_.advance(base::Duration{1'000});
      const std::uint64_t what = prng_.below(100);
      if (what < 45) {
        ask();
      } else if (what < 70) {
        complete_a_turn();
      } else if (what < 97) {
        world_.release();
        take_answers();
      } else {
        world_.crash(prng_.below(4));
        give_up();
      }
    }
    world_.release();
    take_answers();
    give_up();
    EXPECT_TRUE(world_.broken().empty());
    return std::move(history_);
  }

  [[nodiscard]] std::size_t answered() const { return answered_; }

 private:
  void ask() {
    const std::string id = prng_.chance(50) ? "a" : "b";
    const std::uint64_t what = prng_.below(100);
    if (what < 20) return start(id);
    if (what < 50) return send({.op = "get", .key = id}, build::get(id));
    if (what < 57) return send({.op = "wait", .key = id}, build::await(id));
    if (what < 60) {
      return send({.op = "wait", .key = id, .value = "started"},
                  build::await(id, model::Until::kStarted));
    }
    if (what < 65) return send({.op = "raise", .key = id}, build::raise(id, "go"));
    if (what < 70) return send({.op = "suspend", .key = id}, build::suspend(id));
    if (what < 77) return send({.op = "resume", .key = id}, build::resume(id));
    if (what < 82) return send({.op = "terminate", .key = id}, build::terminate(id));
    if (what < 84) {
      return send({.op = "terminate", .key = id, .value = "tree"}, build::terminate_tree(id));
    }
    if (what < 89) return send({.op = "rewind", .key = id}, build::rewind(id));
    if (what < 94) return send({.op = "restart", .key = id}, build::restart(id));
    send({.op = "purge", .key = id}, build::purge(id));
  }

  /// The name of the orchestration is the identity: every picture of an instance shows it.
  void start(const std::string& id) {
    constexpr std::array kPolicies{"reject", "ignore", "replace", "replace-ended"};
    const std::string identity = "run-" + std::to_string(++last_identity_);
    model::StartInstance command = build::start(id, identity);
    const std::uint64_t policy = prng_.below(kPolicies.size());
    using Otherwise = model::ReusePolicy::Otherwise;
    if (policy == 1) command.reuse.otherwise = Otherwise::kIgnore;
    if (policy == 2) command.reuse.replaceable = model::kEveryStatus;
    if (policy == 3) command.reuse.replaceable = model::kEveryTerminal;
    Value value = Value::list({kPolicies[policy], identity});
    if (prng_.chance(30)) {
      command.idempotency_key = "key-" + std::to_string(prng_.below(3));
      value = Value::list({kPolicies[policy], identity, command.idempotency_key});
    }
    send({.op = "start", .key = id, .value = std::move(value)}, std::move(command));
  }

  template <class Command>
  void send(Operation operation, Command command) {
    command.request = model::RequestId{++last_request_};
    operation.process = last_request_;  // a client of its own: it may wait for long
    operation.call_ns = now_;
    open_.emplace(command.request, std::move(operation));
    world_.run(model::Command(std::move(command)));
  }

  void complete_a_turn() {
    const auto& turns = world_.offers().turns;
    if (turns.empty()) return;
    const auto chosen =
        std::next(turns.begin(), static_cast<std::ptrdiff_t>(prng_.below(turns.size())));
    model::TurnResult result;
    switch (prng_.below(5)) {
      case 0: result.outcome = build::completed(); break;
      case 1: result.outcome = build::failed(); break;
      case 2: result.outcome = build::as_new(); break;
      default: result.outcome = model::Waiting{}; break;
    }
    world_.run(model::CompleteTurn{.token = chosen->first, .result = std::move(result)});
  }

  void take_answers() {
    now_ += 10;
    for (auto open = open_.begin(); open != open_.end();) {
      const auto answer = world_.replies().find(open->first);
      if (answer == world_.replies().end()) {
        ++open;
        continue;
      }
      Operation& operation = open->second;
      operation.return_ns = now_;
      write_down(answer->second, operation);
      history_.push_back(std::move(operation));
      open = open_.erase(open);
      ++answered_;
    }
  }

  static void write_down(const model::ReplyBody& answer, Operation& operation) {
    if (const auto* error = std::get_if<base::Error>(&answer)) {
      operation.status = Status::kFail;
      operation.result = base::error_name(error->code);
    } else if (const auto* started = std::get_if<model::Started>(&answer)) {
      if (operation.op == "start") operation.result = started->created ? "created" : "existing";
    } else if (const auto* shown = std::get_if<model::InstanceSnapshot>(&answer)) {
      operation.result =
          Value::list({model::status_name(shown->record.status), shown->record.name});
    }
  }

  void give_up() {
    for (auto& [request, operation] : open_) {
      operation.status = Status::kUnknown;
      history_.push_back(std::move(operation));
    }
    open_.clear();
  }

  base::Prng prng_;
  build::World world_;
  std::map<model::RequestId, Operation> open_;
  std::vector<Operation> history_;
  std::uint64_t last_request_ = 0;
  std::uint64_t last_identity_ = 0;
  std::size_t answered_ = 0;
  std::int64_t now_ = 0;
};

TEST(InstanceModel, HoldsForTheCommandsOfTheCore) {
  std::size_t answered = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Clients clients(seed);
    const std::vector<Operation> history = clients.run(150);
    const auto report = check_instances(history);
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_EQ(report->verdict, Verdict::kHolds) << "seed " << seed << "\n" << describe(*report);
    answered += clients.answered();
  }
  EXPECT_GT(answered, 10'000) << "too few calls were answered to show anything";
}

}  // namespace
}  // namespace perdure::verify
