// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A bank: tellers lock some of a few accounts, in any order, and post to each of them twice, while
// they are terminated, replaced, restarted and purged at every step, throw, return, continue as
// new, wait for ever, or leave the line; and while clients post to the same accounts. No section
// sees half of another; and whatever becomes of an owner, no account stays locked.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <set>

#include "verify/serializable.h"
#include "workloads/bank.h"
#include "workloads/workload.h"

namespace perdure::sim {
namespace {

constexpr base::Duration kApart = base::milliseconds(60);
/// So close that an owner often ends between two steps of its section.
constexpr base::Duration kClose = base::milliseconds(4);
constexpr std::uint64_t kAccounts = 4;
constexpr std::uint64_t kTellers = 6;
constexpr int kRoundsMax = 3;  // of a teller after its first
/// After the faults: then every turn that was held back has been tried.
constexpr base::Duration kSettled = base::seconds(30);

std::string account(std::uint64_t number) { return fmt::format("account{}", number); }
model::InstanceKey teller_key(std::uint64_t number) {
  return key_of(fmt::format("shared-teller{}", number));
}

/// Parts of a transaction, in the words of the checker.
struct Parts {
  verify::Value::List asked;
  verify::Value::List answers;

  void append(const std::string& key, Number entry) {
    asked.push_back(verify::Value::list({"append", key, entry}));
    answers.emplace_back();
  }
  void read(const std::string& key, const Numbers& seen) {
    verify::Value::List list;
    for (const Number number : seen) list.emplace_back(number);
    asked.push_back(verify::Value::list({"read", key}));
    answers.emplace_back(std::move(list));
  }
  verify::Operation as_transaction(std::int64_t called, std::int64_t returned,
                                   verify::Status status) {
    return {.process = 0,
            .op = "transaction",
            .key = {},
            .value = verify::Value(std::move(asked)),
            .result = verify::Value(std::move(answers)),
            .call_ns = called,
            .return_ns = returned,
            .status = status,
            .epoch = std::nullopt};
  }
};

class Sections final : public Workload {
 public:
  explicit Sections(Stage stage)
      : stage_(stage), apart_(stage.scene.random.chance(40) ? kApart : kClose) {}

  void begin() override {
    const std::uint64_t clients = 2 + stage_.scene.random.below(3);
    for (std::uint64_t i = 1; i <= clients; ++i) {
      plan(static_cast<int>(8 + stage_.scene.random.below(25)));
    }
  }

  /// Nobody is terminated who could end: whoever waits in line must get his turn.
  void finish() override {
    for (std::uint64_t i = 0; i < kTellers; ++i) {
      stage_.calls.insist(model::ResumeInstance{{}, teller_key(i), {}}, [](const Body&) {});
    }
    stage_.scene.agenda.after(kSettled, [this] {
      for (std::uint64_t i = 0; i < kTellers; ++i) let_end(teller_key(i));
    });
  }

  void check(const Aftermath& aftermath) override {
    for (std::uint64_t i = 0; i < kAccounts; ++i) {
      const Aftermath::Left* left = aftermath.find(Entity<Account>(account(i)).id().text());
      if (left == nullptr || !left->state) continue;
      left_[account(i)] = internal::decode_payload<Account>(left->state);
    }
    for (std::uint64_t i = 0; i < kTellers; ++i) {
      const Aftermath::Left* left = aftermath.find(teller_key(i).id);
      if (left != nullptr) note_receipts(left->record, INT64_MAX);
    }
    for (const auto& [key, state] : left_) check_account(key, state);
    for (const auto& [entry, receipt] : receipts_) check_receipt(receipt.receipt);
    check_looks();
    check_order();
  }

 private:
  using Body = std::optional<model::ReplyBody>;

  struct Look {
    std::string account;
    Numbers seen;
  };
  struct Known {
    Receipt receipt;
    std::int64_t known_ns = 0;  // when a client had it
  };

  void let_end(const model::InstanceKey& teller) {
    stage_.calls.insist(
        model::GetInstance{.request = {}, .key = teller}, [this, teller](const Body& body) {
          const auto* view = body ? std::get_if<model::InstanceSnapshot>(&*body) : nullptr;
          // After nonsense was decided for it, its code can not go on.
          if (view != nullptr && !view->parked.empty()) {
            return stage_.calls.insist(terminate(teller), [](const Body&) {});
          }
          for (int i = 0; i <= kRoundsMax; ++i) {
            stage_.calls.insist(model::RaiseEvent{{}, teller, {kGoOn, {}}}, [](const Body&) {});
          }
        });
  }

  void plan(int left) {
    if (left == 0) return;
    stage_.scene.agenda.after(stage_.scene.some(apart_), [this, left] {
      if (stage_.scene.healed) return;
      act(left);
    });
  }

