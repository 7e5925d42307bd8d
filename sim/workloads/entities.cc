// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Entities that are lists of numbers, each appended once in the world. Clients and orchestrations
// call and signal them, now and later; they call each other, start orchestrations, erase
// themselves and leave what they had to an heir; and everybody looks at them all the time. What an
// operation answered and what a look saw must be what they could have been one at a time, and each
// sender's numbers must be there once, in its order.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "perdure/codec.h"
#include "perdure/entity.h"
#include "perdure/orchestration.h"
#include "verify/sequence.h"
#include "verify/serializable.h"
#include "workloads/workload.h"

namespace perdure::sim {
namespace {

using Number = std::int64_t;
using Numbers = std::vector<Number>;

constexpr base::Duration kApart = base::milliseconds(60);
constexpr base::Duration kClose = base::milliseconds(2);
constexpr std::uint64_t kPlain = 3;  // ledgers that nothing special happens to
constexpr const char* kMortal = "mortal";
constexpr const char* kHeir = "heir";
constexpr const char* kShared = "shared";  // its workers may answer nonsense
constexpr Number kClerkNumbers = 1'000;    // each clerk's begin at a multiple of it
constexpr int kClerkAppends = 8;
/// What comes of a call that fails.
constexpr Number kFailed = 0;

std::int64_t micros(EntityContext::TimePoint at) {
  return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
}

struct Ledger {
  Numbers entries;
  Numbers asked;
  Numbers heard;
  Numbers early;  // of those with a time, what ran before it

  Numbers append(Number entry) {
    entries.push_back(entry);
    return entries;
  }
  Numbers append_in_vain(Number entry) {
    entries.push_back(entry);
    throw Failure("in vain");
  }
  Numbers read() const { return entries; }
  void append_later(EntityContext& ctx, Number entry, std::int64_t due) {
    entries.push_back(entry);
    if (micros(ctx.now()) < due) early.push_back(entry);
  }
  void ask(EntityContext& ctx, std::string other, Number entry) {
    asked.push_back(entry);
    const auto method = entry % 3 == 0 ? &Ledger::append_in_vain : &Ledger::append;
    ctx.call<Ledger>(&Ledger::hear, Entity<Ledger>(other), method, entry);
  }
  void hear(Reply<Numbers> reply) {
    heard.push_back(reply.failed() ? kFailed : reply.value().back());
  }
  void hire(EntityContext& ctx, Number first) { ctx.start("clerk", first); }
  void pass_on(EntityContext& ctx, std::string heir) {
    ctx.signal(Entity<Ledger>(heir), &Ledger::inherit, entries);
    ctx.erase();
  }
  void inherit(Numbers left) { entries.insert(entries.end(), left.begin(), left.end()); }

  PERDURE_FIELDS(Ledger, entries, asked, heard, early);
  PERDURE_OPERATIONS(Ledger, append, append_in_vain, read, append_later, ask, hear, hire, pass_on,
                     inherit);
};

std::string plain(std::uint64_t number) { return fmt::format("plain{}", number); }
std::string id_of(const std::string& key) { return EntityId("ledger", key).text(); }

/// Appends numbers from `first` on, one after the other to all plain ledgers in turn.
Task<void> clerk(Orchestration& ctx, Number first) {
  for (int i = 0; i < kClerkAppends; ++i) {
    const Entity<Ledger> ledger(plain(static_cast<std::uint64_t>(i / 2) % kPlain));
    if ((first / kClerkNumbers + i) % 3 == 0) {
      ctx.signal(ledger, &Ledger::append, first + i);
    } else {
      co_await ctx.call(ledger, &Ledger::append, first + i);
    }
    if (i % 4 == 1) co_await ctx.call<std::string>("work", i);
  }
}

verify::Value value_of(const Numbers& numbers) {
  verify::Value::List list;
  for (const Number number : numbers) list.emplace_back(number);
  return verify::Value(std::move(list));
}

/// Everything that is known of one run, in the words of the checkers.
class Records {
 public:
  struct When {
    std::int64_t called = 0;
    std::int64_t returned = 0;
  };

