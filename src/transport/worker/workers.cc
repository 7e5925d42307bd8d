// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/worker/workers.h"

#include <utility>

#include "transport/grpc/caller.h"
#include "transport/grpc/status.h"

namespace perdure::worker_service {
namespace {

/// A stream that is refused.
class Refusal final : public ::grpc::ServerBidiReactor<v1::WorkerMessage, v1::ServerMessage> {
 public:
  explicit Refusal(::grpc::Status status) { Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

Workers::Workers(hub::Hubs& hubs, const access::Guard& guard, const WorkersOptions& options)
    : pump_(options.threads),
      surroundings_{
          .engine = hubs.engine(), .pump = pump_, .message_bytes_max = options.message_bytes_max},
      guard_(guard) {}

::grpc::ServerBidiReactor<v1::WorkerMessage, v1::ServerMessage>* Workers::Work(
    ::grpc::CallbackServerContext* context) {
  auto permit = transport::admit(*context, guard_, access::Action::kWork);
  if (!permit) return new Refusal(transport::to_status(permit.error()));  // deletes itself
  auto session = std::make_shared<Session>(surroundings_, *std::move(permit), context->peer());
  {
    const runtime::Lock lock(mutex_);
    std::erase_if(sessions_, [](const auto& one) { return one.expired(); });
    sessions_.push_back(session);
    if (draining_) session->drain();
  }
  session->begin();
  return session.get();
}

std::vector<std::shared_ptr<Session>> Workers::sessions() const {
  const runtime::Lock lock(mutex_);
  std::vector<std::shared_ptr<Session>> live;
  for (const auto& one : sessions_) {
    if (auto session = one.lock()) live.push_back(std::move(session));
  }
  return live;
}

void Workers::drain() {
  {
    const runtime::Lock lock(mutex_);
    draining_ = true;
  }
  for (const auto& session : sessions()) session->drain();
}

void Workers::end_streams() {
  drain();  // also those that begin from now on
  for (const auto& session : sessions()) {
    session->close({::grpc::StatusCode::UNAVAILABLE, "the server stops"});
  }
}

std::vector<WorkerInfo> Workers::connected() const {
  std::vector<WorkerInfo> infos;
  for (const auto& session : sessions()) {
    if (auto info = session->info()) infos.push_back(*std::move(info));
  }
  return infos;
}

}  // namespace perdure::worker_service
