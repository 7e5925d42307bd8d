// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Orchestrations that fail because the world is broken. Clients rewind them, in vain; then the
// world is repaired, and one more rewind lets them go on where they failed and complete. Some fail
// because a child did: their rewind is one of the child too.
#include <fmt/format.h>

#include <map>

#include "perdure/codec.h"
#include "workloads/workload.h"

namespace perdure::sim {
namespace {

Task<int> fragile(Orchestration& ctx, int before) {
  for (int i = 0; i < before; ++i) co_await ctx.call<std::string>("work", i);
  co_await ctx.call<std::string>("flaky");
  co_await ctx.call<std::string>("work", before);
  co_return before;
}

Task<int> guardian(Orchestration& ctx, int before) {
  const int done = co_await ctx.child<int>("fragile", before);
  co_await ctx.call<std::string>("work", before);
  co_return done;
}

constexpr base::Duration kApart = base::milliseconds(200);
constexpr int kRewindsMax = 4;
constexpr int kFinalRewindsMax = 100;

class Repairs final : public Workload {
 public:
  explicit Repairs(Stage stage) : stage_(stage) {}

  void begin() override {
    const std::uint64_t count = 1 + stage_.scene.random.below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string id = fmt::format("repairs{}", i);
      const auto before = static_cast<int>(stage_.scene.random.below(3));
      const char* name = stage_.scene.random.chance(40) ? "guardian" : "fragile";
      stage_.calls.insist(start_of(id, name, internal::encode_all(before)),
                          [this, id, before](const std::optional<model::ReplyBody>&) {
                            ++stage_.scene.tally.instances;
                            started_[id] = before;
                            if (ending_) return repair(id);
                            plan_rewind(id, kRewindsMax);
                          });
    }
  }

  void finish() override {
    ending_ = true;
    for (const auto& [id, before] : started_) repair(id);
  }

  void check(const Aftermath& aftermath) override {
    for (const auto& [id, before] : started_) {
      const Aftermath::Left* left = aftermath.find(id);
      const bool done = left != nullptr && left->record.status == model::Status::kCompleted &&
                        left->record.output == std::to_string(before);
      stage_.scene.verdict.require(done, Invariant::kLiveness,
                                   fmt::format("'{}' did not go on when it was rewound", id));
    }
  }

 private:
  void plan_rewind(const std::string& id, int left) {
    if (left == 0) return;
    stage_.scene.agenda.after(stage_.scene.some(kApart), [this, id, left] {
      if (stage_.scene.healed) return;
      if (stage_.scene.random.chance(20)) stage_.bodies.repair(id);
      stage_.calls.call(
          rewind(id), {.process = 1, .op = "rewind", .key = id, .value = {}}, nullptr,
          [this, id, left](const std::optional<model::ReplyBody>&) { plan_rewind(id, left - 1); });
    });
  }

  void repair(const std::string& id) {
    stage_.bodies.repair(id);
    await_end(id, kFinalRewindsMax);
  }

  void await_end(const std::string& id, int rewinds_left) {
    stage_.calls.insist(
        model::AwaitInstance{.request = {},
                             .key = key_of(id),
                             .until = model::Until::kEnded,
                             .wait_if_unknown = false},
        [this, id, rewinds_left](const std::optional<model::ReplyBody>& body) {
          const auto* seen = body ? std::get_if<model::InstanceSnapshot>(&*body) : nullptr;
          const bool failed = seen != nullptr && seen->record.status == model::Status::kFailed;
          if (!failed || rewinds_left == 0) return;
          stage_.calls.insist(rewind(id),
                              [this, id, rewinds_left](const std::optional<model::ReplyBody>&) {
                                await_end(id, rewinds_left - 1);
                              });
        });
  }

  static model::RewindInstance rewind(const std::string& id) {
    return {.request = {}, .key = key_of(id), .reason = "repaired"};
  }

  Stage stage_;
  bool ending_ = false;  // a start may be acknowledged later still
  std::map<std::string, int> started_;
};

}  // namespace

const WorkloadKind kRepairs{
    .name = "repairs",
    .add_functions =
        [](Registry& functions) {
          functions.orchestration("fragile", fragile).orchestration("guardian", guardian);
        },
    .make = [](Stage stage) -> std::unique_ptr<Workload> {
      return std::make_unique<Repairs>(stage);
    }};

}  // namespace perdure::sim
