// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The life of a session, and what comes in. What goes out is in session_out.cc.
#include "transport/worker/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "transport/grpc/status.h"
#include "transport/worker/token.h"
#include "transport/worker/wire/wire.h"

namespace perdure::worker_service {
namespace {

using base::ErrorCode;
using base::Result;

std::unexpected<base::Error> wrong(std::string message) {
  return base::fail(ErrorCode::kInvalidArgument, std::move(message));
}

dispatch::Names names_from(const v1::Names& wire, std::string_view prefix = {}) {
  dispatch::Names names;
  names.emplace();
  for (const std::string& name : wire.names()) names->try_emplace(std::string(prefix) + name);
  return names;
}

}  // namespace

// ---- life ---------------------------------------------------------------------------------------

Session::Session(const SessionSurroundings& surroundings, access::Permit permit, std::string peer)
    : engine_(surroundings.engine),
      pump_(surroundings.pump),
      message_bytes_max_(surroundings.message_bytes_max),
      permit_(std::move(permit)),
      peer_(std::move(peer)),
      thread_(pump_.choose()) {}

void Session::begin() {
  self_ = shared_from_this();
  StartRead(&incoming_);
}

void Session::drain() {
  {
    const runtime::Lock lock(mutex_);
    if (draining_) return;
    draining_ = drain_due_ = true;
  }
  schedule();
}

std::optional<WorkerInfo> Session::info() const {
  const runtime::Lock lock(mutex_);
  if (!worker_) return std::nullopt;
  return WorkerInfo{.hub = permit_.hub(), .identity = identity_, .peer = peer_};
}

void Session::close(::grpc::Status status) {
  std::optional<dispatch::WorkerId> worker;
  bool can_finish = false;
  {
    const runtime::Lock lock(mutex_);
    if (closing_) return;
    closing_ = status;
    worker = std::exchange(worker_, std::nullopt);
    can_finish = !writing_;
  }
  if (worker) engine_.dispatcher().detach(*worker);
  if (can_finish) Finish(std::move(status));  // else OnWriteDone does
}

void Session::OnReadDone(bool ok) {
  if (!ok) return close(::grpc::Status::OK);
  if (const auto taken = take(incoming_); !taken) {
    return close(transport::to_status(taken.error()));
  }
  {
    const runtime::Lock lock(mutex_);
    if (closing_) return;
  }
  StartRead(&incoming_);
}

void Session::OnWriteDone(bool ok) {
  std::optional<::grpc::Status> finish;
  {
    const runtime::Lock lock(mutex_);
    writing_ = false;
    finish = closing_;
  }
  if (finish) return Finish(*std::move(finish));
  if (!ok) return close({::grpc::StatusCode::UNAVAILABLE, "the stream is broken"});
  schedule();
}

void Session::OnCancel() { close(::grpc::Status::CANCELLED); }

void Session::OnDone() {
  // A job of the pump may still have the session; nothing of gRPC does.
  const std::shared_ptr<Session> last = std::move(self_);
}

void Session::schedule() {
  if (scheduled_.exchange(true, std::memory_order_acq_rel)) return;
  pump_.post(thread_, [self = shared_from_this()] {
    self->scheduled_.store(false, std::memory_order_release);
    self->advance();
  });
}

// ---- what comes in ------------------------------------------------------------------------------

Result<> Session::take(v1::WorkerMessage& message) {
  std::optional<dispatch::WorkerId> worker;
  bool greeted = false;
  {
    const runtime::Lock lock(mutex_);
    greeted = std::exchange(greeted_, true);
    worker = worker_;
  }
  if (greeted == message.has_hello()) {
    return wrong("a worker introduces itself in its first message, and only there");
  }
  if (greeted) {
    if (!worker) return {};  // closing
    PERDURE_RETURN_IF_ERROR(take_answers(*worker, message));
  } else {
    PERDURE_RETURN_IF_ERROR(greet(*message.mutable_hello()));
  }
  PERDURE_RETURN_IF_ERROR(take_history_requests(message));
  PERDURE_RETURN_IF_ERROR(take_credit(message));
  if (!greeted || message.has_credit() || message.history_size() > 0) schedule();
  return {};
}

Result<> Session::greet(v1::Hello& hello) {
  if (hello.protocol() != worker_wire::kProtocol) {
    return base::fail(ErrorCode::kUnimplemented,
                      fmt::format("the worker speaks protocol {}, this server speaks {}; use "
                                  "versions that belong together",
                                  hello.protocol(), worker_wire::kProtocol));
  }
  dispatch::WorkerOptions options;
  options.hub = permit_.hub();
  options.turns_max = kLeasesMax;
  options.activities_max = kLeasesMax;
  if (hello.has_orchestrations()) options.orchestrations = names_from(hello.orchestrations());
  if (hello.has_entities()) options.entities = names_from(hello.entities(), "@");
  if (hello.has_activities()) options.activities = names_from(hello.activities());
  // The session is there as long as it is attached: `close` detaches, and no stream ends without.
  options.wakeup = [this] { schedule(); };
  options.withdrawn = [this](const model::WorkToken& token) { (void)note_withdrawn(token); };
  const dispatch::WorkerId worker = engine_.dispatcher().attach(std::move(options));
  {
    const runtime::Lock lock(mutex_);
    if (!closing_) {
      worker_ = worker;
      identity_ = std::move(*hello.mutable_identity());
      welcome_due_ = true;
      return {};
    }
  }
  engine_.dispatcher().detach(worker);
  return {};
}

bool Session::is_of_this_hub(const model::WorkToken& token) const {
  return std::visit([this](const auto& one) { return one.key.hub == permit_.hub(); }, token);
}

Result<> Session::take_answers(dispatch::WorkerId worker, v1::WorkerMessage& message) {
  for (v1::TurnAnswer& answer : *message.mutable_turns()) {
    PERDURE_RETURN_IF_ERROR(take_turn(worker, answer));
  }
  for (v1::ActivityAnswer& answer : *message.mutable_activities()) {
    PERDURE_RETURN_IF_ERROR(take_activity(worker, answer));
  }
  for (v1::ProgressReport& report : *message.mutable_progress()) {
    PERDURE_RETURN_IF_ERROR(take_progress(worker, report));
  }
  for (const std::string& bytes : message.given_back()) {
    PERDURE_ASSIGN_OR_RETURN(model::WorkToken token, decode_token(bytes));
    if (is_of_this_hub(token)) {
      engine_.dispatcher().give_back(worker, std::move(token), dispatch::Dispatcher::Begun::kNo);
    }
  }
  return {};
}

Result<> Session::take_turn(dispatch::WorkerId worker, v1::TurnAnswer& answer) {
  PERDURE_ASSIGN_OR_RETURN(model::WorkToken token, decode_token(answer.token()));
  auto* turn = std::get_if<model::TurnToken>(&token);
  if (turn == nullptr) return wrong("a turn is answered with the token of an activity");
  auto taken = dispatch::Answer::kNotHeld;
  if (answer.answer_case() == v1::TurnAnswer::kResult) {
    PERDURE_ASSIGN_OR_RETURN(model::TurnResult result,
                             worker_wire::result_from(*answer.mutable_result()));
    if (is_of_this_hub(token)) {
      taken = engine_.dispatcher().complete_turn(worker, *turn, std::move(result));
    }
  } else if (answer.answer_case() == v1::TurnAnswer::kRefused) {
    if (is_of_this_hub(token)) {
      taken = engine_.dispatcher().refuse_turn(worker, *turn, std::move(*answer.mutable_refused()));
    }
  } else {
    return wrong("the answer to a turn is neither a result nor a refusal");
  }
  // It keeps the instance as its turn left it, which is not what became history.
  if (taken == dispatch::Answer::kNotHeld && !note_withdrawn(std::move(token))) {
    return wrong("the worker answers what it does not hold, and does not read why");
  }
  return {};
}

Result<> Session::take_activity(dispatch::WorkerId worker, v1::ActivityAnswer& answer) {
  PERDURE_ASSIGN_OR_RETURN(const model::WorkToken token, decode_token(answer.token()));
  const auto* activity = std::get_if<model::ActivityToken>(&token);
  if (activity == nullptr) return wrong("an activity is answered with the token of a turn");
  PERDURE_ASSIGN_OR_RETURN(auto outcome, worker_wire::outcome_from(answer.outcome()));
  if (is_of_this_hub(token)) {
    engine_.dispatcher().complete_activity(worker, *activity, std::move(outcome));
  }
  return {};
}

Result<> Session::take_progress(dispatch::WorkerId worker, v1::ProgressReport& report) {
  PERDURE_ASSIGN_OR_RETURN(model::WorkToken token, decode_token(report.token()));
  auto* activity = std::get_if<model::ActivityToken>(&token);
  if (activity == nullptr) return wrong("progress is reported with the token of a turn");
  if (report.progress().size() > model::kProgressBytesMax) {
    return wrong(fmt::format("the progress of an activity is {} bytes; at most {} are allowed",
                             report.progress().size(), model::kProgressBytesMax));
  }
  if (!is_of_this_hub(token)) return {};
  model::Payload progress;
  if (report.has_progress()) progress = std::move(*report.mutable_progress());
  engine_.dispatcher().report_progress(worker, std::move(*activity), std::move(progress),
                                       {report.next_within_us()});
  return {};
}

Result<> Session::take_credit(const v1::WorkerMessage& message) {
  const runtime::Lock lock(mutex_);
  credit_turns_ += message.credit().turns();
  credit_activities_ += message.credit().activities();
  if (std::max(credit_turns_, credit_activities_) <= kCreditMax) return {};
  return wrong(fmt::format("the worker asks for more than {} items at once", kCreditMax));
}

Result<> Session::take_history_requests(const v1::WorkerMessage& message) {
  for (const v1::HistoryRequest& wire : message.history()) {
    PERDURE_ASSIGN_OR_RETURN(model::WorkToken token, decode_token(wire.token()));
    auto* turn = std::get_if<model::TurnToken>(&token);
    if (turn == nullptr || !is_of_this_hub(token)) {
      return wrong("a history is asked for with a token that is not of a turn of this hub");
    }
    const runtime::Lock lock(mutex_);
    if (history_requests_.size() == kHistoryRequestsMax) {
      return wrong(fmt::format("more than {} pages of histories are asked for at once",
                               kHistoryRequestsMax));
    }
    history_requests_.push_back(
        {.request = wire.request(), .token = std::move(*turn), .from = wire.from()});
  }
  return {};
}

bool Session::note_withdrawn(model::WorkToken token) {
  bool is_read = true;
  {
    const runtime::Lock lock(withdrawn_mutex_);
    withdrawn_.push_back(std::move(token));
    is_read = withdrawn_.size() <= 2 * kLeasesMax;
  }
  schedule();
  return is_read;
}

}  // namespace perdure::worker_service
