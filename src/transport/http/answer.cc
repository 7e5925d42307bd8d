// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/answer.h"

#include <atomic>

namespace perdure::transport::http {

struct Answer::Shared {
  explicit Shared(std::shared_ptr<Outlet> out) : outlet(std::move(out)) {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() {
    switch (stage.load(std::memory_order_acquire)) {
      case Stage::kOpen:
        outlet->send({.status = 500, .headers = {}, .body = "no answer was given\n"});
        break;
      case Stage::kStreaming: outlet->end(); break;
      case Stage::kDone: break;
    }
  }

  enum class Stage : std::uint8_t { kOpen, kStreaming, kDone };
  /// True for the one caller that makes the step.
  bool step(Stage from, Stage to) {
    return stage.compare_exchange_strong(from, to, std::memory_order_acq_rel);
  }

  const std::shared_ptr<Outlet> outlet;
  std::atomic<Stage> stage = Stage::kOpen;
};

Answer::Answer(std::shared_ptr<Outlet> outlet)
    : shared_(std::make_shared<Shared>(std::move(outlet))) {}

void Answer::send(Response response) const {
  if (shared_->step(Shared::Stage::kOpen, Shared::Stage::kDone)) {
    shared_->outlet->send(std::move(response));
  }
}

void Answer::begin(Head head) const {
  if (shared_->step(Shared::Stage::kOpen, Shared::Stage::kStreaming)) {
    shared_->outlet->begin(std::move(head));
  }
}

bool Answer::write(std::string piece) const {
  return shared_->stage.load(std::memory_order_acquire) == Shared::Stage::kStreaming &&
         shared_->outlet->write(std::move(piece));
}

std::size_t Answer::waiting() const { return shared_->outlet->waiting(); }

void Answer::end() const {
  if (shared_->step(Shared::Stage::kStreaming, Shared::Stage::kDone)) shared_->outlet->end();
}

void Answer::on_interrupted(std::function<void(Interruption)> callback) const {
  shared_->outlet->on_interrupted(std::move(callback));
}

void Answer::after(base::Duration span, std::function<void()> callback) const {
  shared_->outlet->after(span, std::move(callback));
}

}  // namespace perdure::transport::http
