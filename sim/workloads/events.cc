// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// External events: several senders each raise one item after the other at a few collectors, which
// continue as new all the time and are suspended and resumed meanwhile. What was acknowledged is
// taken once, in each sender's order; what is unknown at most once.
#include <fmt/format.h>

#include <memory>
#include <set>

#include "perdure/codec.h"
#include "verify/sequence.h"
#include "workloads/collect.h"
#include "workloads/workload.h"

namespace perdure::sim {
namespace {

constexpr base::Duration kApart = base::milliseconds(40);

class Events final : public Workload {
 public:
  explicit Events(Stage stage) : stage_(stage) {}

  void begin() override {
    const std::uint64_t collectors = 1 + stage_.scene.random.below(3);
    for (std::uint64_t i = 0; i < collectors; ++i) {
      const std::string id = fmt::format("events{}", i);
      const auto batch = static_cast<int>(1 + stage_.scene.random.below(5));
      stage_.calls.insist(
          start_of(id, "collect", internal::encode_all(std::vector<std::string>{}, batch)),
          [this, id](const std::optional<model::ReplyBody>&) { open(id); });
    }
  }

  void finish() override {
    ending_ = true;
    for (const std::string& id : collectors_) wind_up(id);
  }

  void check(const Aftermath& aftermath) override {
    for (const std::string& id : collectors_) {
      const Aftermath::Left* left = aftermath.find(id);
      const bool done = left != nullptr && left->record.status == model::Status::kCompleted &&
                        left->record.output;
      stage_.scene.verdict.require(done, Invariant::kLiveness,
                                   fmt::format("the collector '{}' did not end", id));
      if (done) records_.push_back(receive_of(id, *left->record.output, INT64_MAX));
    }
    const auto report = verify::check_sequence(records_);
    PERDURE_CHECK(report.has_value(), "the history of the events is none");
    for (const verify::Finding& finding : report->findings) {
      stage_.scene.verdict.breached(Invariant::kEvents, finding.key + ": " + finding.what);
    }
  }

 private:
  void open(const std::string& id) {
    if (!collectors_.insert(id).second) return;
    ++stage_.scene.tally.instances;
    if (ending_) return wind_up(id);
    const std::uint64_t senders = 1 + stage_.scene.random.below(3);
    for (std::uint64_t i = 0; i < senders; ++i) {
      const std::uint64_t items = 1 + stage_.scene.random.below(15);
      plan_send(id, ++last_process_, items);
    }
    if (stage_.scene.random.chance(40)) plan_suspend(id, 3);
  }

  void plan_send(const std::string& id, std::uint64_t process, std::uint64_t left) {
    if (left == 0) return;
    stage_.scene.agenda.after(stage_.scene.some(kApart),
                              [this, id, process, left] { send(id, process, left); });
  }

  void send(const std::string& id, std::uint64_t process, std::uint64_t left) {
    if (stage_.scene.healed) return;
    const std::string item = fmt::format("{}.{}", process, left);
    model::RaiseEvent raise{
        .request = {},
        .key = key_of(id),
        .event = {stage_.scene.random.chance(50) ? "Item" : kItem, internal::encode_value(item)}};
    stage_.calls.call(std::move(raise),
                      {.process = process, .op = "send", .key = id, .value = item}, &records_,
                      [this, id, process, left](const std::optional<model::ReplyBody>&) {
                        plan_send(id, process, left - 1);
                      });
  }

  void plan_suspend(const std::string& id, int left) {
    if (left == 0) return;
    stage_.scene.agenda.after(stage_.scene.some(base::seconds(1)), [this, id, left] {
      if (stage_.scene.healed) return;
      const model::InstanceKey key = key_of(id);
      model::Command command = model::SuspendInstance{.request = {}, .key = key, .reason = {}};
      if (left % 2 == 0) command = model::ResumeInstance{.request = {}, .key = key, .reason = {}};
      stage_.calls.call(
          std::move(command), {.process = 0, .op = "steer", .key = id, .value = {}}, nullptr,
          [this, id, left](const std::optional<model::ReplyBody>&) { plan_suspend(id, left - 1); });
    });
  }

  void wind_up(const std::string& id) {
    stage_.calls.insist(model::ResumeInstance{.request = {}, .key = key_of(id), .reason = {}},
                        [this, id](const std::optional<model::ReplyBody>&) { end(id); });
  }

  void end(const std::string& id) {
    stage_.calls.insist(
        model::RaiseEvent{.request = {},
                          .key = key_of(id),
                          .event = {kItem, internal::encode_value(std::string(kEnd))}},
        [](const std::optional<model::ReplyBody>&) {});
  }

  Stage stage_;
  bool ending_ = false;  // a start may be acknowledged later still
  std::set<std::string> collectors_;
  std::uint64_t last_process_ = 0;
  std::vector<verify::Operation> records_;
};

}  // namespace

const WorkloadKind kEvents{
    .name = "events",
    .add_functions = [](Registry& functions) { functions.orchestration("collect", collect); },
    .make = [](Stage stage) -> std::unique_ptr<Workload> {
      return std::make_unique<Events>(stage);
    }};

}  // namespace perdure::sim
