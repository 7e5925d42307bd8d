// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Events between instances: producers, each an orchestration, send numbered items to a collector in
// whatever shard it lives, with activities in between. The collector takes each item once and each
// producer's in order.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "perdure/codec.h"
#include "verify/sequence.h"
#include "workloads/collect.h"
#include "workloads/workload.h"

namespace perdure::sim {
namespace {

Task<int> produce(Orchestration& ctx, std::string target, int producer, int count) {
  for (int i = 0; i < count; ++i) {
    ctx.send(target, kItem, fmt::format("{}.{}", producer, i));
    if (i % 3 == 1) co_await ctx.call<std::string>("work", i);
    if (i % 4 == 2) co_await ctx.timer(std::chrono::milliseconds(i));
  }
  co_return count;
}

constexpr base::Duration kApart = base::milliseconds(100);

class Messages final : public Workload {
 public:
  explicit Messages(Stage stage) : stage_(stage) {}

  void begin() override {
    const auto batch = static_cast<int>(1 + stage_.scene.random.below(6));
    stage_.calls.insist(
        start_of(kCollector, "collect", internal::encode_all(std::vector<std::string>{}, batch)),
        [this](const std::optional<model::ReplyBody>&) { open(); });
  }

  void finish() override {
    ending_ = true;
    wait_for_producers();
  }

  void check(const Aftermath& aftermath) override {
    if (!open_) return;
    const Aftermath::Left* collector = aftermath.find(kCollector);
    const bool done = collector != nullptr && collector->record.output &&
                      collector->record.status == model::Status::kCompleted;
    stage_.scene.verdict.require(done, Invariant::kLiveness, "the collector did not end");
    if (!done) return;
    std::vector<verify::Operation> records;
    for (const auto& [id, producer] : producers_) {
      const Aftermath::Left* left = aftermath.find(id);
      if (left == nullptr) continue;  // it was never there: the start is unknown
      stage_.scene.verdict.require(left->record.status == model::Status::kCompleted,
                                   Invariant::kLiveness, fmt::format("'{}' did not end", id));
      for (int i = 0; i < producer.count; ++i) {
        records.push_back({.process = static_cast<std::uint64_t>(producer.number),
                           .op = "send",
                           .key = kCollector,
                           .value = fmt::format("{}.{}", producer.number, i),
                           .result = {},
                           .call_ns = 2 * i,
                           .return_ns = 2 * i + 1,
                           .status = verify::Status::kOk,
                           .epoch = std::nullopt});
      }
    }
    records.push_back(receive_of(kCollector, *collector->record.output, INT64_MAX));
    const auto report = verify::check_sequence(records);
    PERDURE_CHECK(report.has_value(), "the history of the messages is none");
    for (const verify::Finding& finding : report->findings) {
      stage_.scene.verdict.breached(Invariant::kMessages, finding.key + ": " + finding.what);
    }
  }

 private:
  struct Producer {
    int number = 0;
    int count = 0;
  };
  static constexpr const char* kCollector = "messages";

  void open() {
    if (std::exchange(open_, true)) return;
    ++stage_.scene.tally.instances;
    if (ending_) return wait_for_producers();
    const std::uint64_t count = 1 + stage_.scene.random.below(4);
    for (std::uint64_t i = 1; i <= count; ++i) {
      const Producer producer{static_cast<int>(i),
                              static_cast<int>(1 + stage_.scene.random.below(12))};
      const std::string id = fmt::format("messages-from{}", i);
      producers_.emplace(id, producer);
      stage_.scene.agenda.after(stage_.scene.some(kApart),
                                [this, id, producer] { start(id, producer); });
    }
  }

  void start(const std::string& id, Producer producer) {
    if (stage_.scene.healed) return;
    stage_.calls.call(
        start_of(id, "produce",
                 internal::encode_all(std::string(kCollector), producer.number, producer.count)),
        {.process = 1, .op = "start", .key = id, .value = {}}, nullptr,
        [](const std::optional<model::ReplyBody>&) {});
  }

  /// One after the other; an unknown one is nobody to wait for. Then the collector may end.
  void wait_for_producers() {
    if (!open_) return;
    if (waited_ == producers_.size()) {
      stage_.calls.insist(
          model::RaiseEvent{.request = {},
                            .key = key_of(kCollector),
                            .event = {kItem, internal::encode_value(std::string(kEnd))}},
          [](const std::optional<model::ReplyBody>&) {});
      return;
    }
    const std::string id =
        std::next(producers_.begin(), static_cast<std::ptrdiff_t>(waited_))->first;
    stage_.calls.insist(model::AwaitInstance{.request = {},
                                             .key = key_of(id),
                                             .until = model::Until::kEnded,
                                             .wait_if_unknown = false},
                        [this](const std::optional<model::ReplyBody>&) {
                          ++waited_;
                          wait_for_producers();
                        });
  }

  Stage stage_;
  bool open_ = false;
  bool ending_ = false;  // the start may be acknowledged later still
  std::size_t waited_ = 0;
  std::map<std::string, Producer> producers_;
};

}  // namespace

const WorkloadKind kMessages{
    .name = "messages",
    .add_functions = [](Registry& functions) { functions.orchestration("produce", produce); },
    .make = [](Stage stage) -> std::unique_ptr<Workload> {
      return std::make_unique<Messages>(stage);
    }};

}  // namespace perdure::sim