  void act(int left) {
    const model::InstanceKey teller = teller_key(stage_.scene.random.below(kTellers));
    switch (stage_.scene.random.below(16)) {
      case 0: return post(left);
      case 1: return look(left);
      case 2: return steer(terminate(teller), "terminate", left);
      case 3: return steer(model::PurgeInstance{{}, teller}, "purge", left);
      case 4: return steer(model::RestartInstance{{}, teller}, "restart", left);
      case 5: return steer(model::RewindInstance{{}, teller, "again"}, "rewind", left);
      case 6: return steer(model::SuspendInstance{{}, teller, "hold"}, "suspend", left);
      case 7: return steer(model::ResumeInstance{{}, teller, "go on"}, "resume", left);
      case 8:
      case 9: return steer(model::GetInstance{.request = {}, .key = teller}, "get", left);
      default: return steer(start(teller), "start", left);
    }
  }

  static model::TerminateInstance terminate(const model::InstanceKey& teller) {
    return {.request = {}, .key = teller, .reason = "enough", .output = {}, .recursive = false};
  }

  /// Most replace whoever has the id, wherever it is in its section.
  model::StartInstance start(const model::InstanceKey& teller) {
    base::Prng& random = stage_.scene.random;
    Plan plan;
    std::vector<std::string> all;
    for (std::uint64_t i = 0; i < kAccounts; ++i) all.push_back(account(i));
    const std::uint64_t count = 2 + random.below(kAccounts - 1);
    while (plan.accounts.size() < count) {
      const auto place = static_cast<std::ptrdiff_t>(random.below(all.size()));
      plan.accounts.push_back(all[static_cast<std::size_t>(place)]);
      all.erase(all.begin() + place);
    }
    plan.way = static_cast<int>(random.below(kWays));
    plan.cut_at = static_cast<int>(random.below(kPasses * count));
    plan.rounds = random.chance(30) ? static_cast<int>(random.below(kRoundsMax + 1)) : 0;
    plan.began = now();
    model::StartInstance start =
        start_of(teller.id, "teller", internal::encode_all(plan, Receipts{}));
    if (random.chance(60)) {
      start.reuse.replaceable = model::kEveryStatus;
    } else {
      start.reuse.replaceable = model::kEveryTerminal;
    }
    return start;
  }

  void steer(model::Command command, const char* op, int left) {
    const std::string id = model::instance_of(command)->id;
    stage_.calls.call(std::move(command), {.process = 0, .op = op, .key = id, .value = {}}, nullptr,
                      [this, left](const Body& body) {
                        const auto* view =
                            body ? std::get_if<model::InstanceSnapshot>(&*body) : nullptr;
                        if (view != nullptr) note_receipts(view->record, now());
                        if (succeeded(body)) ++stage_.scene.tally.instances;
                        plan(left - 1);
                      });
  }

  void post(int left) {
    const std::string key = account(stage_.scene.random.below(kAccounts));
    const Number entry = ++last_tag_ * kPostsPerTag + kLonePost;
    const std::int64_t called = now();
    stage_.calls.call(model::CallEntity{.request = {},
                                        .key = key_of(Entity<Account>(key).id().text()),
                                        .operation = "post",
                                        .input = internal::encode_all(entry)},
                      {.process = 0, .op = "post", .key = key, .value = {}}, nullptr,
                      [this, left, key, entry, called](const Body& body) {
                        note_post(key, entry, called, body);
                        plan(left - 1);
                      });
  }

  void note_post(const std::string& key, Number entry, std::int64_t called, const Body& body) {
    const auto* outcome = body ? std::get_if<model::OperationOutcome>(&*body) : nullptr;
    if (outcome == nullptr) return;  // if it happened, it is found in the end
    const auto* result = std::get_if<model::Payload>(&outcome->outcome);
    stage_.scene.verdict.require(result != nullptr, Invariant::kEntities,
                                 "'post' failed, which never fails");
    if (result == nullptr) return;
    Receipt receipt{.began = called, .posts = {}};
    receipt.posts.push_back({key, entry, {internal::decode_payload<Numbers>(*result)}});
    receipts_.try_emplace(entry, Known{std::move(receipt), now()});
  }

  void look(int left) {
    const std::string key = account(stage_.scene.random.below(kAccounts));
    stage_.calls.call(
        model::GetEntity{.request = {}, .key = key_of(Entity<Account>(key).id().text())},
        {.process = 0, .op = "look", .key = key, .value = {}}, nullptr,
        [this, left, key](const Body& body) {
          const auto* view = body ? std::get_if<model::EntitySnapshot>(&*body) : nullptr;
          if (view != nullptr && view->state) {
            looks_.push_back({key, internal::decode_payload<Account>(view->state).entries});
          }
          plan(left - 1);
        });
  }

