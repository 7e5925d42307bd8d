// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Trees of sub-orchestrations. Some count their nodes and end; others wait at their leaves for an
// event that never comes, until somebody terminates the root with everything below it, perhaps
// while the tree still grows.
#include <fmt/format.h>

#include <map>

#include "perdure/codec.h"
#include "workloads/workload.h"

namespace perdure::sim {
namespace {

Task<int> tree(Orchestration& ctx, int depth, int width, int leaf_waits) {
  if (depth == 0) {
    if (leaf_waits != 0) co_await ctx.event<int>("never");
    co_await ctx.timer(std::chrono::milliseconds(1));
    co_return 1;
  }
  std::vector<Future<int>> children;
  for (int i = 0; i < width; ++i) {
    children.push_back(ctx.child<int>("tree", depth - 1, width, leaf_waits));
  }
  std::vector<int> counts = co_await ctx.all(std::move(children));
  int sum = 1;
  for (const int count : counts) sum += count;
  co_return sum;
}

int size_of_tree(int depth, int width) {
  int sum = 1;
  for (int i = 0, level = 1; i < depth; ++i) sum += level *= width;
  return sum;
}

constexpr base::Duration kApart = base::milliseconds(100);

class Trees final : public Workload {
 public:
  explicit Trees(Stage stage) : stage_(stage) {}

  void begin() override {
    const std::uint64_t count = 1 + stage_.scene.random.below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string id = fmt::format("trees{}", i);
      const auto depth = static_cast<int>(1 + stage_.scene.random.below(3));
      const auto width = static_cast<int>(1 + stage_.scene.random.below(3));
      const bool waits = stage_.scene.random.chance(50);
      roots_[id] = {depth, width, waits};
      stage_.calls.insist(start_of(id, "tree", internal::encode_all(depth, width, waits ? 1 : 0)),
                          [this, id, waits](const std::optional<model::ReplyBody>&) {
                            ++stage_.scene.tally.instances;
                            if (waits && ending_) return terminate(id);
                            if (waits && stage_.scene.random.chance(70)) plan_terminate(id);
                          });
    }
  }

  void finish() override {
    ending_ = true;
    for (const auto& [id, root] : roots_) {
      if (root.waits) terminate(id);
    }
  }

  void check(const Aftermath& aftermath) override {
    for (const auto& [id, root] : roots_) check_root(id, root, aftermath);
    for (const auto& [id, left] : aftermath.instances()) {
      const bool ours = left.record.name == "tree" && left.record.parent.has_value();
      if (!ours) continue;
      stage_.scene.verdict.require(!model::is_live(left.record.status), Invariant::kTermination,
                                   fmt::format("'{}' outlived its tree", id));
    }
  }

 private:
  struct Root {
    int depth = 0;
    int width = 0;
    bool waits = false;
  };

  void check_root(const std::string& id, const Root& root, const Aftermath& aftermath) {
    const Aftermath::Left* left = aftermath.find(id);
    stage_.scene.verdict.require(left != nullptr, Invariant::kAcknowledged,
                                 fmt::format("the tree '{}' is gone", id));
    if (left == nullptr) return;
    const auto expected = root.waits ? model::Status::kTerminated : model::Status::kCompleted;
    stage_.scene.verdict.require(left->record.status == expected, Invariant::kTermination,
                                 fmt::format("the tree '{}' ended in another way", id));
    const bool counted =
        root.waits || left->record.output == std::to_string(size_of_tree(root.depth, root.width));
    stage_.scene.verdict.require(counted, Invariant::kMessages,
                                 fmt::format("the tree '{}' lost a child", id));
  }

  void plan_terminate(const std::string& id) {
    stage_.scene.agenda.after(stage_.scene.some(kApart), [this, id] { terminate(id); });
  }

  void terminate(const std::string& id) {
    stage_.calls.insist(
        model::TerminateInstance{
            .request = {}, .key = key_of(id), .reason = "enough", .output = {}, .recursive = true},
        [](const std::optional<model::ReplyBody>&) {});
  }

  Stage stage_;
  bool ending_ = false;  // a start may be acknowledged later still
  std::map<std::string, Root> roots_;
};

}  // namespace

const WorkloadKind kTrees{
    .name = "trees",
    .add_functions = [](Registry& functions) { functions.orchestration("tree", tree); },
    .make = [](Stage stage) -> std::unique_ptr<Workload> {
      return std::make_unique<Trees>(stage);
    }};

}  // namespace perdure::sim
