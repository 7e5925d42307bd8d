// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "remote/backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "convert.h"
#include "history.h"
#include "model/checks.h"
#include "runtime/entropy.h"
#include "runtime/monitor.h"
#include "transport/grpc/status.h"
#include "transport/worker/wire/clients.h"
#include "transport/worker/wire/events.h"
#include "transport/worker/wire/wire.h"

namespace perdure::remote {

using internal::to_model;
using internal::to_public;

namespace {

/// An answer that only needs a commit.
constexpr base::Duration kCommitPatience = base::seconds(60);
/// A stream that was lost is not begun again before that; meanwhile calls go alone.
constexpr base::Duration kTalkPause = base::seconds(1);
/// A bulk operation.
constexpr base::Duration kBulkPatience = base::seconds(3600);
/// One call of a wait; it is asked again until the caller's time is over.
constexpr base::Duration kWaitAtOnce = base::seconds(600);
/// A wait gives up when the server was away so many times in a row, with pauses up to the longest.
constexpr int kWaitFailuresMax = 20;
constexpr base::Duration kWaitPauseFirst = base::milliseconds(50);
constexpr base::Duration kWaitPauseMax = base::seconds(2);

v1::StartRequest::IfExists to_wire(StartOptions::IfExists if_exists) {
  switch (if_exists) {
    case StartOptions::IfExists::kReject: return v1::StartRequest::REJECT;
    case StartOptions::IfExists::kIgnore: return v1::StartRequest::IGNORE;
    case StartOptions::IfExists::kReplace: return v1::StartRequest::REPLACE;
    case StartOptions::IfExists::kReplaceEnded: return v1::StartRequest::REPLACE_ENDED;
  }
  PERDURE_CHECK(false, "a reuse policy outside its enumeration");
}

v1::Filter to_wire(const Filter& filter) {
  v1::Filter out;
  for (const Status status : filter.statuses()) {
    out.add_statuses(static_cast<std::uint32_t>(to_model(status)));
  }
  out.set_name(filter.name());
  out.set_id_prefix(filter.id_prefix());
  if (filter.created_from()) out.set_created_from_us(to_model(*filter.created_from()).us);
  if (filter.created_before()) out.set_created_before_us(to_model(*filter.created_before()).us);
  for (const auto& [key, value] : filter.tags()) {
    auto& tag = *out.add_tags();
    tag.set_key(key);
    tag.set_value(value);
  }
  return out;
}

v1::OperationRequest to_wire(const EntityId& entity, std::string operation, Payload input) {
  v1::OperationRequest request;
  request.set_entity(std::string(entity.text()));
  request.set_operation(std::move(operation));
  if (input) request.set_input(*std::move(input));
  return request;
}

Result<Instance> instance_from(v1::Instance& wire, const std::string& hub) {
  auto snapshot = worker_wire::snapshot_from(wire, hub);
  if (!snapshot) return to_public(snapshot.error());
  return to_public(*std::move(snapshot));
}

Result<Payload> outcome_from(const EntityId& entity, std::string_view operation,
                             const v1::OperationReply& reply) {
  auto read = worker_wire::operation_from(reply);
  if (!read) return to_public(read.error());
  if (const auto* failure = std::get_if<model::Failure>(&read->outcome)) {
    return Error(ErrorCode::kOperationFailed,
                 fmt::format("operation '{}' of entity '{}' failed: {}: {}", operation,
                             entity.text(), failure->type, failure->message));
  }
  return std::get<model::Payload>(std::move(read->outcome));
}

/// What the server said; a problem that it has with the call is the caller's error.
Result<v1::ClientAnswer> said_in(base::Result<v1::ClientAnswer> answer) {
  if (!answer) return to_public(answer.error());
  if (answer->has_problem()) return to_public(worker_wire::error_from(answer->problem()));
  return *std::move(answer);
}

std::uint32_t page_size_of(std::size_t wanted) {
  constexpr std::size_t kMost = 1'000'000;  // the server has a limit of its own
  return static_cast<std::uint32_t>(std::min(wanted, kMost));
}

v1::InstanceRequest instance_request(std::string id) {
  v1::InstanceRequest request;
  request.set_id(std::move(id));
  return request;
}

v1::ReasonRequest reason_request(std::string id, std::string reason) {
  v1::ReasonRequest request;
  request.set_id(std::move(id));
  request.set_reason(std::move(reason));
  return request;
}

Result<v1::StartRequest> start_request(std::string name, Payload input,
                                       const StartOptions& options) {
  model::ExecutionStarted started{.name = std::move(name),
                                  .version = options.version(),
                                  .input = std::move(input),
                                  .tags = options.tags(),
                                  .parent = {},
                                  .scheduled_start = {},
                                  .trace_parent = {}};
  // What can not even be written down; the server looks at everything else.
  if (const auto checked = model::check_tags(started.tags); !checked) {
    return to_public(checked.error());
  }
  if (options.at()) started.scheduled_start = to_model(*options.at());
  v1::StartRequest request;
  // Made here: so it is known to whoever is left without an answer, too.
  request.set_id(options.id().empty() ? runtime::random_id() : options.id());
  request.set_started(worker_wire::one_to_wire(std::move(started)));
  request.set_if_exists(to_wire(options.if_exists()));
  request.set_idempotency_key(options.idempotency_key());
  return request;
}

EntityInfo info_from(const EntityId& id, model::EntitySnapshot seen) {
  return {.id = id,
          .state = std::move(seen.state),
          .updated = to_public(seen.updated),
          .locked_by = std::move(seen.locked_by),
          .waiting = seen.backlog};
}

void pause(base::Duration span) {
  runtime::Signal never;
  never.wait_for(span);
}

}  // namespace

Backend::Backend(Way way)
    : way_(std::move(way)),
      stub_(v1::Clients::NewStub(way_.channel)),
      next_talk_(runtime::Condition::deadline_after({})) {}

Backend::~Backend() {
  const bool can_wait = !Talk::is_telling();
  if (talk_) can_wait ? talk_->close() : talk_->let_end();
  talk_.reset();
  if (can_wait) talks_->wait_until_none();
}

std::shared_ptr<Talk> Backend::talk() {
  std::shared_ptr<Talk> fresh;
  {
    const runtime::Lock lock(mutex_);
    if (talk_ && talk_->has_ended()) {
      is_older_server_ = talk_->is_unknown();
      talk_.reset();
    }
    const bool is_early = runtime::Condition::until(next_talk_).us > 0;
    if (talk_ || is_older_server_ || is_early) return talk_;
    talk_ = fresh = std::make_shared<Talk>(way_, stub_, talks_);
    next_talk_ = runtime::Condition::deadline_after(kTalkPause);
  }
  fresh->begin();
  return fresh;
}

bool Backend::ask_together(v1::ClientCall& call, Talk::Patience patience, Talk::Then& then) {
  const auto talk = this->talk();
  return talk && talk->ask(call, patience, then);
}

template <class Request, class Reply>
Result<Reply> Backend::ask(Method<Request, Reply> method, const Request& request,
                           base::Duration span) {
  ::grpc::ClientContext context;
  way_.begin(context);
  set_deadline(context, span);
  Reply reply;
  const ::grpc::Status status = ((*stub_).*method)(&context, request, &reply);
  if (!status.ok()) return to_public(transport::to_error(status));
  return reply;
}

template <class Request, class Reply>
void Backend::send(AsyncMethod<Request, Reply> method, Request request, Done<Reply> done) {
  struct Calling {
    ::grpc::ClientContext context;
    Request request;
    Reply reply;
  };
  auto calling = std::make_shared<Calling>();
  way_.begin(calling->context);
  set_deadline(calling->context, kCommitPatience);
  calling->request = std::move(request);
  Calling& sent = *calling;
  (stub_->async()->*method)(
      &sent.context, &sent.request, &sent.reply,
      [calling = std::move(calling), done = std::move(done)](const ::grpc::Status& status) {
        if (!status.ok()) return done(to_public(transport::to_error(status)));
        done(std::move(calling->reply));
      });
}

template <class Request>
Result<void> Backend::tell(Method<Request, v1::Done> method, const Request& request) {
  auto done = ask(method, request, kCommitPatience);
  if (!done) return done.error();
  return {};
}

// ---- one instance -------------------------------------------------------------------------------

Result<std::string> Backend::start(std::string name, std::optional<std::string> input,
                                   StartOptions options) {
  auto request = start_request(std::move(name), std::move(input), options);
  if (!request) return request.error();
  auto reply = ask(&Stub::Start, *request, kCommitPatience);
  if (!reply) return reply.error();
  return std::move(*reply->mutable_id());
}

void Backend::start(std::string name, std::optional<std::string> input, StartOptions options,
                    Done<std::string> done) {
  auto request = start_request(std::move(name), std::move(input), options);
  if (!request) return done(request.error());
  v1::ClientCall call;
  *call.mutable_start() = *std::move(request);
  Talk::Then then = [done](base::Result<v1::ClientAnswer> answer) {
    auto said = said_in(std::move(answer));
    if (!said) return done(said.error());
    done(std::move(*said->mutable_started()->mutable_id()));
  };
  if (ask_together(call, Talk::Patience::kCommit, then)) return;
  send<v1::StartRequest, v1::StartReply>(&Stub::async::Start, std::move(*call.mutable_start()),
                                         [done = std::move(done)](Result<v1::StartReply> reply) {
                                           if (!reply) return done(reply.error());
                                           done(std::move(*reply->mutable_id()));
                                         });
}

Result<void> Backend::raise(std::string id, std::string event, std::optional<std::string> payload) {
  v1::RaiseRequest request;
  request.set_id(std::move(id));
  request.set_event(std::move(event));
  if (payload) request.set_payload(*std::move(payload));
  return tell(&Stub::Raise, request);
}

Result<void> Backend::terminate(std::string id, std::string reason, bool recursive) {
  v1::TerminateRequest request;
  request.set_id(std::move(id));
  request.set_reason(std::move(reason));
  request.set_recursive(recursive);
  return tell(&Stub::Terminate, request);
}

Result<void> Backend::suspend(std::string id, std::string reason) {
  return tell(&Stub::Suspend, reason_request(std::move(id), std::move(reason)));
}

Result<void> Backend::resume(std::string id, std::string reason) {
  return tell(&Stub::Resume, reason_request(std::move(id), std::move(reason)));
}

Result<void> Backend::rewind(std::string id, std::string reason) {
  return tell(&Stub::Rewind, reason_request(std::move(id), std::move(reason)));
}

Result<void> Backend::restart(std::string id) {
  return tell(&Stub::Restart, instance_request(std::move(id)));
}

Result<void> Backend::purge(std::string id) {
  return tell(&Stub::Purge, instance_request(std::move(id)));
}

Result<std::uint64_t> Backend::purge(const Filter& filter) {
  auto reply = ask(&Stub::PurgeWhere, to_wire(filter), kBulkPatience);
  if (!reply) return reply.error();
  return reply->purged();
}

Result<Instance> Backend::get(std::string id, bool with_input) {
  v1::GetRequest request;
  request.set_id(std::move(id));
  request.set_with_input(with_input);
  auto reply = ask(&Stub::Get, request, kCommitPatience);
  if (!reply) return reply.error();
  return instance_from(*reply, way_.hub);
}

Result<Instance> Backend::wait(std::string id, bool until_ended,
                               std::chrono::microseconds timeout) {
  v1::WaitRequest request;
  request.set_id(std::move(id));
  request.set_until_started(!until_ended);
  const auto deadline = runtime::Condition::deadline_after({timeout.count()});
  base::Duration pause_span = kWaitPauseFirst;
  for (int failures = 0;;) {
    const base::Duration left = runtime::Condition::until(deadline);
    auto reply = ask(&Stub::Wait, request, std::min(left, kWaitAtOnce));
    if (reply) return instance_from(*reply, way_.hub);
    const bool is_over = runtime::Condition::until(deadline).us <= 0;
    if (reply.error().code() == ErrorCode::kDeadlineExceeded && !is_over) {
      failures = 0;
      pause_span = kWaitPauseFirst;
      continue;
    }
    if (reply.error().code() != ErrorCode::kUnavailable || is_over ||
        ++failures == kWaitFailuresMax) {
      return reply.error();
    }
    pause(std::min(pause_span, runtime::Condition::until(deadline)));
    pause_span = std::min(base::Duration{2 * pause_span.us}, kWaitPauseMax);
  }
}

/// A wait that no thread waits for. Kept alive by the call that is under way.
class Backend::Awaited final : public std::enable_shared_from_this<Backend::Awaited> {
 public:
  Awaited(Way way, std::shared_ptr<Stub> stub, std::string id, Done<Instance> done)
      : way_(std::move(way)), stub_(std::move(stub)), done_(std::move(done)) {
    request_.set_id(std::move(id));
  }

