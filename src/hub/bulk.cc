// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What reads many rows or gives the engine many commands. All of it runs on a reader's thread.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "hub/hubs.h"
#include "hub/readers.h"
#include "hub/request.h"

namespace perdure::hub {

using access::Action;
using access::Permit;
using base::ErrorCode;
using base::Result;

namespace {

/// Rounds of a clear: what was terminated may start something else once more, but not for ever.
constexpr int kClearRoundsMax = 100;

base::Error too_busy() {
  return {ErrorCode::kResourceExhausted,
          fmt::format("{} reads wait for a thread, the limit; try again in a second",
                      kReadsWaitingMax)};
}

/// Gives the engine all of these commands and waits for every answer. On a reader's thread.
class Bulk {
 public:
  explicit Bulk(engine::Engine& engine) : engine_(engine) {}

  /// REQUIRES: at most a page of them.
  std::vector<model::ReplyBody> ask(std::vector<model::Command> commands) {
    struct Answers {
      runtime::Mutex mutex;
      runtime::Condition changed;
      std::vector<model::ReplyBody> bodies;
      std::size_t left = 0;
    };
    const auto answers = std::make_shared<Answers>();
    answers->bodies.resize(commands.size());
    answers->left = commands.size();
    for (std::size_t i = 0; i < commands.size(); ++i) {
      engine_.request(std::move(commands[i]), [answers, i](model::ReplyBody body) {
        const runtime::Lock lock(answers->mutex);
        answers->bodies[i] = std::move(body);
        if (--answers->left == 0) answers->changed.notify_all();
      });
    }
    if (engine_.is_driven_by_hand()) engine_.run_until_idle();
    runtime::Lock lock(answers->mutex);
    answers->changed.wait(lock, [&] { return answers->left == 0; });
    return std::move(answers->bodies);
  }

  model::ReplyBody ask_one(model::Command command) {
    std::vector<model::Command> one;
    one.push_back(std::move(command));
    return std::move(ask(std::move(one)).front());
  }

  /// The children that this execution started, by what its history says.
  std::vector<std::string> children_of(const model::InstanceKey& key) {
    std::set<std::string> ids;
    std::optional<model::EventNumber> next = 0;
    while (next) {
      const auto page = engine_.history(key, *next);
      if (!page) break;
      for (const model::Event& event : page->events) {
        const auto* child = std::get_if<model::ChildScheduled>(&event.body);
        if (child != nullptr) ids.insert(child->id);
      }
      next = page->next;
    }
    return {ids.begin(), ids.end()};
  }

  /// How many were purged.
  std::size_t purge(const model::InstanceKey& key, Family family, int depth = 0) {
    if (model::is_entity_id(key.id)) {
      return std::holds_alternative<model::Done>(ask_one(model::PurgeEntity{{}, key})) ? 1 : 0;
    }
    std::vector<std::string> children;
    if (family == Family::kWithChildren && depth < kGenerationsMax) children = children_of(key);
    if (!std::holds_alternative<model::Done>(ask_one(model::PurgeInstance{{}, key}))) return 0;
    std::size_t purged = 1;
    for (std::string& id : children) {
      const model::InstanceKey child{key.hub, std::move(id)};
      if (child_of(key, child)) purged += purge(child, family, depth + 1);
    }
    return purged;
  }

  /// What runs below it. The engine itself terminates the children that an instance waits for; what
  /// is left was left behind by one that has ended.
  void terminate_below(const model::InstanceKey& key, const std::string& reason, int depth = 0) {
    if (depth >= kGenerationsMax) return;
    for (std::string& id : children_of(key)) {
      const model::InstanceKey child{key.hub, std::move(id)};
      const auto found = child_of(key, child);
      if (!found) continue;
      if (model::is_live(found->record.status)) {
        ask_one(model::TerminateInstance{
            .request = {}, .key = child, .reason = reason, .output = {}, .recursive = true});
      }
      terminate_below(child, reason, depth + 1);
    }
  }

