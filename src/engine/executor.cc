// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/executor.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/overloaded.h"
#include "model/key.h"
#include "model/limits.h"

namespace perdure::engine {
namespace {

using base::Result;

std::size_t bytes_of(const model::Write& write) {
  return write.key.size() + (write.value ? write.value->size() : 0);
}

/// The shards of one executor; see Router::executor_of.
std::vector<core::Shard> make_shards(const Router& router, const ExecutorOptions& options) {
  std::vector<core::Shard> shards;
  for (std::uint32_t i = 0; i < router.shard_count(); ++i) {
    if (router.executor_of(model::ShardId{i}) != options.index) continue;
    core::Shard& shard = shards.emplace_back(model::ShardId{i}, router.shard_count());
    shard.attempts_max = options.attempts_max;
    shard.gather = options.gather;
  }
  return shards;
}

model::SlotRange slots_of(const std::vector<core::Shard>& shards) {
  return {.first = shards.front().slots.first, .last = shards.back().slots.last};
}

}  // namespace

Executor::Executor(ExecutorOptions options, const std::vector<model::Epoch>& epochs,
                   store::Store& store, dispatch::Dispatcher& dispatcher, Router& router,
                   base::Timestamp monotonic)
    : options_(options),
      store_(store),
      dispatcher_(dispatcher),
      router_(router),
      mailbox_(router.mailbox(options.index)),
      shards_(make_shards(router, options)),
      gate_(dispatcher, router),
      sweeper_(slots_of(shards_), monotonic),
      recover_at_(monotonic),
      touched_flag_(shards_.size()),
      staged_(store.durable()),
      flushing_(staged_),
      speculates_from_(monotonic + options_.speculation_pause),
      earliest_(shards_.size(), base::kEndOfTime),
      shard_bytes_(shards_.size()) {
  for (const core::Shard& one : shards_) epochs_.push_back(epochs[one.id.value]);
}

// ---- recovery -----------------------------------------------------------------------------------

bool Executor::owns(model::ShardId id) const {
  return shards_.front().id <= id && id <= shards_.back().id;
}

Result<> Executor::restore_row(model::ShardId id, std::string_view key, std::string_view value) {
  speculates_ = false;  // the shards owe something
  std::vector<model::InstanceKey> ready;
  PERDURE_RETURN_IF_ERROR(core::restore_row(shard(id), key, value, ready));
  for (model::InstanceKey& instance : ready) recovering_.insert(std::move(instance));
  return {};
}

void Executor::restored() {
  for (core::Shard& one : shards_) {
    for (model::Effect& effect : core::outstanding(one)) {
      if (auto* garbage = std::get_if<model::MoreGarbage>(&effect)) {
        garbage_.push_back({std::move(garbage->key), garbage->execution});
      } else if (auto* send = std::get_if<model::SendMessage>(&effect)) {
        take_message(std::move(*send));
      } else {
        PERDURE_CHECK(false, "a shard owes something that is neither a message nor garbage");
      }
    }
    measure(one.id);
  }
  // Messages to other executors are durable already: only the gate's order matters.
  held_.position = staged_;
  gate_.hold(std::exchange(held_, {}));
  recovering_count_.set(recovering_.size());
  next_timer_ = std::ranges::min(earliest_);
}

// ---- a step -------------------------------------------------------------------------------------

bool Executor::has_room() const { return commands_ < kStepCommandsMax && bytes_ < kStepBytesMax; }

Result<bool> Executor::step(Now now) {
  now_.wall = std::max(now_.wall, now.wall);  // what the core is told never goes back
  now_.monotonic = now.monotonic;
  commands_ = 0;
  bytes_ = 0;
  look_for_attached();
  run_overdue();
  PERDURE_RETURN_IF_ERROR(run_sweep());
  PERDURE_RETURN_IF_ERROR(run_local());
  PERDURE_RETURN_IF_ERROR(run_timers());
  PERDURE_RETURN_IF_ERROR(run_mail());
  PERDURE_RETURN_IF_ERROR(run_gathered());
  PERDURE_RETURN_IF_ERROR(run_recovery());
  PERDURE_RETURN_IF_ERROR(run_garbage());
  if (commands_ == 0) return false;
  PERDURE_RETURN_IF_ERROR(finish());
  return true;
}

/// What is parked is tried again, once for each worker that takes its name: in the bounded steps of
/// the recovery.
void Executor::look_for_attached() {
  for (const dispatch::TurnFilter& turns : router_.take_attached(options_.index)) {
    for (const core::Shard& one : shards_) {
      for (const model::InstanceKey& key : one.parked) {
        const core::Instance* instance = one.instances.find(key);
        const model::InstanceRecord& record = instance->stored.record;
        if (turns.accepts(key, record.name, record.version)) recovering_.insert(key);
      }
    }
  }
}

/// What comes of it are commands, from the dispatcher.
void Executor::run_overdue() {
  while (const auto token = overdue_.take(now_.monotonic)) dispatcher_.expire(*token);
}

/// After the mail: what came in by now is gathered, too.
Result<> Executor::run_gathered() {
  while (has_room()) {
    auto key = gathering_.take(now_.monotonic);
    if (!key) return {};
    PERDURE_RETURN_IF_ERROR(carry_out(model::OfferGathered{*std::move(key)}, {}));
  }
  return {};
}

Result<> Executor::run_sweep() {
  if (now_.monotonic < sweeper_.next() || !recovering_.empty()) return {};
  PERDURE_ASSIGN_OR_RETURN(Sweeper::Findings findings,
                           sweeper_.look(store_, shards_, now_.monotonic));
  if (findings.timers_lost > 0) {
    counters_.rescues.add(findings.timers_lost);
    for (const core::Shard& one : shards_) measure(one.id);
    next_timer_ = std::ranges::min(earliest_);
  }
  // Their number is bounded by the rows looked at.
  rescuing_ = true;
  for (model::InstanceKey& key : findings.suspicious) {
    if (gathering_.contains(key)) continue;  // its turn is due, and will be offered
    PERDURE_RETURN_IF_ERROR(carry_out(model::Recover{std::move(key)}, {}));
  }
  for (model::WorkToken& lost : missing_.note(dispatcher_.unknown(std::move(findings.out)), staged_,
                                              gate_, now_.monotonic)) {
    PERDURE_RETURN_IF_ERROR(carry_out(model::ReturnWork{std::move(lost)}, {}));
  }
  rescuing_ = false;
  return {};
}

Result<> Executor::run_local() {
  while (!local_.empty() && has_room()) {
    model::Command command = std::move(local_.front());
    local_.pop_front();
    PERDURE_RETURN_IF_ERROR(carry_out(std::move(command), {}));
  }
  return {};
}

/// There is so much queued that their turns would only wait.
bool Executor::holds_timers() const { return dispatcher_.queued_bytes() >= kTimerQueueBytes; }

Result<> Executor::run_timers() {
  if (next_timer() > now_.wall) return {};
  if (holds_timers()) timers_at_ = now_.wall + kRecoverPause;
  std::size_t left = kStepTimersMax;
  for (std::size_t i = 0; i < shards_.size() && left > 0; ++i) {
    if (earliest_[i] > now_.wall) continue;
    for (model::FireTimer& timer : shards_[i].timers.due(now_.wall, left)) {
      if (!has_room()) return {};
      --left;
      PERDURE_RETURN_IF_ERROR(carry_out(std::move(timer), {}));
      PERDURE_RETURN_IF_ERROR(run_local());
    }
  }
  return {};
}

Result<> Executor::run_mail() {
  if (next_mail_ == mail_.size()) {
    mailbox_.take(mail_);
    next_mail_ = 0;
  }
  while (next_mail_ < mail_.size() && has_room()) {
    Mail& mail = mail_[next_mail_++];
    if (mail.bytes > 0) router_.taken(mail.bytes);
    PERDURE_RETURN_IF_ERROR(carry_out(std::move(mail.command), std::move(mail.reply)));
    PERDURE_RETURN_IF_ERROR(run_local());
  }
  return {};
}

Result<> Executor::run_recovery() {
  if (recovering_.empty()) return {};
  if (dispatcher_.queued_bytes() >= kRecoverQueueBytes && now_.monotonic < recover_at_) return {};
  for (std::size_t i = 0; i < kRecoverPerStep && has_room() && !recovering_.empty(); ++i) {
    auto key = recovering_.extract(recovering_.begin());
    PERDURE_RETURN_IF_ERROR(carry_out(model::Recover{std::move(key.value())}, {}));
  }
  recovering_count_.set(recovering_.size());
  recover_at_ = now_.monotonic + kRecoverPause;
  return {};
}

Result<> Executor::run_garbage() {
  const std::size_t count = std::min(garbage_.size(), kGarbagePerStep);
  for (std::size_t i = 0; i < count && has_room(); ++i) {
    model::CollectGarbage garbage = std::move(garbage_.front());
    garbage_.pop_front();
    PERDURE_RETURN_IF_ERROR(carry_out(std::move(garbage), {}));
  }
  return {};
}

Result<> Executor::finish() {
  PERDURE_RETURN_IF_ERROR(stage());
  held_.position = staged_;
  gate_.hold(std::exchange(held_, {}));
  offer_early();
  evict();
  next_timer_ = std::ranges::min(earliest_);
  end_speculation_pause();
  counters_.steps.add();
  counters_.commands.add(commands_);
  return {};
}

Result<> Executor::stage() {
  std::vector<model::Write> writes;
  writes.reserve(staged_rows_);
  std::vector<store::Fence> fences;
  for (const model::ShardId id : touched_) {
    const std::size_t before = writes.size();
    core::take_writes(shard(id), writes);
    touched_flag_[id.value - shards_.front().id.value] = false;
    measure(id);
    if (writes.size() == before) continue;
    fences.push_back({id, epochs_[id.value - shards_.front().id.value]});
  }
  staged_rows_ = writes.size();
  touched_.clear();
  if (writes.empty()) return {};
  for (const model::Write& write : writes) held_.bytes += bytes_of(write);
  PERDURE_ASSIGN_OR_RETURN(staged_, store_.stage(fences, std::move(writes)));
  return {};
}

void Executor::offer_early() {
  if (!turns_.empty()) {
    if (dispatcher_.has_turn_workers()) expect_back(turns_);
    dispatcher_.offer(turns_);
    turns_.clear();
  }
  if (!activities_.empty()) {
    if (dispatcher_.has_activity_workers()) expect_back(activities_);
    has_speculated_ = true;
    dispatcher_.offer(activities_);
    activities_.clear();
  }
}

template <class Item>
void Executor::expect_back(const std::vector<Item>& items) {
  for (const Item& item : items) hot_.insert(dispatch::hash_of(item.token));
}

void Executor::end_speculation_pause() {
  if (speculates_ || now_.monotonic < speculates_from_ || has_backlog()) return;
  speculates_ = true;
}

void Executor::evict() {
  // One shard a step, in turn, for what is absent; all of them when there is too much.
  const std::size_t share = options_.instance_bytes_max / shards_.size();
  const bool all = instance_bytes_ > options_.instance_bytes_max;
  const std::size_t count = all ? shards_.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    core::Shard& one = shards_[evict_next_];
    evict_next_ = (evict_next_ + 1) % shards_.size();
    one.instances.evict(all ? share : options_.instance_bytes_max);
    measure(one.id);
  }
  counters_.bytes.set(instance_bytes_);
  std::uint64_t instances = 0;
  for (const core::Shard& one : shards_) instances += one.instances.size();
  counters_.instances.set(instances);
}

