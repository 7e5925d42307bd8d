// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Several clients do everything that a client can do to the same few ids at once: start under every
// reuse policy, steer, terminate, rewind, restart, purge, look and wait. Whatever they were
// answered must be what they could have been answered one at a time.
#include <fmt/format.h>

#include <set>

#include "perdure/codec.h"
#include "verify/linearizable.h"
#include "workloads/workload.h"

namespace perdure::sim {
namespace {

/// Lives a while, in one of several ways.
Task<int> soul(Orchestration& ctx, int way) {
  if (way % 3 == 0) co_await ctx.call<std::string>("work", way);
  if (way % 4 == 1) co_await ctx.timer(std::chrono::milliseconds(way));
  if (way % 2 == 0) co_await ctx.event<int>("go");
  if (way % 5 == 4) throw Failure("in its way");
  co_return way;
}

constexpr base::Duration kApart = base::milliseconds(60);
/// So close that a call often comes while the turn of the one before is with a worker.
constexpr base::Duration kClose = base::milliseconds(2);
constexpr std::uint64_t kIds = 2;
/// What is not decided is not judged: the limit keeps a search short, and few reach it.
constexpr verify::SearchLimits kSearch{.places_max = 20'000, .shrink_searches_max = 50};

class Operators final : public Workload {
 public:
  explicit Operators(Stage stage)
      : stage_(stage), apart_(stage.scene.random.chance(50) ? kApart : kClose) {}

  void begin() override {
    const std::uint64_t clients = 2 + stage_.scene.random.below(3);
    for (std::uint64_t i = 1; i <= clients; ++i) {
      plan(i, static_cast<int>(5 + stage_.scene.random.below(20)));
    }
  }

  void finish() override {
    for (std::uint64_t i = 0; i < kIds; ++i) {
      stage_.calls.insist(model::TerminateInstance{.request = {},
                                                   .key = key_of(id_of(i)),
                                                   .reason = "enough",
                                                   .output = {},
                                                   .recursive = false},
                          [](const std::optional<model::ReplyBody>&) {});
    }
  }

  void check(const Aftermath&) override {
    const auto report = verify::check_instances(records_, kSearch);
    PERDURE_CHECK(report.has_value(), "the history of the operators is none");
    for (const verify::Finding& finding : report->findings) {
      std::string story = finding.key + ": " + finding.what;
      for (const std::string& line : finding.story) story += "\n      " + line;
      stage_.scene.verdict.breached(Invariant::kLinearizable, std::move(story));
    }
  }

 private:
  static std::string id_of(std::uint64_t number) { return fmt::format("shared{}", number); }

  void plan(std::uint64_t process, int left) {
    if (left == 0) return;
    stage_.scene.agenda.after(stage_.scene.some(apart_), [this, process, left] {
      if (stage_.scene.healed) return;
      act(process, left);
    });
  }

  void act(std::uint64_t process, int left) {
    const std::string id = id_of(stage_.scene.random.below(kIds));
    Recorded as{.process = process, .op = {}, .key = id, .value = {}};
    model::Command command = some_command(key_of(id), as);
    stage_.calls.call(std::move(command), as, &records_,
                      [this, process, left](const std::optional<model::ReplyBody>& body) {
                        if (succeeded(body)) ++stage_.scene.tally.instances;
                        plan(process, left - 1);
                      });
  }

  model::Command some_command(const model::InstanceKey& key, Recorded& as) {
    switch (stage_.scene.random.below(14)) {
      case 0:
      case 1:
      case 2: return some_start(key, as);
      case 3:
      case 4: as.op = "get"; return model::GetInstance{.request = {}, .key = key};
      case 5: as.op = "suspend"; return model::SuspendInstance{{}, key, "hold"};
      case 6: as.op = "resume"; return model::ResumeInstance{{}, key, "go on"};
      case 7: as.op = "terminate"; return model::TerminateInstance{{}, key, "stop", {}, false};
      case 8: as.op = "purge"; return model::PurgeInstance{{}, key};
      case 9: as.op = "restart"; return model::RestartInstance{{}, key};
      case 10: as.op = "rewind"; return model::RewindInstance{{}, key, "again"};
      case 11: {
        const bool started = stage_.scene.random.chance(50);
        as.op = "wait";
        as.value = started ? "started" : "ended";
        return model::AwaitInstance{
            {}, key, started ? model::Until::kStarted : model::Until::kEnded, false};
      }
      default: as.op = "raise"; return model::RaiseEvent{{}, key, {"go", "1"}};
    }
  }

  model::Command some_start(const model::InstanceKey& key, Recorded& as) {
    const auto way = static_cast<int>(stage_.scene.random.below(20));
    model::StartInstance start = start_of(key.id, "soul", internal::encode_all(way));
    const std::string identity = fmt::format("s{}", ++last_start_);
    start.started.tags = {{"start", identity}};
    verify::Value::List value;
    switch (stage_.scene.random.below(4)) {
      case 0: value.emplace_back("reject"); break;
      case 1:
        value.emplace_back("ignore");
        start.reuse.otherwise = model::ReusePolicy::Otherwise::kIgnore;
        break;
      case 2:
        value.emplace_back("replace");
        start.reuse.replaceable = model::kEveryStatus;
        break;
      default:
        value.emplace_back("replace-ended");
        start.reuse.replaceable = model::kEveryTerminal;
        break;
    }
    value.emplace_back(identity);
    if (stage_.scene.random.chance(30)) {
      start.idempotency_key = identity;
      value.emplace_back(identity);
    }
    as.op = "start";
    as.value = verify::Value(std::move(value));
    return start;
  }

  Stage stage_;
  const base::Duration apart_;
  std::uint64_t last_start_ = 0;
  std::vector<verify::Operation> records_;
};

}  // namespace

const WorkloadKind kOperators{
    .name = "operators",
    .add_functions = [](Registry& functions) { functions.orchestration("soul", soul); },
    .make = [](Stage stage) -> std::unique_ptr<Workload> {
      return std::make_unique<Operators>(stage);
    }};

}  // namespace perdure::sim
