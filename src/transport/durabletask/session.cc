// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The life of a session, and what goes out. What workers answer is in session_answers.cc.
#include "transport/durabletask/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/overloaded.h"
#include "runtime/entropy.h"
#include "transport/durabletask/sessions.h"
#include "transport/durabletask/values.h"

namespace perdure::durabletask {
namespace {

std::size_t leases(std::int32_t asked) {
  if (asked <= 0) return kLeasesDefault;
  return std::min<std::size_t>(static_cast<std::size_t>(asked), kLeasesMax);
}

/// Present and empty: the worker takes nothing of the kind.
template <class Filters>
dispatch::Names names_of(const Filters& filters, std::string_view prefix) {
  dispatch::Names names;
  names.emplace();
  for (const auto& filter : filters) {
    dispatch::Versions& versions = (*names)[std::string(prefix) + filter.name()];
    if constexpr (requires { filter.versions(); }) {
      versions.insert(filter.versions().begin(), filter.versions().end());
    }
  }
  return names;
}

dispatch::WorkerOptions options_of(const ::GetWorkItemsRequest& request, const std::string& hub,
                                   Dialect dialect) {
  dispatch::WorkerOptions options;
  options.hub = hub;
  options.turns_max = leases(request.maxconcurrentorchestrationworkitems());
  options.batches_max = leases(request.maxconcurrententityworkitems());
  options.activities_max = leases(request.maxconcurrentactivityworkitems());
  if (request.has_workitemfilters()) {
    const ::WorkItemFilters& filters = request.workitemfilters();
    options.orchestrations = names_of(filters.orchestrations(), "");
    options.activities = names_of(filters.activities(), "");
    options.entities = names_of(filters.entities(), "@");
  }
  // Java says how many only if it has entities. What is not understood is never answered.
  if (dialect == Dialect::kGo ||
      (dialect == Dialect::kJava && request.maxconcurrententityworkitems() <= 0)) {
    options.batches_max = 0;
    options.entities.emplace();
  }
  return options;
}

/// Leaves out operations of an entity that do not fit: what was not run comes with the next batch.
/// Answers the size.
std::size_t shorten(::WorkItem& wire) {
  std::size_t bytes = wire.ByteSizeLong();
  if (!wire.has_entityrequestv2()) return bytes;
  auto* operations = wire.mutable_entityrequestv2()->mutable_operationrequests();
  while (bytes > kMessageBytesSmall && operations->size() > 1) {
    bytes -= operations->rbegin()->ByteSizeLong();
    operations->RemoveLast();
  }
  return bytes;
}

}  // namespace

Session::Session(Surroundings around, access::Permit permit, WorkerProfile profile)
    : around_(around),
      permit_(std::move(permit)),
      profile_(std::move(profile)),
      id_(runtime::random_id()),
      thread_(around.pump.choose()) {}

// ---- life ---------------------------------------------------------------------------------------

void Session::begin(const ::GetWorkItemsRequest& request) {
  self_ = shared_from_this();
  if (const auto added = around_.sessions.add(self_); !added) {
    return end({::grpc::StatusCode::RESOURCE_EXHAUSTED, added.error().message});
  }
  dispatch::WorkerOptions options = options_of(request, hub(), profile_.dialect);
  options.wakeup = [this] { schedule(); };
  const dispatch::WorkerId worker = around_.engine.dispatcher().attach(std::move(options));
  bool ended = false;
  {
    const runtime::Lock lock(mutex_);
    ended = closing_.has_value();
    if (!ended) worker_ = worker;
    last_write_ = around_.engine.clock().monotonic();
  }
  if (ended) return around_.engine.dispatcher().detach(worker);
  schedule();
}

void Session::end(::grpc::Status status) {
  std::optional<dispatch::WorkerId> worker;
  bool can_finish = false;
  {
    const runtime::Lock lock(mutex_);
    if (closing_) return;
    closing_ = status;
    worker = std::exchange(worker_, std::nullopt);
    held_.clear();
    turns_.clear();
    activities_.clear();
    can_finish = !writing_;
  }
  if (worker) around_.engine.dispatcher().detach(*worker);
  if (can_finish) Finish(std::move(status));  // else OnWriteDone does
}

void Session::OnCancel() { end(::grpc::Status::CANCELLED); }

void Session::OnDone() {
  around_.sessions.remove(*this);
  // A job of the pump may still have the session; nothing of gRPC does.
  const std::shared_ptr<Session> last = std::move(self_);
}

std::optional<dispatch::WorkerId> Session::worker() const {
  const runtime::Lock lock(mutex_);
  return worker_;
}

void Session::schedule() {
  if (scheduled_.exchange(true, std::memory_order_acq_rel)) return;
  around_.pump.post(thread_, [self = shared_from_this()] {
    self->scheduled_.store(false, std::memory_order_release);
    self->advance();
  });
}

void Session::tick(base::Timestamp now) {
  std::vector<model::WorkToken> due;
  std::optional<dispatch::WorkerId> worker;
  bool ping = false;
  {
    const runtime::Lock lock(mutex_);
    if (closing_ || !worker_) return;
    worker = worker_;
    for (auto at = held_.begin(); at != held_.end();) {
      const Held& held = at->second;
      if (!held.returned_at || *held.returned_at > now) {
        ++at;
        continue;
      }
      drop_names(at->first, held.work);
      due.push_back(held.work);
      at = held_.erase(at);
    }
    ping = queue_.empty() && last_write_ + kPingAfter <= now;
    if (ping) {
      ::WorkItem item;
      item.mutable_healthping();
      queue_.push_back(std::move(item));
    }
  }
  for (model::WorkToken& token : due) {
    around_.engine.dispatcher().give_back(*worker, std::move(token),
                                          dispatch::Dispatcher::Begun::kNo);
  }
  if (ping) schedule();
}

// ---- what goes out ------------------------------------------------------------------------------

void Session::advance() {
  for (;;) {
    std::optional<dispatch::WorkerId> worker;
    std::size_t room = 0;
    {
      const runtime::Lock lock(mutex_);
      if (closing_) return;
      worker = worker_;
      room = kQueuedMax - std::min(kQueuedMax, queue_.size());
    }
    if (!worker || room == 0) break;
    std::vector<model::WorkItem> items =
        around_.engine.dispatcher().try_pull(*worker, dispatch::Kinds::kBoth, room);
    if (items.empty()) break;
    for (model::WorkItem& item : items) {
      Held held;
      std::optional<::WorkItem> wire = to_wire(std::move(item), held);
      if (!wire) continue;
      const runtime::Lock lock(mutex_);
      if (closing_) return;  // with the detach, the leases went back
      std::string token = fmt::format("{}-{}", id_, ++last_token_);
      std::visit(base::Overloaded{
                     [&](const model::TurnToken& turn) { turns_[turn.key.id] = token; },
                     [&](const model::ActivityToken& activity) {
                       activities_[activity_name(activity.key.id, activity.task.value)] = token;
                     }},
                 held.work);
      wire->set_completiontoken(token);
      held_.emplace(std::move(token), std::move(held));
      queue_.push_back(*std::move(wire));
    }
    write_next();
  }
  write_next();
}

void Session::write_next() {
  const ::WorkItem* next = nullptr;
  {
    const runtime::Lock lock(mutex_);
    if (closing_ || writing_ || queue_.empty()) return;
    writing_ = true;
    last_write_ = around_.engine.clock().monotonic();
    next = &queue_.front();  // stays where it is until it was written
  }
  StartWrite(next);
}

void Session::OnWriteDone(bool ok) {
  std::optional<::grpc::Status> finish;
  {
    const runtime::Lock lock(mutex_);
    writing_ = false;
    queue_.pop_front();
    finish = closing_;
  }
  if (finish) return Finish(*std::move(finish));
  if (!ok) return end({::grpc::StatusCode::UNAVAILABLE, "the stream is broken"});
  write_next();
  schedule();
}

std::optional<::WorkItem> Session::to_wire(model::WorkItem item, Held& held) {
  if (auto* turn = std::get_if<model::TurnItem>(&item)) {
    held.work = turn->token;
    return turn_to_wire(std::move(*turn), held);
  }
  auto& activity = std::get<model::ActivityItem>(item);
  held.work = activity.token;
  return activity_to_wire(std::move(activity));
}

base::Result<> Session::add_past(const model::TurnToken& token, HistoryTranslator& history,
                                 ::OrchestratorRequest* request) {
  model::EventNumber next = 0;
  while (next < token.past_events) {
    PERDURE_ASSIGN_OR_RETURN(engine::HistoryPage page, around_.engine.read_history(token, next));
    if (page.events.empty()) {
      return base::fail(base::ErrorCode::kNotFound, "the history was replaced meanwhile");
    }
    for (const model::Event& event : page.events) {
      history.add(event, request->mutable_pastevents());
    }
    next += page.events.size();
  }
  return {};
}

std::optional<::WorkItem> Session::turn_to_wire(model::TurnItem item, Held& held) {
  ::WorkItem wire;
  const model::TurnToken token = item.token;
  const auto refuse = [&](std::string why) -> std::optional<::WorkItem> {
    if (const auto id = worker()) {
      around_.engine.dispatcher().refuse_turn(*id, token, std::move(why));
    }
    return std::nullopt;
  };
  if (model::is_entity_id(token.key.id)) {
    fill(std::move(item), wire.mutable_entityrequestv2());
  } else {
    ::OrchestratorRequest* request = wire.mutable_orchestratorrequest();
    request->set_instanceid(token.key.id);
    request->mutable_executionid()->set_value(execution_text(token.key, token.execution));
    HistoryTranslator history(token.key, token.execution, profile_.dialect, Reader::kWorker);
    if (auto past = add_past(token, history, request); !past) {
      return refuse(std::move(past.error().message));
    }
    for (const model::Event& event : item.new_events) {
      history.add(event, request->mutable_newevents());
    }
    held.earlier = {.sections = history.sections(), .sent = history.sent()};
    request->mutable_entityparameters()->mutable_entitymessagereorderwindow();
    set_worker_trace(item.worker_trace, request);
    if (profile_.streams_history && request->ByteSizeLong() > kStreamedHistoryBytes) {
      request->clear_pastevents();
      request->set_requireshistorystreaming(true);
    }
  }
  if (profile_.takes_large_messages) return wire;
  const std::size_t bytes = shorten(wire);
  if (bytes <= kMessageBytesSmall) return wire;
  fail_turn(token, fmt::format("this turn, with its history, is {} bytes; the worker's SDK ({}) "
                               "takes {}; use continue-as-new, or smaller payloads",
                               bytes, profile_.agent, kMessageBytesSmall));
  return std::nullopt;
}

void Session::fail_turn(const model::TurnToken& token, std::string why) {
  const auto id = worker();
  if (!id) return;
  // Not refused: that would leave it waiting, and nobody who speaks this protocol would see why. A
  // rewind goes on from here, for a worker that takes more.
  model::TurnResult result;
  result.outcome =
      model::Failed{{.type = model::kFailureLimit, .message = std::move(why), .retriable = false}};
  around_.engine.dispatcher().complete_turn(*id, token, std::move(result));
}

std::optional<::WorkItem> Session::activity_to_wire(model::ActivityItem item) {
  // What can not be found has nobody who waits for it.
  if (!around_.engine.resolve(item)) {
    if (const auto id = worker()) around_.engine.dispatcher().give_back(*id, item.token);
    return std::nullopt;
  }
  ::WorkItem wire;
  fill(std::move(item), wire.mutable_activityrequest());
  return wire;
}

}  // namespace perdure::durabletask