void Executor::measure(model::ShardId id) {
  const std::size_t i = id.value - shards_.front().id.value;
  earliest_[i] = shards_[i].timers.earliest();
  instance_bytes_ += shards_[i].instances.bytes() - shard_bytes_[i];
  shard_bytes_[i] = shards_[i].instances.bytes();
}

// ---- one command --------------------------------------------------------------------------------

void Executor::touch(model::ShardId id) {
  auto flag = touched_flag_[id.value - shards_.front().id.value];
  if (flag) return;
  flag = true;
  touched_.push_back(id);
}

Result<> Executor::carry_out(model::Command&& command, ReplyCallback reply) {
  ++commands_;
  if (is_blocked(command)) {
    counters_.held_back.add();
    return {};
  }
  if (reply) gate_.expect(model::request_of(command), std::move(reply));
  note_answer(command);
  core::Shard& its = shard(shard_of(command, router_.shard_count()));
  touch(its.id);
  if (auto loaded = load(its, command); !loaded) {
    return refuse(its, command, std::move(loaded).error());
  }
  apply(its, std::move(command));
  return {};
}

void Executor::apply(core::Shard& its, model::Command&& command) {
  const std::size_t before = its.writes.size();
  core::apply(its, std::move(command), prefetched_, core::Facts{now_.wall}, effects_);
  for (std::size_t i = before; i < its.writes.size(); ++i) bytes_ += bytes_of(its.writes[i]);
  sort_effects();
}