 private:
  /// Nothing if there is none, or the id is somebody else's by now.
  std::optional<model::InstanceSnapshot> child_of(const model::InstanceKey& parent,
                                                  const model::InstanceKey& child) {
    auto body = ask_one(model::GetInstance{{}, child, /*with_input=*/false});
    auto* found = std::get_if<model::InstanceSnapshot>(&body);
    const bool is_ours =
        found != nullptr && found->record.parent && found->record.parent->key == parent;
    if (!is_ours) return std::nullopt;
    return std::move(*found);
  }

  engine::Engine& engine_;
};

struct Ended {
  base::Timestamp at;
  std::string id;

  friend auto operator<=>(const Ended&, const Ended&) = default;
};

std::string to_text(const Ended& ended) { return fmt::format("{}:{}", ended.at.us, ended.id); }

std::optional<Ended> ended_from_text(std::string_view text) {
  Ended ended;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ended.at.us);
  if (error != std::errc() || end == text.data() + text.size() || *end != ':') return std::nullopt;
  ended.id = text.substr(static_cast<std::size_t>(end + 1 - text.data()));
  return ended;
}

bool is_in(base::Timestamp at, const std::optional<base::Timestamp>& from,
           const std::optional<base::Timestamp>& to) {
  return (!from || at >= *from) && (!to || at < *to);
}

Result<InstanceList> list_page(engine::Engine& engine, const engine::InstanceFilter& filter,
                               engine::PageRequest request, Inputs inputs) {
  InstanceList list;
  do {
    PERDURE_ASSIGN_OR_RETURN(engine::InstancePage page, engine.list(filter, request));
    for (engine::InstanceSummary& instance : page.instances) {
      list.instances.push_back(
          {.key = std::move(instance.key), .record = std::move(instance.record), .input = {}});
    }
    request.continuation = std::move(page.continuation);
  } while (list.instances.empty() && !request.continuation.empty());
  list.continuation = std::move(request.continuation);
  if (inputs == Inputs::kLeaveOut) return list;
  std::vector<model::Command> commands;
  for (const model::InstanceSnapshot& instance : list.instances) {
    commands.push_back(model::GetInstance{{}, instance.key, /*with_input=*/true});
  }
  std::vector<model::ReplyBody> bodies = Bulk(engine).ask(std::move(commands));
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    // One that was purged meanwhile stays as the list saw it.
    auto* found = std::get_if<model::InstanceSnapshot>(&bodies[i]);
    if (found != nullptr) list.instances[i].input = std::move(found->input);
  }
  return list;
}

/// There is no index by the time of the end, so a page looks at every ended instance; it keeps no
/// more of them than it answers.
Result<EndedList> ended_page(engine::Engine& engine, const std::string& hub,
                             const EndedFilter& filter, const engine::PageRequest& request) {
  std::optional<Ended> after;
  if (!request.continuation.empty()) {
    after = ended_from_text(request.continuation);
    if (!after) {
      return base::fail(ErrorCode::kInvalidArgument,
                        "the continuation is not one that a page of this list ended with");
    }
  }
  const std::size_t count_max = std::clamp<std::size_t>(request.count_max, 1, model::kListPageMax);
  engine::InstanceFilter wanted;
  wanted.hub = hub;
  wanted.statuses.bits = filter.statuses.bits & model::kEveryTerminal.bits;
  std::set<Ended> oldest;
  bool more = false;
  std::string next;
  do {
    PERDURE_ASSIGN_OR_RETURN(
        engine::InstancePage page,
        engine.list(wanted, {.count_max = model::kListPageMax, .continuation = next}));
    for (engine::InstanceSummary& instance : page.instances) {
      Ended ended{instance.record.ended.value_or(instance.record.updated),
                  std::move(instance.key.id)};
      if (!is_in(ended.at, filter.ended_from, filter.ended_to) || (after && ended <= *after)) {
        continue;
      }
      oldest.insert(std::move(ended));
      if (oldest.size() > count_max) {
        oldest.erase(std::prev(oldest.end()));
        more = true;
      }
    }
    next = std::move(page.continuation);
  } while (!next.empty());
  EndedList list;
  for (const Ended& ended : oldest) list.ids.push_back(ended.id);
  if (more) list.continuation = to_text(*oldest.rbegin());
  return list;
}

