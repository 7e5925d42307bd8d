// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the worker's threads call, and the thread that writes what they answer.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/event.h"
#include "remote/link.h"
#include "transport/worker/wire/wire.h"

namespace perdure::remote {
namespace {

/// A message with so much in it is closed; the next answer begins another.
constexpr std::size_t kMessageBytes = std::size_t{256} << 10;
/// What a message has beside its largest answer, and an answer beside its result.
constexpr std::size_t kMessageMarginBytes = std::size_t{64} << 10;

/// Activities that wait here while none is begun are given back after this, and twice this at most.
constexpr base::Duration kStandstill = base::milliseconds(20);

model::Failure too_large(std::size_t bytes, std::size_t bytes_max) {
  return {
      .type = model::kFailureLimit,
      .message = fmt::format("the result is {} bytes; the server takes at most {}; pass data by "
                             "reference, or raise the server's limit of messages",
                             bytes, bytes_max),
      .retriable = false};
}

}  // namespace

// ---- taking -------------------------------------------------------------------------------------

std::vector<model::WorkItem> Link::pull(worker::Kind kind, std::size_t count_max,
                                        base::Duration span) {
  const bool is_turns = kind == worker::Kind::kTurns;
  auto& queue = is_turns ? turns_ : activities_;
  auto& there = is_turns ? turns_there_ : activities_there_;
  std::vector<model::WorkItem> items;
  runtime::Lock lock(mutex_);
  there.wait_for(lock, span, [&] { return !queue.empty() || !taking_; });
  const std::size_t count = std::min(queue.size(), count_max);
  items.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    items.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  if (!is_turns && count > 0) {
    begun_since_look_ = true;
    running_ += count;
  }
  return items;
}

// ---- answering ----------------------------------------------------------------------------------

v1::WorkerMessage& Link::outgoing() {
  if (outgoing_.empty() || outgoing_bytes_ >= kMessageBytes) {
    outgoing_.emplace_back();
    outgoing_bytes_ = 0;
  }
  return outgoing_.back();
}

std::optional<std::string> Link::settle(const model::WorkToken& token) {
  auto held = held_.extract(token);
  if (held.empty()) return std::nullopt;
  by_token_.erase(held.mapped());
  give_credit(token);
  if (held_.empty()) changed_.notify_all();
  return std::move(held.mapped());
}

void Link::give_credit(const model::WorkToken& token) {
  if (!taking_) return;
  v1::Credit& credit = *outgoing().mutable_credit();
  if (std::holds_alternative<model::TurnToken>(token)) {
    credit.set_turns(credit.turns() + 1);
  } else {
    const std::uint32_t more = withheld_ > 0 ? 2 : 1;
    withheld_ -= more - 1;
    credit.set_activities(credit.activities() + more);
  }
}

worker::Taken Link::complete_turn(model::TurnToken token, model::TurnResult result) {
  v1::TurnResult wire;
  worker_wire::to_wire(result, wire);
  std::size_t bytes = wire.ByteSizeLong();
  const runtime::Lock lock(mutex_);
  if (bytes + kMessageMarginBytes > message_bytes_max_) {
    model::TurnResult failed{.actions = {},
                             .outcome = model::Failed{too_large(bytes, message_bytes_max_)},
                             .custom_status = {}};
    wire.Clear();
    worker_wire::to_wire(failed, wire);
    bytes = wire.ByteSizeLong();
  }
  auto at_server = settle(token);
  if (!at_server) return worker::Taken::kNo;
  // Too much together: in a message of its own.
  if (outgoing_bytes_ + bytes + kMessageMarginBytes > message_bytes_max_) {
    outgoing_bytes_ = kMessageBytes;
  }
  v1::TurnAnswer& answer = *outgoing().add_turns();
  answer.set_token(*std::move(at_server));
  answer.mutable_result()->Swap(&wire);
  outgoing_bytes_ += bytes;
  return worker::Taken::kYes;
}

worker::Taken Link::refuse_turn(model::TurnToken token, std::string why) {
  const runtime::Lock lock(mutex_);
  auto at_server = settle(token);
  if (!at_server) return worker::Taken::kNo;
  v1::TurnAnswer& answer = *outgoing().add_turns();
  answer.set_token(*std::move(at_server));
  answer.set_refused(std::move(why));
  outgoing_bytes_ += answer.refused().size();
  return worker::Taken::kYes;
}

worker::Taken Link::complete_activity(model::ActivityToken token,
                                      std::variant<model::Payload, model::Failure> outcome) {
  std::string wire = worker_wire::to_wire(std::move(outcome));
  const runtime::Lock lock(mutex_);
  if (wire.size() + kMessageMarginBytes > message_bytes_max_) {
    wire = worker_wire::to_wire(too_large(wire.size(), message_bytes_max_));
  }
  --running_;
  auto at_server = settle(token);
  if (!at_server) {
    // Its own credit went back when it was withdrawn; a thread is free all the same.
    if (taking_ && withheld_ > 0) {
      --withheld_;
      v1::Credit& credit = *outgoing().mutable_credit();
      credit.set_activities(credit.activities() + 1);
    }
    return worker::Taken::kNo;
  }
  if (outgoing_bytes_ + wire.size() + kMessageMarginBytes > message_bytes_max_) {
    outgoing_bytes_ = kMessageBytes;
  }
  v1::ActivityAnswer& answer = *outgoing().add_activities();
  answer.set_token(*std::move(at_server));
  outgoing_bytes_ += wire.size();
  answer.set_outcome(std::move(wire));
  return worker::Taken::kYes;
}

worker::Taken Link::report_progress(const model::ActivityToken& token, model::Payload progress,
                                    base::Duration next_within) {
  {
    const runtime::Lock lock(mutex_);
    const auto held = held_.find(token);
    if (held == held_.end()) return worker::Taken::kNo;
    v1::ProgressReport& report = *outgoing().add_progress();
    report.set_token(held->second);
    if (progress) {
      outgoing_bytes_ += progress->size();
      report.set_progress(*std::move(progress));
    }
    report.set_next_within_us(next_within.us);
  }
  flush();
  return worker::Taken::kYes;
}

void Link::flush() {
  {
    const runtime::Lock lock(mutex_);
    if (outgoing_.empty() || std::exchange(flush_due_, true)) return;
  }
  to_write_.notify_one();
}

void Link::write() {
  runtime::Lock lock(mutex_);
  auto look = runtime::Condition::deadline_after(kStandstill);
  while (!closing_) {
    const auto is_due = [this] { return flush_due_ || closing_; };
    if (activities_.empty()) {
      to_write_.wait(lock, [&] { return is_due() || !activities_.empty(); });
      begun_since_look_ = true;  // what came just now has had no time
    } else {
      to_write_.wait_until(lock, look, is_due);
    }
    if (runtime::Condition::until(look).us <= 0) {
      const bool begun = std::exchange(begun_since_look_, false);
      if (!begun && running_ >= settings_.activities_max) give_back_waiting();
      look = runtime::Condition::deadline_after(kStandstill);
    }
    write_all(lock);
  }
  write_all(lock);
  if (const std::shared_ptr<Stream> stream = stream_) {
    writing_ = true;
    lock.unlock();
    stream->calls->WritesDone();
    lock.lock();
    writing_ = false;
  }
  writer_ended_ = true;
  changed_.notify_all();
}

void Link::write_all(runtime::Lock& lock) {
  flush_due_ = false;
  const std::shared_ptr<Stream> stream = stream_;
  while (stream && stream == stream_ && !outgoing_.empty()) {
    const v1::WorkerMessage message = std::move(outgoing_.front());
    outgoing_.pop_front();
    if (outgoing_.empty()) outgoing_bytes_ = 0;
    writing_ = true;
    lock.unlock();
    const bool is_sent = stream->calls->Write(message);
    lock.lock();
    writing_ = false;
    if (!is_sent) break;  // the thread that reads learns of it too
  }
  if (stream != stream_ || stream == nullptr) changed_.notify_all();
}

void Link::give_back_waiting() {
  for (const model::WorkItem& item : activities_) {
    auto held = held_.extract(std::get<model::ActivityItem>(item).token);
    if (held.empty()) continue;
    by_token_.erase(held.mapped());
    outgoing().add_given_back(std::move(held.mapped()));
    ++withheld_;
  }
  activities_.clear();
}

// ---- asking -------------------------------------------------------------------------------------

base::Result<std::vector<model::Event>> Link::read_history(const model::TurnToken& token,
                                                           model::EventNumber from) {
  Answered waits;
  {
    const runtime::Lock lock(mutex_);
    const auto held = held_.find(token);
    if (held == held_.end()) {
      return base::fail(base::ErrorCode::kNotFound, "nobody waits for the turn any more");
    }
    const std::uint64_t request = ++last_page_;
    v1::HistoryRequest& wire = *outgoing().add_history();
    wire.set_request(request);
    wire.set_token(held->second);
    wire.set_from(from);
    pages_.emplace(request, &waits);
  }
  flush();
  runtime::Lock lock(mutex_);
  // Every stream that is lost, and every one that is closed, answers who waits.
  pages_there_.wait(lock, [&] { return waits.page.has_value(); });
  return *std::move(waits.page);
}

base::Result<> Link::resolve(model::ActivityItem& /*item*/) { return {}; }  // it came with the item

}  // namespace perdure::remote