  /// `seen`: what the append answered, if it did.
  void append(const std::string& key, Number entry, When when, const Numbers* seen) {
    verify::Value::List asked{verify::Value::list({"append", key, entry})};
    verify::Value::List answer{verify::Value()};
    if (seen != nullptr) {
      asked.push_back(verify::Value::list({"read", key}));
      answer.push_back(value_of(*seen));
    }
    transact(std::move(asked), std::move(answer), when,
             seen != nullptr ? verify::Status::kOk : verify::Status::kUnknown);
  }
  void append_failed(const std::string& key, Number entry, When when) {
    transact({verify::Value::list({"append", key, entry})}, {verify::Value()}, when,
             verify::Status::kFail);
  }
  void read(const std::string& key, const Numbers& seen, When when) {
    transact({verify::Value::list({"read", key})}, {value_of(seen)}, when, verify::Status::kOk);
  }
  void send(std::uint64_t process, const std::string& key, Number entry, When when,
            verify::Status status) {
    messages_.push_back({.process = process,
                         .op = "send",
                         .key = key,
                         .value = entry,
                         .result = {},
                         .call_ns = when.called,
                         .return_ns = when.returned,
                         .status = status,
                         .epoch = std::nullopt});
  }
  void receive(const std::string& key, const Numbers& numbers) {
    messages_.push_back({.process = 0,
                         .op = "receive",
                         .key = key,
                         .value = {},
                         .result = value_of(numbers),
                         .call_ns = INT64_MAX,
                         .return_ns = INT64_MAX,
                         .status = verify::Status::kOk,
                         .epoch = std::nullopt});
  }
  void judge(Verdict& verdict) const {
    judge(verify::check_sequence(messages_), verdict);
    judge(verify::check_serializable(transactions_), verdict);
  }

 private:
  void transact(verify::Value::List asked, verify::Value::List answer, When when,
                verify::Status status) {
    transactions_.push_back({.process = 0,
                             .op = "transaction",
                             .key = {},
                             .value = verify::Value(std::move(asked)),
                             .result = verify::Value(std::move(answer)),
                             .call_ns = when.called,
                             .return_ns = when.returned,
                             .status = status,
                             .epoch = std::nullopt});
  }
  static void judge(const base::Result<verify::Report>& report, Verdict& verdict) {
    PERDURE_CHECK(report.has_value(), report.error().message);
    for (const verify::Finding& finding : report->findings) {
      std::string story = finding.key + ": " + finding.what;
      for (const std::string& line : finding.story) story += "\n      " + line;
      verdict.breached(Invariant::kEntities, std::move(story));
    }
  }

  std::vector<verify::Operation> messages_;
  std::vector<verify::Operation> transactions_;
};

class Entities final : public Workload {
 public:
  explicit Entities(Stage stage)
      : stage_(stage), apart_(stage.scene.random.chance(50) ? kApart : kClose) {}

  void begin() override {
    const std::uint64_t clients = 2 + stage_.scene.random.below(3);
    for (std::uint64_t i = 1; i <= clients; ++i) {
      plan(i, static_cast<int>(5 + stage_.scene.random.below(20)));
    }
    last_process_ = clients;
  }

  void check(const Aftermath& aftermath) override {
    for (std::uint64_t i = 0; i < kPlain; ++i) {
      const Ledger left = ledger_in(aftermath, plain(i));
      check_order(plain(i), left);
      records_.read(plain(i), left.entries, {INT64_MAX - 1, INT64_MAX});
    }
    records_.receive(kShared, ledger_in(aftermath, kShared).entries);
    check_heirs(aftermath);
    check_clerks(aftermath);
    records_.judge(stage_.scene.verdict);
  }

 private:
  using When = Records::When;
  using Body = std::optional<model::ReplyBody>;

  void plan(std::uint64_t process, int left) {
    if (left == 0) return;
    stage_.scene.agenda.after(stage_.scene.some(apart_), [this, process, left] {
      if (stage_.scene.healed) return;
      act(process, left);
    });
  }

