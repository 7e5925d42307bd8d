// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Orchestrations that sleep: for no time, for milliseconds, for a month; one after the other, side
// by side, and cancelled by a faster one. None wakes before its time by the clock that it can see;
// all wake in the end, wherever the clock of the machine jumped meanwhile.
#include <fmt/format.h>

#include <set>

#include "perdure/codec.h"
#include "workloads/workload.h"

namespace perdure::sim {
namespace {

using Spans = std::vector<std::int64_t>;  // microseconds

Task<int> sleeper(Orchestration& ctx, Spans spans) {
  int woken = 0;
  for (const std::int64_t span : spans) {
    const auto due = ctx.now() + std::chrono::microseconds(span);
    co_await ctx.timer(std::chrono::microseconds(span));
    if (ctx.now() < due) throw Failure("woken early");
    ++woken;
  }
  co_return woken;
}

/// All are set at once; the first one to fire cancels the others.
Task<int> alarm(Orchestration& ctx, Spans spans) {
  std::vector<Future<void>> timers;
  for (const std::int64_t span : spans) {
    timers.push_back(ctx.timer(std::chrono::microseconds(span)));
  }
  co_await ctx.any(std::move(timers));
  co_await ctx.timer(std::chrono::milliseconds(1));
  co_return static_cast<int>(spans.size());
}

constexpr base::Duration kApart = base::milliseconds(200);
constexpr std::int64_t kSpansMax[] = {1, 2'000, 500'000, 60'000'000, 2'592'000'000'000};

class Timers final : public Workload {
 public:
  explicit Timers(Stage stage) : stage_(stage) {}

  void begin() override {
    const std::uint64_t count = 3 + stage_.scene.random.below(8);
    for (std::uint64_t i = 0; i < count; ++i) {
      Spans spans;
      for (auto left = 1 + stage_.scene.random.below(4); left > 0; --left) {
        const std::int64_t most = kSpansMax[stage_.scene.random.below(std::size(kSpansMax))];
        spans.push_back(
            static_cast<std::int64_t>(stage_.scene.random.below(static_cast<std::uint64_t>(most))));
      }
      const char* name = stage_.scene.random.chance(60) ? "sleeper" : "alarm";
      const std::string id = fmt::format("timers{}", i);
      stage_.scene.agenda.after(stage_.scene.some(kApart),
                                [this, id, name, spans] { start(id, name, spans); });
    }
  }

  void check(const Aftermath& aftermath) override {
    for (const auto& [id, sleeps] : started_) {
      const Aftermath::Left* left = aftermath.find(id);
      const bool woke = left != nullptr && left->record.status == model::Status::kCompleted &&
                        left->record.output == std::to_string(sleeps);
      stage_.scene.verdict.require(woke, Invariant::kTimers,
                                   fmt::format("'{}' did not sleep as it should", id));
    }
  }

 private:
  void start(const std::string& id, const char* name, const Spans& spans) {
    model::StartInstance command = start_of(id, name, internal::encode_all(spans));
    if (stage_.scene.random.chance(20)) {
      command.started.scheduled_start =
          stage_.platform.wall() + stage_.scene.some(base::seconds(90));
    }
    stage_.calls.call(std::move(command), {.process = 1, .op = "start", .key = id, .value = {}},
                      nullptr, [this, id, spans](const std::optional<model::ReplyBody>& body) {
                        if (!succeeded(body)) return;
                        ++stage_.scene.tally.instances;
                        started_.emplace(id, spans.size());
                      });
  }

  Stage stage_;
  std::map<std::string, std::size_t> started_;
};

}  // namespace

const WorkloadKind kTimers{
    .name = "timers",
    .add_functions =
        [](Registry& functions) {
          functions.orchestration("sleeper", sleeper).orchestration("alarm", alarm);
        },
    .make = [](Stage stage) -> std::unique_ptr<Workload> {
      return std::make_unique<Timers>(stage);
    }};

}  // namespace perdure::sim
