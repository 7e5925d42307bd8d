// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/worker/conversation.h"

#include <fmt/format.h>

#include <vector>

#include "base/overloaded.h"
#include "transport/grpc/status.h"
#include "transport/worker/requests.h"
#include "transport/worker/wire/clients.h"
#include "transport/worker/wire/wire.h"

namespace perdure::worker_service {
namespace {

using access::Action;
using base::ErrorCode;
using base::Result;

/// A message is closed when it has so many bytes of answers, about, or so many of them.
constexpr std::size_t kMessageBytes = std::size_t{1} << 20;
constexpr std::size_t kMessageAnswers = 512;

Action action_of(const v1::ClientCall& call) {
  return call.has_wait() ? Action::kRead : Action::kOperate;
}

std::unexpected<base::Error> wrong(std::string message) {
  return base::fail(ErrorCode::kInvalidArgument, std::move(message));
}

}  // namespace

// ---- life ---------------------------------------------------------------------------------------

Conversation::Conversation(const ConversationSurroundings& around, transport::Caller caller)
    : around_(around), caller_(std::move(caller)), thread_(around.pump.choose()) {}

void Conversation::begin() {
  self_ = shared_from_this();
  {
    const runtime::Lock lock(mutex_);
    schedule();
  }
  StartRead(&incoming_);
}

void Conversation::finish(::grpc::Status status) {
  {
    const runtime::Lock lock(mutex_);
    if (closing_) return;
    closing_ = std::move(status);
  }
  give_up_all();
  std::optional<::grpc::Status> now;
  {
    const runtime::Lock lock(mutex_);
    now = ending();
  }
  if (now) Finish(*std::move(now));
}

std::optional<::grpc::Status> Conversation::ending() {
  const bool is_over = closing_ && !writing_ && !finished_ && (under_way_ == 0 || broken_);
  if (!is_over) return std::nullopt;
  finished_ = true;
  return closing_;
}

void Conversation::break_off(::grpc::Status status) {
  {
    const runtime::Lock lock(mutex_);
    broken_ = true;
    answers_.clear();
  }
  finish(status);
  // It may have been closing before, and waited for answers.
  std::optional<::grpc::Status> now;
  {
    const runtime::Lock lock(mutex_);
    now = ending();
  }
  if (now) Finish(*std::move(now));
}

void Conversation::OnReadDone(bool ok) {
  if (!ok) return finish(::grpc::Status::OK);
  if (const auto taken = take(incoming_); !taken) {
    return break_off(transport::to_status(taken.error()));
  }
  {
    const runtime::Lock lock(mutex_);
    if (closing_) return;
  }
  StartRead(&incoming_);
}

void Conversation::OnWriteDone(bool ok) {
  std::optional<::grpc::Status> now;
  {
    const runtime::Lock lock(mutex_);
    writing_ = false;
    under_way_ -= std::exchange(leaving_, 0);
    now = ending();
    if (!now && ok && !answers_.empty()) schedule();
  }
  if (now) return Finish(*std::move(now));
  if (!ok) break_off({::grpc::StatusCode::UNAVAILABLE, "the stream is broken"});
}

void Conversation::OnCancel() { break_off(::grpc::Status::CANCELLED); }

void Conversation::OnDone() {
  {
    // From here on nothing of gRPC is there, nor soon the pump.
    const runtime::Lock lock(mutex_);
    broken_ = true;
  }
  const std::shared_ptr<Conversation> last = std::move(self_);
}

// ---- what comes in ------------------------------------------------------------------------------

Result<> Conversation::take(v1::ClientCalls& message) {
  for (const std::uint64_t number : message.given_up()) give_up(number);
  for (v1::ClientCall& call : *message.mutable_calls()) PERDURE_RETURN_IF_ERROR(take(call));
  return {};
}

Result<> Conversation::take(v1::ClientCall& call) {
  {
    const runtime::Lock lock(mutex_);
    if (closing_) return {};
    if (++under_way_ > kCallsMax) {
      return wrong(fmt::format("more than {} calls are under way on one stream", kCallsMax));
    }
    if (call.has_wait() && !waits_.try_emplace(call.number()).second) {
      return wrong(fmt::format("call {} is under way already", call.number()));
    }
  }
  if (const auto permit = transport::admit(caller_, around_.guard, action_of(call))) {
    carry_out(*permit, call);
  } else {
    answer(call.number(), permit.error());
  }
  return {};
}

void Conversation::carry_out(const access::Permit& permit, v1::ClientCall& call) {
  const std::uint64_t number = call.number();
  switch (call.call_case()) {
    case v1::ClientCall::kStart: return start(permit, number, call.start());
    case v1::ClientCall::kWait: return wait(permit, number, call.wait());
    case v1::ClientCall::kOperation:
      return around_.hubs.call(permit, call.operation().entity(), call.operation().operation(),
                               input_from(call.operation()), then<model::OperationOutcome>(number));
    case v1::ClientCall::CALL_NOT_SET: break;
  }
  answer(number, base::Error{ErrorCode::kUnimplemented, "this server does not know the call"});
}

void Conversation::start(const access::Permit& permit, std::uint64_t number,
                         const v1::StartRequest& request) {
  auto start = start_from(request);
  if (!start) return answer(number, std::move(start).error());
  around_.hubs.start(permit, *std::move(start), then<model::Started>(number));
}

void Conversation::wait(const access::Permit& permit, std::uint64_t number,
                        const v1::WaitRequest& request) {
  const hub::Await await = around_.hubs.await(permit, request.id(),
                                              {.until = until_from(request),
                                               .if_unknown = hub::IfUnknown::kFail,
                                               .inputs = hub::Inputs::kLeaveOut},
                                              then<model::InstanceSnapshot>(number));
  {
    const runtime::Lock lock(mutex_);
    const auto found = waits_.find(number);
    if (found == waits_.end()) return;  // it has its answer
    found->second = await;
    if (!closing_) return;
  }
  around_.hubs.cancel(await);
}

void Conversation::give_up(std::uint64_t number) {
  std::optional<hub::Await> await;
  {
    const runtime::Lock lock(mutex_);
    const auto found = waits_.find(number);
    if (found != waits_.end()) await = found->second;
  }
  if (await) around_.hubs.cancel(*await);
}

void Conversation::give_up_all() {
  std::vector<hub::Await> awaits;
  {
    const runtime::Lock lock(mutex_);
    for (const auto& [number, await] : waits_) {
      if (await) awaits.push_back(*await);
    }
  }
  for (const hub::Await& await : awaits) around_.hubs.cancel(await);
}

// ---- what goes out ------------------------------------------------------------------------------

template <class T>
hub::Then<T> Conversation::then(std::uint64_t number) {
  return [self = shared_from_this(), number](Result<T> result) {
    if (result) {
      self->answer(number, *std::move(result));
    } else {
      self->answer(number, std::move(result).error());
    }
  };
}

void Conversation::answer(std::uint64_t number, Said said) {
  const runtime::Lock lock(mutex_);
  waits_.erase(number);
  if (broken_) return;
  answers_.push_back({.number = number, .said = std::move(said)});
  if (!writing_) schedule();  // else OnWriteDone does
}

/// With the lock, because the pump is there as long as the stream is not done.
void Conversation::schedule() {
  if (std::exchange(scheduled_, true)) return;
  around_.pump.post(thread_, [self = shared_from_this()] { self->advance(); });
}

void Conversation::advance() {
  {
    const runtime::Lock lock(mutex_);
    scheduled_ = false;
    if (writing_ || finished_ || broken_) return;  // OnWriteDone comes here again
    if (answers_.empty() && !welcome_due_) return;
    writing_ = true;
  }
  compose();
  StartWrite(&outgoing_);
}

void Conversation::compose() {
  outgoing_.Clear();
  {
    const runtime::Lock lock(mutex_);
    if (std::exchange(welcome_due_, false)) outgoing_.mutable_welcome()->set_calls_max(kCallsMax);
  }
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (; count < kMessageAnswers && bytes < kMessageBytes; ++count) {
    Answer next;
    {
      const runtime::Lock lock(mutex_);
      if (answers_.empty()) break;
      next = std::move(answers_.front());
      answers_.pop_front();
    }
    v1::ClientAnswer& out = *outgoing_.add_answers();
    out.set_number(next.number);
    std::visit(base::Overloaded{
                   [&](const base::Error& e) { worker_wire::to_wire(e, *out.mutable_problem()); },
                   [&](model::Started& s) { out.mutable_started()->set_id(std::move(s.key.id)); },
                   [&](model::InstanceSnapshot& s) {
                     worker_wire::to_wire(std::move(s), *out.mutable_instance());
                   },
                   [&](model::OperationOutcome& o) {
                     worker_wire::to_wire(std::move(o), *out.mutable_operation());
                   }},
               next.said);
    bytes += out.ByteSizeLong();
  }
  const runtime::Lock lock(mutex_);
  leaving_ = count;
}

}  // namespace perdure::worker_service
