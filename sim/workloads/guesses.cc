// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Speculation: each step of a chain works on the result of the one before, and no result is ever
// given twice. So what was taken back by a crash is recognised wherever it turns up: in a history,
// at an ordinary activity, in a status or an output that a client was told.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "perdure/codec.h"
#include "workloads/workload.h"

namespace perdure::sim {
namespace {

using Results = std::vector<std::string>;

/// Every so many steps there is an ordinary one.
constexpr int kOrdinary = 4;

Task<Results> dash(Orchestration& ctx, int steps) {
  Results results;
  std::string last = "begin";
  for (int i = 1; i <= steps; ++i) {
    Future<std::string> step = i % kOrdinary == 0
                                   ? ctx.call<std::string>("work", last)
                                   : ctx.call<std::string>("guess", last, Speculative());
    last = co_await std::move(step);
    results.push_back(last);
    ctx.set_status(last);
  }
  co_return results;
}

/// Several at once, and a child that goes on from what they answered.
Task<Results> spread(Orchestration& ctx, int width) {
  std::vector<int> inputs;
  for (int i = 0; i < width; ++i) inputs.push_back(i);
  Results results = co_await ctx.all(ctx.map<std::string>("guess", inputs, Speculative()));
  Results further = co_await ctx.child<Results>("dash", width);
  results.insert(results.end(), further.begin(), further.end());
  co_return results;
}

constexpr const char* kNames[] = {"dash", "spread"};
constexpr int kStepsMax = 10;
constexpr int kLooksMax = 20;
constexpr base::Duration kApart = base::milliseconds(300);
constexpr base::Duration kLookApart = base::milliseconds(30);

class Guesses final : public Workload {
 public:
  explicit Guesses(Stage stage) : stage_(stage) {}

  void begin() override {
    const std::uint64_t count = 2 + stage_.scene.random.below(8);
    for (std::uint64_t i = 0; i < count; ++i) {
      const char* name = kNames[stage_.scene.random.below(std::size(kNames))];
      const auto size = static_cast<int>(1 + stage_.scene.random.below(kStepsMax));
      const std::string id = fmt::format("guesses{}", i);
      stage_.scene.agenda.after(stage_.scene.some(kApart), [this, id, name, size] {
        model::StartInstance command = start_of(id, name, internal::encode_all(size));
        command.idempotency_key = "once " + id;
        stage_.calls.insist(std::move(command),
                            [this, id](const std::optional<model::ReplyBody>&) { begun(id); });
      });
    }
  }

  void check(const Aftermath& aftermath) override {
    for (const auto& [id, told] : told_) {
      const Aftermath::Left* left = aftermath.find(id);
      stage_.scene.verdict.require(left != nullptr, Invariant::kAcknowledged,
                                   fmt::format("'{}' was acknowledged and is gone", id));
      if (left != nullptr) check(id, told, *left);
    }
  }

 private:
  /// What clients saw.
  struct Told {
    std::vector<std::string> statuses;
    model::Payload output;
  };

  void begun(const std::string& id) {
    if (!told_.try_emplace(id).second) return;
    ++stage_.scene.tally.instances;
    plan_look(id, kLooksMax);
  }

  void plan_look(const std::string& id, int left) {
    if (left == 0) return;
    stage_.scene.agenda.after(stage_.scene.some(kLookApart), [this, id, left] {
      stage_.calls.call(model::GetInstance{.request = {}, .key = key_of(id)},
                        {.process = 1, .op = "get", .key = id, .value = {}}, nullptr,
                        [this, id, left](const std::optional<model::ReplyBody>& body) {
                          if (succeeded(body)) saw(id, std::get<model::InstanceSnapshot>(*body));
                          plan_look(id, left - 1);
                        });
    });
  }

  void saw(const std::string& id, const model::InstanceSnapshot& snapshot) {
    const model::InstanceRecord& record = snapshot.record;
    if (record.custom_status) told_[id].statuses.push_back(*record.custom_status);
    if (record.status == model::Status::kCompleted) told_[id].output = record.output;
  }

  void check(const std::string& id, const Told& told, const Aftermath::Left& left) {
    stage_.scene.verdict.require(left.record.status == model::Status::kCompleted,
                                 Invariant::kLiveness, fmt::format("'{}' did not complete", id));
    stage_.scene.verdict.require(!told.output || told.output == left.record.output,
                                 Invariant::kSpeculation,
                                 fmt::format("the output of '{}' was taken back", id));
    for (const std::string& status : told.statuses) {
      const bool stays = left.record.output && left.record.output->contains(status);
      stage_.scene.verdict.require(stays, Invariant::kSpeculation,
                                   fmt::format("a status of '{}' was taken back", id));
    }
  }

  Stage stage_;
  std::map<std::string, Told> told_;
};

}  // namespace

const WorkloadKind kGuesses{
    .name = "guesses",
    .add_functions =
        [](Registry& functions) {
          functions.orchestration("dash", dash).orchestration("spread", spread);
        },
    .make = [](Stage stage) -> std::unique_ptr<Workload> {
      return std::make_unique<Guesses>(stage);
    }};

}  // namespace perdure::sim