  void act(std::uint64_t process, int left) {
    const Next next{process, left};
    const std::string key = plain(stage_.scene.random.below(kPlain));
    switch (stage_.scene.random.below(16)) {
      case 0:
      case 1:
      case 2: return call_append(key, next);
      case 3:
      case 4: return signal_append(key, next);
      case 5: return call_append_in_vain(key, next);
      case 6: return append_later(key, next);
      case 7:
      case 8: return look(key, next);
      case 9: return call_read(key, next);
      case 10: return ask(next);
      case 11: return hire(key, next);
      case 12: return call_append(kMortal, next);
      case 13: return look(kMortal, next);
      case 14: return pass_on(next);
      default:
        return stage_.scene.random.chance(50) ? call_append(kShared, next)
                                              : signal_append(kShared, next);
    }
  }

  // ---- what clients do --------------------------------------------------------------------------

  struct Next {
    std::uint64_t process = 0;
    int left = 0;
  };

  template <class Then>
  void ask_platform(model::Command command, const char* op, const std::string& key, Next next,
                    Then then) {
    const std::int64_t called = now();
    stage_.calls.call(std::move(command),
                      {.process = next.process, .op = op, .key = key, .value = {}}, nullptr,
                      [this, next, called, then = std::move(then)](const Body& body) mutable {
                        then(body, When{called, now()});
                        plan(next.process, next.left - 1);
                      });
  }
  template <class... Args>
  static model::Command call_of(const std::string& key, const char* operation,
                                const Args&... args) {
    return model::CallEntity{.request = {},
                             .key = key_of(id_of(key)),
                             .operation = operation,
                             .input = internal::encode_all(args...)};
  }

  /// What the operation answered; nothing: it is unknown, or it failed.
  static const model::OperationOutcome* outcome_in(const Body& body) {
    return body ? std::get_if<model::OperationOutcome>(&*body) : nullptr;
  }
  static const model::Payload* result_in(const Body& body) {
    const auto* outcome = outcome_in(body);
    return outcome == nullptr ? nullptr : std::get_if<model::Payload>(&outcome->outcome);
  }
  static verify::Status status_of(const Body& body) {
    if (!body) return verify::Status::kUnknown;
    const auto* outcome = outcome_in(body);
    const bool failed =
        error_of(body) != nullptr || (outcome != nullptr && outcome->outcome.index() == 1);
    return failed ? verify::Status::kFail : verify::Status::kOk;
  }

  void call_append(const std::string& key, Next next) {
    const Number entry = ++last_number_;
    ask_platform(call_of(key, "append", entry), "append", key, next,
                 [this, key, next, entry](const Body& body, When when) {
                   const verify::Status status = status_of(body);
                   records_.send(next.process, key, entry, when, status);
                   if (key == kShared) return;
                   require_done(status, "append");
                   const model::Payload* result = result_in(body);
                   if (result == nullptr) return unseen_append(key, entry, when);
                   const auto seen = internal::decode_payload<Numbers>(*result);
                   if (key == kMortal) return infixes_.push_back(seen);
                   records_.append(key, entry, when, &seen);
                 });
  }

  void signal_append(const std::string& key, Next next) {
    const Number entry = ++last_number_;
    model::SignalEntity signal{.request = {},
                               .key = key_of(id_of(key)),
                               .operation = "append",
                               .input = internal::encode_all(entry),
                               .fire_at = {}};
    ask_platform(std::move(signal), "signal", key, next,
                 [this, key, next, entry](const Body& body, When when) {
                   verify::Status status = status_of(body);
                   // It may have failed in the hands of a worker that answers nonsense.
                   const bool may_fail = key == kShared && status == verify::Status::kOk;
                   if (may_fail) status = verify::Status::kUnknown;
                   records_.send(next.process, key, entry, when, status);
                   unseen_append(key, entry, when);
                 });
  }

