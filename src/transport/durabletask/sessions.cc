// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/durabletask/sessions.h"

#include <fmt/format.h>

#include <utility>

namespace perdure::durabletask {

Sessions::Sessions(engine::Engine& engine)
    : engine_(engine), watch_("dt-watch", [this] { watch(); }) {}

Sessions::~Sessions() {
  {
    const runtime::Lock lock(mutex_);
    stopped_ = true;
  }
  stopping_.notify_all();
  watch_.join();
}

base::Result<> Sessions::add(std::shared_ptr<Session> session) {
  const runtime::Lock lock(mutex_);
  if (ended_) return base::fail(base::ErrorCode::kUnavailable, "the server stops; connect again");
  if (sessions_.size() >= kSessionsMax) {
    return base::fail(base::ErrorCode::kResourceExhausted,
                      fmt::format("{} workers are connected, the limit", kSessionsMax));
  }
  sessions_.emplace(session->id(), std::move(session));
  return {};
}

void Sessions::remove(const Session& session) {
  std::shared_ptr<Session> last;  // its end may come here, and must not under the lock
  const runtime::Lock lock(mutex_);
  const auto found = sessions_.find(session.id());
  if (found == sessions_.end()) return;
  last = std::move(found->second);
  sessions_.erase(found);
}

std::shared_ptr<Session> Sessions::find(const std::string& hub, std::string_view token) const {
  const std::size_t dash = token.find('-');
  if (dash == std::string_view::npos) return nullptr;
  const runtime::Lock lock(mutex_);
  const auto found = sessions_.find(std::string(token.substr(0, dash)));
  return found != sessions_.end() && found->second->hub() == hub ? found->second : nullptr;
}

std::vector<std::shared_ptr<Session>> Sessions::all() const {
  const runtime::Lock lock(mutex_);
  std::vector<std::shared_ptr<Session>> all;
  all.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) all.push_back(session);
  return all;
}

std::vector<std::shared_ptr<Session>> Sessions::of_hub(const std::string& hub) const {
  std::vector<std::shared_ptr<Session>> found = all();
  std::erase_if(found, [&](const auto& session) { return session->hub() != hub; });
  return found;
}

void Sessions::end_all() {
  {
    const runtime::Lock lock(mutex_);
    ended_ = true;
  }
  for (const auto& session : all()) {
    session->end({::grpc::StatusCode::UNAVAILABLE, "the server stops; connect again"});
  }
}

void Sessions::watch() {
  runtime::Lock lock(mutex_);
  while (!stopping_.wait_for(lock, kTickSpan, [this] { return stopped_; })) {
    lock.unlock();
    const base::Timestamp now = engine_.clock().monotonic();
    for (const auto& session : all()) session->tick(now);
    lock.lock();
  }
}

}  // namespace perdure::durabletask