Result<EntityList> entity_page(engine::Engine& engine, const std::string& hub,
                               const EntityFilter& filter, engine::PageRequest request) {
  engine::InstanceFilter wanted;
  wanted.hub = hub;
  wanted.kind = engine::InstanceKind::kEntities;
  wanted.id_prefix = filter.id_prefix;
  EntityList list;
  do {
    PERDURE_ASSIGN_OR_RETURN(engine::InstancePage page, engine.list(wanted, request));
    std::vector<model::Command> commands;
    for (engine::InstanceSummary& entity : page.instances) {
      if (!is_in(entity.record.updated, filter.modified_from, filter.modified_to)) continue;
      commands.push_back(model::GetEntity{{}, std::move(entity.key)});
    }
    for (model::ReplyBody& body : Bulk(engine).ask(std::move(commands))) {
      auto* entity = std::get_if<model::EntitySnapshot>(&body);
      if (entity == nullptr || (!entity->state && !filter.transient)) continue;
      list.entities.push_back(std::move(*entity));
    }
    request.continuation = std::move(page.continuation);
  } while (list.entities.empty() && !request.continuation.empty());
  list.continuation = std::move(request.continuation);
  return list;
}

Result<PurgeResult> purge_matching(engine::Engine& engine, PurgeFilter filter,
                                   base::Timestamp until) {
  filter.instances.statuses.bits &= model::kEveryTerminal.bits;
  PurgeResult result;
  Bulk bulk(engine);
  engine::PageRequest request{.count_max = model::kListPageMax, .continuation = {}};
  do {
    PERDURE_ASSIGN_OR_RETURN(engine::InstancePage page, engine.list(filter.instances, request));
    for (const engine::InstanceSummary& instance : page.instances) {
      if (engine.clock().monotonic() >= until) {
        result.complete = false;
        return result;
      }
      result.purged += bulk.purge(instance.key, filter.family);
    }
    request.continuation = std::move(page.continuation);
  } while (!request.continuation.empty());
  return result;
}

Result<> clear_hub(engine::Engine& engine, const std::string& hub) {
  Bulk bulk(engine);
  for (int round = 0; round < kClearRoundsMax; ++round) {
    bool found = false;
    for (const auto kind :
         {engine::InstanceKind::kOrchestrations, engine::InstanceKind::kEntities}) {
      engine::InstanceFilter all;
      all.hub = hub;
      all.kind = kind;
      engine::PageRequest request{.count_max = model::kListPageMax, .continuation = {}};
      do {
        PERDURE_ASSIGN_OR_RETURN(engine::InstancePage page, engine.list(all, request));
        for (const engine::InstanceSummary& instance : page.instances) {
          found = true;
          if (model::is_live(instance.record.status) &&
              kind == engine::InstanceKind::kOrchestrations) {
            bulk.ask_one(model::TerminateInstance{.request = {},
                                                  .key = instance.key,
                                                  .reason = "the task hub is deleted",
                                                  .output = {}});
          }
          bulk.purge(instance.key, Family::kAlone);
        }
        request.continuation = std::move(page.continuation);
      } while (!request.continuation.empty());
    }
    if (!found) return {};
  }
  return base::fail(ErrorCode::kFailedPrecondition,
                    fmt::format("task hub '{}' is not empty after {} rounds; stop what starts new "
                                "instances in it, and try again",
                                hub, kClearRoundsMax));
}

}  // namespace

template <class T, class Work>
void Hubs::read(Then<T> then, Work work) {
  // Shared, because a refusal must still be told.
  const auto shared = std::make_shared<Then<T>>(std::move(then));
  const bool taken =
      readers_->run([shared, work = std::move(work)]() mutable { (*shared)(work()); });
  if (!taken) (*shared)(std::unexpected(too_busy()));
}