  void call_append_in_vain(const std::string& key, Next next) {
    const Number entry = ++last_number_;
    ask_platform(call_of(key, "append_in_vain", entry), "append in vain", key, next,
                 [this, key, entry](const Body& body, When when) {
                   stage_.scene.verdict.require(status_of(body) != verify::Status::kOk,
                                                Invariant::kEntities,
                                                "an operation that threw was answered as done");
                   records_.append_failed(key, entry, when);
                 });
  }

  void append_later(const std::string& key, Next next) {
    const Number entry = ++last_number_;
    const std::uint64_t process = ++last_process_;  // in no order with anything
    const bool far = stage_.scene.random.chance(10);
    const base::Timestamp due =
        stage_.platform.wall() + stage_.scene.some(base::seconds(far ? 2'592'000 : 3));
    model::SignalEntity signal{.request = {},
                               .key = key_of(id_of(key)),
                               .operation = "append_later",
                               .input = internal::encode_all(entry, due.us),
                               .fire_at = due};
    ask_platform(std::move(signal), "signal later", key, next,
                 [this, key, process, entry](const Body& body, When when) {
                   records_.send(process, key, entry, when, status_of(body));
                   unseen_append(key, entry, when);
                 });
  }

  void look(const std::string& key, Next next) {
    ask_platform(model::GetEntity{.request = {}, .key = key_of(id_of(key))}, "look", key, next,
                 [this, key](const Body& body, When when) {
                   const auto* view = body ? std::get_if<model::EntitySnapshot>(&*body) : nullptr;
                   if (view == nullptr) return;
                   const Ledger seen =
                       view->state ? internal::decode_payload<Ledger>(view->state) : Ledger();
                   if (key == kMortal) return infixes_.push_back(seen.entries);
                   records_.read(key, seen.entries, when);
                 });
  }

  void call_read(const std::string& key, Next next) {
    ask_platform(call_of(key, "read"), "read", key, next, [this, key](const Body& body, When when) {
      const model::Payload* result = result_in(body);
      if (result == nullptr) return;
      records_.read(key, internal::decode_payload<Numbers>(*result), when);
    });
  }

  /// Each ledger asks the one after it.
  void ask(Next next) {
    const std::uint64_t asker = stage_.scene.random.below(kPlain);
    const std::string key = plain(asker);
    const Number entry = ++last_number_;
    ask_platform(call_of(key, "ask", plain((asker + 1) % kPlain), entry), "ask", key, next,
                 [this, key, next, entry](const Body& body, When when) {
                   const verify::Status status = status_of(body);
                   require_done(status, "ask");
                   records_.send(next.process, key + " asks", entry, when, status);
                 });
  }

  void hire(const std::string& key, Next next) {
    const Number first = kClerkNumbers * ++last_clerk_ + 1'000'000;
    clerks_[first] = verify::Status::kUnknown;
    ask_platform(call_of(key, "hire", first), "hire", key, next,
                 [this, first](const Body& body, When) {
                   clerks_[first] = status_of(body);
                   require_done(clerks_[first], "hire");
                 });
  }

  void pass_on(Next next) {
    ask_platform(call_of(kMortal, "pass_on", std::string(kHeir)), "pass on", kMortal, next,
                 [this](const Body& body, When) { require_done(status_of(body), "pass_on"); });
  }

