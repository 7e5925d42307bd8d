// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What goes out of a session, on its thread of the pump.
#include <algorithm>

#include "transport/worker/session.h"
#include "transport/worker/token.h"
#include "transport/worker/wire/events.h"
#include "transport/worker/wire/wire.h"

namespace perdure::worker_service {
namespace {

/// Pulled at once: the more, the fewer locks; but what does not fit into the message waits leased.
constexpr std::size_t kPullAtOnce = 64;
/// Withdrawn items in a message without others.
constexpr std::size_t kWithdrawnAtOnce = 4096;

}  // namespace

void Session::advance() {
  {
    const runtime::Lock lock(mutex_);
    if (writing_ || closing_ || !worker_) return;  // OnWriteDone comes here again
  }
  compose();
  if (outgoing_.ByteSizeLong() == 0) return;
  {
    const runtime::Lock lock(mutex_);
    if (closing_) return;
    writing_ = true;
  }
  StartWrite(&outgoing_);
}

void Session::compose() {
  outgoing_.Clear();
  outgoing_bytes_ = outgoing_items_ = 0;
  std::optional<dispatch::WorkerId> worker;
  {
    const runtime::Lock lock(mutex_);
    worker = worker_;
    if (std::exchange(welcome_due_, false)) {
      v1::Welcome& welcome = *outgoing_.mutable_welcome();
      welcome.set_protocol(worker_wire::kProtocol);
      welcome.set_message_bytes_max(message_bytes_max_);
    }
    if (std::exchange(drain_due_, false)) outgoing_.set_drain(true);
  }
  if (!worker) return;
  add_history();
  if (!has_many_withdrawn()) pull(*worker);
  add_withdrawn();
}

bool Session::has_many_withdrawn() {
  const runtime::Lock lock(withdrawn_mutex_);
  return withdrawn_.size() > kWithdrawnAtOnce;
}

void Session::pull(dispatch::WorkerId worker) {
  const auto is_full = [this] {
    return outgoing_bytes_ >= kMessageBytes || outgoing_items_ >= kMessageItems;
  };
  while (!pulled_.empty() && !is_full()) {
    add(std::move(pulled_.front()));
    pulled_.pop_front();
  }
  while (!is_full()) {
    std::uint64_t turns = 0;
    std::uint64_t activities = 0;
    {
      const runtime::Lock lock(mutex_);
      if (draining_) return;
      turns = std::min<std::uint64_t>(credit_turns_, kPullAtOnce);
      activities = std::min<std::uint64_t>(credit_activities_, kPullAtOnce);
    }
    dispatch::Dispatcher& dispatcher = engine_.dispatcher();
    std::vector<model::WorkItem> items;
    if (turns > 0) items = dispatcher.try_pull(worker, dispatch::Kinds::kTurns, turns);
    turns = items.size();
    if (activities > 0) {
      auto more = dispatcher.try_pull(worker, dispatch::Kinds::kActivities, activities);
      activities = more.size();
      std::ranges::move(more, std::back_inserter(items));
    }
    if (items.empty()) return;
    {
      const runtime::Lock lock(mutex_);
      credit_turns_ -= turns;
      credit_activities_ -= activities;
    }
    for (model::WorkItem& item : items) {
      if (is_full()) {
        pulled_.push_back(std::move(item));
      } else {
        add(std::move(item));
      }
    }
  }
}

void Session::add(model::WorkItem item) {
  if (auto* turn = std::get_if<model::TurnItem>(&item)) {
    v1::Turn& out = *outgoing_.add_turns();
    out.set_token(encode_token(turn->token));
    worker_wire::to_wire(*turn, out);
    outgoing_bytes_ += out.new_events().size() + out.state().size();
  } else {
    auto& activity = std::get<model::ActivityItem>(item);
    const std::string token = encode_token(activity.token);
    if (const auto resolved = engine_.resolve(activity); !resolved) {
      // The history is gone, and with it whoever waits for the activity; or the store is, and then
      // the process ends. Nobody is owed a run.
      activity.input = model::Payload();
      std::optional<dispatch::WorkerId> worker;
      {
        const runtime::Lock lock(mutex_);
        worker = worker_;
        ++credit_activities_;
      }
      if (worker) {
        engine_.dispatcher().complete_activity(*worker, activity.token,
                                               model::Failure{.type = "perdure.InputLost",
                                                              .message = resolved.error().message,
                                                              .retriable = false});
      }
      return;
    }
    v1::Activity& out = *outgoing_.add_activities();
    out.set_token(token);
    worker_wire::to_wire(activity, out);
    outgoing_bytes_ += out.input().size();
  }
  ++outgoing_items_;
}

void Session::add_history() {
  while (outgoing_bytes_ < kMessageBytes) {
    HistoryRequest wanted;
    {
      const runtime::Lock lock(mutex_);
      if (history_requests_.empty()) return;
      wanted = std::move(history_requests_.front());
      history_requests_.pop_front();
    }
    v1::HistoryPage& page = *outgoing_.add_history();
    page.set_request(wanted.request);
    auto read = engine_.dispatcher().is_withdrawn(wanted.token)
                    ? base::fail(base::ErrorCode::kNotFound, "nobody waits for the turn any more")
                    : engine_.read_history(wanted.token, wanted.from);
    if (read) {
      page.set_events(worker_wire::to_wire(read->events));
      outgoing_bytes_ += page.events().size();
    } else {
      worker_wire::to_wire(read.error(), *page.mutable_problem());
    }
  }
}

void Session::add_withdrawn() {
  std::vector<model::WorkToken> withdrawn;
  {
    // After the pull, and then all of them: a turn that replaces a withdrawn one is never told of
    // before that.
    const runtime::Lock lock(withdrawn_mutex_);
    const std::size_t count =
        outgoing_items_ > 0 ? withdrawn_.size() : std::min(withdrawn_.size(), kWithdrawnAtOnce);
    const auto end = withdrawn_.begin() + static_cast<std::ptrdiff_t>(count);
    std::move(withdrawn_.begin(), end, std::back_inserter(withdrawn));
    withdrawn_.erase(withdrawn_.begin(), end);
  }
  for (const model::WorkToken& token : withdrawn) {
    v1::Withdrawn& out = *outgoing_.add_withdrawn();
    out.set_token(encode_token(token));
    out.set_instance(std::visit([](const auto& one) { return one.key.id; }, token));
  }
}

}  // namespace perdure::worker_service
