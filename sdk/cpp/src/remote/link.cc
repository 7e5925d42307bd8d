// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The life of the connection, and what comes in. What the worker calls is in link_port.cc.
#include "remote/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "runtime/entropy.h"
#include "transport/grpc/status.h"
#include "transport/worker/wire/events.h"
#include "transport/worker/wire/wire.h"

namespace perdure::remote {
namespace {

constexpr base::Duration kPauseFirst = base::milliseconds(50);
constexpr base::Duration kPauseMax = base::seconds(5);
/// How long the end of a stream may take before it is cut.
constexpr base::Duration kEndPatience = base::seconds(5);

/// Trying again will not help.
bool is_final(base::ErrorCode code) {
  return code == base::ErrorCode::kUnauthenticated || code == base::ErrorCode::kPermissionDenied ||
         code == base::ErrorCode::kInvalidArgument || code == base::ErrorCode::kUnimplemented;
}

template <class Functions>
void put_names(const Functions& functions, v1::Names& out) {
  for (const auto& [name, function] : functions) out.add_names(name);
}

}  // namespace

Link::Link(Way way, LinkSettings settings)
    : way_(std::move(way)),
      settings_(std::move(settings)),
      stub_(v1::Workers::NewStub(way_.channel)),
      jitter_(std::hash<std::string>{}(runtime::random_id())),
      pause_(kPauseFirst) {}

Link::~Link() { close(); }

base::Result<> Link::open(worker::Worker& worker, const Registry& functions, base::Duration span) {
  worker_ = &worker;
  hello_.set_protocol(worker_wire::kProtocol);
  hello_.set_identity(settings_.identity);
  put_names(functions.orchestrations(), *hello_.mutable_orchestrations());
  put_names(functions.activities(), *hello_.mutable_activities());
  put_names(functions.entities(), *hello_.mutable_entities());
  writer_ = runtime::Thread("link-out", [this] { write(); });
  reader_ = runtime::Thread("link-in", [this] { run(); });
  runtime::Lock lock(mutex_);
  changed_.wait_for(lock, span,
                    [this] { return welcomed_ || (failure_ && is_final(failure_->code)); });
  if (welcomed_) return {};
  base::Error why =
      failure_.value_or(base::Error{base::ErrorCode::kUnavailable, "it does not answer"});
  why.message = fmt::format("no work from '{}': {}", settings_.address, why.message);
  lock.unlock();
  close();
  return std::unexpected(std::move(why));
}

void Link::stop_taking() {
  {
    const runtime::Lock lock(mutex_);
    taking_ = false;
    for (auto* queue : {&turns_, &activities_}) {
      for (const model::WorkItem& item : *queue) {
        const auto token =
            std::visit([](const auto& one) -> model::WorkToken { return one.token; }, item);
        if (auto bytes = settle(token)) outgoing().add_given_back(*std::move(bytes));
      }
      queue->clear();
    }
  }
  turns_there_.notify_all();
  activities_there_.notify_all();
  flush();
}

bool Link::wait_until_answered(base::Duration span) {
  runtime::Lock lock(mutex_);
  return changed_.wait_for(lock, span, [this] { return held_.empty(); });
}

void Link::close() {
  stop_taking();
  {
    runtime::Lock lock(mutex_);
    closing_ = true;
    to_write_.notify_one();
    changed_.notify_all();
    if (writer_.running() &&
        changed_.wait_for(lock, kEndPatience, [this] { return writer_ended_; })) {
      changed_.wait_for(lock, kEndPatience, [this] { return stream_ == nullptr; });
    }
    if (current_) current_->context.TryCancel();
  }
  writer_.join();
  reader_.join();
}

bool Link::connected() const {
  const runtime::Lock lock(mutex_);
  return welcomed_;
}

// ---- the thread that reads ----------------------------------------------------------------------

void Link::run() {
  for (;;) {
    const base::Error why = run_once();
    {
      const runtime::Lock lock(mutex_);
      if (closing_) return;
    }
    note_failure(why);
    runtime::Lock lock(mutex_);
    if (changed_.wait_for(lock, next_pause(), [this] { return closing_; })) return;
  }
}

base::Error Link::run_once() {
  const auto stream = std::make_shared<Stream>();
  way_.begin(stream->context);
  {
    const runtime::Lock lock(mutex_);
    if (closing_) return {base::ErrorCode::kUnavailable, "the host is stopped"};
    current_ = stream;
  }
  stream->calls = stub_->Work(&stream->context);
  v1::WorkerMessage first;
  *first.mutable_hello() = hello_;
  first.mutable_credit()->set_turns(settings_.turns_max);
  first.mutable_credit()->set_activities(settings_.activities_max + settings_.activities_ahead);
  if (stream->calls->Write(first)) {
    {
      const runtime::Lock lock(mutex_);
      if (!closing_) stream_ = stream;
    }
    v1::ServerMessage message;
    while (stream->calls->Read(&message)) take(message);
    lost();
  }
  base::Error why = end(*stream);
  const runtime::Lock lock(mutex_);
  current_ = nullptr;
  return why;
}

/// Everything that was not answered is the server's again.
void Link::lost() {
  {
    runtime::Lock lock(mutex_);
    stream_ = nullptr;
    welcomed_ = false;
    turns_.clear();
    activities_.clear();
    held_.clear();
    by_token_.clear();
    outgoing_.clear();
    outgoing_bytes_ = 0;
    withheld_ = 0;  // the next stream begins with all of it
    for (const auto& [request, waits] : pages_) {
      waits->page = base::fail(base::ErrorCode::kUnavailable, "the connection is lost");
    }
    pages_.clear();
  }
  pages_there_.notify_all();
  changed_.notify_all();
  worker_->forget_held();
  worker_->cancel_all();
}

base::Error Link::end(Stream& stream) {
  {
    // Nobody may write while the stream is finished.
    runtime::Lock lock(mutex_);
    if (!changed_.wait_for(lock, kEndPatience, [this] { return !writing_; })) {
      stream.context.TryCancel();
      changed_.wait(lock, [this] { return !writing_; });
    }
  }
  const ::grpc::Status status = stream.calls->Finish();
  if (status.ok()) return {base::ErrorCode::kUnavailable, "the server has ended the stream"};
  return transport::to_error(status);
}

void Link::note_failure(const base::Error& error) {
  bool was_told = false;
  {
    const runtime::Lock lock(mutex_);
    was_told = failure_.has_value();
    failure_ = error;
  }
  changed_.notify_all();
  if (!was_told && connections() > 0) {
    report(fmt::format("the connection to '{}' is lost ({}); trying to connect again",
                       settings_.address, error.message));
  }
}

void Link::report(std::string_view line) const {
  if (settings_.on_connection) settings_.on_connection(line);
}

base::Duration Link::next_pause() {
  const base::Duration most = pause_;
  pause_ = std::min(base::Duration{2 * pause_.us}, kPauseMax);
  // Many workers that lost the same server do not come back at the same moment.
  const std::int64_t half = most.us / 2;
  return {half + static_cast<std::int64_t>(jitter_.below(static_cast<std::uint64_t>(half) + 1))};
}

// ---- what comes in ------------------------------------------------------------------------------

void Link::take(v1::ServerMessage& message) {
  if (message.has_welcome()) {
    bool was_lost = false;
    {
      const runtime::Lock lock(mutex_);
      welcomed_ = true;
      message_bytes_max_ = message.welcome().message_bytes_max();
      was_lost = std::exchange(failure_, std::nullopt).has_value() && connections() > 0;
    }
    pause_ = kPauseFirst;
    connections_.fetch_add(1);
    changed_.notify_all();
    if (was_lost) report(fmt::format("connected to '{}' again", settings_.address));
  }
  for (const v1::Withdrawn& one : message.withdrawn()) take_withdrawn(one);
  for (v1::Turn& one : *message.mutable_turns()) take_turn(one);
  for (v1::Activity& one : *message.mutable_activities()) take_activity(one);
  for (v1::HistoryPage& one : *message.mutable_history()) take_page(one);
  // Several threads may have something to do.
  if (message.turns_size() > 0) turns_there_.notify_all();
  if (message.activities_size() > 0) activities_there_.notify_all();
  // The one that writes looks whether activities are begun, and sends back what comes too late.
  if (message.turns_size() + message.activities_size() > 0) to_write_.notify_one();
  if (message.history_size() > 0) pages_there_.notify_all();
}

void Link::take_withdrawn(const v1::Withdrawn& withdrawn) {
  // Also of a turn that was answered: the answer was not taken.
  worker_->forget(model::InstanceKey{way_.hub, withdrawn.instance()});
  std::optional<model::WorkToken> token;
  {
    const runtime::Lock lock(mutex_);
    const auto found = by_token_.find(withdrawn.token());
    if (found == by_token_.end()) return;
    token = found->second;
    const auto is_it = [&](const model::WorkItem& item) {
      return std::visit([&](const auto& one) { return model::WorkToken(one.token) == *token; },
                        item);
    };
    std::erase_if(turns_, is_it);
    std::erase_if(activities_, is_it);
    (void)settle(*token);
  }
  worker_->on_withdrawn(*token);
  flush();
}

template <class Item>
void Link::hold(std::string token, Item item) {
  if (!taking_) {  // it was on its way
    outgoing().add_given_back(std::move(token));
    flush_due_ = true;
    return;
  }
  by_token_.insert_or_assign(token, item.token);
  held_.insert_or_assign(item.token, std::move(token));
  (std::is_same_v<Item, model::TurnItem> ? turns_ : activities_).emplace_back(std::move(item));
}

void Link::take_turn(v1::Turn& wire) {
  std::string token = std::move(*wire.mutable_token());
  auto item = worker_wire::item_from(wire, way_.hub);
  const runtime::Lock lock(mutex_);
  items_.fetch_add(1, std::memory_order_relaxed);
  if (!item) {
    auto& answer = *outgoing().add_turns();
    answer.set_token(std::move(token));
    answer.set_refused(fmt::format("the worker can not read the turn, the server may be newer: {}",
                                   item.error().message));
    outgoing().mutable_credit()->set_turns(outgoing().credit().turns() + 1);
    return;
  }
  hold(std::move(token), *std::move(item));
}

void Link::take_activity(v1::Activity& wire) {
  std::string token = std::move(*wire.mutable_token());
  auto item = worker_wire::item_from(wire, way_.hub);
  const runtime::Lock lock(mutex_);
  items_.fetch_add(1, std::memory_order_relaxed);
  hold(std::move(token), *std::move(item));
}

void Link::take_page(v1::HistoryPage& wire) {
  auto page = wire.has_problem() ? base::Result<std::vector<model::Event>>(
                                       std::unexpected(worker_wire::error_from(wire.problem())))
                                 : worker_wire::events_from("a page of the history", wire.events());
  const runtime::Lock lock(mutex_);
  const auto waits = pages_.find(wire.request());
  if (waits == pages_.end()) return;
  waits->second->page = std::move(page);
  pages_.erase(waits);
}

}  // namespace perdure::remote
