// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Orchestrations that compute: chains, fan-out and fan-in, races with losers. Each is started under
// an idempotency key, often twice, by clients that try again. What was acknowledged must end with
// exactly the results that its history holds; and a reader follows some histories page by page.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <utility>

#include "perdure/codec.h"
#include "workloads/workload.h"

namespace perdure::sim {
namespace {

using Results = std::vector<std::string>;

Task<Results> chain(Orchestration& ctx, int steps) {
  Results results;
  for (int i = 0; i < steps; ++i) {
    std::string result = co_await ctx.call<std::string>("work", i);
    results.push_back(std::move(result));
  }
  co_return results;
}

Task<Results> fan(Orchestration& ctx, int width) {
  std::vector<int> inputs;
  for (int i = 0; i < width; ++i) inputs.push_back(i);
  Results results = co_await ctx.all(ctx.map<std::string>("work", inputs));
  co_return results;
}

/// The losers of the race are cancelled; the timer may win.
Task<Results> race(Orchestration& ctx, int width) {
  std::vector<Future<std::string>> runners;
  for (int i = 0; i < width; ++i) runners.push_back(ctx.call<std::string>("work", i));
  auto winner = co_await ctx.any(std::move(runners));
  Results results{winner.value};
  auto pause = ctx.timer(std::chrono::milliseconds(width));
  co_await std::move(pause);
  std::string last = co_await ctx.call<std::string>("work", width);
  results.push_back(std::move(last));
  co_return results;
}

constexpr const char* kNames[] = {"chain", "fan", "race"};
constexpr int kAttemptsMax = 4;
constexpr base::Duration kApart = base::milliseconds(300);
constexpr std::size_t kPageBytes = 400;

class Compute final : public Workload {
 public:
  explicit Compute(Stage stage) : stage_(stage) {}

  void begin() override {
    const std::uint64_t count = 4 + stage_.scene.random.below(12);
    for (std::uint64_t i = 0; i < count; ++i) {
      const char* name = kNames[stage_.scene.random.below(std::size(kNames))];
      const auto size = static_cast<int>(1 + stage_.scene.random.below(6));
      const std::string id = fmt::format("compute{}", i);
      const bool contended = stage_.scene.random.chance(40);
      plan_start(id, name, size, kAttemptsMax);
      if (contended) plan_start(id, name, size, kAttemptsMax);
      if (stage_.scene.random.chance(30)) plan_read(id);
    }
  }

  void finish() override {
    for (auto& [id, reader] : readers_) {
      while (read_page(id, reader)) {
      }
    }
  }

  void check(const Aftermath& aftermath) override {
    for (const auto& [id, execution] : started_) {
      const Aftermath::Left* left = aftermath.find(id);
      stage_.scene.verdict.require(left != nullptr, Invariant::kAcknowledged,
                                   fmt::format("'{}' was acknowledged and is gone", id));
      if (left != nullptr) check_output(id, *left);
    }
    for (const auto& [id, reader] : readers_) check_reader(id, reader, aftermath);
  }

 private:
  struct Reader {
    model::Execution execution;
    std::vector<model::Event> events;
  };

  void plan_start(const std::string& id, const char* name, int size, int attempts) {
    stage_.scene.agenda.after(stage_.scene.some(kApart), [this, id, name, size, attempts] {
      start(id, name, size, attempts);
    });
  }

  void start(const std::string& id, const char* name, int size, int attempts) {
    model::StartInstance command = start_of(id, name, internal::encode_all(size));
    command.idempotency_key = "once " + id;
    stage_.calls.call(
        std::move(command), {.process = 1, .op = "start", .key = id, .value = {}}, nullptr,
        [this, id, name, size, attempts](const std::optional<model::ReplyBody>& body) {
          if (succeeded(body)) return acknowledged(id, std::get<model::Started>(*body));
          const base::Error* error = error_of(body);
          stage_.scene.verdict.require(
              error == nullptr || error->code != base::ErrorCode::kAlreadyExists,
              Invariant::kIdempotent,
              fmt::format("a repeated start of '{}' was taken for another one", id));
          // The key makes trying again harmless, also after a refusal.
          if (attempts > 1) plan_start(id, name, size, attempts - 1);
        });
  }

  void acknowledged(const std::string& id, const model::Started& started) {
    const auto [known, is_new] = started_.emplace(id, started.execution);
    if (is_new) ++stage_.scene.tally.instances;
    stage_.scene.verdict.require(known->second == started.execution, Invariant::kIdempotent,
                                 fmt::format("'{}' was started twice under one key", id));
  }

  void check_output(const std::string& id, const Aftermath::Left& left) {
    stage_.scene.verdict.require(left.record.status == model::Status::kCompleted,
                                 Invariant::kLiveness, fmt::format("'{}' did not complete", id));
    if (left.record.name == "race") return;
    std::map<model::TaskId, std::string> results;
    for (const model::Event& event : left.history) {
      const auto* done = std::get_if<model::ActivityCompleted>(&event.body);
      if (done != nullptr) results[done->task] = done->result.value_or("null");
    }
    std::string expected;
    for (const auto& [task, result] : results) {
      expected += (expected.empty() ? "[" : ",") + result;
    }
    expected += ']';
    stage_.scene.verdict.require(left.record.output == expected, Invariant::kReplay,
                                 fmt::format("the output of '{}' is not what it was told", id));
  }

  // ---- readers that go on from where they were ----

  void plan_read(const std::string& id) {
    stage_.scene.agenda.after(stage_.scene.some(kApart), [this, id] {
      if (stage_.scene.healed) return;
      read_page(id, readers_[id]);
      plan_read(id);
    });
  }

  /// True if there was something new.
  bool read_page(const std::string& id, Reader& reader) {
    auto page = stage_.platform.read_history(key_of(id), reader.events.size(), kPageBytes);
    for (model::Event& event : page) reader.events.push_back(std::move(event));
    return !page.empty();
  }

  void check_reader(const std::string& id, const Reader& reader, const Aftermath& aftermath) {
    if (reader.events.empty()) return;
    const Aftermath::Left* left = aftermath.find(id);
    const bool same =
        left != nullptr && reader.events.size() <= left->history.size() &&
        std::ranges::equal(reader.events, left->history | std::views::take(reader.events.size()));
    stage_.scene.verdict.require(same, Invariant::kStreams,
                                 fmt::format("a reader of '{}' missed or repeated an event", id));
  }

  Stage stage_;
  std::map<std::string, model::Execution> started_;
  std::map<std::string, Reader> readers_;
};

}  // namespace

const WorkloadKind kCompute{.name = "compute",
                            .add_functions =
                                [](Registry& functions) {
                                  functions.orchestration("chain", chain)
                                      .orchestration("fan", fan)
                                      .orchestration("race", race);
                                },
                            .make = [](Stage stage) -> std::unique_ptr<Workload> {
                              return std::make_unique<Compute>(stage);
                            }};

}  // namespace perdure::sim