void Hubs::history(const Permit& permit, std::string id, HistoryConsumer consumer, Then<> then,
                   model::EventNumber from) {
  require(permit, Action::kRead);
  read<void>(std::move(then),
             [this, key = key_of(permit, std::move(id)), consumer = std::move(consumer),
              from]() -> Result<> {
               std::optional<model::EventNumber> next = from;
               std::optional<model::Execution> execution;
               while (next) {
                 PERDURE_ASSIGN_OR_RETURN(engine::HistoryPage page, engine_.history(key, *next));
                 if (execution && *execution != page.execution) {
                   return base::fail(
                       ErrorCode::kUnavailable,
                       fmt::format("the history of instance '{}' was replaced while it was "
                                   "read; try again",
                                   key.id));
                 }
                 execution = page.execution;
                 next = page.next;
                 if (!consumer(page.execution, std::move(page.events))) return {};
               }
               return {};
             });
}

void Hubs::terminate_family(model::InstanceKey key, Termination how, Then<> then) {
  read<void>(std::move(then), [this, key = std::move(key), how = std::move(how)]() -> Result<> {
    Bulk bulk(engine_);
    const auto body = bulk.ask_one(model::TerminateInstance{
        .request = {}, .key = key, .reason = how.reason, .output = how.output, .recursive = true});
    const auto* error = std::get_if<base::Error>(&body);
    // One that has ended may have left something behind.
    const bool ended = error != nullptr && error->code == ErrorCode::kFailedPrecondition;
    if (error != nullptr && !ended) return std::unexpected(*error);
    bulk.terminate_below(key, how.reason);
    if (error != nullptr) return std::unexpected(*error);
    return {};
  });
}

void Hubs::list(const Permit& permit, engine::InstanceFilter filter, engine::PageRequest page,
                Inputs inputs, Then<InstanceList> then) {
  require(permit, Action::kRead);
  filter.hub = permit.hub();
  filter.kind = engine::InstanceKind::kOrchestrations;
  read<InstanceList>(std::move(then),
                     [this, filter = std::move(filter), page = std::move(page), inputs] {
                       return list_page(engine_, filter, page, inputs);
                     });
}

void Hubs::ended(const Permit& permit, EndedFilter filter, engine::PageRequest page,
                 Then<EndedList> then) {
  require(permit, Action::kRead);
  read<EndedList>(std::move(then), [this, hub = permit.hub(), filter, page = std::move(page)] {
    return ended_page(engine_, hub, filter, page);
  });
}

void Hubs::purge(const Permit& permit, std::vector<std::string> ids, Family family,
                 Then<std::size_t> then) {
  require(permit, Action::kAdminister);
  read<std::size_t>(
      std::move(then),
      [this, hub = permit.hub(), ids = std::move(ids), family]() mutable -> Result<std::size_t> {
        std::size_t purged = 0;
        for (std::string& id : ids) purged += Bulk(engine_).purge({hub, std::move(id)}, family);
        return purged;
      });
}

void Hubs::purge_where(const Permit& permit, PurgeFilter filter, Then<PurgeResult> then) {
  require(permit, Action::kAdminister);
  filter.instances.hub = permit.hub();
  const base::Timestamp until =
      filter.time_max ? engine_.clock().monotonic() + *filter.time_max : base::kEndOfTime;
  read<PurgeResult>(std::move(then), [this, filter = std::move(filter), until]() mutable {
    return purge_matching(engine_, std::move(filter), until);
  });
}

void Hubs::clear(const Permit& permit, Then<> then) {
  require(permit, Action::kAdminister);
  read<void>(std::move(then), [this, hub = permit.hub()] { return clear_hub(engine_, hub); });
}

void Hubs::entities(const Permit& permit, EntityFilter filter, engine::PageRequest page,
                    Then<EntityList> then) {
  require(permit, Action::kRead);
  read<EntityList>(std::move(then),
                   [this, hub = permit.hub(), filter = std::move(filter), page = std::move(page)] {
                     return entity_page(engine_, hub, filter, page);
                   });
}

}  // namespace perdure::hub