Result<> Executor::load(core::Shard& its, const model::Command& command) {
  if (prefetched_.has_history || prefetched_.has_garbage) prefetched_ = {};
  for (auto needed = core::reads(its, command, prefetched_); !needed.empty();
       needed = core::reads(its, command, prefetched_)) {
    for (const core::Read& read : needed) {
      if (read.purpose == core::Read::Purpose::kInstance) {
        counters_.loads.add();
      } else {
        PERDURE_RETURN_IF_ERROR(stage());  // the rows may have been written by this very step
        touch(its.id);
      }
      rows_.clear();
      if (!read.first.empty()) {
        PERDURE_ASSIGN_OR_RETURN(const auto first, store_.get(read.space, read.first));
        if (!first) {
          PERDURE_RETURN_IF_ERROR(core::supply(its, prefetched_, read, rows_));
          continue;
        }
      }
      PERDURE_RETURN_IF_ERROR(store_.scan(read.space, read.from, read.to,
                                          [&](std::string_view key, std::string_view value) {
                                            rows_.emplace_back(key, value);
                                            return rows_.size() != read.rows_max;
                                          }));
      PERDURE_RETURN_IF_ERROR(core::supply(its, prefetched_, read, rows_));
    }
  }
  return {};
}

/// A damaged instance harms only those who ask for it; anything else that can not be read is final.
/// A message to it is neither lost nor passed by later ones: it is not acknowledged, and waits in
/// the outbox of its sender until the store was restored, or the program mended, and started anew.
Result<> Executor::refuse(core::Shard& its, const model::Command& command, base::Error error) {
  if (error.code != base::ErrorCode::kStoreCorrupt) return std::unexpected(std::move(error));
  counters_.corrupt.add();
  report(error);
  if (const auto* message = std::get_if<model::Deliver>(&command)) {
    blocked_.emplace(message->source, message->target);
    counters_.held_back.add();
  }
  if (const auto* timer = std::get_if<model::FireTimer>(&command)) {
    its.timers.remove({timer->fire_at, timer->key, timer->execution, timer->task});
  }
  if (const auto* begin = std::get_if<model::BeginAttempt>(&command)) {
    held_.prepared.push_back(begin->token);
  }
  const model::RequestId request = model::request_of(command);
  if (request != model::kNoRequest) {
    held_.effects.push_back(model::Reply{.request = request, .body = std::move(error)});
  }
  return {};
}

