// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "world/node.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "engine/sweeper.h"

namespace perdure::sim {
namespace {

using base::ErrorCode;
using store::log::memory::Fault;
using store::log::memory::Tail;

constexpr base::Duration kStepLatencyMax = base::microseconds(50);
constexpr base::Duration kSyncLeast = base::microseconds(100);
constexpr base::Duration kSyncSpread = base::microseconds(200);
/// While faults go on, the engine is looked at this often even if nothing happens.
constexpr base::Duration kUpkeep = base::seconds(10);
/// How long what runs goes on without faults: its sweeper finds by then whatever was forgotten in
/// memory, which a restart would mend before anybody sees it.
constexpr base::Duration kSwept = base::microseconds(5 * engine::kSweepInterval.us);

}  // namespace

NodeOptions draw_node_options(base::Prng& random) {
  NodeOptions options;
  options.shards = static_cast<std::uint32_t>(1 + random.below(8));
  options.engine.executors = static_cast<std::uint32_t>(1 + random.below(3));
  options.engine.attempts_max = 1'000;  // a worker that dies by chance is not a poisonous item
  if (random.chance(50)) options.engine.memory_bytes = std::size_t{1} << (14 + random.below(8));
  options.engine.speculation_pause = random.chance(50) ? base::Duration{} : base::milliseconds(50);
  // Histories are short here, and turns fast.
  if (random.chance(50)) options.engine.gather = {.history_events_min = 3, .turn_min = {}};
  options.store.shard_count = options.shards;
  options.store.checkpoint_at_bytes = std::uint64_t{1} << (11 + random.below(8));
  return options;
}

Node::Node(Scene& scene, NodeOptions options)
    : scene_(scene),
      options_(std::move(options)),
      log_(std::make_shared<store::log::memory::LogDisk>()),
      table_(std::make_shared<store::table::memory::TableDisk>()),
      rows_(scene.verdict, options_.shards, steered_freely) {
  options_.engine.on_fatal = [this](const base::Error& error) { fatal_ = error; };
}

void Node::boot() {
  open();
  plan_crash();
  plan_pause();
  plan_clock_jump();
}

void Node::heal() {
  wake();
  if (!up()) open();
  // A fresh start also gives what was parked another try.
  scene_.agenda.after(kSwept, [this] {
    started_anew_ = true;
    if (up()) crash();
  });
}

// ---- time ---------------------------------------------------------------------------------------

void Node::tell_time() {
  const base::Duration passed = scene_.agenda.now() - told_;
  told_ = scene_.agenda.now();
  const std::int64_t drift = passed.us / 1'000'000 * scene_.faults.drift_ppm;
  clock_.advance(base::microseconds(passed.us + drift));
}

void Node::when_awake(Agenda::Event event) {
  if (responsive()) return event();
  asleep_.push_back([life = life_, this, event = std::move(event)]() mutable {
    if (life == life_) event();
  });
}

void Node::wake() {
  paused_until_ = scene_.agenda.now();
  for (Agenda::Event& event : std::exchange(asleep_, {})) event();
}

void Node::plan_wake() {
  if (!up()) return;
  tell_time();
  base::Timestamp next = engine_->next_timer();
  base::Duration left = next == base::kEndOfTime ? base::Duration{INT64_MAX} : next - clock_.now();
  left = std::max(left, base::microseconds(1));
  if (!started_anew_) left = std::min(left, kUpkeep);
  if (left.us == INT64_MAX) return;
  const base::Timestamp at = scene_.agenda.now() + left;
  if (at >= wake_at_ && wake_at_ > scene_.agenda.now()) return;
  wake_at_ = at;
  scene_.agenda.after(left, [this, at, life = life_] {
    if (life != life_ || at != wake_at_) return;
    wake_at_ = base::kEndOfTime;
    poke();  // and the step plans the next one
  });
}

void Node::plan_clock_jump() {
  const base::Duration every = scene_.faults.clock_jump_every;
  if (every.us == 0) return;
  scene_.agenda.after(scene_.some(base::microseconds(every.us * 2)), [this] {
    if (scene_.healed) return;
    tell_time();
    const base::Duration far = scene_.some(scene_.faults.clock_jump_max);
    const bool back = scene_.random.chance(50);
    clock_.jump_wall_to(clock_.now() + base::microseconds(back ? -far.us : far.us));
    scene_.note("node", "clock jumps to", {}, static_cast<std::uint64_t>(clock_.now().us));
    scene_.count(Counted::kClockJump);
    wake_at_ = base::kEndOfTime;
    plan_wake();
    plan_clock_jump();
  });
}

// ---- working ------------------------------------------------------------------------------------

void Node::request(model::Command command, std::function<void(model::ReplyBody)> reply) {
  if (!up()) return;
  if (!responsive()) {
    when_awake([this, command = std::move(command), reply = std::move(reply)]() mutable {
      request(std::move(command), std::move(reply));
    });
    return;
  }
  tell_time();
  const std::string id = model::instance_of(command)->id;
  scene_.note("node", "is asked for", id, command.index());
  engine_->request(std::move(command),
                   [this, life = life_, id, reply = std::move(reply)](model::ReplyBody body) {
                     if (life != life_ || fatal_) return;  // nobody hears a dying process
                     scene_.note("node", "answers for", id, body.index());
                     reply(std::move(body));
                   });
  poke();
}

std::vector<model::Event> Node::read_history(const model::InstanceKey& key, model::EventNumber from,
                                             std::size_t bytes_max) {
  if (!responsive()) return {};
  auto page = engine_->history(key, from, bytes_max);
  poke();  // a query commits what it answers
  return page ? std::move(page->events) : std::vector<model::Event>();
}

void Node::poke() {
  if (!up() || step_planned_) return;
  step_planned_ = true;
  scene_.agenda.after(scene_.some(kStepLatencyMax), [this, life = life_] {
    if (life == life_) when_awake([this] { step(); });
  });
}

void Node::step() {
  step_planned_ = false;
  tell_time();
  const bool any = engine_->step();
  scene_.note("node", any ? "steps" : "rests");
  if (fatal_) return check_alive();
  if (any) {
    poke();
    plan_commit();
    listener_.look();
  } else {
    judge_memory();
  }
  plan_wake();
}

/// Without work, what is in memory can be read again, and need not stay. What is parked must, and
/// is the only thing that may exceed the budget.
void Node::judge_memory() {
  const bool may_park = scene_.faults.disagrees > 0 || scene_.faults.garbage > 0;
  if (commit_planned_ || may_park) return;
  const engine::EngineStats stats = engine_->stats();
  const dispatch::DispatcherStats& work = stats.dispatch;
  const bool any_work = work.turns_waiting + work.turns_leased + work.activities_waiting +
                            work.activities_leased + stats.recovering >
                        0;
  if (any_work) return;
  scene_.verdict.require(stats.memory_bytes <= options_.engine.memory_bytes, Invariant::kMemory,
                         "without work, more is held in memory than the budget allows");
}

void Node::plan_commit() {
  if (commit_planned_) return;
  commit_planned_ = true;
  base::Duration takes = kSyncLeast;
  takes.us += scene_.some(kSyncSpread).us;
  if (scene_.strikes(scene_.faults.sync_slow)) {
    takes = scene_.some(scene_.faults.sync_slow_max);
    scene_.count(Counted::kSlowSync);
  }
  scene_.agenda.after(takes, [this, life = life_] {
    if (life == life_) when_awake([this] { commit(); });
  });
}

void Node::break_disk() {
  interrupted_ = false;
  const Faults& faults = scene_.faults;
  const bool interrupted = scene_.strikes(faults.sync_interrupted);
  const bool failed = scene_.strikes(faults.sync_failed);
  const bool full = scene_.strikes(faults.disk_full);
  if (interrupted) {
    scene_.count(Counted::kSyncInterrupted);
    log_->break_append_after(0, Fault::kInterrupted);
    interrupted_ = true;
  } else if (failed) {
    scene_.count(Counted::kSyncFailed);
    log_->break_append_after(0, Fault::kSyncFailed);
  } else if (full) {
    scene_.count(Counted::kDiskFull);
    log_->break_append_after(0, Fault::kFull);
  }
  if (scene_.strikes(faults.fold_stopped)) {
    scene_.count(Counted::kFoldStopped);
    table_->break_fold_after(scene_.random.below(200));
  }
}

void Node::commit() {
  commit_planned_ = false;
  tell_time();
  break_disk();
  const bool any = engine_->commit();
  scene_.note("node", any ? "commits" : "has nothing to commit");
  if (fatal_) return check_alive();
  if (any) {
    poke();
    listener_.look();
  }
}

// ---- dying and coming back ----------------------------------------------------------------------

void Node::check_alive() {
  if (fatal_->code == ErrorCode::kStoreCorrupt || fatal_->code == ErrorCode::kInternal) {
    scene_.verdict.breached(Invariant::kCorruption, "the engine gave up: " + fatal_->message);
  }
  scene_.note("node", "gives up");
  crash();
}

void Node::plan_crash() {
  const base::Duration every = scene_.faults.crash_every;
  if (every.us == 0) return;
  scene_.agenda.after(scene_.some(base::microseconds(every.us * 2)), [this] {
    if (scene_.healed) return;
    if (up()) {
      scene_.count(Counted::kCrash);
      crash();
    }
    plan_crash();
  });
}

void Node::plan_pause() {
  const base::Duration every = scene_.faults.pause_every;
  if (every.us == 0) return;
  scene_.agenda.after(scene_.some(base::microseconds(every.us * 2)), [this] {
    if (scene_.healed) return;
    scene_.count(Counted::kPause);
    scene_.note("node", "pauses");
    const base::Duration lasts = scene_.some(scene_.faults.pause_max);
    paused_until_ = std::max(paused_until_, scene_.agenda.now() + lasts);
    scene_.agenda.after(lasts, [this] {
      if (responsive()) wake();
    });
    plan_pause();
  });
}

void Node::leave_tail() {
  const bool kept = scene_.strikes(scene_.faults.tail_kept);
  const bool torn = scene_.strikes(scene_.faults.tail_torn);
  if (torn && !kept) scene_.count(Counted::kTornTail);
  log_->crash(kept ? Tail::kKept : torn ? Tail::kTorn : Tail::kDropped);
}

void Node::crash() {
  ++life_;
  ++crashes_;
  scene_.note("node", "crashes");
  const engine::EngineStats stats = engine_->stats();
  scene_.tally.commands += stats.commands;
  scene_.verdict.require(stats.rescues == 0, Invariant::kLiveness,
                         "only the sweeper found some work");
  scene_.verdict.require(stats.corrupt == 0, Invariant::kCorruption, "a record was damaged");
  listener_.down();
  engine_.reset();
  fatal_.reset();
  asleep_.clear();
  leave_tail();
  step_planned_ = false;
  commit_planned_ = false;
  wake_at_ = base::kEndOfTime;
  come_back_later();
}

void Node::come_back_later() {
  const base::Duration down =
      scene_.healed ? base::milliseconds(1) : scene_.some(scene_.faults.down_max);
  scene_.agenda.after(down, [this] {
    if (!up()) open();
  });
}

base::Result<> Node::open_once() {
  PERDURE_ASSIGN_OR_RETURN(
      auto store,
      store::Store::open(options_.store, std::make_unique<store::log::memory::MemoryLog>(log_),
                         std::make_unique<store::table::memory::MemoryTable>(table_)));
  rows_.judge(*store);
  PERDURE_ASSIGN_OR_RETURN(engine_,
                           engine::Engine::open(options_.engine, std::move(store), clock_));
  return {};
}

void Node::open() {
  tell_time();
  paused_until_ = scene_.agenda.now();
  if (crashes_ > 0 && scene_.strikes(scene_.faults.crash_in_recovery)) {
    scene_.count(Counted::kCrashInRecovery);
    log_->break_append_after(0, Fault::kInterrupted);
  }
  if (const auto opened = open_once(); !opened) {
    // Only what was broken on purpose may keep it from opening.
    if (opened.error().code != ErrorCode::kUnavailable &&
        opened.error().code != ErrorCode::kStorageFull) {
      scene_.verdict.breached(Invariant::kCorruption,
                              "the store does not open: " + opened.error().message);
      return;
    }
    leave_tail();
    return come_back_later();
  }
  ++scene_.tally.recoveries;
  scene_.note("node", "is up", {}, life_);
  listener_.up(*engine_);
  poke();
  plan_wake();
}

core::testing::RowMap Node::inspect() {
  if (!up()) {
    scene_.verdict.breached(Invariant::kLiveness, "the node never came up again");
    return {};
  }
  const engine::EngineStats stats = engine_->stats();
  scene_.tally.commands += stats.commands;
  scene_.verdict.require(stats.rescues == 0, Invariant::kLiveness,
                         "only the sweeper found some work");
  scene_.verdict.require(stats.memory_bytes <= options_.engine.memory_bytes, Invariant::kMemory,
                         "at rest, more is held in memory than the budget allows");
  listener_.down();
  engine_.reset();
  log_->crash(Tail::kDropped);
  auto store =
      store::Store::open(options_.store, std::make_unique<store::log::memory::MemoryLog>(log_),
                         std::make_unique<store::table::memory::MemoryTable>(table_));
  PERDURE_CHECK(store.has_value(), store.error().message);
  return rows_.judge(**store);
}

}  // namespace perdure::sim