  void require_done(verify::Status status, const char* operation) {
    stage_.scene.verdict.require(status != verify::Status::kFail, Invariant::kEntities,
                                 fmt::format("'{}' failed, which never fails", operation));
  }
  void unseen_append(const std::string& key, Number entry, When when) {
    if (key == kShared || key == kMortal) return;
    records_.append(key, entry, when, nullptr);
  }
  [[nodiscard]] std::int64_t now() const { return stage_.scene.agenda.now().us * 1'000; }

  // ---- what is left -----------------------------------------------------------------------------

  static Ledger ledger_in(const Aftermath& aftermath, const std::string& key) {
    const Aftermath::Left* left = aftermath.find(id_of(key));
    if (left == nullptr || !left->state) return {};
    return internal::decode_payload<Ledger>(left->state);
  }

  void check_order(const std::string& key, const Ledger& left) {
    Verdict& verdict = stage_.scene.verdict;
    verdict.require(left.early.empty(), Invariant::kTimers,
                    fmt::format("{} delayed signals of '{}' ran early", left.early.size(), key));
    records_.receive(key, left.entries);
    records_.receive(key + " asks", left.asked);
    const std::uint64_t asker = ++last_process_;
    const auto asks = key.back() - '0';
    const std::string other = plain(static_cast<std::uint64_t>(asks + 1) % kPlain);
    Numbers expected;
    std::int64_t at = 0;
    for (const Number entry : left.asked) {
      const bool fails = entry % 3 == 0;
      expected.push_back(fails ? kFailed : entry);
      if (fails) {
        records_.append_failed(other, entry, {at, at + 1});
      } else {
        records_.send(asker, other, entry, {at, at + 1}, verify::Status::kOk);
        records_.append(other, entry, {0, 1}, nullptr);
      }
      at += 2;
    }
    verdict.require(left.heard == expected, Invariant::kEntities,
                    fmt::format("'{}' asked {} times and heard {} answers, or not in this order",
                                key, left.asked.size(), left.heard.size()));
  }

  /// What is left of one that erased itself now and then: what its heir has, and its own.
  void check_heirs(const Aftermath& aftermath) {
    Numbers all = ledger_in(aftermath, kHeir).entries;
    const Numbers own = ledger_in(aftermath, kMortal).entries;
    all.insert(all.end(), own.begin(), own.end());
    records_.receive(kMortal, all);
    for (const Numbers& seen : infixes_) {
      stage_.scene.verdict.require(
          seen.empty() || !std::ranges::search(all, seen).empty(), Invariant::kEntities,
          fmt::format("{} numbers were seen in an order that never was", seen.size()));
    }
  }

  void check_clerks(const Aftermath& aftermath) {
    std::map<Number, int> found;
    for (const auto& [id, left] : aftermath.instances()) {
      if (left.record.name != "clerk") continue;
      ++stage_.scene.tally.instances;
      stage_.scene.verdict.require(left.record.status == model::Status::kCompleted,
                                   Invariant::kLiveness, fmt::format("'{}' did not end", id));
      for (const model::Event& event : left.history) {
        const auto* started = std::get_if<model::ExecutionStarted>(&event.body);
        if (started == nullptr) continue;
        ++found[std::get<0>(internal::decode_all<Number>(started->input))];
      }
    }
    for (const auto& [first, status] : clerks_) {
      const int count = found[first];
      const bool fits = count == 1 || (count == 0 && status != verify::Status::kOk);
      stage_.scene.verdict.require(fits, Invariant::kMessages,
                                   fmt::format("clerk {} was hired once, and is {}", first, count));
      if (count > 0) note_clerk(first);
    }
  }

  void note_clerk(Number first) {
    const std::uint64_t process = ++last_process_;
    for (int i = 0; i < kClerkAppends; ++i) {
      const std::string key = plain(static_cast<std::uint64_t>(i / 2) % kPlain);
      records_.send(process, key, first + i, {2 * i, 2 * i + 1}, verify::Status::kOk);
      records_.append(key, first + i, {0, 1}, nullptr);
    }
  }

  Stage stage_;
  const base::Duration apart_;
  std::uint64_t last_process_ = 0;
  Number last_number_ = 0;
  Number last_clerk_ = 0;
  std::map<Number, verify::Status> clerks_;  // by their first number
  std::vector<Numbers> infixes_;             // seen of the one that is erased
  Records records_;
};

}  // namespace

const WorkloadKind kEntities{.name = "entities",
                             .add_functions =
                                 [](Registry& functions) {
                                   functions.entity<Ledger>();
                                   functions.orchestration("clerk", clerk);
                                 },
                             .make = [](Stage stage) -> std::unique_ptr<Workload> {
                               return std::make_unique<Entities>(stage);
                             }};

}  // namespace perdure::sim