void Executor::report(const base::Error& error) {
  if (counters_.corrupt.get() <= kDamageReportsMax) options_.damaged(error);
}

bool Executor::is_blocked(const model::Command& command) const {
  if (blocked_.empty()) return false;
  const auto* message = std::get_if<model::Deliver>(&command);
  return message != nullptr && blocked_.contains({message->source, message->target});
}

void Executor::note_answer(const model::Command& command) {
  const auto cold = [&](const auto& token) {
    if (!hot_.empty()) hot_.erase(dispatch::hash_of(token));
  };
  const auto ended = [&](const model::ActivityToken& token) {
    cold(token);
    if (!overdue_.empty()) overdue_.forget(token);
  };
  const auto cold_work = [&](const model::WorkToken& token) {
    std::visit(base::Overloaded{[&](const model::TurnToken& turn) { cold(turn); },
                                [&](const model::ActivityToken& activity) { ended(activity); }},
               token);
  };
  std::visit(base::Overloaded{
                 [&](const model::CompleteTurn& c) {
                   counters_.turns.add();
                   cold(c.token);
                 },
                 [&](const model::CompleteActivity& c) {
                   counters_.activities.add();
                   ended(c.token);
                 },
                 [&](const model::ReportProgress& c) { note_progress(c); },
                 [&](const model::RefuseTurn& c) { cold(c.token); },
                 [&](const model::ReturnWork& c) { cold_work(c.token); },
                 [&](const model::BeginAttempt& c) {
                   cold_work(c.token);
                   held_.prepared.push_back(c.token);
                 },
                 [&](const model::CancelAwait& c) {
                   gate_.answer(c.request, base::Error{base::ErrorCode::kDeadlineExceeded,
                                                       "the caller gave up waiting"});
                 },
                 [](const auto&) {},
             },
             command);
}

void Executor::note_progress(const model::ReportProgress& report) {
  if (report.next_within.us <= 0) return overdue_.forget(report.token);
  overdue_.expect(report.token, now_.monotonic + std::min(report.next_within, kReportWithinMax));
}

