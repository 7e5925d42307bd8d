// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/worker/waiting.h"

#include <utility>

#include "transport/grpc/status.h"
#include "transport/worker/wire/clients.h"

namespace perdure::worker_service {

void Waiting::begin(const access::Permit& permit, const std::string& id, model::Until until) {
  self_ = shared_from_this();
  const hub::Await await = hubs_.await(
      permit, id,
      {.until = until, .if_unknown = hub::IfUnknown::kFail, .inputs = hub::Inputs::kLeaveOut},
      [self = shared_from_this()](base::Result<model::InstanceSnapshot> snapshot) {
        Waiting& call = *self;
        call.pump_.post(call.pump_.choose(), [self, snapshot = std::move(snapshot)]() mutable {
          self->answer(std::move(snapshot));
        });
      });
  {
    const runtime::Lock lock(mutex_);
    await_ = await;
    if (!cancelled_) return;
  }
  hubs_.cancel(await);
}

void Waiting::answer(base::Result<model::InstanceSnapshot> snapshot) {
  if (!snapshot) return Finish(transport::to_status(snapshot.error()));
  worker_wire::to_wire(*std::move(snapshot), reply_);
  Finish(::grpc::Status::OK);
}

void Waiting::OnCancel() {
  std::optional<hub::Await> await;
  {
    const runtime::Lock lock(mutex_);
    cancelled_ = true;
    await = await_;
  }
  if (await) hubs_.cancel(*await);
}

void Waiting::OnDone() { const std::shared_ptr<Waiting> last = std::move(self_); }

}  // namespace perdure::worker_service
