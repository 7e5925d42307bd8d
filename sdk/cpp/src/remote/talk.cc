// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "remote/talk.h"

#include <utility>
#include <vector>

#include "transport/grpc/status.h"

namespace perdure::remote {
namespace {

/// An answer that only needs a commit: as long as a call of its own would wait.
constexpr base::Duration kCommitPatience = base::seconds(60);
constexpr base::Duration kForEver = base::seconds(365LL * 24 * 3600);
/// How often it is looked whose time is over.
constexpr base::Duration kLookEvery = base::seconds(1);
/// A stream that nobody asked anything for so many looks is ended: connections may rest.
constexpr int kIdleLooksMax = 60;

/// How long the end of a client waits for answers.
constexpr base::Duration kEndPatience = base::seconds(5);

thread_local int telling = 0;

/// A callback of the user runs.
void tell(const Talk::Then& then, base::Result<v1::ClientAnswer> answer) {
  ++telling;
  then(std::move(answer));
  --telling;
}

gpr_timespec next_look() { return gpr_time_from_micros(kLookEvery.us, GPR_TIMESPAN); }

}  // namespace

void Talks::add() {
  const runtime::Lock lock(mutex_);
  ++count_;
}

void Talks::remove() {
  const runtime::Lock lock(mutex_);
  --count_;
  changed_.notify_all();
}

void Talks::wait_until_none() {
  runtime::Lock lock(mutex_);
  changed_.wait(lock, [this] { return count_ == 0; });
}

bool Talk::is_telling() { return telling > 0; }

Talk::Talk(const Way& way, std::shared_ptr<v1::Clients::Stub> stub, std::shared_ptr<Talks> talks)
    : counted_(std::move(talks)), stub_(std::move(stub)) {
  way.begin(context_);
}

void Talk::begin() {
  self_ = shared_from_this();
  stub_->async()->Converse(&context_, this);
  // Asking and looking start writes from outside of the stream's own callbacks.
  AddHold();
  StartRead(&incoming_);
  StartCall();
}

bool Talk::ask(v1::ClientCall& call, Patience patience, Then& then) {
  const std::size_t bytes = call.ByteSizeLong();
  if (bytes > kTalkCallBytesMax) return false;
  {
    const runtime::Lock lock(mutex_);
    if (!open_ || no_more_ || calls_.size() >= calls_max_) return false;
    call.set_number(++last_number_);
    const base::Duration span = patience == Patience::kCommit ? kCommitPatience : kForEver;
    if (patience == Patience::kCommit) ++commits_;
    calls_.emplace(last_number_, Asked{.patience = patience,
                                       .then = std::move(then),
                                       .by = runtime::Condition::deadline_after(span)});
    if (next_.empty() || next_bytes_ >= kTalkMessageBytes) {
      next_.emplace_back();
      next_bytes_ = 0;
    }
    next_bytes_ += bytes;
    *next_.back().add_calls() = std::move(call);
    idle_looks_ = 0;
  }
  flush();
  return true;
}

void Talk::let_end() {
  {
    const runtime::Lock lock(mutex_);
    no_more_ = true;
  }
  flush();
}

void Talk::close() {
  let_end();
  {
    runtime::Lock lock(mutex_);
    answered_.wait_for(lock, kEndPatience, [this] { return commits_ == 0 || ended_; });
  }
  context_.TryCancel();
}

bool Talk::has_ended() const {
  const runtime::Lock lock(mutex_);
  return ended_ || no_more_;
}

bool Talk::is_unknown() const {
  const runtime::Lock lock(mutex_);
  return unknown_;
}

// ---- what goes out ------------------------------------------------------------------------------

void Talk::flush() {
  bool ends = false;
  {
    const runtime::Lock lock(mutex_);
    if (!open_ || writing_ || taking_ || closed_) return;
    if (next_.empty()) {
      if (!no_more_ || !calls_.empty()) return;
      ends = closed_ = true;
    } else {
      outgoing_ = std::move(next_.front());
      next_.pop_front();
      writing_ = true;
      AddHold();  // the stream may break before the write is begun
    }
  }
  if (ends) return end();
  StartWrite(&outgoing_);
  RemoveHold();
}

/// Once, by whoever set `closed_`.
void Talk::end() {
  StartWritesDone();
  RemoveHold();
  alarm_.Cancel();
}

void Talk::OnWriteDone(bool ok) {
  {
    const runtime::Lock lock(mutex_);
    writing_ = false;
  }
  if (ok) flush();  // else OnReadDone hears of it
}

// ---- what comes in ------------------------------------------------------------------------------

void Talk::OnReadDone(bool ok) {
  if (ok) {
    take(incoming_);
    StartRead(&incoming_);
    return;
  }
  bool holds = false;
  {
    const runtime::Lock lock(mutex_);
    open_ = false;
    holds = !std::exchange(closed_, true);
  }
  if (!holds) return;
  RemoveHold();
  alarm_.Cancel();
}

void Talk::take(v1::ClientAnswers& message) {
  bool opens = false;
  {
    const runtime::Lock lock(mutex_);
    taking_ = true;
    opens = message.has_welcome() && !std::exchange(open_, true);
    if (opens) calls_max_ = message.welcome().calls_max();
  }
  if (opens) watch();
  for (v1::ClientAnswer& answer : *message.mutable_answers()) settle(answer);
  {
    const runtime::Lock lock(mutex_);
    taking_ = false;
  }
  flush();
}

void Talk::settle(v1::ClientAnswer& answer) {
  Then then;
  {
    const runtime::Lock lock(mutex_);
    const auto found = calls_.find(answer.number());
    if (found == calls_.end()) return;  // its time was over
    then = std::move(found->second.then);
    if (found->second.patience == Patience::kCommit) --commits_;
    calls_.erase(found);
    if (no_more_) answered_.notify_all();
  }
  tell(then, std::move(answer));
}

void Talk::OnDone(const ::grpc::Status& status) {
  Calls lost;
  bool closed = false;
  {
    const runtime::Lock lock(mutex_);
    ended_ = true;
    unknown_ = status.error_code() == ::grpc::StatusCode::UNIMPLEMENTED;
    lost.swap(calls_);
    commits_ = 0;
    closed = no_more_;
    answered_.notify_all();
  }
  const base::Error why = status.ok() || closed
                              ? base::Error{base::ErrorCode::kUnavailable, "the stream has ended"}
                              : transport::to_error(status);
  for (const auto& [number, asked] : lost) tell(asked.then, std::unexpected(why));
  const std::shared_ptr<Talk> last = std::move(self_);
}

// ---- patience -----------------------------------------------------------------------------------

void Talk::watch() {
  // The alarm keeps its callback: it must not keep the alarm's owner.
  alarm_.Set(next_look(), [weak = weak_from_this()](bool is_time) {
    const auto self = weak.lock();
    if (is_time && self) self->look();
  });
}

void Talk::look() {
  std::vector<Then> over;
  bool goes_on = false;
  {
    const runtime::Lock lock(mutex_);
    for (auto at = calls_.begin(); at != calls_.end();) {
      if (runtime::Condition::until(at->second.by).us > 0) {
        ++at;
        continue;
      }
      if (next_.empty()) next_.emplace_back();
      next_.back().add_given_up(at->first);
      if (at->second.patience == Patience::kCommit) --commits_;
      over.push_back(std::move(at->second.then));
      at = calls_.erase(at);
    }
    idle_looks_ = calls_.empty() ? idle_looks_ + 1 : 0;
    if (idle_looks_ > kIdleLooksMax) no_more_ = true;
    goes_on = open_ && !closed_;
  }
  for (const Then& then : over) {
    tell(then, base::fail(base::ErrorCode::kDeadlineExceeded, "the server did not answer in time"));
  }
  flush();
  if (goes_on) watch();
}

}  // namespace perdure::remote