  void note_receipts(const model::InstanceRecord& record, std::int64_t at) {
    if (record.status != model::Status::kCompleted || !record.output) return;
    for (Receipt& receipt : internal::decode_payload<Receipts>(record.output)) {
      const Number first = receipt.posts.front().entry;
      receipts_.try_emplace(first, Known{std::move(receipt), at});
    }
  }
  [[nodiscard]] std::int64_t now() const { return stage_.scene.agenda.now().us * 1'000; }

  // ---- what is left -----------------------------------------------------------------------------

  /// Nobody came between two posts of a section, and they are in its order.
  void check_account(const std::string& key, const Account& left) {
    Verdict& verdict = stage_.scene.verdict;
    std::int64_t sum = 0;
    std::set<Number> over;  // sections that somebody followed
    Number before = 0;
    for (const Number entry : left.entries) {
      sum += amount_of(entry);
      const bool same = is_of_section(entry) && tag_of(before) == tag_of(entry);
      if (!same && is_of_section(before)) over.insert(tag_of(before));
      verdict.require(!is_of_section(entry) || !over.contains(tag_of(entry)), Invariant::kSections,
                      fmt::format("'{}': somebody posted inside section {}", key, tag_of(entry)));
      verdict.require(!same || before < entry, Invariant::kEntities,
                      fmt::format("'{}': section {} is out of order", key, tag_of(entry)));
      before = entry;
      if (is_of_section(entry)) seen_of_[tag_of(entry)].insert(place_of(entry));
    }
    verdict.require(left.balance == sum, Invariant::kEntities,
                    fmt::format("'{}' has {} and was given {}", key, left.balance, sum));
  }

  [[nodiscard]] bool has(const std::string& key, Number entry) const {
    const auto found = left_.find(key);
    return found != left_.end() &&
           std::ranges::find(found->second.entries, entry) != found->second.entries.end();
  }

  void check_receipt(const Receipt& receipt) {
    for (const Receipt::Post& post : receipt.posts) {
      stage_.scene.verdict.require(
          has(post.account, post.entry), Invariant::kEntities,
          fmt::format("'{}': post {} was made and is not there", post.account, post.entry));
    }
  }

  /// A look may see the middle of a section; but nothing that is not there in the end.
  void check_looks() {
    for (const Look& look : looks_) {
      const Numbers& all = left_[look.account].entries;
      const bool is_prefix =
          look.seen.size() <= all.size() &&
          std::ranges::equal(look.seen, all | std::views::take(look.seen.size()));
      stage_.scene.verdict.require(is_prefix, Invariant::kEntities,
                                   fmt::format("'{}': somebody saw {} posts that were lost",
                                               look.account, look.seen.size()));
    }
  }

  void check_order() {
    std::vector<verify::Operation> transactions;
    std::map<Number, Parts> others;  // by tag: what nobody has a receipt of
    std::set<Number> known;
    for (const auto& [first, one] : receipts_) {
      Parts parts;
      std::int64_t over = one.known_ns;
      for (const Receipt::Post& post : one.receipt.posts) {
        known.insert(post.entry);
        parts.append(post.account, post.entry);
        for (const Numbers& seen : post.seen) parts.read(post.account, seen);
        if (post.seen.empty()) over = INT64_MAX;  // a signal, which runs at any time
      }
      transactions.push_back(parts.as_transaction(one.receipt.began, over, verify::Status::kOk));
    }
    for (const auto& [key, state] : left_) {
      for (const Number entry : state.entries) {
        if (!known.contains(entry)) others[tag_of(entry)].append(key, entry);
      }
    }
    for (auto& [tag, parts] : others) {
      transactions.push_back(parts.as_transaction(0, INT64_MAX, verify::Status::kUnknown));
    }
    for (const auto& [tag, places] : seen_of_) {
      ++stage_.scene.tally.sections;
      if (!places.contains(kLastPost)) ++stage_.scene.tally.sections_cut;
    }
    judge(transactions);
  }

  void judge(const std::vector<verify::Operation>& transactions) {
    const auto report = verify::check_serializable(transactions);
    PERDURE_CHECK(report.has_value(), report.error().message);
    for (const verify::Finding& finding : report->findings) {
      std::string story = finding.key + ": " + finding.what;
      for (const std::string& line : finding.story) story += "\n      " + line;
      stage_.scene.verdict.breached(Invariant::kIsolation, std::move(story));
    }
  }

  Stage stage_;
  const base::Duration apart_;
  Number last_tag_ = 0;
  std::map<Number, Known> receipts_;  // by their first entry
  std::vector<Look> looks_;
  std::map<std::string, Account> left_;
  std::map<Number, std::set<Number>> seen_of_;  // by tag: the places of a section that are there
};

}  // namespace

const WorkloadKind kSections{.name = "sections",
                             .add_functions =
                                 [](Registry& functions) {
                                   functions.entity<Account>();
                                   functions.orchestration("teller", teller);
                                 },
                             .make = [](Stage stage) -> std::unique_ptr<Workload> {
                               return std::make_unique<Sections>(stage);
                             }};

}  // namespace perdure::sim