void Executor::sort_effects() {
  for (model::Effect& effect : effects_) {
    if (auto* send = std::get_if<model::SendMessage>(&effect)) {
      take_message(std::move(*send));
    } else if (auto* garbage = std::get_if<model::MoreGarbage>(&effect)) {
      garbage_.push_back({std::move(garbage->key), garbage->execution});
    } else if (const auto* gather = std::get_if<model::GatherTurn>(&effect)) {
      gathering_.expect(gather->key, now_.monotonic + gather->wait);
    } else if (auto* taken = std::get_if<model::SendAcknowledgement>(&effect);
               taken != nullptr && owns(taken->source)) {
      touch(taken->source);
      std::vector<model::Effect> none;
      core::apply(shard(taken->source),
                  model::Acknowledge{taken->source, taken->target, taken->sequence},
                  core::Prefetched{}, core::Facts{now_.wall}, none);
      PERDURE_CHECK(none.empty(), "an acknowledgement has effects");
    } else {
      hold_or_let_out(effect);
    }
  }
  effects_.clear();
}

void Executor::hold_or_let_out(model::Effect& effect) {
  const bool is_activity = std::holds_alternative<model::OfferActivity>(effect);
  const auto* turn = std::get_if<model::OfferTurn>(&effect);
  if (rescuing_ && (is_activity || turn != nullptr)) counters_.rescues.add();
  if (turn != nullptr && !gathering_.empty()) gathering_.forget(turn->item.token.key);
  if (model::leaves_at_once(effect) && (speculates_ || !is_activity)) return let_out_early(effect);
  held_.effects.push_back(std::move(effect));
}

void Executor::let_out_early(model::Effect& effect) {
  if (auto* reply = std::get_if<model::Reply>(&effect)) {
    gate_.answer(reply->request, std::move(reply->body));
  } else if (auto* turn = std::get_if<model::OfferTurn>(&effect)) {
    turns_.push_back(std::move(turn->item));
  } else {
    counters_.speculated.add();
    activities_.push_back(std::move(std::get<model::OfferActivity>(effect).item));
  }
}

void Executor::take_message(model::SendMessage send) {
  if (!owns(send.target)) {
    held_.effects.push_back(std::move(send));
    return;
  }
  local_.push_back(model::Deliver{.source = send.source,
                                  .target = send.target,
                                  .sequence = send.sequence,
                                  .message = std::move(send.message)});
}

// ---- the driver's questions ---------------------------------------------------------------------

bool Executor::release() {
  const store::Position durable = store_.durable();
  if (durable >= staged_) end_hold();  // nothing is left to wait with
  flushing_ = std::max(flushing_, durable);
  if (gate_.empty()) return false;
  const bool any = gate_.release(durable) > 0;
  for (const model::PublishEntity& change : gate_.take_published()) {
    core::publish(shard(model::shard_of(model::slot_of(change.key), router_.shard_count())),
                  change);
  }
  return any;
}

bool Executor::holds_flush(base::Timestamp monotonic) {
  if (hot_.empty() || gate_.bytes() >= kCommitBytes) return false;
  held_until_ = std::min(held_until_, monotonic + kHoldMax);
  return monotonic < held_until_;
}

void Executor::flush_begins() {
  flushing_ = staged_;
  end_hold();
}

/// The next commit has a wait of its own.
void Executor::end_hold() {
  hot_.clear();
  has_speculated_ = false;
  held_until_ = base::kEndOfTime;
}

bool Executor::has_backlog() const {
  const bool recovers = !recovering_.empty() && dispatcher_.queued_bytes() < kRecoverQueueBytes;
  return next_mail_ < mail_.size() || !local_.empty() || !garbage_.empty() || recovers ||
         next_timer() <= now_.wall;
}

base::Timestamp Executor::next_timer() const {
  return holds_timers() ? std::max(next_timer_, timers_at_) : next_timer_;
}

base::Timestamp Executor::next_upkeep() const {
  const base::Timestamp deadline = std::min(overdue_.next(), gathering_.next());
  return std::min(deadline, recovering_.empty() ? sweeper_.next() : recover_at_);
}

void Executor::shut(const base::Error& why) {
  for (; next_mail_ < mail_.size(); ++next_mail_) {
    if (mail_[next_mail_].reply) mail_[next_mail_].reply(why);
  }
  for (Mail& mail : mailbox_.close()) {
    if (mail.reply) mail.reply(why);
  }
  gate_.answer_all(why);
}

}  // namespace perdure::engine