  void ask() {
    auto context = std::make_shared<::grpc::ClientContext>();
    way_.begin(*context);
    set_deadline(*context, kWaitAtOnce);
    // No thread could pause: the call itself waits for a server that is away.
    context->set_wait_for_ready(true);
    ::grpc::ClientContext* const call = context.get();
    stub_->async()->Wait(call, &request_, &reply_,
                         [self = shared_from_this(), context = std::move(context)](
                             const ::grpc::Status& status) { self->take(status); });
  }

 private:
  void take(const ::grpc::Status& status) {
    if (status.ok()) return done_(instance_from(reply_, way_.hub));
    const Error error = to_public(transport::to_error(status));
    const bool was_long = error.code() == ErrorCode::kDeadlineExceeded;
    const bool is_there = way_.channel->GetState(false) == GRPC_CHANNEL_READY;
    if (was_long && is_there) {
      failures_ = 0;
    } else if ((!was_long && error.code() != ErrorCode::kUnavailable) ||
               ++failures_ == kWaitFailuresMax) {
      return done_(error);
    }
    ask();
  }

  const Way way_;
  const std::shared_ptr<Stub> stub_;
  const Done<Instance> done_;
  v1::WaitRequest request_;
  v1::Instance reply_;
  int failures_ = 0;
};

void Backend::wait(std::string id, Done<Instance> done) {
  v1::ClientCall call;
  call.mutable_wait()->set_id(id);
  Talk::Then then = [way = way_, stub = stub_, id, done](base::Result<v1::ClientAnswer> answer) {
    auto said = said_in(std::move(answer));
    if (said) return done(instance_from(*said->mutable_instance(), way.hub));
    const ErrorCode code = said.error().code();
    // The stream is lost, or its server stops: the wait goes on by itself.
    if (code == ErrorCode::kUnavailable || code == ErrorCode::kDeadlineExceeded) {
      return std::make_shared<Awaited>(way, stub, id, done)->ask();
    }
    done(said.error());
  };
  if (ask_together(call, Talk::Patience::kForEver, then)) return;
  std::make_shared<Awaited>(way_, stub_, std::move(id), std::move(done))->ask();
}

Result<v1::HistoryPiece> Backend::piece(const std::string& id, std::uint64_t from) {
  v1::HistoryRange request;
  request.set_id(id);
  request.set_from(from);
  return ask(&Stub::History, request, kCommitPatience);
}

Result<std::vector<HistoryEvent>> Backend::history(std::string id, std::uint64_t from,
                                                   std::size_t events_max) {
  std::vector<HistoryEvent> events;
  std::optional<std::uint64_t> next = from;
  while (next && events.size() < events_max) {
    auto found = piece(id, *next);
    if (!found) return found.error();
    auto read = worker_wire::events_from("the history", found->events());
    if (!read) return to_public(read.error());
    for (const model::Event& event : *read) {
      if (events.size() == events_max) break;
      events.push_back(to_public(from + events.size(), event));
    }
    next = found->has_next() ? std::optional(found->next()) : std::nullopt;
  }
  return events;
}

Result<History> Backend::record(std::string id) {
  internal::HistoryData data{.key = {way_.hub, id}, .execution = {}, .events = {}};
  std::optional<std::uint64_t> next = 0;
  while (next) {
    auto found = piece(id, *next);
    if (!found) return found.error();
    auto read = worker_wire::events_from("the history", found->events());
    if (!read) return to_public(read.error());
    const model::Execution execution{found->execution()};
    if (*next > 0 && execution != data.execution) {
      return Error(ErrorCode::kUnavailable, "the history was replaced meanwhile; try again");
    }
    data.execution = execution;
    std::ranges::move(*read, std::back_inserter(data.events));
    next = found->has_next() ? std::optional(found->next()) : std::nullopt;
  }
  return internal::make_history(std::move(data));
}

// ---- many instances -----------------------------------------------------------------------------

Result<Page> Backend::list(const Filter& filter, std::size_t page_size,
                           std::string_view continuation) {
  v1::ListRequest request;
  *request.mutable_filter() = to_wire(filter);
  request.set_page_size(page_size_of(page_size));
  request.set_continuation(std::string(continuation));
  auto reply = ask(&Stub::List, request, kCommitPatience);
  if (!reply) return reply.error();
  Page page;
  page.next = std::move(*reply->mutable_continuation());
  for (v1::Instance& one : *reply->mutable_instances()) {
    auto instance = instance_from(one, way_.hub);
    if (!instance) return instance.error();
    page.instances.push_back(*std::move(instance));
  }
  return page;
}

Result<std::optional<ScrubbedFile>> Backend::scrub(std::string_view) {
  return Error(ErrorCode::kUnimplemented, "a server verifies its store by itself, all the time");
}

// ---- entities -----------------------------------------------------------------------------------

Result<Payload> Backend::call(const EntityId& entity, std::string operation, Payload input) {
  const auto reply =
      ask(&Stub::Call, to_wire(entity, operation, std::move(input)), kCommitPatience);
  if (!reply) return reply.error();
  return outcome_from(entity, operation, *reply);
}

void Backend::call(const EntityId& entity, std::string operation, Payload input,
                   Done<Payload> done) {
  v1::ClientCall call;
  *call.mutable_operation() = to_wire(entity, operation, std::move(input));
  Talk::Then then = [entity, operation, done](base::Result<v1::ClientAnswer> answer) {
    const auto said = said_in(std::move(answer));
    if (!said) return done(said.error());
    done(outcome_from(entity, operation, said->operation()));
  };
  if (ask_together(call, Talk::Patience::kCommit, then)) return;
  send<v1::OperationRequest, v1::OperationReply>(
      &Stub::async::Call, std::move(*call.mutable_operation()),
      [entity, operation = std::move(operation),
       done = std::move(done)](Result<v1::OperationReply> reply) {
        if (!reply) return done(reply.error());
        done(outcome_from(entity, operation, *reply));
      });
}

Result<void> Backend::signal(const EntityId& entity, std::string operation, Payload input,
                             std::optional<TimePoint> due) {
  v1::OperationRequest request = to_wire(entity, std::move(operation), std::move(input));
  if (due) request.set_due_us(to_model(*due).us);
  return tell(&Stub::Signal, request);
}

Result<EntityInfo> Backend::get(const EntityId& entity) {
  auto reply = ask(&Stub::GetEntity, instance_request(std::string(entity.text())), kCommitPatience);
  if (!reply) return reply.error();
  return info_from(entity, worker_wire::entity_from(*reply, way_.hub));
}

Result<EntityPage> Backend::entities(std::string_view name, std::size_t page_size,
                                     std::string_view continuation) {
  v1::EntityListRequest request;
  request.set_name(std::string(name));
  request.set_page_size(page_size_of(page_size));
  request.set_continuation(std::string(continuation));
  auto reply = ask(&Stub::ListEntities, request, kCommitPatience);
  if (!reply) return reply.error();
  EntityPage page;
  page.next = std::move(*reply->mutable_continuation());
  for (v1::Entity& one : *reply->mutable_entities()) {
    const auto id = EntityId::parse(one.id());
    if (id) page.entities.push_back(info_from(*id, worker_wire::entity_from(one, way_.hub)));
  }
  return page;
}

}  // namespace perdure::remote
