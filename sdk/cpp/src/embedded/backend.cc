// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "embedded/backend.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/check.h"
#include "convert.h"
#include "history.h"

namespace perdure::embedded {

using internal::to_model;
using internal::to_public;

namespace {

constexpr std::size_t kPurgePage = 500;
/// A reply that only needs a commit. Longer than any disk takes that still works.
constexpr base::Duration kCommitPatience = base::seconds(60);

Error gone() { return {ErrorCode::kUnavailable, "the engine is stopped; start the host again"}; }

model::ReusePolicy reuse(StartOptions::IfExists if_exists) {
  using Otherwise = model::ReusePolicy::Otherwise;
  switch (if_exists) {
    case StartOptions::IfExists::kReject: return {};
    case StartOptions::IfExists::kIgnore: return {.otherwise = Otherwise::kIgnore};
    case StartOptions::IfExists::kReplace: return {.replaceable = model::kEveryStatus};
    case StartOptions::IfExists::kReplaceEnded: return {.replaceable = model::kEveryTerminal};
  }
  PERDURE_CHECK(false, "a reuse policy outside its enumeration");
}

engine::InstanceFilter to_engine(const Filter& filter, const std::string& hub) {
  engine::InstanceFilter wanted;
  wanted.hub = hub;
  if (!filter.statuses().empty()) wanted.statuses = model::kNoStatus;
  for (const Status status : filter.statuses()) {
    wanted.statuses = wanted.statuses.with(to_model(status));
  }
  wanted.name = filter.name();
  wanted.id_prefix = filter.id_prefix();
  if (filter.created_from()) wanted.created_from = to_model(*filter.created_from());
  if (filter.created_before()) wanted.created_to = to_model(*filter.created_before());
  wanted.tags = filter.tags();
  return wanted;
}

Result<Payload> outcome_of(const EntityId& entity, std::string_view operation,
                           model::ReplyBody body) {
  auto& outcome = std::get<model::OperationOutcome>(body).outcome;
  if (const auto* failure = std::get_if<model::Failure>(&outcome)) {
    return Error(ErrorCode::kOperationFailed,
                 fmt::format("operation '{}' of entity '{}' failed: {}: {}", operation,
                             entity.text(), failure->type, failure->message));
  }
  return std::get<model::Payload>(std::move(outcome));
}

base::Duration to_span(std::chrono::microseconds span) { return base::Duration{span.count()}; }

}  // namespace

// ---- a reply on its way -------------------------------------------------------------------------

void Pending::resolve(model::ReplyBody body) {
  {
    const runtime::Lock lock(mutex_);
    body_ = std::move(body);
  }
  condition_.notify_all();
}

bool Pending::resolved() const {
  const runtime::Lock lock(mutex_);
  return body_.has_value();
}

bool Pending::wait_for(base::Duration span) {
  runtime::Lock lock(mutex_);
  return condition_.wait_for(lock, span, [this] { return body_.has_value(); });
}

model::ReplyBody Pending::take() {
  const runtime::Lock lock(mutex_);
  return *std::move(body_);
}

// ---- the backend --------------------------------------------------------------------------------

Backend::Backend(engine::Engine& engine, BackendSettings settings)
    : engine_(&engine), settings_(std::move(settings)) {}

void Backend::detach() {
  const runtime::SoleLock lock(engine_mutex_);
  engine_ = nullptr;
}

void Backend::attach(engine::Engine& engine) {
  const runtime::SoleLock lock(engine_mutex_);
  engine_ = &engine;
}

model::InstanceKey Backend::key(std::string id) const { return {settings_.hub, std::move(id)}; }

template <class Command>
Result<model::ReplyBody> Backend::ask(Command command, base::Duration span) {
  const runtime::SharedLock lock(engine_mutex_);
  if (engine_ == nullptr) return gone();
  const auto pending = std::make_shared<Pending>();
  const model::InstanceKey instance = command.key;
  const model::RequestId request = engine_->request(
      std::move(command), [pending](model::ReplyBody body) { pending->resolve(std::move(body)); });
  if (!settings_.drive(*pending, span)) {
    if constexpr (std::is_same_v<Command, model::AwaitInstance>) {
      engine_->cancel(instance, request);
    }
    return Error(ErrorCode::kDeadlineExceeded,
                 fmt::format("no answer about instance '{}' within {:.3g} s", instance.id,
                             static_cast<double>(span.us) / 1e6));
  }
  model::ReplyBody body = pending->take();
  if (const auto* error = std::get_if<base::Error>(&body)) return to_public(*error);
  return body;
}

template <class Command>
void Backend::send(Command command, Done<model::ReplyBody> done) {
  const runtime::SharedLock lock(engine_mutex_);
  if (engine_ == nullptr) return done(gone());
  engine_->request(std::move(command), [done = std::move(done)](model::ReplyBody body) {
    if (const auto* error = std::get_if<base::Error>(&body)) return done(to_public(*error));
    done(std::move(body));
  });
}

template <class Command>
Result<void> Backend::tell(Command command) {
  auto body = ask(std::move(command), kCommitPatience);
  if (!body) return body.error();
  return {};
}

Result<model::StartInstance> Backend::start_command(std::string name, Payload input,
                                                    const StartOptions& options) const {
  if (settings_.known) {
    if (auto known = settings_.known(name); !known) return known.error();
  }
  std::string id = options.id();
  if (id.empty()) id = settings_.fresh_id();
  model::StartInstance command{.request = {},
                               .key = key(std::move(id)),
                               .started = {.name = std::move(name),
                                           .version = options.version(),
                                           .input = std::move(input),
                                           .tags = options.tags()},
                               .reuse = reuse(options.if_exists()),
                               .idempotency_key = options.idempotency_key()};
  if (options.at()) command.started.scheduled_start = to_model(*options.at());
  return command;
}

Result<std::string> Backend::start(std::string name, std::optional<std::string> input,
                                   StartOptions options) {
  auto command = start_command(std::move(name), std::move(input), options);
  if (!command) return command.error();
  std::string id = command->key.id;
  auto body = ask(*std::move(command), kCommitPatience);
  if (!body) return body.error();
  return id;
}

void Backend::start(std::string name, std::optional<std::string> input, StartOptions options,
                    Done<std::string> done) {
  auto command = start_command(std::move(name), std::move(input), options);
  if (!command) return done(command.error());
  send(*std::move(command),
       [id = command->key.id, done = std::move(done)](Result<model::ReplyBody> body) {
         if (!body) return done(body.error());
         done(id);
       });
}

Result<void> Backend::raise(std::string id, std::string event, std::optional<std::string> payload) {
  return tell(model::RaiseEvent{
      .request = {}, .key = key(std::move(id)), .event = {std::move(event), std::move(payload)}});
}

Result<void> Backend::terminate(std::string id, std::string reason, bool recursive) {
  return tell(model::TerminateInstance{.request = {},
                                       .key = key(std::move(id)),
                                       .reason = std::move(reason),
                                       .output = std::nullopt,
                                       .recursive = recursive});
}

Result<void> Backend::suspend(std::string id, std::string reason) {
  return tell(model::SuspendInstance{{}, key(std::move(id)), std::move(reason)});
}

Result<void> Backend::resume(std::string id, std::string reason) {
  return tell(model::ResumeInstance{{}, key(std::move(id)), std::move(reason)});
}

Result<void> Backend::rewind(std::string id, std::string reason) {
  return tell(model::RewindInstance{{}, key(std::move(id)), std::move(reason)});
}

Result<void> Backend::restart(std::string id) {
  return tell(model::RestartInstance{{}, key(std::move(id))});
}

Result<void> Backend::purge(std::string id) {
  return tell(model::PurgeInstance{{}, key(std::move(id))});
}

Result<std::uint64_t> Backend::purge(const Filter& filter) {
  std::uint64_t purged = 0;
  std::string next;
  do {
    auto page = list(filter, kPurgePage, next);
    if (!page) return page.error();
    for (Instance& instance : page->instances) {
      if (!instance.is_ended()) continue;
      const auto done = purge(std::move(instance.id));
      // Somebody else may have purged or restarted it meanwhile.
      if (done) {
        ++purged;
      } else if (done.error().code() != ErrorCode::kNotFound &&
                 done.error().code() != ErrorCode::kFailedPrecondition) {
        return done.error();
      }
    }
    next = std::move(page->next);
  } while (!next.empty());
  return purged;
}

Result<Instance> Backend::get(std::string id, bool with_input) {
  auto body = ask(model::GetInstance{{}, key(std::move(id)), with_input}, kCommitPatience);
  if (!body) return body.error();
  return to_public(std::get<model::InstanceSnapshot>(*std::move(body)));
}

Result<Instance> Backend::wait(std::string id, bool until_ended,
                               std::chrono::microseconds timeout) {
  auto body = ask(
      model::AwaitInstance{.request = {},
                           .key = key(std::move(id)),
                           .until = until_ended ? model::Until::kEnded : model::Until::kStarted},
      to_span(timeout));
  if (!body) return body.error();
  return to_public(std::get<model::InstanceSnapshot>(*std::move(body)));
}

void Backend::wait(std::string id, Done<Instance> done) {
  send(model::AwaitInstance{.request = {}, .key = key(std::move(id))},
       [done = std::move(done)](Result<model::ReplyBody> body) {
         if (!body) return done(body.error());
         done(to_public(std::get<model::InstanceSnapshot>(*std::move(body))));
       });
}

Result<Page> Backend::list(const Filter& filter, std::size_t page_size,
                           std::string_view continuation) {
  const runtime::SharedLock lock(engine_mutex_);
  if (engine_ == nullptr) return gone();
  auto found = engine_->list(to_engine(filter, settings_.hub),
                             {.count_max = page_size, .continuation = std::string(continuation)});
  if (!found) return to_public(found.error());
  Page page;
  page.next = std::move(found->continuation);
  for (engine::InstanceSummary& instance : found->instances) {
    page.instances.push_back(to_public(
        {.key = std::move(instance.key), .record = std::move(instance.record), .input = {}}));
  }
  return page;
}

Result<std::vector<HistoryEvent>> Backend::history(std::string id, std::uint64_t from,
                                                   std::size_t events_max) {
  const runtime::SharedLock lock(engine_mutex_);
  if (engine_ == nullptr) return gone();
  const model::InstanceKey instance = key(std::move(id));
  std::vector<HistoryEvent> events;
  std::optional<model::EventNumber> next = from;
  while (next && events.size() < events_max) {
    auto page = engine_->history(instance, *next);
    if (!page) return to_public(page.error());
    for (const model::Event& event : page->events) {
      if (events.size() == events_max) break;
      events.push_back(to_public(from + events.size(), event));
    }
    next = page->next;
  }
  return events;
}

Result<History> Backend::record(std::string id) {
  const runtime::SharedLock lock(engine_mutex_);
  if (engine_ == nullptr) return gone();
  internal::HistoryData data{.key = key(std::move(id)), .execution = {}, .events = {}};
  std::optional<model::EventNumber> next = 0;
  while (next) {
    auto page = engine_->history(data.key, *next);
    if (!page) return to_public(page.error());
    if (*next > 0 && page->execution != data.execution) {
      return Error(ErrorCode::kUnavailable, "the history was replaced meanwhile; try again");
    }
    data.execution = page->execution;
    data.events.insert(data.events.end(), std::make_move_iterator(page->events.begin()),
                       std::make_move_iterator(page->events.end()));
    next = page->next;
  }
  return internal::make_history(std::move(data));
}

Result<std::optional<ScrubbedFile>> Backend::scrub(std::string_view after) {
  const runtime::SharedLock lock(engine_mutex_);
  if (engine_ == nullptr) return gone();
  auto file = engine_->scrub(after);
  if (!file) return to_public(file.error());
  if (!*file) return std::optional<ScrubbedFile>();
  return std::optional(ScrubbedFile{.name = std::move((*file)->name), .bytes = (*file)->bytes});
}

// ---- entities -----------------------------------------------------------------------------------

Result<Payload> Backend::call(const EntityId& entity, std::string operation, Payload input) {
  if (settings_.known_entity) {
    if (auto known = settings_.known_entity(entity); !known) return known.error();
  }
  const std::string name = operation;
  auto body = ask(model::CallEntity{.request = {},
                                    .key = key(entity.text()),
                                    .operation = std::move(operation),
                                    .input = std::move(input)},
                  kCommitPatience);
  if (!body) return body.error();
  return outcome_of(entity, name, *std::move(body));
}

void Backend::call(const EntityId& entity, std::string operation, Payload input,
                   Done<Payload> done) {
  if (settings_.known_entity) {
    if (auto known = settings_.known_entity(entity); !known) return done(known.error());
  }
  model::CallEntity command{
      .request = {}, .key = key(entity.text()), .operation = operation, .input = std::move(input)};
  send(std::move(command), [entity, operation = std::move(operation),
                            done = std::move(done)](Result<model::ReplyBody> body) {
    if (!body) return done(body.error());
    done(outcome_of(entity, operation, *std::move(body)));
  });
}

Result<void> Backend::signal(const EntityId& entity, std::string operation, Payload input,
                             std::optional<TimePoint> due) {
  if (settings_.known_entity) {
    if (auto known = settings_.known_entity(entity); !known) return known.error();
  }
  model::SignalEntity command{.request = {},
                              .key = key(entity.text()),
                              .operation = std::move(operation),
                              .input = std::move(input),
                              .fire_at = {}};
  if (due) command.fire_at = to_model(*due);
  return tell(std::move(command));
}

Result<EntityInfo> Backend::get(const EntityId& entity) {
  auto body = ask(model::GetEntity{.request = {}, .key = key(entity.text())}, kCommitPatience);
  if (!body) return body.error();
  auto& seen = std::get<model::EntitySnapshot>(*body);
  return EntityInfo{.id = entity,
                    .state = std::move(seen.state),
                    .updated = to_public(seen.updated),
                    .locked_by = std::move(seen.locked_by),
                    .waiting = seen.backlog};
}

Result<EntityPage> Backend::entities(std::string_view name, std::size_t page_size,
                                     std::string_view continuation) {
  const runtime::SharedLock lock(engine_mutex_);
  if (engine_ == nullptr) return gone();
  engine::InstanceFilter wanted;
  wanted.hub = settings_.hub;
  wanted.kind = engine::InstanceKind::kEntities;
  if (!name.empty()) wanted.id_prefix = EntityId(name, {}).text();
  auto found =
      engine_->list(wanted, {.count_max = page_size, .continuation = std::string(continuation)});
  if (!found) return to_public(found.error());
  EntityPage page;
  page.next = std::move(found->continuation);
  for (engine::InstanceSummary& one : found->instances) {
    const auto id = EntityId::parse(one.key.id);
    if (!id) continue;
    page.entities.push_back({.id = *id,
                             .state = {},
                             .updated = to_public(one.record.updated),
                             .locked_by = one.record.lock ? one.record.lock->owner.key.id : "",
                             .waiting = 0});
  }
  return page;
}

}  // namespace perdure::embedded
